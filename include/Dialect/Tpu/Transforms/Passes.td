//===- Passes.td - Passes of the tpu dialect ---------------*- tablegen -*-===//
//
// Declares the passes that work on tpu alone.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD
#define TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TpuAttachTarget : Pass<"tpu-attach-target", "::mlir::ModuleOp"> {
  let summary = "Says which chip a module is for";
  let description = [{
    Sets `tpu.chip` of a module that has none. All passes take the chip's lanes,
    memory and rates from there; in a module without the attribute, those of
    the default chip. A module that was made for another chip than `chip` is an
    error.

    Before:

    ```mlir
    module {}
    ```

    After:

    ```mlir
    module attributes {tpu.chip = "bm1684x"} {}
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let options = [
    Option<"chip", "chip", "std::string", "",
           "The chip's name; empty for the default chip">
  ];
}

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
    operands read, such as sums, products, maxima, comparisons and selections. A
    part of the activation (one of a batch, `tpu-split-batch`) needs the same
    part of such a constant. Of one that a matmul or a gather reads, too, parts
    are not taken.

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
    `tpu-choose-batch-split` decides where that pays.

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

def TpuAssignLaneLayout
    : Pass<"tpu-assign-lane-layout", "::mlir::func::FuncOp"> {
  let summary = "Choose which axis of every value lies across the lanes";
  let description = [{
    Splits each value, in row-major order, into [n, c, rest] with c across the
    64 lanes, and writes n and c to its operator as `tpu.layout`. An operator
    whose operands and result split alike computes without data from other
    lanes. Convolutions and pooling split into batches and channels, attention
    into batches and rows; element-wise operators, normalisations and products
    with a shared right operand take over the split of their neighbours.

    Before:

    ```mlir
    %1 = tpu.matmul %0, %w : (tensor<3136x96xf16>, tensor<96x288xf16>) -> tensor<3136x288xf16>
    %2 = tpu.attention %1, %1, %1 {...} : (...) -> tensor<64x49x3x32xf16>
    ```

    After:

    ```mlir
    %1 = tpu.matmul %0, %w {tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : ...
    %2 = tpu.attention %1, %1, %1 {..., tpu.layout = #tpu.lane_layout<n = 64, c = 49>} : ...
    ```
  }];
  let options = [
    Option<"carry", "carry", "bool", "true",
           "Take over the split of neighbours; off, each value's own shape decides">
  ];
}

def TpuFusePermutes : Pass<"tpu-fuse-permutes", "::mlir::func::FuncOp"> {
  let summary = "Make one of two permutations that stay in local memory as one";
  let description = [{
    A permutation of a permuted value (through reshapes, without other readers)
    becomes one of the original, where with the lanes that `tpu-assign-lane-layout` chose
    for both ends this transposes lanes and rows as a whole: that is a product
    with the identity matrix in local memory, while the value between has lanes
    that fit neither side.

    Before:

    ```mlir
    %1 = tpu.permute %0 {order = array<i64: 0, 2, 3, 1>, tpu.layout = #tpu.lane_layout<n = 1, c = 3136>}
    %2 = tpu.reshape %1 {tpu.layout = #tpu.lane_layout<n = 1, c = 3136>} : ... -> tensor<8x7x8x672xf16>
    %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>}
    ```

    After:

    ```mlir
    %1 = tpu.reshape %0 {tpu.layout = #tpu.lane_layout<n = 1, c = 96>} : ... -> tensor<96x8x7x8x7xf16>
    %2 = tpu.permute %1 {order = array<i64: 1, 3, 2, 4, 0>, tpu.layout = #tpu.lane_layout<n = 64, c = 49>}
    ```
  }];
}

def TpuFoldSignals : Pass<"tpu-fold-signals", "::mlir::func::FuncOp"> {
  let summary = "Compute convolutions of signals of few channels on their phases";
  let description = [{
    A convolution multiplies 32 channels of 16 bits at a time and gives each
    output channel a lane. Of a signal of few channels, [N, C, 1, L], the phases
    i, i + F, i + 2 F, ... for i < F become channels, and likewise F / stride
    phases of the result: a convolution with stride 1 and about KW / F + 1 taps
    (polyphase decomposition). Only where that saves more than sorting the
    signals takes, by an estimate; sums get more terms, which are zero.

    Before:

    ```mlir
    %1 = tpu.conv %0, %w {strides = array<i64: 1, 2>, ...}
        : (tensor<1x1x1x4096xf16>, tensor<1x1x1x256xf16>) -> tensor<1x1x1x1921xf16>
    ```

    After:

    ```mlir
    %1 = tpu.reshape %0 : (tensor<1x1x1x4096xf16>) -> tensor<1x1x128x32xf16>
    %2 = tpu.permute %1 {order = array<i64: 0, 1, 3, 2>}
        : (tensor<1x1x128x32xf16>) -> tensor<1x1x32x128xf16>
    %3 = tpu.reshape %2 : (tensor<1x1x32x128xf16>) -> tensor<1x32x1x128xf16>
    %4 = tpu.conv %3, %w16 {strides = array<i64: 1, 1>, ...}
        : (tensor<1x32x1x128xf16>, tensor<16x32x1x9xf16>) -> tensor<1x16x1x121xf16>
    ```

    and back in the same way.
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numFolded", "folded", "Convolutions that compute phases">
  ];
}

def TpuFoldPixels : Pass<"tpu-fold-pixels", "::mlir::func::FuncOp"> {
  let summary = "Compute neighbouring pixels as channels where channels are few";
  let description = [{
    Each output channel of a convolution has a lane; with fewer channels than
    lanes the others are idle. A block of r x c neighbouring pixels can be
    channels too: a window of (KH + (r - 1) * strideH) x (KW + (c - 1) *
    strideW) taps covers those of all, and the filter of each pixel is zero
    where its own window does not reach; sums get more terms, which are zero.

    Convolutions read blocks too where a step of their windows is a whole number
    of blocks, and pointwise operators, slices and concatenations of channels
    compute on blocks as on images. Blocks of at most 8 pixels are chosen by an
    estimate, together for all images of the network; whatever cannot read
    blocks reads the image, which a permute makes of them, at a price.

    Before:

    ```mlir
    %1 = tpu.conv %0, %w {strides = array<i64: 2, 2>, pads = array<i64: 2, 2, 2, 2>, ...}
        : (tensor<1x3x640x640xf16>, tensor<32x3x6x6xf16>) -> tensor<1x32x320x320xf16>
    %2 = tpu.unary silu %1 : tensor<1x32x320x320xf16>
    %3 = tpu.conv %2, %v {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, ...}
        : (tensor<1x32x320x320xf16>, tensor<64x32x3x3xf16>) -> tensor<1x64x160x160xf16>
    ```

    After:

    ```mlir
    %1 = tpu.conv %0, %w2 {strides = array<i64: 2, 4>, pads = array<i64: 2, 2, 2, 2>, ...}
        : (tensor<1x3x640x640xf16>, tensor<64x3x6x8xf16>) -> tensor<1x64x320x160xf16>
    %2 = tpu.unary silu %1 : tensor<1x64x320x160xf16>
    %3 = tpu.conv %2, %v2 {strides = array<i64: 2, 1>, pads = array<i64: 1, 1, 0, 0>, ...}
        : (tensor<1x64x320x160xf16>, tensor<64x64x3x2xf16>) -> tensor<1x64x160x160xf16>
    ```

    Where a result is read as an image:

    ```mlir
    %2 = tpu.reshape %1 : (tensor<1x64x80x40xf16>) -> tensor<1x8x2x4x80x40xf16>
    %3 = tpu.permute %2 {order = array<i64: 0, 1, 4, 2, 5, 3>}
        : (tensor<1x8x2x4x80x40xf16>) -> tensor<1x8x80x2x40x4xf16>
    %4 = tpu.reshape %3 : (tensor<1x8x80x2x40x4xf16>) -> tensor<1x8x160x160xf16>
    ```
  }];
  let options = [
    Option<"price", "price", "unsigned", "0",
           "Transfers that bringing an image's pixels in order counts as; 0: do not">
  ];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numFolded", "folded", "Convolutions on blocks of pixels">
  ];
}

def TpuFoldChannelMoves : Pass<"tpu-fold-channel-moves", "::mlir::func::FuncOp"> {
  let summary = "Compute moves of whole channels instead of copying them";
  let description = [{
    Channels lie in lanes, and to other lanes only the transfer engine copies.
    Where that takes longer, convolutions that read a shuffle or an uneven slice
    of channels read all channels where they are, their filters being zero for
    those that they did not have; other readers read a product with a filter of
    zeros and ones. Through any number of reshapes, permutes, slices and
    relayouts; in INT8 and 16 bits. Sums get more terms, which are zero; those of
    16-bit floats may be added in another order.

    Before:

    ```mlir
    %1 = tpu.slice %0 {offsets = array<i64: 0, 58, 0, 0>, ...}
        : (tensor<1x116x28x28xf16>) -> tensor<1x58x28x28xf16>
    %2 = tpu.conv %1, %filter ... : (tensor<1x58x28x28xf16>, tensor<58x58x1x1xf16>)
    ```

    After:

    ```mlir
    %2 = tpu.conv %0, %wide ... : (tensor<1x116x28x28xf16>, tensor<58x116x1x1xf16>)
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numFolded", "folded", "Moved values that are computed or read in place">
  ];
}

def TpuFuseInputCasts : Pass<"tpu-fuse-input-casts", "::mlir::func::FuncOp"> {
  let summary = "Let first convolutions round the network's input";
  let description = [{
    A convolution of few channels loads rows as channels. Where an input of f32
    is cast to 16 bits for it alone, it loads f32 and rounds in local memory,
    which saves writing the cast's result and reading it again. Only where
    rows do not overlap so much that loading them as f32 takes longer.

    Before:

    ```mlir
    %0 = tpu.cast %arg0 : (tensor<1x3x224x224xf32>) -> tensor<1x3x224x224xf16>
    %1 = tpu.conv %0, %filter ... : (tensor<1x3x224x224xf16>, tensor<16x3x3x3xf16>)
    ```

    After:

    ```mlir
    %1 = tpu.conv %arg0, %filter ... : (tensor<1x3x224x224xf32>, tensor<16x3x3x3xf16>)
    ```
  }];
  let options = [
    Option<"rereads", "rereads", "bool", "false",
           "Load rows more than once although the input fits into local memory">
  ];
  let statistics = [Statistic<"numFused", "fused", "Casts that convolutions do">];
}

def TpuAlignConcats : Pass<"tpu-align-concats", "::mlir::func::FuncOp"> {
  let summary = "Begin the parts of concatenations of channels in lane 0";
  let description = [{
    The convolutions that compute the parts of a concatenation of channels get
    channels of zeros up to a multiple of 64, so that the next part begins in
    lane 0 and is computed in place. The filters of those that read it are zero
    there. Only where all of these are convolutions without groups, and where
    the copies cost more than the passes that are added. A depthwise convolution
    of another part makes a part, too.

    Before:

    ```mlir
    %0 = tpu.conv %a, %f ... : (...) -> tensor<1x58x28x28xf16>
    %1 = tpu.conv %b, %g ... : (...) -> tensor<1x58x28x28xf16>
    %2 = tpu.concat %0, %1 {axis = 1 : i64} : (...) -> tensor<1x116x28x28xf16>
    %3 = tpu.conv %2, %h ... : (tensor<1x116x28x28xf16>, tensor<58x116x1x1xf16>)
    ```

    After:

    ```mlir
    %0 = tpu.conv %a, %f64 ... : (...) -> tensor<1x64x28x28xf16>
    %1 = tpu.conv %b, %g ... : (...) -> tensor<1x58x28x28xf16>
    %2 = tpu.concat %0, %1 {axis = 1 : i64} : (...) -> tensor<1x122x28x28xf16>
    %3 = tpu.conv %2, %h122 ... : (tensor<1x122x28x28xf16>, tensor<58x122x1x1xf16>)
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numAligned", "aligned", "Concatenations whose parts begin in lane 0">
  ];
}

def TpuCopyResults : Pass<"tpu-copy-results", "::mlir::func::FuncOp"> {
  let summary = "Give every result of the network memory of its own";
  let description = [{
    A result that is an argument, a constant, another result, or a view of one,
    belongs to the caller twice. It becomes a copy: a reshape with the attribute
    `tpu.copy`, which is no view.

    Before:

    ```mlir
    %0 = tpu.reshape %arg0 : (tensor<4x8xf16>) -> tensor<32xf16>
    return %0 : tensor<32xf16>
    ```

    After:

    ```mlir
    %0 = tpu.reshape %arg0 : (tensor<4x8xf16>) -> tensor<32xf16>
    %1 = tpu.reshape %0 {tpu.copy} : (tensor<32xf16>) -> tensor<32xf16>
    return %1 : tensor<32xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
}

#endif // TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD
