//===- FuseInputCasts.cpp - Casts of inputs into convolutions -------------===//
//
// A network's input of f32 that is cast to 16 bits passes through global memory
// three times before the first convolution has it: it is read, written and read
// again. A convolution that sorts rows into channels as it loads them can round
// them there, too.
//
//===----------------------------------------------------------------------===//

#include "ConvShapes.h"

#include "Conversion/TpuToBM1684X/KernelContext.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc {
#define GEN_PASS_DEF_FUSEINPUTCASTS
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace mlir;
using namespace tpuc;

/// The cast of an input of f32 that only `conv` reads and may do itself.
static tpu::CastOp getFusibleCast(tpu::ConvOp conv) {
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
  return kernel::canRoundInput(params) ? cast : nullptr;
}

namespace {

struct FuseInputCasts : public tpuc::impl::FuseInputCastsBase<FuseInputCasts> {
  void runOnOperation() override {
    getOperation().walk([&](tpu::ConvOp conv) {
      tpu::CastOp cast = getFusibleCast(conv);
      if (!cast)
        return;
      conv.getInputMutable().assign(cast.getInput());
      cast.erase();
      ++numFused;
    });
  }
};

} // namespace
