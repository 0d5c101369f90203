//===- TopEnums.td - Enumerations of the top dialect -------*- tablegen -*-===//
//
// All enumerations. Each is stored as an i32 IntegerAttr with the number given
// here and printed as its keyword; whoever builds ops by name passes the
// number, e.g. `IntegerAttr(i32, 2)` for `#reduce max`.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPENUMS_TD
#define TPUC_DIALECT_TOP_IR_TOPENUMS_TD

include "mlir/IR/EnumAttr.td"

class Top_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::tpuc::top";
}

def Top_ComparePredicate : Top_Enum<"ComparePredicate", "relation of two numbers", [
  I32EnumAttrCase<"Equal", 0, "equal">,
  I32EnumAttrCase<"NotEqual", 1, "not_equal">,
  I32EnumAttrCase<"Less", 2, "less">,
  I32EnumAttrCase<"LessEqual", 3, "less_equal">,
  I32EnumAttrCase<"Greater", 4, "greater">,
  I32EnumAttrCase<"GreaterEqual", 5, "greater_equal">
]>;

def Top_GeluApproximation : Top_Enum<"GeluApproximation", "formula of GELU", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Tanh", 1, "tanh">
]>;

def Top_ReduceKind : Top_Enum<"ReduceKind", "what a reduction computes", [
  I32EnumAttrCase<"Mean", 0, "mean">,
  I32EnumAttrCase<"Sum", 1, "sum">,
  I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">,
  I32EnumAttrCase<"Prod", 4, "prod">,
  I32EnumAttrCase<"L1", 5, "l1">,
  I32EnumAttrCase<"L2", 6, "l2">,
  I32EnumAttrCase<"SumSquare", 7, "sum_square">,
  I32EnumAttrCase<"LogSum", 8, "log_sum">,
  I32EnumAttrCase<"LogSumExp", 9, "log_sum_exp">
]>;

def Top_ArgKind : Top_Enum<"ArgKind", "which extremum an index refers to", [
  I32EnumAttrCase<"Max", 0, "max">,
  I32EnumAttrCase<"Min", 1, "min">
]>;

def Top_PadMode : Top_Enum<"PadMode", "what fills the padding", [
  I32EnumAttrCase<"Constant", 0, "constant">,
  I32EnumAttrCase<"Reflect", 1, "reflect">,
  I32EnumAttrCase<"Edge", 2, "edge">,
  I32EnumAttrCase<"Wrap", 3, "wrap">
]>;

def Top_ResizeMode : Top_Enum<"ResizeMode", "interpolation", [
  I32EnumAttrCase<"Nearest", 0, "nearest">,
  I32EnumAttrCase<"Linear", 1, "linear">,
  I32EnumAttrCase<"Cubic", 2, "cubic">
]>;

def Top_ResizeCoordinate : Top_Enum<"ResizeCoordinate",
    "map from an output coordinate to an input coordinate", [
  I32EnumAttrCase<"HalfPixel", 0, "half_pixel">,
  I32EnumAttrCase<"PytorchHalfPixel", 1, "pytorch_half_pixel">,
  I32EnumAttrCase<"Asymmetric", 2, "asymmetric">,
  I32EnumAttrCase<"AlignCorners", 3, "align_corners">,
  I32EnumAttrCase<"HalfPixelSymmetric", 4, "half_pixel_symmetric">
]>;

def Top_ResizeNearest : Top_Enum<"ResizeNearest",
    "rounding of a coordinate to a sample", [
  I32EnumAttrCase<"RoundPreferFloor", 0, "round_prefer_floor">,
  I32EnumAttrCase<"RoundPreferCeil", 1, "round_prefer_ceil">,
  I32EnumAttrCase<"Floor", 2, "floor">,
  I32EnumAttrCase<"Ceil", 3, "ceil">
]>;

def Top_BlockOrder : Top_Enum<"BlockOrder",
    "how a channel index splits into depth, column and row", [
  I32EnumAttrCase<"DCR", 0, "dcr">,
  I32EnumAttrCase<"CRD", 1, "crd">
]>;

def Top_ScatterReduction : Top_Enum<"ScatterReduction",
    "how an update meets the old value", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Add", 1, "add">,
  I32EnumAttrCase<"Mul", 2, "mul">,
  I32EnumAttrCase<"Max", 3, "max">,
  I32EnumAttrCase<"Min", 4, "min">
]>;

def Top_CellKind : Top_Enum<"CellKind", "a recurrent cell", [
  I32EnumAttrCase<"Lstm", 0, "lstm">,
  I32EnumAttrCase<"Gru", 1, "gru">,
  I32EnumAttrCase<"Rnn", 2, "rnn">
]>;

def Top_CellDirection : Top_Enum<"CellDirection",
    "order in which a cell runs over a sequence", [
  I32EnumAttrCase<"Forward", 0, "forward">,
  I32EnumAttrCase<"Reverse", 1, "reverse">,
  I32EnumAttrCase<"Bidirectional", 2, "bidirectional">
]>;

// With a and b for the parameters and x for the operand.
def Top_CellActivation : Top_Enum<"CellActivation",
    "function of a recurrent cell", [
  I32EnumAttrCase<"Sigmoid", 0, "sigmoid">,
  I32EnumAttrCase<"Tanh", 1, "tanh">,
  I32EnumAttrCase<"Relu", 2, "relu">,
  I32EnumAttrCase<"LeakyRelu", 3, "leaky_relu">,           // x < 0 ? a x : x
  I32EnumAttrCase<"Hardsigmoid", 4, "hardsigmoid">,        // a x + b in [0, 1]
  I32EnumAttrCase<"Elu", 5, "elu">,                        // x < 0 ? a (exp(x) - 1) : x
  I32EnumAttrCase<"Softsign", 6, "softsign">,
  I32EnumAttrCase<"Softplus", 7, "softplus">,
  I32EnumAttrCase<"Affine", 8, "affine">,                  // a x + b
  I32EnumAttrCase<"ScaledTanh", 9, "scaled_tanh">,         // a tanh(b x)
  I32EnumAttrCase<"ThresholdedRelu", 10, "thresholded_relu"> // x > a ? x : 0
]>;

#endif // TPUC_DIALECT_TOP_IR_TOPENUMS_TD
