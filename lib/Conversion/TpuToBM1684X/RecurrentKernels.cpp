//===- RecurrentKernels.cpp - Kernels of recurrent cells ------------------===//
//
// Maps tpu.recurrent to the kernel of recurrent cells.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Recurrent.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct RecurrentModel
    : LowerToCommandsOpInterface::ExternalModel<RecurrentModel,
                                                tpu::RecurrentOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto recurrent = cast<tpu::RecurrentOp>(op);
    top::RecurrentSizes sizes = top::getRecurrentSizes(recurrent);
    RecurrentParams params;
    params.cell = RecurrentParams::Cell(recurrent.getKind());
    params.isReversed = recurrent.getDirection() == top::CellDirection::Reverse;
    params.linearBeforeReset = recurrent.getLinearBeforeReset();
    params.inputForget = recurrent.getInputForget();
    params.clip = recurrent.getClip().convertToDouble();
    top::CellActivation functions[] = {recurrent.getGateActivation(),
                                       recurrent.getCellActivation(),
                                       recurrent.getOutputActivation()};
    for (size_t i = 0; i < params.activations.size(); ++i)
      params.activations[i] = {CellFunction(functions[i]),
                               recurrent.getAlphas()[i],
                               recurrent.getBetas()[i]};
    params.directions = sizes.directions;
    params.units = sizes.units;
    params.steps = sizes.steps;
    params.batch = sizes.batch;
    params.input = context.globalTensor(recurrent.getInput());
    params.weight = context.globalTensor(recurrent.getWeight());
    params.state = context.globalTensor(recurrent.getState());
    if (sizes.unitsOperand)
      params.extra = context.globalTensor(op->getOperand(sizes.unitsOperand));
    if (sizes.maskOperand)
      params.mask = context.globalTensor(op->getOperand(sizes.maskOperand));
    params.result = context.globalTensor(recurrent.getOutput());
    params.setShapes();
    makeRecurrentKernels(context.arch(), params, kernels);
    return success();
  }
};

} // namespace

void tpuc::attachRecurrentKernels(MLIRContext *context) {
  tpu::RecurrentOp::attachInterface<RecurrentModel>(*context);
}
