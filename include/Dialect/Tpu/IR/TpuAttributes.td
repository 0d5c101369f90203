//===- TpuAttributes.td - Layouts and plans ----------------*- tablegen -*-===//
//
// What later passes decide on an operation: how its result lies in the lanes,
// and the plan of LayerGroup. Addresses are bytes, from 0 on, the same in every
// lane; offsets are bytes of the activations' global memory. Operators are named
// by their number (`tpu.op`), time by operator and tile: `12:3` is the fourth
// tile of operator 12.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUATTRIBUTES_TD
#define TPUC_DIALECT_TPU_IR_TPUATTRIBUTES_TD

include "Dialect/Tpu/IR/TpuDialect.td"
include "Dialect/Tpu/IR/TpuEnums.td"
include "mlir/IR/AttrTypeBase.td"

class Tpu_Attr<string name, string mnemonicName> : AttrDef<Tpu_Dialect, name> {
  let mnemonic = mnemonicName;
  let genVerifyDecl = 1;
}

def Tpu_LaneLayoutAttr : Tpu_Attr<"LaneLayout", "lane_layout"> {
  let summary = "How a value is distributed over the lanes";
  let description = [{
    The elements in row-major order are [n, c, rest] with c across the 64 lanes:
    batches and channels for convolutions, batches and rows for products. The
    attribute `tpu.layout` of the operation that makes the value; n * c divides
    the number of elements. Written by `tpu-assign-lane-layout`.

    Example: `#tpu.lane_layout<n = 64, c = 49>`
  }];
  let parameters = (ins "int64_t":$n, "int64_t":$c);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tpu_LocalAttr : Tpu_Attr<"Local", "local"> {
  let summary = "A value's place in local memory";
  let description = [{
    The value takes `bytes` of every lane from `addr` on, from the first tile of
    operator `first` to the last tile of operator `last`. With `global` it is
    stored to global memory as well. `why` says why it lies there, `by` which
    operator that comes from.

    Example: `#tpu.local<addr = 4096, bytes = 6272, ops = 4 to 9, why = fits>`
  }];
  let parameters = (ins "int64_t":$addr, "int64_t":$bytes, "int64_t":$first,
      "int64_t":$last, "std::optional<int64_t>":$global, "Cause":$why,
      "std::optional<int64_t>":$by);
  let hasCustomAssemblyFormat = 1;
}

def Tpu_GlobalAttr : Tpu_Attr<"Global", "global"> {
  let summary = "A value's place in global memory";
  let description = [{
    `offset` counts from the start of the activations. `why` says why the value
    does not stay in local memory, `by` which operator that comes from.

    Example: `#tpu.global<offset = 16384, why = no_room by 12>`
  }];
  let parameters = (ins "int64_t":$offset, "Cause":$why,
      "std::optional<int64_t>":$by);
  let hasCustomAssemblyFormat = 1;
}

def Tpu_ViewAttr : Tpu_Attr<"View", "view"> {
  let summary = "A value that is a part of another";
  let description = [{
    The value lies in that of operator `of`, or in argument `arg`, `offset`
    bytes of the row-major value further: it costs nothing. A reshape or
    contiguous slice lies in its operand, and a part of a concatenation in its
    result.

    Examples: `#tpu.view<of = 12, offset = 512>`, `#tpu.view<arg = 0, offset = 0>`
  }];
  let parameters = (ins "bool":$isArgument, "int64_t":$of, "int64_t":$offset);
  let hasCustomAssemblyFormat = 1;
}

def Tpu_InTileAttr : Tpu_Attr<"InTile", "in_tile"> {
  let summary = "A value that exists within tiles only";
  let description = [{
    The operator is computed slice by slice with the only reader of its result:
    both become one kernel. `fusion` numbers these pairs in the order in which
    they are made, as each pair sees the ones before. `cost` is what the pair
    takes, `apart` what both did, 0 when that did not fit.

    Example: `#tpu.in_tile<fusion = 0, cost = 5120, apart = 7168>`
  }];
  let parameters = (ins "int64_t":$fusion, "int64_t":$cost, "int64_t":$apart);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tpu_LoadAttr : Tpu_Attr<"Load", "load"> {
  let summary = "The loads of one input of a kernel";
  let description = [{
    One entry a load, in the order of need; a list of fewer entries is repeated.
    `input` numbers the kernel's inputs, `shared` is what all of its tiles
    share. `addr` is where each goes, `issue` the tile before which it is
    issued, `room` the tile from which on its memory is held: as early as
    `issue`, unless given. Without `issue` loads are issued when they are needed.

    Example: `#tpu.load<input = 1, addr = [36864], room = [3:0], issue = [4:0]>`
  }];
  // Tiles are pairs: operator, tile, operator, tile ...
  let parameters = (ins "std::optional<int64_t>":$input,
      ArrayRefParameter<"int64_t">:$addr,
      OptionalArrayRefParameter<"int64_t">:$room,
      OptionalArrayRefParameter<"int64_t">:$issue);
  let hasCustomAssemblyFormat = 1;
}

def Tpu_KernelAttr : Tpu_Attr<"Kernel", "kernel"> {
  let summary = "The tiles of a kernel and their buffers";
  let description = [{
    An operation has the attribute `tpu.kernels` with an entry a kernel, in the
    order in which they run. `tile` has the sizes of a tile on the kernel's axes
    n, c, h and w; `moves` says that the kernel only moves data and has none.
    `results` and `scratch` are addresses of the tiles' results, where these are
    not written in place, and of their scratch memory; lists of fewer entries
    are repeated. `cost` is what the choice went by, `next` the best other size
    with its cost.

    Example:

    ```mlir
    #tpu.kernel<tile = [1, 64, 28, 56],
        loads = [<input = 0, addr = [0, 8192]>, <input = 1, addr = [16384], issue = [2:0]>],
        results = [4096], scratch = [20480], cost = 812, next = [1, 64, 14, 56] at 930>
    ```
  }];
  let parameters = (ins OptionalArrayRefParameter<"int64_t">:$tile,
      OptionalArrayRefParameter<"LoadAttr">:$loads,
      OptionalArrayRefParameter<"int64_t">:$results,
      OptionalArrayRefParameter<"int64_t">:$scratch, "int64_t":$cost,
      OptionalArrayRefParameter<"int64_t">:$next, "int64_t":$nextCost);
  let hasCustomAssemblyFormat = 1;
}

def Tpu_SlicesAttr : Tpu_Attr<"Slices", "slices"> {
  let summary = "Into how many slices a group cuts its result";
  let description = [{
    Slices on the axes n, c, d, h and w of the group's last kernel; d are frames
    of a video, which its kernels see as rows.

    Example: `#tpu.slices<n = 1, c = 1, d = 1, h = 4, w = 1>`
  }];
  let parameters = (ins "int64_t":$n, "int64_t":$c, "int64_t":$d, "int64_t":$h,
      "int64_t":$w);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tpu_PlanAttr : Tpu_Attr<"Plan", "plan"> {
  let summary = "What holds for all of a planned function";
  let description = [{
    The attribute `tpu.plan` of a function says that its operations have a plan:
    the bytes of a lane and of global memory that it takes, whether stores wait
    until the loads for the next tile are issued (`fill_waits`), and whether
    kernels may move rows from lane to lane by products (`lane_products`).

    Example: `#tpu.plan<local_bytes = 262144, global_bytes = 8192,
    fill_waits = true, lane_products = true>`
  }];
  let parameters = (ins "int64_t":$local_bytes, "int64_t":$global_bytes,
      "bool":$fill_waits, "bool":$lane_products);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif // TPUC_DIALECT_TPU_IR_TPUATTRIBUTES_TD
