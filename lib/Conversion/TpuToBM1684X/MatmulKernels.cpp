//===- MatmulKernels.cpp - Kernels of matrix products ---------------------===//
//
// Maps tpu.matmul to the matrix product kernel.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"
#include "MatmulColumns.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Matmul.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// The panels in which a constant right operand is packed; none where it is
/// as fast in its own order, and for operands that are computed.
MatmulPanels choosePanels(tpu::MatMulOp matmul, KernelContext &context) {
  if (matmul.getBatch() != 1 || matmul.getRightTranspose() ||
      matmul.getHdimIsBatch() ||
      context.constantBytes(matmul.getRight()).empty())
    return {};
  return MatmulPanels::choose(context.arch(), matmul.getM(), matmul.getK(),
                              matmul.getN(),
                              *elementTypeOf(matmul.getRight().getType()));
}

/// Whether the panels of a matrix are in another order than its own.
bool isReordered(const MatmulPanels &panels, int64_t columns) {
  return panels && (panels.columns < columns || panels.areApart());
}

struct MatMulModel
    : LowerToCommandsOpInterface::ExternalModel<MatMulModel, tpu::MatMulOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto matmul = cast<tpu::MatMulOp>(op);
    int64_t batch = matmul.getBatch(), rows = matmul.getM(),
            depth = matmul.getK(), columns = matmul.getN();
    if (matmul.getLeftTranspose())
      return op->emitOpError()
             << "has a transposed left operand, which no command reads for "
                "rows of the result across lanes; transpose it with a "
                "tpu.permute";
    int64_t mostProducts = context.arch().maxSize;
    if (depth > mostProducts)
      return op->emitOpError()
             << "sums " << depth << " products; a command can sum "
             << mostProducts << " at most, so split the sum";
    MatmulParams params;
    params.left = context.globalTensor(matmul.getLeft())
                      .reshaped({batch, rows, 1, depth});
    params.rightTransposed = matmul.getRightTranspose();
    if (failed(setRight(params, matmul, context)))
      return failure();
    if (tpu::isQuantized(tpu::getElement(matmul.getLeft()))) {
      if (failed(setQuantColumns(matmul, context, params)))
        return failure();
    } else if (Value bias = matmul.getBias()) {
      params.bias = context.globalTensor(bias);
    }
    params.result = context.globalTensor(matmul.getOutput())
                        .reshaped({batch, rows, 1, columns});
    params.relu = matmul.getDoRelu();
    double limit = matmul.getReluLimit().convertToDouble();
    if (limit >= 0)
      params.upperLimit = limit;
    if (matmul.getHdimIsBatch())
      makeHeadKernels(context.arch(), params, matmul, kernels);
    else
      makeMatmulKernels(context.arch(), params, kernels);
    return success();
  }

private:
  /// Heads are matrices of strided rows: one kernel per entry of the outer
  /// axes, as these and the heads have no common stride.
  static void makeHeadKernels(const Arch &arch, const MatmulParams &params,
                              tpu::MatMulOp matmul, KernelList &kernels) {
    int64_t heads = matmul.getHeads();
    for (int64_t i = 0; i < matmul.getBatch() / heads; ++i) {
      auto matricesOf = [&](const GlobalTensor &whole) {
        Shape4 shape = whole.shape;
        shape[N] = heads;
        int64_t row = heads * shape[W];
        return whole.advanced(i * shape[C] * row)
            .viewed(shape, {shape[W], row, row, 1});
      };
      MatmulParams one = params;
      one.left = matricesOf(params.left);
      one.right = matricesOf(params.right);
      one.result = matricesOf(params.result);
      makeMatmulKernels(arch, one, kernels);
    }
  }

  /// Weights are packed for the fastest transfer; other operands are read
  /// in place.
  static LogicalResult setRight(MatmulParams &params, tpu::MatMulOp matmul,
                                KernelContext &context) {
    int64_t batch = matmul.getBatch(), depth = matmul.getK(),
            columns = matmul.getN();
    Value right = matmul.getRight();
    ElementType type = *elementTypeOf(right.getType());
    params.panels = choosePanels(matmul, context);
    if (isReordered(params.panels, columns)) {
      FailureOr<GlobalTensor> packed = context.packedWeight(
          matmul, right, type,
          {1, depth, 1,
           params.panels.paddedColumns(context.arch(), columns, type)});
      if (failed(packed))
        return failure();
      params.right = *packed;
      return success();
    }
    Shape4 shape = params.rightTransposed ? Shape4{batch, columns, 1, depth}
                                          : Shape4{batch, depth, 1, columns};
    params.right = context.globalTensor(right).reshaped(shape);
    return success();
  }
};

struct MatMulPacker
    : PackWeightsOpInterface::ExternalModel<MatMulPacker, tpu::MatMulOp> {
  FailureOr<PackedOperand> packWeights(Operation *op,
                                       KernelContext &context) const {
    auto matmul = cast<tpu::MatMulOp>(op);
    MatmulPanels panels = choosePanels(matmul, context);
    if (!isReordered(panels, matmul.getN()))
      return PackedOperand();
    return PackedOperand{
        /*index=*/1,
        panels.pack(context.arch(), context.constantBytes(matmul.getRight()),
                    matmul.getK(), matmul.getN(),
                    *elementTypeOf(matmul.getRight().getType()))};
  }
};

} // namespace

void tpuc::attachMatmulKernels(MLIRContext *context) {
  tpu::MatMulOp::attachInterface<MatMulModel, MatMulPacker>(*context);
}
