//===- Pending.cpp - Ops without an evaluation ----------------------------===//
//
// Ops that the reference cannot evaluate; they say so.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"

using namespace tpuc;
using namespace tpuc::top;

#define TOP_NOT_EVALUATED(OpTy)                                                \
  llvm::Expected<llvm::SmallVector<Buffer>> OpTy::evaluate(                    \
      llvm::ArrayRef<Buffer> operands) {                                       \
    return llvm::createStringError("'" + getOperationName() +                  \
                                   "' op has no evaluation");                  \
  }
TOP_NOT_EVALUATED(AddOp)
TOP_NOT_EVALUATED(SubOp)
TOP_NOT_EVALUATED(MulOp)
TOP_NOT_EVALUATED(DivOp)
TOP_NOT_EVALUATED(MaxOp)
TOP_NOT_EVALUATED(MinOp)
TOP_NOT_EVALUATED(PowOp)
TOP_NOT_EVALUATED(ModOp)
TOP_NOT_EVALUATED(AndOp)
TOP_NOT_EVALUATED(OrOp)
TOP_NOT_EVALUATED(XorOp)
TOP_NOT_EVALUATED(CompareOp)
TOP_NOT_EVALUATED(WhereOp)
TOP_NOT_EVALUATED(ConvOp)
TOP_NOT_EVALUATED(ConvTransposeOp)
TOP_NOT_EVALUATED(MatMulOp)
TOP_NOT_EVALUATED(MaxPoolOp)
TOP_NOT_EVALUATED(AvgPoolOp)
TOP_NOT_EVALUATED(SoftmaxOp)
TOP_NOT_EVALUATED(LayerNormOp)
TOP_NOT_EVALUATED(RMSNormOp)
TOP_NOT_EVALUATED(GroupNormOp)
TOP_NOT_EVALUATED(BatchNormOp)
TOP_NOT_EVALUATED(ReduceOp)
TOP_NOT_EVALUATED(ArgOp)
TOP_NOT_EVALUATED(TopKOp)
TOP_NOT_EVALUATED(CumSumOp)
TOP_NOT_EVALUATED(ReshapeOp)
TOP_NOT_EVALUATED(PermuteOp)
TOP_NOT_EVALUATED(ConcatOp)
TOP_NOT_EVALUATED(SliceOp)
TOP_NOT_EVALUATED(PadOp)
TOP_NOT_EVALUATED(GatherOp)
TOP_NOT_EVALUATED(GatherElementsOp)
TOP_NOT_EVALUATED(GatherNDOp)
TOP_NOT_EVALUATED(ScatterNDOp)
TOP_NOT_EVALUATED(TileOp)
TOP_NOT_EVALUATED(BroadcastOp)
TOP_NOT_EVALUATED(CastOp)
TOP_NOT_EVALUATED(DepthToSpaceOp)
TOP_NOT_EVALUATED(SpaceToDepthOp)
TOP_NOT_EVALUATED(ResizeOp)
TOP_NOT_EVALUATED(AbsOp)
TOP_NOT_EVALUATED(NegOp)
TOP_NOT_EVALUATED(SignOp)
TOP_NOT_EVALUATED(ExpOp)
TOP_NOT_EVALUATED(LogOp)
TOP_NOT_EVALUATED(SqrtOp)
TOP_NOT_EVALUATED(RsqrtOp)
TOP_NOT_EVALUATED(ReciprocalOp)
TOP_NOT_EVALUATED(ErfOp)
TOP_NOT_EVALUATED(SinOp)
TOP_NOT_EVALUATED(CosOp)
TOP_NOT_EVALUATED(TanhOp)
TOP_NOT_EVALUATED(FloorOp)
TOP_NOT_EVALUATED(CeilOp)
TOP_NOT_EVALUATED(RoundOp)
TOP_NOT_EVALUATED(ReluOp)
TOP_NOT_EVALUATED(SigmoidOp)
TOP_NOT_EVALUATED(SiluOp)
TOP_NOT_EVALUATED(HardswishOp)
TOP_NOT_EVALUATED(SoftplusOp)
TOP_NOT_EVALUATED(SoftsignOp)
TOP_NOT_EVALUATED(MishOp)
TOP_NOT_EVALUATED(LeakyReluOp)
TOP_NOT_EVALUATED(EluOp)
TOP_NOT_EVALUATED(SeluOp)
TOP_NOT_EVALUATED(HardsigmoidOp)
TOP_NOT_EVALUATED(NotOp)
TOP_NOT_EVALUATED(ClipOp)
TOP_NOT_EVALUATED(GeluOp)
TOP_NOT_EVALUATED(PReluOp)
