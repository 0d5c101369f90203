//===- AttentionKernels.cpp - Kernels of attention ------------------------===//
//
// Maps tpu.attention to the attention kernel.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Attention.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// [batch, rows, heads, columns] of a view [offset, batch, row, head stride].
/// An axis that is repeated has one element.
GlobalTensor viewOf(KernelContext &context, Value value, ArrayRef<int64_t> view,
                    Shape4 shape, bool mayRepeat) {
  if (mayRepeat)
    for (unsigned axis = 0; axis < 3; ++axis)
      if (view[axis + 1] == 0)
        shape[axis] = 1;
  return context.globalTensor(value).advanced(view[0]).viewed(
      shape, {view[1], view[2], view[3], 1});
}

struct AttentionModel
    : LowerToCommandsOpInterface::ExternalModel<AttentionModel,
                                                tpu::AttentionOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto attention = cast<tpu::AttentionOp>(op);
    ArrayRef<int64_t> result = tpu::getShape(attention.getOutput());
    int64_t batch = result[0], rows = result[1], heads = result[2],
            keyRows = attention.getKeyRows(), depth = attention.getDepth();
    AttentionParams params;
    params.query =
        viewOf(context, attention.getQuery(), attention.getQueryView(),
               {batch, rows, heads, depth}, /*mayRepeat=*/false);
    params.key = viewOf(context, attention.getKey(), attention.getKeyView(),
                        {batch, keyRows, heads, depth}, /*mayRepeat=*/false);
    params.value =
        viewOf(context, attention.getValue(), attention.getValueView(),
               {batch, keyRows, heads, result[3]}, /*mayRepeat=*/false);
    params.result = context.globalTensor(attention.getOutput())
                        .reshaped({batch, rows, heads, result[3]});
    for (auto [i, addend] : llvm::enumerate(attention.getAddends()))
      params.addends.push_back(
          viewOf(context, addend, attention.getAddendViews().slice(4 * i, 4),
                 {batch, rows, heads, keyRows}, /*mayRepeat=*/true));
    params.scale = attention.getScale().convertToDouble();
    makeAttentionKernels(context.arch(), params, kernels);
    return success();
  }
};

} // namespace

void tpuc::attachAttentionKernels(MLIRContext *context) {
  tpu::AttentionOp::attachInterface<AttentionModel>(*context);
}
