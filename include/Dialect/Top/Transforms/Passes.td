//===- Passes.td - Passes of the top dialect ---------------*- tablegen -*-===//
//
// Declares the passes that work on top alone.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_TRANSFORMS_PASSES_TD
#define TPUC_DIALECT_TOP_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TopRecognizeOps : Pass<"top-recognize-ops"> {
  let summary = "Recognises composite ops by their formulas";
  let description = [{
    Networks arrive with composite ops spelled out. This pass finds
    `layer_norm` and `rms_norm` (with scale and bias), `gelu` (both formulas),
    `silu`, `hardswish`, `mish`, `softplus` and `sigmoid`. Expressions are
    compared as polynomials, so association and order do not matter; equal
    subexpressions must be one value, so `cse` runs before it.

    Before:

    ```mlir
    %1 = top.sigmoid %0 : tensor<1x8xf32>
    %2 = top.mul %0, %1 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
    ```

    After:

    ```mlir
    %2 = top.silu %0 : tensor<1x8xf32>
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopFoldAffine : Pass<"top-fold-affine"> {
  let summary = "Folds constant factors and summands into weights "
                "(changes rounding)";
  let description = [{
    Draws batch normalisation and products and sums with one constant a channel
    into the filter and bias of the convolution or matmul before it, and joins
    chains of constants. Factors of a convolution's input go into its filter,
    too, and summands into its bias where nothing is padded. A batch normalisation
    with nothing before it becomes a depthwise convolution of one tap (of images)
    or a product and a sum. The scale and bias of a normalisation that only matmuls with constant matrices read go
    into these, and so does the factor of attention's scores, through the views
    between them.

    `MatmulWithPermuteAndSplit`: where one matmul computes queries, keys and
    values side by side, and a reshape, perhaps a permute, and slices (which
    splits and gathers by constant indices are) take them apart, each part
    becomes a slice of columns of the matmul, which in local memory is an
    address. Parts that alternate, head by head, are first brought side by side
    in the constant matrix and bias. Any number of parts; what reads them does
    not matter. A matmul that something else reads, or of which parts are cut
    along rows, stays as it is.

    Before:

    ```mlir
    %1 = top.matmul %0, %w : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
    %2 = top.add %1, %b : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
    ```

    After:

    ```mlir
    %2 = top.matmul %0, %w, %b : (tensor<1x8xf32>, tensor<8x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
    ```

    Before (two heads, of which each has a query and a key of 8 columns):

    ```mlir
    %1 = top.matmul %0, %w : (tensor<4x8xf32>, tensor<8x32xf32>) -> tensor<4x32xf32>
    %2 = top.reshape %1 : (tensor<4x32xf32>) -> tensor<4x2x2x8xf32>
    %3 = top.permute %2 {order = array<i64: 2, 1, 0, 3>} : (tensor<4x2x2x8xf32>) -> tensor<2x2x4x8xf32>
    %q = top.slice %3 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 4, 8>, ...}
    %k = top.slice %3 {offsets = array<i64: 1, 0, 0, 0>, sizes = array<i64: 1, 2, 4, 8>, ...}
    ```

    After, with the columns of `%w` in another order:

    ```mlir
    %1 = top.matmul %0, %w_ordered : (tensor<4x8xf32>, tensor<8x32xf32>) -> tensor<4x32xf32>
    %2 = top.slice %1 {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 16>, ...}
    %3 = top.reshape %2 : (tensor<4x16xf32>) -> tensor<4x2x8xf32>
    %4 = top.permute %3 {order = array<i64: 1, 0, 2>} : (tensor<4x2x8xf32>) -> tensor<2x4x8xf32>
    %q = top.reshape %4 : (tensor<2x4x8xf32>) -> tensor<1x2x4x8xf32>
    %5 = top.slice %1 {offsets = array<i64: 0, 16>, sizes = array<i64: 4, 16>, ...}
    ...
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopPackProjections : Pass<"top-pack-projections"> {
  let summary = "Joins the projections that attention reads into one product";
  let description = [{
    Matmuls of one value with constant matrices, whose results only products of
    two computed values read (queries, keys and values), become one matmul with
    the matrices side by side. Their results are columns of it, which attention
    reads where they lie.

    Before:

    ```mlir
    %1 = top.matmul %0, %wq : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %2 = top.matmul %0, %wk : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    ```

    After:

    ```mlir
    %1 = top.matmul %0, %wqk : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
    %2 = top.slice %1 {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 8>, ...}
    %3 = top.slice %1 {offsets = array<i64: 0, 8>, sizes = array<i64: 4, 8>, ...}
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopRotateAllRows : Pass<"top-rotate-all-rows"> {
  let summary = "Rotates rows that a rotary embedding leaves out by nothing";
  let description = [{
    A rotary embedding of some of the rows, joined with the others, becomes one
    of all rows: the others get the angle 0, factors of 1 and 0. Rows are then
    not cut apart and joined, which would move them to other lanes. Runs before
    slices are moved through other ops, which would hide their common operand.

    Before:

    ```mlir
    %1 = top.slice %0 {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 64>, steps = array<i64: 1, 1>} : (tensor<257x64xf32>) -> tensor<1x64xf32>
    %2 = top.slice %0 {offsets = array<i64: 1, 0>, sizes = array<i64: 256, 64>, steps = array<i64: 1, 1>} : (tensor<257x64xf32>) -> tensor<256x64xf32>
    %3 = top.mul %2, %cos : (tensor<256x64xf32>, tensor<256x64xf32>) -> tensor<256x64xf32>
    %4 = top.neg %2 : tensor<256x64xf32>
    %5 = top.mul %4, %sin : (tensor<256x64xf32>, tensor<256x64xf32>) -> tensor<256x64xf32>
    %6 = top.add %3, %5 : (tensor<256x64xf32>, tensor<256x64xf32>) -> tensor<256x64xf32>
    %7 = top.concat %1, %6 {axis = 0 : i64} : (tensor<1x64xf32>, tensor<256x64xf32>) -> tensor<257x64xf32>
    ```

    After, with a first row of ones in `%cos1` and of zeros in `%sin0`:

    ```mlir
    %1 = top.mul %0, %cos1 : (tensor<257x64xf32>, tensor<257x64xf32>) -> tensor<257x64xf32>
    %2 = top.neg %0 : tensor<257x64xf32>
    %3 = top.mul %2, %sin0 : (tensor<257x64xf32>, tensor<257x64xf32>) -> tensor<257x64xf32>
    %4 = top.add %1, %3 : (tensor<257x64xf32>, tensor<257x64xf32>) -> tensor<257x64xf32>
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopFlattenRows : Pass<"top-flatten-rows"> {
  let summary = "Writes products with one matrix with two axes";
  let description = [{
    A matmul whose right operand is one matrix gets a left operand of two axes,
    and reshapes move below elementwise ops until they meet others and vanish.
    Two networks that differ in where they flatten become the same.

    Before:

    ```mlir
    %1 = top.matmul %0, %w : (tensor<2x3x8xf32>, tensor<8x4xf32>) -> tensor<2x3x4xf32>
    ```

    After:

    ```mlir
    %1 = top.reshape %0 : (tensor<2x3x8xf32>) -> tensor<6x8xf32>
    %2 = top.matmul %1, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
    %3 = top.reshape %2 : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopMixAxes : Pass<"top-mix-axes"> {
  let summary = "Mixes a few parts of an outer axis without moving elements";
  let description = [{
    A product sums along the last axis. Where a permute brings an outer axis
    there, as that of the heads which attention mixes, and the matrix has at most
    64 numbers, each result is a sum of parts times numbers instead, along the
    axis where it is. The permute behind it mostly meets its inverse.

    Before:

    ```mlir
    %1 = top.permute %0 {order = array<i64: 0, 2, 3, 1>}
        : (tensor<1x2x64x64xf32>) -> tensor<1x64x64x2xf32>
    %2 = top.reshape %1 : (tensor<1x64x64x2xf32>) -> tensor<4096x2xf32>
    %3 = top.matmul %2, %w : (tensor<4096x2xf32>, tensor<2x1xf32>) -> tensor<4096x1xf32>
    ```

    After:

    ```mlir
    %1 = top.slice %0 {offsets = array<i64: 0, 0, 0, 0>, ...} : ... -> tensor<1x1x64x64xf32>
    %2 = top.mul %1, %w0 : ...
    %3 = top.slice %0 {offsets = array<i64: 0, 1, 0, 0>, ...} : ... -> tensor<1x1x64x64xf32>
    %4 = top.mul %3, %w1 : ...
    %5 = top.add %2, %4 : ...
    %6 = top.permute %5 {order = array<i64: 0, 2, 3, 1>} : ... -> tensor<1x64x64x1xf32>
    %7 = top.reshape %6 : (tensor<1x64x64x1xf32>) -> tensor<4096x1xf32>
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopJoinHeads : Pass<"top-join-heads"> {
  let summary = "Multiplies narrow heads of factorised attention together";
  let description = [{
    Factorised attention multiplies queries with the product of keys and values,
    for each head. Where a head has at most 32 columns and there are more tokens
    than columns of all heads, keys are multiplied with the values of all heads
    and what mixes two heads becomes zero, so that nothing has to be moved to
    where a head is by itself.

    Before:

    ```mlir
    %q = top.permute %0 {order = array<i64: 0, 2, 1, 3>}
        : (tensor<1x64x2x8xf32>) -> tensor<1x2x64x8xf32>
    // %k and %v alike
    %1 = top.matmul %k, %v {left_transpose = true} : ... -> tensor<1x2x8x8xf32>
    %2 = top.matmul %q, %1 : ... -> tensor<1x2x64x8xf32>
    ```

    After, with `%0` and what keys and values came from as [1, 64, 16]:

    ```mlir
    %1 = top.matmul %k0, %v0 {left_transpose = true} : ... -> tensor<1x16x16xf32>
    %2 = top.where %blocks, %1, %zero : ... -> tensor<1x16x16xf32>
    %3 = top.matmul %q0, %2 : ... -> tensor<1x64x16xf32>
    %4 = top.reshape %3 : (tensor<1x64x16xf32>) -> tensor<1x64x2x8xf32>
    %5 = top.permute %4 {order = array<i64: 0, 2, 1, 3>} : ... -> tensor<1x2x64x8xf32>
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopImportCalibration
    : Pass<"top-import-calibration", "::mlir::ModuleOp"> {
  let summary = "Gives values the ranges that calibration found";
  let description = [{
    Reads a calibration table and gives each op, and each argument, that it names
    its range as the attribute `top.range`, a `!quant.calibrated` type. The table
    has a line for each tensor: the name of its op (or of the input), the
    threshold, and the smallest and largest number seen; the range is what was
    seen, cut to the threshold. Lines that begin with `#` are comments. Where
    several ops have a name it is the last that the table means; the ones before
    it are `name:0`, `name:1`, ... A name that the network does not have is an
    error.

    Before, with the line `relu 5.5 0.0 6.25`:

    ```mlir
    %1 = top.relu %0 : tensor<1x8xf32> loc("relu")
    ```

    After:

    ```mlir
    %1 = top.relu %0 {top.range = !quant.calibrated<f32<0.0:5.5>>} : tensor<1x8xf32> loc("relu")
    ```
  }];
  let options = [
    Option<"table", "table", "std::string", "\"\"",
           "The calibration table; nothing is done without one">
  ];
  let dependentDialects = ["::tpuc::top::TopDialect",
                           "::mlir::quant::QuantDialect"];
}

def TopEqualizeChannels
    : Pass<"top-equalize-channels", "::mlir::func::FuncOp"> {
  let summary = "Gives the channels of tensors like sizes (changes rounding)";
  let description = [{
    An INT8 tensor has one scale, so that channels that stay far below
    the largest get few steps. Where a contraction with constant weights reads
    what another one made, through ops that keep factors (relu without a limit,
    maxima, moves, an attention's product with its scores), the channels are
    multiplied by factors in the weights of the first and divided again in those
    of the second; what the network computes stays as it is, but for rounding.

    Between magnitudes t of a channel and w of the weights that meet it the
    factor is sqrt(w / t), divided by the geometric mean of all: both come half
    way. Before a depthwise convolution, whose filters have a scale for each
    channel, all channels get the size of the largest. A tensor that something
    else reads, too, is left alone. The factors of a normalisation are in the
    weights behind it already (`top-fold-affine`).

    The table has a line for each tensor: its name and the largest magnitudes of
    its channels, with commas between; lines that begin with `#` are comments.

    Before, with the line `act 4.0,1.0`:

    ```mlir
    %w = top.weight dense<1.0> : tensor<2x2xf32>
    %0 = top.matmul %x, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
    %1 = top.relu %0 : tensor<4x2xf32> loc("act")
    %2 = top.matmul %1, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
    ```

    After:

    ```mlir
    %v = top.weight dense<[[0.707, 1.414], [0.707, 1.414]]> : tensor<2x2xf32>
    %w = top.weight dense<[[1.414, 1.414], [0.707, 0.707]]> : tensor<2x2xf32>
    %0 = top.matmul %x, %v : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
    %1 = top.relu %0 : tensor<4x2xf32> loc("act")
    %2 = top.matmul %1, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
    ```
  }];
  let options = [
    Option<"table", "table", "std::string", "\"\"", "The magnitudes of channels">
  ];
  let statistics = [
    Statistic<"numEqualized", "equalized", "Contractions whose input was changed">
  ];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopFusePreprocess : Pass<"top-fuse-preprocess", "::mlir::func::FuncOp"> {
  let summary = "Lets a network take pictures as uint8";
  let description = [{
    An argument whose attribute `top.preprocess` says how it is made from a
    picture, `(pixel - mean) * scale`, becomes one of the pixels themselves: from 0
    to 255, uint8 in the compiled network (its attribute `top.port`). What
    was done before the network is done in it: axes and channels change places
    where `format` is another than the network's, and a convolution of each
    channel by one number scales and shifts. The attribute then says that nothing
    is left to do but to resize.

    Before:

    ```mlir
    func.func @main(%x: tensor<1x3x8x8xf32> {top.name = "x", top.preprocess = {
        mean = array<f64: 128.0, 128.0, 128.0>, scale = array<f64: 0.5, 0.5, 0.5>,
        pixel_format = "rgb", channel_format = "nchw"}})
    ```

    After, with `format=rgb_packed`:

    ```mlir
    func.func @main(%x: tensor<1x8x8x3xf32> {top.name = "x",
        top.port = !quant.uniform<u8:f32, 1.0>, ...}) {
      %0 = top.permute %x {order = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x3xf32>) -> tensor<1x3x8x8xf32>
      %1 = top.conv %0, %scale, %shift {group = 3 : i64, ...} : (tensor<1x3x8x8xf32>, tensor<3x1x1x1xf32>, tensor<3xf32>) -> tensor<1x3x8x8xf32>
    ```
  }];
  let options = [
    Option<"format", "format", "std::string", "\"\"",
           "How the pixels lie: rgb_planar, rgb_packed, bgr_planar, bgr_packed, "
           "gray_planar, gray_packed, rgba_planar or rgba_packed; by default as "
           "the network takes them">
  ];
  let dependentDialects = ["::tpuc::top::TopDialect",
                           "::mlir::quant::QuantDialect"];
}

def TopPropagateTransposes : Pass<"top-propagate-transposes"> {
  let summary = "Lets ops compute on rows in the order that moves least data";
  let description = [{
    Ops that treat every row (along the last axis) alike can do so in any order
    of rows: products with one matrix, normalisation, functions of elements,
    sums of tensors with equal rows. Where rows are moved before and after them
    (windows are cut out and put back, tensors are rolled), such ops take the
    order for which the sum of all movements costs least: bytes moved, by the
    length of the runs that stay together. Movements of one value are shared;
    those that follow each other become one op, a `top.permute` or, when it is
    none, a `top.relayout`. Where one order does not fit the next, so that one op
    would take very many transfers, two lead through the network's order.

    The order of ops and the shapes of values stay; only their rows are in
    another order. Deterministic: each step lowers the cost.

    Before, where `q` is the inverse of `p`:

    ```mlir
    %1 = top.permute %0 {order = p}
    %2 = top.softmax %1
    %3 = top.permute %2 {order = q}
    %4 = top.add %0, %3
    %5 = top.permute %4 {order = p}
    ```

    After:

    ```mlir
    %1 = top.permute %0 {order = p}
    %2 = top.softmax %1
    %4 = top.add %1, %2
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
}

def TopShareWeights : Pass<"top-share-weights"> {
  let summary = "Makes constants with the same elements one constant";
  let description = [{
    Resources are compared by name elsewhere; this pass compares their bytes,
    so that equal weights and masks are held, and loaded, once. The constants
    are put at the begin of their block, in the order in which they are read.
    Linear in the bytes of all resources.

    Before:

    ```mlir
    %0 = top.weight dense_resource<a> : tensor<1024xf32>
    %1 = top.weight dense_resource<b> : tensor<1024xf32>
    ```

    After, when `a` and `b` hold the same bytes:

    ```mlir
    %0 = top.weight dense_resource<a> : tensor<1024xf32>
    ```
  }];
  let dependentDialects = ["::tpuc::top::TopDialect"];
  let statistics = [
    Statistic<"numShared", "shared", "Constants replaced by an equal one">
  ];
}

#endif // TPUC_DIALECT_TOP_TRANSFORMS_PASSES_TD
