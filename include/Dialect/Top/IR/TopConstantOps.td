//===- TopConstantOps.td - Constants of the top dialect ----*- tablegen -*-===//
//
// The op that holds a constant.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPCONSTANTOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPCONSTANTOPS_TD

include "Dialect/Top/IR/TopBase.td"

def Top_WeightOp : Top_Op<"weight", [ConstantLike,
    AllTypesMatch<["value", "output"]>]> {
  let summary = "Constant tensor";
  let description = [{
    A constant: a trained weight, a table, an index list. Large values are
    `dense_resource` attributes, so that passes share them without copying.
    Its type is the type of `value`.

    Example:

    ```mlir
    %0 = top.weight dense<1.0> : tensor<4x8xf32>
    %1 = top.weight dense_resource<conv1_weight> : tensor<64x3x7x7xf32>
    ```
  }];
  let arguments = (ins
    Arg<ElementsAttr, "The elements: dense or dense_resource.">:$value);
  let results = (outs Res<Top_Tensor, "The constant.">:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, ::llvm::cast<::mlir::RankedTensorType>(
        value.getShapedType()), value);
  }]>];
}

#endif // TPUC_DIALECT_TOP_IR_TOPCONSTANTOPS_TD
