//===- TpuGroupOps.td - Groups of a planned network --------*- tablegen -*-===//
//
// Operators whose values stay in local memory, and chains that are computed
// slice by slice.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUGROUPOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUGROUPOPS_TD

include "Dialect/Tpu/IR/TpuAttributes.td"
include "Dialect/Tpu/IR/TpuBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Tpu_GroupOp : Op<Tpu_Dialect, "group",
    [RecursiveMemoryEffects, SingleBlock, NoRegionArguments]> {
  let summary = "Operators that are planned together";
  let description = [{
    Without `slices`: a run of operators, one after the other, that values in
    local memory connect; before and after it nothing lies there but what is
    loaded ahead. With `slices`: a chain of operators that is one kernel; each
    tile of the last one's result is computed with the tiles of the others that
    it needs, so that the values between exist within tiles only. `ops` are the
    numbers of the members. What is read outside is yielded.

    Constraints: (C1) there is at least one member besides the terminator; (C2)
    the terminator yields values of the results' types; (C3) `ops` is not empty;
    (C4) a group with slices holds no other.

    Written by `tpu-layer-group`, removed by `convert-tpu-to-bm1684x`.

    Example:

    ```mlir
    %2 = tpu.group slices <n = 1, c = 1, d = 1, h = 4, w = 1> ops 4 to 5 {
      %0 = tpu.unary exp %arg0 {tpu.op = 4, tpu.mem = #tpu.in_tile<fusion = 0, cost = 80, apart = 99>} : tensor<1x8x64x64xf16>
      %1 = tpu.unary abs %0 {tpu.op = 5, tpu.mem = #tpu.global<offset = 0, why = caller>} : tensor<1x8x64x64xf16>
      tpu.yield %1 : tensor<1x8x64x64xf16>
    } : tensor<1x8x64x64xf16>
    ```
  }];
  let arguments = (ins
    Arg<OptionalAttr<Tpu_SlicesAttr>, "Slices of a chain.">:$slices,
    Arg<I64Attr, "Number of the first member.">:$first,
    Arg<I64Attr, "Number of the last member.">:$last);
  let results = (outs Res<Variadic<AnyType>, "What is read outside.">:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`slices` $slices^)? `ops` $first `to` $last attr-dict-with-keyword $body
    (`:` type($results)^)?
  }];
  let hasVerifier = 1;
}

def Tpu_YieldOp : Op<Tpu_Dialect, "yield",
    [Pure, ReturnLike, Terminator, ParentOneOf<["GroupOp"]>]> {
  let summary = "The values of a group that are read outside";
  let description = [{
    Ends a `tpu.group`.

    Example: `tpu.yield %1 : tensor<4x8xf16>`
  }];
  let arguments = (ins Arg<Variadic<AnyType>, "The values.">:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // TPUC_DIALECT_TPU_IR_TPUGROUPOPS_TD
