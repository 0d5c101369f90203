//===- FuseInputCasts.cpp - Casts of inputs into convolutions -------------===//
//
// An f32 input that is cast to 16 bits is read, written and read again in
// global memory before the first convolution computes. A convolution that folds
// rows into channels as it loads them can round them in local memory.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Tpu/Transforms/KernelTypes.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-fuse-input-casts"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFUSEINPUTCASTS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

/// The cast of an f32 input whose only reader is `conv`, if it can be fused.
static tpu::CastOp getFusibleCast(const Arch &arch, tpu::ConvOp conv,
                                  bool rereads) {
  auto cast = conv.getInput().getDefiningOp<tpu::CastOp>();
  if (!cast || !cast->hasOneUse() || !isa<BlockArgument>(cast.getInput()) ||
      !tpu::getElement(cast.getInput()).isF32() ||
      tpu::getElement(conv.getInput()) != tpu::getElement(conv.getFilter()) ||
      conv.getStrides().size() != 2 || conv.getGroup() != 1)
    return nullptr;
  FailureOr<kernel::ElementType> type =
      elementTypeOf(conv.getInput().getType());
  if (failed(type))
    return nullptr;
  kernel::ConvParams params;
  params.input.type = *type;
  setConvShapes(conv, params);
  return kernel::canRoundInput(arch, params, rereads) ? cast : nullptr;
}

namespace {

struct TpuFuseInputCasts
    : public tpuc::tpu::impl::TpuFuseInputCastsBase<TpuFuseInputCasts> {
  using TpuFuseInputCastsBase::TpuFuseInputCastsBase;

  void runOnOperation() override {
    const Arch &arch = archOf(getOperation());
    getOperation().walk([&](tpu::ConvOp conv) {
      tpu::CastOp cast = getFusibleCast(arch, conv, rereads);
      if (!cast)
        return;
      conv.getInputMutable().assign(cast.getInput());
      cast.erase();
      ++numFused;
      LDBG() << "rounds its input: " << conv->getLoc();
    });
  }
};

} // namespace
