//===- TopBinaryOps.td - Broadcasting elementwise ops ------*- tablegen -*-===//
//
// Elementwise ops of several operands. Their operands broadcast as in numpy:
// shapes are aligned at the last axis, and an axis of size 1 (or absent) is
// repeated.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPBINARYOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPBINARYOPS_TD

include "Dialect/Top/IR/TopBase.td"

class Top_BinaryBase<string mnemonic, Type operandType, Type resultType,
                     string summaryText, string formula, list<Trait> traits = []>
    : Top_InferOp<mnemonic, traits # [Top_Pointwise, MagnitudeOpInterface]>,
      Top_Numbers {
  let summary = summaryText;
  let description = "Computes, element by element, `" # formula # "`.\n" # [{
    Constraints: (C1) both operands have the same element type; (C2) the
    operands' shapes broadcast to the result's as in numpy.

    Example:

    ```mlir
    %2 = top.}] # mnemonic # [{ %0, %1 : (tensor<1x4x1xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
    ```
  }];
  let arguments = (ins
    Arg<operandType, "First operand.">:$lhs,
    Arg<operandType, "Second operand.">:$rhs);
  let results = (outs Res<resultType, "Result.">:$output);
  let extraClassDeclaration = numbersMethods;
}

class Top_BinaryOp<string mnemonic, string summaryText, string formula,
                   list<Trait> traits = []>
    : Top_BinaryBase<mnemonic, Top_NumTensor, Top_NumTensor, summaryText,
                     formula, traits>;

def Top_AddOp : Top_BinaryOp<"add", "Sum", "lhs + rhs", [Commutative]> {
  let magnitude = "LikeOperands";
}
def Top_SubOp : Top_BinaryOp<"sub", "Difference", "lhs - rhs"> {
  let magnitude = "LikeOperands";
}
def Top_MulOp : Top_BinaryOp<"mul", "Product", "lhs * rhs", [Commutative]> {
  let magnitude = "LikeOperands";
}
def Top_DivOp : Top_BinaryOp<"div", "Quotient; integers round toward zero",
                             "lhs / rhs"> {
  let arguments = (ins
    Arg<Top_NumTensor, "Dividend.">:$lhs,
    Arg<Top_NumTensor, "Divisor.">:$rhs,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Floats are divided as IEEE 754 says, in f32 whatever the network's "
        "precision: which integer is next to a quotient depends on its last "
        "bit. The chip's own quotients are only near.">:$exact);
  let magnitude = "LikeOperands";
  let needsF32 = "getExact()";
}
def Top_MaxOp : Top_BinaryOp<"max", "Larger of two", "max(lhs, rhs)",
                             [Commutative]> {
  let magnitude = "LikeOperands";
}
def Top_MinOp : Top_BinaryOp<"min", "Smaller of two", "min(lhs, rhs)",
                             [Commutative]> {
  let magnitude = "LikeOperands";
}
def Top_PowOp : Top_BinaryOp<"pow", "Power", "lhs ** rhs"> {
  let needsF32 = "true";
}
def Top_ModOp : Top_BinaryOp<"mod",
    "Remainder with the sign of the divisor (of the dividend with fmod)",
    "lhs - floor(lhs / rhs) * rhs"> {
  let arguments = (ins
    Arg<Top_NumTensor, "Dividend.">:$lhs,
    Arg<Top_NumTensor, "Divisor.">:$rhs,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "The result has the sign of the dividend.">:$fmod);
  let magnitude = "LikeOperands";
}

def Top_AndOp : Top_BinaryBase<"and", Top_BoolTensor, Top_BoolTensor,
    "Logical and", "lhs & rhs", [Commutative]> {
  let description = [{
    Computes, element by element, `lhs & rhs`, with numpy's broadcasting.

    Example:

    ```mlir
    %2 = top.and %0, %1 : (tensor<4x8xi1>, tensor<8xi1>) -> tensor<4x8xi1>
    ```
  }];
}
def Top_OrOp : Top_BinaryBase<"or", Top_BoolTensor, Top_BoolTensor,
    "Logical or", "lhs | rhs", [Commutative]> {
  let description = [{
    Computes, element by element, `lhs | rhs`, with numpy's broadcasting.

    Example:

    ```mlir
    %2 = top.or %0, %1 : (tensor<4x8xi1>, tensor<8xi1>) -> tensor<4x8xi1>
    ```
  }];
}
def Top_XorOp : Top_BinaryBase<"xor", Top_BoolTensor, Top_BoolTensor,
    "Logical exclusive or", "lhs ^ rhs", [Commutative]> {
  let description = [{
    Computes, element by element, `lhs ^ rhs`, with numpy's broadcasting.

    Example:

    ```mlir
    %2 = top.xor %0, %1 : (tensor<4x8xi1>, tensor<8xi1>) -> tensor<4x8xi1>
    ```
  }];
}

def Top_CompareOp : Top_InferOp<"compare", [Top_Pointwise]> {
  let summary = "Compares two tensors";
  let description = [{
    Computes, element by element, whether `lhs predicate rhs` holds; comparisons
    with NaN are false, except `not_equal`. Operands broadcast as in numpy.
    `predicate`: equal 0, not_equal 1, less 2, less_equal 3, greater 4,
    greater_equal 5.

    Constraints: (C1) both operands have the same element type; (C2) their
    shapes broadcast.

    Example:

    ```mlir
    %2 = top.compare less %0, %1 : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xi1>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "First operand.">:$lhs,
    Arg<Top_Tensor, "Second operand.">:$rhs,
    Arg<Top_ComparePredicate, "The relation.">:$predicate);
  let results = (outs Res<Top_BoolTensor, "Result.">:$output);
  let assemblyFormat = [{
    $predicate operands attr-dict `:` functional-type(operands, results)
  }];
}

def Top_WhereOp : Top_InferOp<"where", [Top_Pointwise, MagnitudeOpInterface]>,
                  Top_Numbers {
  let summary = "Chooses between two tensors";
  let description = [{
    Computes, element by element, `condition ? lhs : rhs`. All three operands
    broadcast as in numpy.

    Constraints: (C1) `lhs` and `rhs` have the same element type; (C2) the three
    shapes broadcast.

    Example:

    ```mlir
    %3 = top.where %0, %1, %2 : (tensor<8xi1>, tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_BoolTensor, "Which operand to take.">:$condition,
    Arg<Top_Tensor, "Value where the condition holds.">:$lhs,
    Arg<Top_Tensor, "Value where it does not.">:$rhs);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let magnitude = "LikeOperands";
  let extraClassDeclaration = numbersMethods;
}

#endif // TPUC_DIALECT_TOP_IR_TOPBINARYOPS_TD
