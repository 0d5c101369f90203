//===- A16Kernels.cpp - Kernels of products with codes --------------------===//
//
// Maps tpu.a16_matmul to its kernel.
//
//===----------------------------------------------------------------------===//

#include "A16Kernels.h"
#include "KernelModels.h"

#include "Dialect/Tpu/IR/A16.h"
#include "Kernel/A16Matmul.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

ArrayRef<float> getFloats(Value value, KernelContext &context) {
  ArrayRef<char> bytes = context.constantBytes(value);
  return {reinterpret_cast<const float *>(bytes.data()),
          bytes.size() / sizeof(float)};
}

/// How the codes lie; fails when they are computed.
FailureOr<A16Layout> getLayout(tpu::A16MatMulOp op, KernelContext &context) {
  ArrayRef<int64_t> scales = tpu::getShape(op.getScales());
  for (Value value : {op.getCodes(), op.getScales(), op.getZeros()})
    if (context.constantBytes(value).empty())
      return op.emitOpError() << "has weights that are computed by the "
                                 "network; make them constants";
  return A16Layout(context.arch(), scales[0],
                   tpu::getShape(op.getInput()).back(), scales[1], op.getBits(),
                   getFloats(op.getZeros(), context));
}

struct A16MatMulModel
    : LowerToCommandsOpInterface::ExternalModel<A16MatMulModel,
                                                tpu::A16MatMulOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto matmul = cast<tpu::A16MatMulOp>(op);
    FailureOr<A16Layout> layout = getLayout(matmul, context);
    if (failed(layout))
      return failure();
    FailureOr<GlobalTensor> weights =
        context.packedWeight(op, matmul.getCodes(), ElementType::U8,
                             {1, layout->paddedRows(), 1, layout->rowBytes()});
    if (failed(weights))
      return failure();
    GlobalTensor left = context.globalTensor(matmul.getInput());
    GlobalTensor result = context.globalTensor(matmul.getOutput());
    int64_t rows = numElements(result.shape) / layout->rows;
    LaneLayout lanes = result.layout;
    if (!lanes.isKnown() || lanes.n * lanes.c != rows)
      lanes = {1, rows};
    A16MatmulParams params{
        left.reshaped({lanes.n, lanes.c, 1, layout->depth}), *weights,
        context.identityMatrix(left.type),
        result.reshaped({lanes.n, lanes.c, 1, layout->rows})};
    makeA16MatmulKernels(*layout, params, kernels);
    return success();
  }
};

struct A16MatMulPacker
    : PackWeightsOpInterface::ExternalModel<A16MatMulPacker, tpu::A16MatMulOp> {
  FailureOr<PackedOperand> packWeights(Operation *op,
                                       KernelContext &context) const {
    auto matmul = cast<tpu::A16MatMulOp>(op);
    FailureOr<A16Layout> layout = getLayout(matmul, context);
    if (failed(layout))
      return failure();
    return PackedOperand{
        /*index=*/1, layout->pack(context.constantBytes(matmul.getCodes()),
                                  getFloats(matmul.getScales(), context),
                                  getFloats(matmul.getZeros(), context),
                                  *elementTypeOf(matmul.getInput().getType()))};
  }
};

} // namespace

void tpuc::attachA16Kernels(MLIRContext *context) {
  tpu::A16MatMulOp::attachInterface<A16MatMulModel, A16MatMulPacker>(*context);
}
