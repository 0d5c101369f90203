//===- Passes.td - From operators to commands --------------*- tablegen -*-===//
//
// The passes that give a tpu module addresses and turn it into commands.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD
#define TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD

include "mlir/Pass/PassBase.td"

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

def FusePermutes : Pass<"tpu-fuse-permutes", "::mlir::func::FuncOp"> {
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

def FoldChannelMoves : Pass<"fold-channel-moves", "::mlir::func::FuncOp"> {
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

def FuseInputCasts : Pass<"fuse-input-casts", "::mlir::func::FuncOp"> {
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
  let statistics = [Statistic<"numFused", "fused", "Casts that convolutions do">];
}

def AlignConcats : Pass<"align-concats", "::mlir::func::FuncOp"> {
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

def ChooseBatchSplit : Pass<"choose-batch-split", "::mlir::ModuleOp"> {
  let summary = "Split a batch where that makes the program faster";
  let description = [{
    Splits the batch as `tpu-split-batch` does, when that takes fewer cycles.
    Compared are schedules of whole networks: unsplit; split as a whole, for
    which all values of a part may fit into local memory; split up to where the
    values of the whole batch fit, because from there on weights, which a split
    loads once a part, are more than activations. A network without a batch is
    left alone at no cost.
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numTried", "tried", "Schedules that were compared">
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

def TpuLayerGroup : Pass<"tpu-layer-group", "::mlir::ModuleOp"> {
  let summary = "Plan which values stay in local memory, all tiles and addresses";
  let description = [{
    Searches for the plan whose commands take the fewest cycles and writes it
    into the module. Each operation gets a number (`tpu.op`), the place of its
    result (`tpu.mem`: in local memory, in global memory, within tiles only, or a
    view), and for each of its kernels (`tpu.kernels`) the tile, the addresses of
    its buffers and when what is loaded ahead is issued. Operators between which
    values stay in local memory come into a `tpu.group`; so do chains that are
    computed slice by slice, with the number of slices. Constants move to the
    front.

    Only values whose operation has `tpu.layout` stay in local memory; values in
    global memory that never live at the same time share their memory. Every
    operator that has no kernel, or whose kernel refuses it, is reported.

    Decisions that have names, each with a test in test/LayerGroup:

    * Local squeeze and unsqueeze (`local_squeeze.mlir`): a reshape that keeps the
      lanes is a view (`#tpu.view`) of what is in local memory and emits nothing.
      One that moves elements to other lanes has a kernel.
    * 5-D slice local under a 3-d group (`local_slice_of_frames.mlir`): in video
      networks channels lie across lanes and [d, h * w] within one, so that a
      slice of frames stays in local memory; if a run of the operand, as a view,
      else by a copy within the lanes. A slice of channels changes the lanes and
      reads global memory. A group of such operators counts slices of d.
    * `allow_split` (`sliced_constant.mlir`): of a constant that element-wise
      operators read a tile loads the part that it meets.
    * What stays (`stays_resident.mlir`), chains computed slice by slice
      (`sliced_chain.mlir`), two buffers (`double_buffering.mlir`), loads ahead
      (`weights_ahead.mlir`), where a group ends (`written_by_transfers.mlir`).

    Before:

    ```mlir
    %0 = tpu.unary exp %arg0 {tpu.layout = #tpu.lane_layout<n = 1, c = 64>} : tensor<64x128xf16>
    %1 = tpu.unary abs %0 {tpu.layout = #tpu.lane_layout<n = 1, c = 64>} : tensor<64x128xf16>
    return %1 : tensor<64x128xf16>
    ```

    After:

    ```mlir
    %0 = tpu.group ops 0 to 1 {
      %1 = tpu.unary exp %arg0 {tpu.op = 0,
          tpu.mem = #tpu.local<addr = 0, bytes = 256, ops = 0 to 1, why = fits>,
          tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 128], loads = [<input = 0, addr = [256]>], ...>], ...}
      %2 = tpu.unary abs %1 {tpu.op = 1,
          tpu.mem = #tpu.global<offset = 16384, why = caller>,
          tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 128], results = [512], ...>], ...}
      tpu.yield %2 : tensor<64x128xf16>
    } : tensor<64x128xf16>
    return %0 : tensor<64x128xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let options = [
    Option<"localBytes", "local-bytes", "int64_t", "262144",
           "Bytes of a lane's memory that kernels may use">,
    Option<"keepResident", "keep-resident", "bool", "true",
           "Keep values in local memory between operators">,
    Option<"fuse", "fuse", "bool", "true",
           "Fuse kernels whose value between does not fit into local memory">,
    Option<"prefetch", "prefetch", "bool", "true",
           "Load weights before the operator that needs them starts">,
    Option<"fillWaits", "fill-waits", "bool", "true",
           "Issue stores and loads while the transfer engine would wait; off, in "
           "the order of computation">,
    Option<"laneProducts", "lane-products", "bool", "true",
           "Move rows from lane to lane by products; off, by transfers">,
    Option<"costCache", "cost-cache", "bool", "true",
           "Remember what tiles cost; changes no plan">,
    Option<"search", "search", "unsigned", "1",
           "Compare whole plans and take the fastest: 0 none, 1 a few, 2 many, "
           "which is slow">
  ];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Number of kernels planned">,
    Statistic<"numFusions", "num-fusions", "Kernels that became a part of another">
  ];
}

def TpuVerifyPlan : Pass<"tpu-verify-plan", "::mlir::ModuleOp"> {
  let summary = "Prove that a plan can be carried out";
  let description = [{
    Accepts the plans of `tpu-layer-group`, and such plans changed by hand that
    still compute the network. Sizes and lifetimes are computed anew, and it is
    checked that

    * every operation has one number, and none reads what a later one computes;
    * tiles lie within their kernel's axes, at multiples of what it can cut;
    * every buffer and value lies aligned, within the bytes that the plan takes,
      and apart from all that lives at the same time, in local and in global
      memory;
    * loads are issued when what they read is computed and their room is free, and
      before the tile that needs them;
    * every operand lies where its reader's commands look for it;
    * what belongs to the caller lies in global memory;
    * views are views, and lie where they view;
    * members of a group with slices are computed with its last operator, and what
      stays in local memory stays within a group.

    Changes nothing.
  }];
}

def ConvertTpuToBM1684X
    : Pass<"convert-tpu-to-bm1684x", "::mlir::ModuleOp"> {
  let summary = "Turn a planned network into commands";
  let description = [{
    Replaces the network function's operators by the commands that their kernels
    emit, by the plan of `tpu-layer-group`: nothing is decided here. The
    coefficients that the kernels want become one constant of the function;
    inputs and outputs become attributes (name, type, shape, address). A command
    waits for the last command of the other queue that touches the same memory.

    What was decided, why and at what cost is in the function's attribute
    `bm1684x.explanation`, and in remarks of the category `layer-group`.

    A function without a plan is refused. Whether a plan is right is proved by
    `tpu-verify-plan`.
  }];
  let dependentDialects = ["::tpuc::bm1684x::BM1684XDialect",
                           "::tpuc::tpu::TpuDialect"];
}

#endif // TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD
