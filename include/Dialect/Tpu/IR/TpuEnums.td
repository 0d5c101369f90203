//===- TpuEnums.td - Enumerations of the tpu dialect -------*- tablegen -*-===//
//
// The members of the families of ops. Each is stored as an i32 IntegerAttr with
// the number given here and printed as its keyword.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUENUMS_TD
#define TPUC_DIALECT_TPU_IR_TPUENUMS_TD

include "mlir/IR/EnumAttr.td"

class Tpu_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::tpuc::tpu";
}

def Tpu_UnaryKind : Tpu_Enum<"UnaryKind", "function of one number", [
  I32EnumAttrCase<"Relu", 0, "relu">,
  I32EnumAttrCase<"LeakyRelu", 1, "leaky_relu">,
  I32EnumAttrCase<"Clip", 2, "clip">,
  I32EnumAttrCase<"Sigmoid", 3, "sigmoid">,
  I32EnumAttrCase<"Silu", 4, "silu">,
  I32EnumAttrCase<"Gelu", 5, "gelu">,
  I32EnumAttrCase<"GeluTanh", 6, "gelu_tanh">,
  I32EnumAttrCase<"Hardsigmoid", 7, "hardsigmoid">,
  I32EnumAttrCase<"Hardswish", 8, "hardswish">,
  I32EnumAttrCase<"Tanh", 9, "tanh">,
  I32EnumAttrCase<"Erf", 10, "erf">,
  I32EnumAttrCase<"Exp", 11, "exp">,
  I32EnumAttrCase<"Log", 12, "log">,
  I32EnumAttrCase<"Sqrt", 13, "sqrt">,
  I32EnumAttrCase<"Rsqrt", 14, "rsqrt">,
  I32EnumAttrCase<"Reciprocal", 15, "reciprocal">,
  I32EnumAttrCase<"Abs", 16, "abs">,
  I32EnumAttrCase<"Neg", 17, "neg">,
  I32EnumAttrCase<"Softplus", 18, "softplus">,
  I32EnumAttrCase<"Elu", 19, "elu">,
  I32EnumAttrCase<"Mish", 20, "mish">,
  I32EnumAttrCase<"Sin", 21, "sin">,
  I32EnumAttrCase<"Cos", 22, "cos">,
  I32EnumAttrCase<"Floor", 23, "floor">,
  I32EnumAttrCase<"Ceil", 24, "ceil">,
  I32EnumAttrCase<"Round", 25, "round">,
  I32EnumAttrCase<"Sign", 26, "sign">,
  I32EnumAttrCase<"Softsign", 27, "softsign">
]>;

def Tpu_BinaryKind : Tpu_Enum<"BinaryKind", "function of two numbers", [
  I32EnumAttrCase<"Add", 0, "add">,
  I32EnumAttrCase<"Sub", 1, "sub">,
  I32EnumAttrCase<"Mul", 2, "mul">,
  I32EnumAttrCase<"Div", 3, "div">,
  I32EnumAttrCase<"Max", 4, "max">,
  I32EnumAttrCase<"Min", 5, "min">
]>;

def Tpu_ScalarKind : Tpu_Enum<"ScalarKind", "function of a number and a constant", [
  I32EnumAttrCase<"Add", 0, "add">,
  I32EnumAttrCase<"Rsub", 1, "rsub">,
  I32EnumAttrCase<"Mul", 2, "mul">,
  I32EnumAttrCase<"Max", 3, "max">,
  I32EnumAttrCase<"Min", 4, "min">
]>;

def Tpu_CompareKind : Tpu_Enum<"CompareKind", "relation of two numbers", [
  I32EnumAttrCase<"Eq", 0, "eq">,
  I32EnumAttrCase<"Ne", 1, "ne">,
  I32EnumAttrCase<"Lt", 2, "lt">,
  I32EnumAttrCase<"Le", 3, "le">,
  I32EnumAttrCase<"Gt", 4, "gt">,
  I32EnumAttrCase<"Ge", 5, "ge">
]>;

def Tpu_ReduceKind : Tpu_Enum<"ReduceKind", "what a reduction computes", [
  I32EnumAttrCase<"Mean", 0, "mean">,
  I32EnumAttrCase<"Sum", 1, "sum">,
  I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">
]>;

def Tpu_PoolKind : Tpu_Enum<"PoolKind", "what a window gives", [
  I32EnumAttrCase<"Max", 0, "max">,
  I32EnumAttrCase<"Avg", 1, "avg">
]>;

def Tpu_GateKind : Tpu_Enum<"GateKind", "function x gate(x) of a result", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Silu", 1, "silu">,
  I32EnumAttrCase<"Gelu", 2, "gelu">
]>;

def Tpu_Cause : Tpu_Enum<"Cause", "why a value lies where it lies", [
  I32EnumAttrCase<"Fits", 0, "fits">,
  I32EnumAttrCase<"Caller", 1, "caller">,
  I32EnumAttrCase<"Off", 2, "off">,
  I32EnumAttrCase<"NoLanes", 3, "no_lanes">,
  I32EnumAttrCase<"TooLarge", 4, "too_large">,
  I32EnumAttrCase<"NoRoom", 5, "no_room">,
  I32EnumAttrCase<"ReadByMove", 6, "read_by_move">,
  I32EnumAttrCase<"WrittenByMove", 7, "written_by_move">
]>;

#endif // TPUC_DIALECT_TPU_IR_TPUENUMS_TD
