//===- Passes.td - From operators to a plan ----------------*- tablegen -*-===//
//
// The passes that plan a tpu module: places, tiles, addresses and order.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_PLAN_PASSES_TD
#define TPUC_DIALECT_TPU_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def TpuChooseBatchSplit : Pass<"tpu-choose-batch-split", "::mlir::ModuleOp"> {
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

def TpuChoosePixelBlocks : Pass<"tpu-choose-pixel-blocks", "::mlir::ModuleOp"> {
  let summary = "Compute blocks of pixels where that makes the program faster";
  let description = [{
    Runs `tpu-fold-pixels` with several prices of bringing pixels back in order,
    and not at all, on copies of a network, and keeps what takes the fewest
    cycles as a whole. A network whose channels fill the lanes is left alone at
    no cost.
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numTried", "tried", "Schedules that were compared">
  ];
}

def TpuChooseInputCasts : Pass<"tpu-choose-input-casts", "::mlir::ModuleOp"> {
  let summary = "Let first convolutions round inputs where the program gets faster";
  let description = [{
    Runs `tpu-fuse-input-casts` on copies of a network, with and without leave to
    load rows more than once that would fit into local memory, and keeps what
    takes fewer cycles as a whole. A network to which that makes no difference is
    left alone at no cost.
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numTried", "tried", "Schedules that were compared">
  ];
}

def TpuPackWeights : Pass<"tpu-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Hold weights as commands load them";
  let description = [{
    Commands load the weights of convolutions, and of products where that is
    faster, in another order than that of their tensor: output channels or
    columns in blocks of lanes, padded, with biases and factors beside them. The
    pass asks each operator for these bytes and keeps them with the constant
    (`packed`), which becomes the operator's own. The order follows from the
    operator and its lanes, so the pass comes after `tpu-assign-lane-layout` and
    before plans are compared. A plan may be made without it, commands not.

    Before:

    ```mlir
    %w = tpu.weight dense<1.0> : tensor<8x4x1x1xf16>
    %0 = tpu.conv %arg0, %w {...} : (tensor<1x4x6x6xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x6x6xf16>
    ```

    After:

    ```mlir
    %w = tpu.weight {packed = dense_resource<packed> : tensor<512xi8>} dense<1.0> : tensor<8x4x1x1xf16>
    %0 = tpu.conv %arg0, %w {...} : (tensor<1x4x6x6xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x6x6xf16>
    ```
  }];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Number of constants packed">,
    Statistic<"numBytes", "num-bytes", "Bytes of packed constants">
  ];
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
    Option<"localBytes", "local-bytes", "int64_t", "0",
           "Bytes of a lane's memory that kernels may use; 0 for all">,
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

#endif // TPUC_DIALECT_TPU_PLAN_PASSES_TD
