//===- MathKernels.cpp - Kernels of functions, norms and reductions -------===//
//
// Maps the tpu operators that are passes over elements or rows to their
// kernels.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Functions.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

static_assert(int(tpu::UnaryKind::Softsign) == int(UnaryFunction::Softsign) &&
                  tpu::getMaxEnumValForUnaryKind() ==
                      unsigned(UnaryFunction::Softsign),
              "UnaryFunction is numbered as tpu::UnaryKind");

namespace {

int64_t numElementsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

struct UnaryModel
    : LowerToCommandsOpInterface::ExternalModel<UnaryModel, tpu::UnaryOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto unary = cast<tpu::UnaryOp>(op);
    makeUnaryKernels(UnaryFunction(unary.getKind()),
                     unary.getAlpha().convertToDouble(),
                     unary.getBeta().convertToDouble(),
                     context.globalTensor(unary.getOutput()),
                     context.globalTensor(unary.getInput()),
                     numElementsOf(unary.getInput()), kernels);
    return success();
  }
};

} // namespace

void tpuc::attachMathKernels(MLIRContext *context) {
  tpu::UnaryOp::attachInterface<UnaryModel>(*context);
}
