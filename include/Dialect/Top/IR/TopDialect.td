//===- TopDialect.td - The top dialect ---------------------*- tablegen -*-===//
//
// Defines the dialect only; ops are in Top*Ops.td.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPDIALECT_TD
#define TPUC_DIALECT_TOP_IR_TOPDIALECT_TD

include "mlir/IR/OpBase.td"

def Top_Dialect : Dialect {
  let name = "top";
  let cppNamespace = "::tpuc::top";
  let summary = "What a network computes, independent of the chip";
  let description = [{
    A network as a pure function of tensors. Tensors have static shapes and are
    row-major; data is f32, indices are i64 or i32, masks are i1. Results have
    no other meaning than the formula of the op that makes them: precision,
    layout and memory are decided later, in `tpu`.

    The network is `func.func @main`. Its arguments and results carry the
    network's own names as the string attribute `top.name`. Constants are
    `top.weight`. Every op's location names the node that it came from.

    Created by the ONNX frontend; removed by `convert-top-to-tpu`.
  }];
  let hasConstantMaterializer = 1;
  let hasCanonicalizer = 1;
}

#endif // TPUC_DIALECT_TOP_IR_TOPDIALECT_TD
