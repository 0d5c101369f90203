//===- Passes.td - Passes of the tpu dialect ---------------*- tablegen -*-===//
//
// Declares the passes that work on tpu alone.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD
#define TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TpuFuseActivation : Pass<"tpu-fuse-activation"> {
  let summary = "Draws ReLU and clipping from zero into the contraction before";
  let description = [{
    A convolution, transposed convolution or matmul whose only user is a
    `tpu.unary relu`, or a `tpu.unary clip` from 0, applies it itself, so that
    its result goes to global memory once. Also through a reshape in between.
    No result changes.

    Before:

    ```mlir
    %1 = tpu.matmul %0, %w : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
    %2 = tpu.unary clip %1 {alpha = 0.0, beta = 6.0} : tensor<4x4xf16>
    ```

    After:

    ```mlir
    %2 = tpu.matmul %0, %w {do_relu = true, relu_limit = 6.0 : f64}
        : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numFused", "fused", "Activations drawn into their producer">
  ];
}

def TpuFuseAttention : Pass<"tpu-fuse-attention"> {
  let summary = "Joins scores, softmax and weighted sum of attention "
                "(changes rounding)";
  let description = [{
    Finds softmax(scale * Q K^T + addends) V of tensors [batch, heads, rows,
    columns] or [batch and heads, rows, columns], and reads queries, keys,
    values and addends through the reshapes, permutes and slices before them.
    Scores are no longer rounded to 16 bit. Left alone are more than 2048
    keys (a row of scores must fit into a lane), and intermediate values with
    other users.

    Before:

    ```mlir
    %s = tpu.matmul %q, %k {right_transpose = true}
        : (tensor<2x3x49x32xf16>, tensor<2x3x49x32xf16>) -> tensor<2x3x49x49xf16>
    %p = tpu.softmax %s : (tensor<2x3x49x49xf16>) -> tensor<2x3x49x49xf16>
    %o = tpu.matmul %p, %v
        : (tensor<2x3x49x49xf16>, tensor<2x3x49x32xf16>) -> tensor<2x3x49x32xf16>
    %r = tpu.permute %o {order = array<i64: 0, 2, 1, 3>}
        : (tensor<2x3x49x32xf16>) -> tensor<2x49x3x32xf16>
    ```

    After:

    ```mlir
    %r = tpu.attention %q, %k, %v {query_view = array<i64: 0, 4704, 32, 1568>, ...}
        : (...) -> tensor<2x49x3x32xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
}

def TpuHdimIsBatch : Pass<"tpu-hdim-is-batch"> {
  let summary = "Computes products of heads where their tokens lie";
  let description = [{
    `HdimIsBatch`: a batched matmul whose operands were permuted so that heads
    come before rows reads them unpermuted, and gives its result so, as
    `hdim_is_batch` says. Batches and heads may be one axis or two. Where not all
    three were permuted, the others are from now on; that is done when fewer
    elements are permuted afterwards. Attention with a softmax is left to
    `tpu-fuse-attention`, which comes before.

    Before:

    ```mlir
    %0 = tpu.permute %q {order = array<i64: 0, 2, 1, 3>}
        : (tensor<2x49x3x32xf16>) -> tensor<2x3x49x32xf16>
    %1 = tpu.permute %k {order = array<i64: 0, 2, 1, 3>}
        : (tensor<2x32x3x64xf16>) -> tensor<2x3x32x64xf16>
    %2 = tpu.matmul %0, %1
        : (tensor<2x3x49x32xf16>, tensor<2x3x32x64xf16>) -> tensor<2x3x49x64xf16>
    %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>}
        : (tensor<2x3x49x64xf16>) -> tensor<2x49x3x64xf16>
    ```

    After:

    ```mlir
    %3 = tpu.matmul %q, %k {hdim_is_batch = true}
        : (tensor<2x49x3x32xf16>, tensor<2x32x3x64xf16>) -> tensor<2x49x3x64xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
}

def TpuAllowSplit : Pass<"tpu-allow-split", "::mlir::func::FuncOp"> {
  let summary = "Marks constants that are cut with the activation they meet";
  let description = [{
    Sets `allow_split` on constants that only element-wise operators of several
    operands read: sums, differences, products, quotients, maxima, minima,
    comparisons, selections and PReLU. A part of the activation (one of a batch,
    `tpu-split-batch`) needs the same part of such a constant. Of one that a
    matmul or a gather reads, too, parts are not taken.

    Before:

    ```mlir
    %p = tpu.weight dense_resource<positions> : tensor<4x49x96xf16>
    %1 = tpu.binary add %0, %p
        : (tensor<4x49x96xf16>, tensor<4x49x96xf16>) -> tensor<4x49x96xf16>
    ```

    After:

    ```mlir
    %p = tpu.weight {allow_split} dense_resource<positions> : tensor<4x49x96xf16>
    ```
  }];
  let statistics = [
    Statistic<"numAllowed", "allowed", "Constants that may be cut">
  ];
}

def TpuHoistOutputs : Pass<"tpu-hoist-outputs", "::mlir::func::FuncOp"> {
  let summary = "Makes each output as early as its operands allow";
  let description = [{
    Moves the operators that only one result of the function needs, or one part
    of a result that a concatenation joins, to where their operands are ready.
    The stores of an early head of a detector then run beside the computation of
    the rest, and its operands need no memory until the end. The part that is
    made last stays where it is.

    Before:

    ```mlir
    %early = tpu.unary abs %a : tensor<4x8xf16>
    %b = tpu.unary exp %a : tensor<4x8xf16>
    %late = tpu.unary abs %b : tensor<4x8xf16>
    %0 = tpu.cast %early : (tensor<4x8xf16>) -> tensor<4x8xf32>
    %1 = tpu.cast %late : (tensor<4x8xf16>) -> tensor<4x8xf32>
    return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
    ```

    After, `%0` follows `%early`.
  }];
  let statistics = [
    Statistic<"numHoisted", "hoisted", "Operators that moved">
  ];
}

def TpuSplitBatch : Pass<"tpu-split-batch", "::mlir::func::FuncOp"> {
  let summary = "Computes parts of a batch one after the other";
  let description = [{
    Replaces the first operators that depend on the inputs, up to the first that
    would mix them, by copies for equal parts of the leading axis; what others
    read of them is joined. The values of a part are smaller, so that more of
    them stay in local memory; weights are loaded once a part. Constants that
    element-wise operators read are cut, too, where `allow_split` says that this
    is right.
    `choose-batch-split` decides where that pays.

    Before:

    ```mlir
    %0 = tpu.unary exp %arg0 : tensor<2x8xf16>
    ```

    After, with two parts:

    ```mlir
    %a = tpu.slice %arg0 {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 8>,
        steps = array<i64: 1, 1>} : (tensor<2x8xf16>) -> tensor<1x8xf16>
    %b = tpu.unary exp %a : tensor<1x8xf16>
    %c = tpu.slice %arg0 {offsets = array<i64: 1, 0>, sizes = array<i64: 1, 8>,
        steps = array<i64: 1, 1>} : (tensor<2x8xf16>) -> tensor<1x8xf16>
    %d = tpu.unary exp %c : tensor<1x8xf16>
    %0 = tpu.concat %b, %d {axis = 0 : i64} : (...) -> tensor<2x8xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let options = [
    Option<"parts", "parts", "int64_t", "1", "Number of parts">,
    Option<"until", "until", "unsigned", "-1",
           "Operators, but for constants, that may be split, from the first on">
  ];
  let statistics = [
    Statistic<"numSplit", "split", "Operators that were split">
  ];
}

#endif // TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD
