//===- DetectionKernels.cpp - Kernels of what is done with boxes ----------===//
//
// Maps tpu.nms and tpu.top_set to their kernels.
//
//===----------------------------------------------------------------------===//

#include "DetectionKernels.h"
#include "KernelModels.h"

#include "Dialect/Tpu/IR/Detection.h"
#include "Kernel/NonMaxSuppression.h"
#include "Kernel/TopSet.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct NmsModel
    : LowerToCommandsOpInterface::ExternalModel<NmsModel, tpu::NmsOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto nms = cast<tpu::NmsOp>(op);
    ArrayRef<int64_t> scores = tpu::getShape(nms.getScores());
    NmsParams params;
    params.batch = scores[0];
    params.classes = scores[1];
    params.boxes = scores[2];
    params.results = tpu::getShape(nms.getOutput())[2];
    params.iouThreshold = float(nms.getIouThreshold().convertToDouble());
    if (nms.getScoreThreshold())
      params.scoreThreshold = float(nms.getScoreThreshold()->convertToDouble());
    params.hasLabels = tpu::getShape(nms.getBoxes())[1] > 4;
    params.corners = context.globalTensor(nms.getBoxes());
    params.scores = context.globalTensor(nms.getScores());
    params.result = context.globalTensor(nms.getOutput());
    makeNmsKernels(context.arch(), params, kernels);
    return success();
  }
};

struct TopSetModel
    : LowerToCommandsOpInterface::ExternalModel<TopSetModel, tpu::TopSetOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto set = cast<tpu::TopSetOp>(op);
    ArrayRef<int64_t> shape = tpu::getShape(set.getInput());
    TopSetParams params;
    params.rows = shape[0];
    params.columns = shape[1];
    params.count = tpu::getShape(set.getOutput())[2];
    params.largest = set.getLargest();
    params.input = context.globalTensor(set.getInput());
    params.result = context.globalTensor(set.getOutput());
    makeTopSetKernels(context.arch(), params, kernels);
    return success();
  }
};

} // namespace

void tpuc::attachDetectionKernels(MLIRContext *context) {
  tpu::NmsOp::attachInterface<NmsModel>(*context);
  tpu::TopSetOp::attachInterface<TopSetModel>(*context);
}
