//===- TopRecurrentAttributes.td - What a recurrent cell is -*- tablegen -*-==//
//
// Attributes of top.recurrent, which tpu.recurrent has too.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPRECURRENTATTRIBUTES_TD
#define TPUC_DIALECT_TOP_IR_TOPRECURRENTATTRIBUTES_TD

include "Dialect/Top/IR/TopEnums.td"
include "mlir/IR/OpBase.td"

class Top_CellActivationAttr<string value>
    : DefaultValuedAttr<Top_CellActivation,
                        "::tpuc::top::CellActivation::" # value>;

def Top_RecurrentAttributes {
  dag arguments = (ins
    Arg<Top_CellKind, "The cell.">:$kind,
    Arg<Top_CellDirection, "Order of the steps.">:$direction,
    Arg<Top_CellActivationAttr<"Sigmoid">, "F.">:$gate_activation,
    Arg<Top_CellActivationAttr<"Tanh">, "G.">:$cell_activation,
    Arg<Top_CellActivationAttr<"Tanh">, "H.">:$output_activation,
    Arg<DenseF64ArrayAttr, "First parameters of F, G and H.">:$alphas,
    Arg<DenseF64ArrayAttr, "Second parameters of F, G and H.">:$betas,
    Arg<DefaultValuedAttr<F64Attr, "0.0">,
        "Bound of what F and G are applied to; 0 is none.">:$clip,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "The reset gate of a GRU follows the product.">:$linear_before_reset,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "The forget gate of an LSTM is the input gate's rest.">:$input_forget);
  string assembly = "$kind $direction operands attr-dict `:` "
                    "functional-type(operands, results)";
}

#endif // TPUC_DIALECT_TOP_IR_TOPRECURRENTATTRIBUTES_TD
