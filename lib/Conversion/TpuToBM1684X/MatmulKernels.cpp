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
    if (depth > arch::kMaxSize)
      return op->emitOpError()
             << "sums " << depth << " products; a command can sum "
             << arch::kMaxSize << " at most, so split the sum";
    MatmulParams params;
    params.left = context.globalTensor(matmul.getLeft())
                      .reshaped({batch, rows, 1, depth});
    params.rightTransposed = matmul.getRightTranspose();
    setRight(params, matmul, context);
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
      makeHeadKernels(params, matmul, kernels);
    else
      makeMatmulKernels(params, kernels);
    return success();
  }

  /// Heads are matrices of strided rows: one kernel per entry of the outer
  /// axes, as these and the heads have no common stride.
  static void makeHeadKernels(const MatmulParams &params, tpu::MatMulOp matmul,
                              KernelList &kernels) {
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
      makeMatmulKernels(one, kernels);
    }
  }

  /// Weights are packed for the fastest transfer; other operands are read
  /// in place.
  static void setRight(MatmulParams &params, tpu::MatMulOp matmul,
                       KernelContext &context) {
    int64_t batch = matmul.getBatch(), depth = matmul.getK(),
            columns = matmul.getN();
    Value right = matmul.getRight();
    ArrayRef<char> bytes = context.constantBytes(right);
    ElementType type = *elementTypeOf(right.getType());
    if (!bytes.empty() && batch == 1 && !params.rightTransposed &&
        !matmul.getHdimIsBatch())
      params.panels = MatmulPanels::choose(matmul.getM(), depth, columns, type);
    const MatmulPanels &panels = params.panels;
    if (panels && (panels.columns < columns || panels.areApart())) {
      params.right = context.addConstant(
          panels.pack(bytes, depth, columns, type), type,
          {1, depth, 1, panels.paddedColumns(columns, type)});
      return;
    }
    Shape4 shape = params.rightTransposed ? Shape4{batch, columns, 1, depth}
                                          : Shape4{batch, depth, 1, columns};
    params.right = context.globalTensor(right).reshaped(shape);
  }
};

} // namespace

void tpuc::attachMatmulKernels(MLIRContext *context) {
  tpu::MatMulOp::attachInterface<MatMulModel>(*context);
}
