//===- MathKernels.cpp - Kernels of functions, norms and reductions -------===//
//
// Maps unary, row-wise and reducing tpu operators to their kernels.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Functions.h"
#include "Kernel/RowwiseKernels.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

static_assert(int(tpu::UnaryKind::Softsign) == int(UnaryFunction::Softsign) &&
                  tpu::getMaxEnumValForUnaryKind() ==
                      unsigned(UnaryFunction::Softsign),
              "UnaryFunction is numbered as tpu::UnaryKind");
static_assert(int(tpu::ReduceKind::Mean) == int(Reduction::Mean) &&
                  int(tpu::ReduceKind::Sum) == int(Reduction::Sum) &&
                  int(tpu::ReduceKind::Max) == int(Reduction::Max) &&
                  int(tpu::ReduceKind::Min) == int(Reduction::Min),
              "Reduction is numbered as tpu::ReduceKind");

namespace {

int64_t numElementsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

struct UnaryModel
    : LowerToCommandsOpInterface::ExternalModel<UnaryModel, tpu::UnaryOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto unary = cast<tpu::UnaryOp>(op);
    makeUnaryKernels(context.arch(), UnaryFunction(unary.getKind()),
                     unary.getAlpha().convertToDouble(),
                     unary.getBeta().convertToDouble(),
                     context.globalTensor(unary.getOutput()),
                     context.globalTensor(unary.getInput()),
                     numElementsOf(unary.getInput()), kernels);
    return success();
  }
};

/// The operand as rows of the axes from `axis` on.
RowOperation rowOperation(KernelContext &context, Value input, Value output,
                          int64_t axis) {
  auto shape = cast<RankedTensorType>(input.getType()).getShape();
  RowOperation operation;
  operation.operand = context.globalTensor(input);
  operation.result = context.globalTensor(output);
  operation.columns = ShapedType::getNumElements(shape.drop_front(axis));
  operation.rows = ShapedType::getNumElements(shape.take_front(axis));
  return operation;
}

int64_t lastAxis(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank() - 1;
}

struct SoftmaxModel
    : LowerToCommandsOpInterface::ExternalModel<SoftmaxModel, tpu::SoftmaxOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto softmax = cast<tpu::SoftmaxOp>(op);
    makeSoftmaxKernels(context.arch(),
                       rowOperation(context, softmax.getInput(),
                                    softmax.getOutput(),
                                    lastAxis(softmax.getInput())),
                       softmax.getLog(), kernels);
    return success();
  }
};

template <typename NormOp, bool subtractMean>
struct NormModel
    : LowerToCommandsOpInterface::ExternalModel<NormModel<NormOp, subtractMean>,
                                                NormOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto norm = cast<NormOp>(op);
    NormParams params;
    static_cast<RowOperation &>(params) = rowOperation(
        context, norm.getInput(), norm.getOutput(), lastAxis(norm.getInput()));
    params.subtractMean = subtractMean;
    params.epsilon = norm.getEpsilon().convertToDouble();
    if (Value scale = norm.getScale())
      params.scale = context.globalTensor(scale);
    if (Value bias = norm.getBias())
      params.bias = context.globalTensor(bias);
    makeNormKernels(context.arch(), params, kernels);
    return success();
  }
};

struct ReduceModel
    : LowerToCommandsOpInterface::ExternalModel<ReduceModel, tpu::ReduceOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto reduce = cast<tpu::ReduceOp>(op);
    makeReduceKernels(context.arch(),
                      rowOperation(context, reduce.getInput(),
                                   reduce.getOutput(), reduce.getAxis()),
                      Reduction(reduce.getKind()), kernels);
    return success();
  }
};

} // namespace

void tpuc::attachMathKernels(MLIRContext *context) {
  tpu::UnaryOp::attachInterface<UnaryModel>(*context);
  tpu::SoftmaxOp::attachInterface<SoftmaxModel>(*context);
  tpu::LayerNormOp::attachInterface<NormModel<tpu::LayerNormOp, true>>(
      *context);
  tpu::RMSNormOp::attachInterface<NormModel<tpu::RMSNormOp, false>>(*context);
  tpu::ReduceOp::attachInterface<ReduceModel>(*context);
}
