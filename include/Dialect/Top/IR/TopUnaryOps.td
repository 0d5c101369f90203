//===- TopUnaryOps.td - Activations and functions ----------*- tablegen -*-===//
//
// Elementwise functions of one tensor.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPUNARYOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPUNARYOPS_TD

include "Dialect/Top/IR/TopBase.td"

// A function of one number, applied to every element of a tensor.
class Top_UnaryOp<string mnemonic, string summaryText, string formula,
                  dag extraArgs = (ins), Type type = Top_F32Tensor>
    : Op<Top_Dialect, mnemonic,
         [Pure, SameOperandsAndResultType, Top_Pointwise, MagnitudeOpInterface,
          DeclareOpInterfaceMethods<EvaluableOp>]>,
      Top_Numbers {
  let summary = summaryText;
  let description = "Computes, for every element, `" # formula # "`.\n" # [{
    The result has the operand's type.

    Example:

    ```mlir
    %1 = top.}] # mnemonic # [{ %0 : tensor<1x64x56x56xf32>
    ```
  }];
  let arguments = !con((ins Arg<type, "Operand.">:$input), extraArgs);
  let results = (outs Res<type, "Result.">:$output);
  let assemblyFormat = "$input attr-dict `:` type($output)";
  let extraClassDeclaration = numbersMethods;
}

// A parameter that has a default.
class Top_Real<string value, string text>
    : Arg<DefaultValuedAttr<F64Attr, value>, text>;

def Top_AbsOp : Top_UnaryOp<"abs", "Absolute value", "|x|", (ins), Top_NumTensor> {
  let magnitude = "LikeOperands";
}
def Top_NegOp : Top_UnaryOp<"neg", "Negation", "-x", (ins), Top_NumTensor> {
  let magnitude = "LikeOperands";
}
def Top_SignOp : Top_UnaryOp<"sign", "Sign", "-1, 0 or 1", (ins), Top_NumTensor> {
  let magnitude = "AtMostOne";
}
def Top_ExpOp : Top_UnaryOp<"exp", "Exponential", "exp(x)"> {
  let magnitude = "LikeOperands";
}
def Top_LogOp : Top_UnaryOp<"log", "Natural logarithm", "log(x)"> {
  let needsF32 = "true";
}
def Top_SqrtOp : Top_UnaryOp<"sqrt", "Square root", "sqrt(x)"> {
  let needsF32 = "true";
}
def Top_RsqrtOp : Top_UnaryOp<"rsqrt", "Reciprocal square root", "1 / sqrt(x)"> {
  let needsF32 = "true";
}
def Top_ReciprocalOp : Top_UnaryOp<"reciprocal", "Reciprocal", "1 / x"> {
  let magnitude = "LikeOperands";
}
def Top_ErfOp : Top_UnaryOp<"erf", "Error function", "erf(x)"> {
  let magnitude = "Moderate";
}
def Top_SinOp : Top_UnaryOp<"sin", "Sine", "sin(x)"> {
  let magnitude = "AtMostOne";
  let needsF32 = "true";
}
def Top_CosOp : Top_UnaryOp<"cos", "Cosine", "cos(x)"> {
  let magnitude = "AtMostOne";
  let needsF32 = "true";
}
def Top_TanhOp : Top_UnaryOp<"tanh", "Hyperbolic tangent", "tanh(x)"> {
  let magnitude = "AtMostOne";
}
def Top_FloorOp : Top_UnaryOp<"floor", "Largest integer not above", "floor(x)"> {
  let magnitude = "LikeOperands";
}
def Top_CeilOp : Top_UnaryOp<"ceil", "Smallest integer not below", "ceil(x)"> {
  let magnitude = "LikeOperands";
}
def Top_RoundOp : Top_UnaryOp<"round", "Nearest integer, ties to even",
                              "round_half_even(x)"> {
  let magnitude = "LikeOperands";
}
def Top_ReluOp : Top_UnaryOp<"relu", "Rectified linear unit", "max(x, 0)"> {
  let magnitude = "LikeOperands";
}
def Top_SigmoidOp : Top_UnaryOp<"sigmoid", "Logistic function",
                                "1 / (1 + exp(-x))"> {
  let magnitude = "AtMostOne";
}
def Top_SiluOp : Top_UnaryOp<"silu", "Sigmoid linear unit", "x * sigmoid(x)">;
def Top_HardswishOp : Top_UnaryOp<"hardswish", "Hard swish",
                                  "x * clip(x / 6 + 0.5, 0, 1)">;
def Top_SoftplusOp : Top_UnaryOp<"softplus", "Softplus", "log(1 + exp(x))">;
def Top_SoftsignOp : Top_UnaryOp<"softsign", "Softsign", "x / (1 + |x|)"> {
  let magnitude = "AtMostOne";
}
def Top_MishOp : Top_UnaryOp<"mish", "Mish", "x * tanh(softplus(x))">;

def Top_LeakyReluOp : Top_UnaryOp<"leaky_relu", "Leaky rectified linear unit",
    "x >= 0 ? x : alpha * x",
    (ins Top_Real<"0.01", "Slope of the negative side.">:$alpha)> {
  let magnitude = "LikeOperands";
}
def Top_EluOp : Top_UnaryOp<"elu", "Exponential linear unit",
    "x >= 0 ? x : alpha * (exp(x) - 1)",
    (ins Top_Real<"1.0", "Negative limit, negated.">:$alpha)>;
def Top_SeluOp : Top_UnaryOp<"selu", "Scaled exponential linear unit",
    "gamma * (x >= 0 ? x : alpha * (exp(x) - 1))",
    (ins Top_Real<"1.67326319217681884765625", "Factor inside.">:$alpha,
         Top_Real<"1.05070102214813232421875", "Factor outside.">:$gamma)>;
def Top_HardsigmoidOp : Top_UnaryOp<"hardsigmoid", "Hard sigmoid",
    "clip(alpha * x + beta, 0, 1)",
    (ins Top_Real<"0.2", "Slope.">:$alpha, Top_Real<"0.5", "Offset.">:$beta)> {
  let magnitude = "AtMostOne";
}

def Top_NotOp : Top_UnaryOp<"not", "Logical not", "!x", (ins), Top_BoolTensor> {
  let description = [{
    Computes, for every element, `!x`. The result has the operand's type.

    Example:

    ```mlir
    %1 = top.not %0 : tensor<4x8xi1>
    ```
  }];
}

def Top_ClipOp : Top_UnaryOp<"clip", "Limits to an interval",
    "min(max(x, min), max)",
    (ins Arg<F64Attr, "Lower limit; -infinity is none.">:$min,
         Arg<F64Attr, "Upper limit; infinity is none.">:$max)> {
  let description = [{
    Computes, for every element, `min(max(x, min), max)`.

    Constraints: (C1) `min` <= `max`, neither is NaN.

    Example:

    ```mlir
    %1 = top.clip %0 {min = 0.0, max = 6.0} : tensor<1x32x112x112xf32>
    ```
  }];
  let magnitude = "LikeOperands";
  let hasVerifier = 1;
}

def Top_GeluOp : Top_UnaryOp<"gelu", "Gaussian error linear unit",
    "x * Phi(x)",
    (ins Arg<DefaultValuedAttr<Top_GeluApproximation,
             "::tpuc::top::GeluApproximation::None">,
             "The formula: none (erf) 0 or tanh 1.">:$approximate)> {
  let description = [{
    Computes, for every element, `0.5 * x * (1 + erf(x / sqrt(2)))`, or, with
    `approximate` tanh,
    `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`.

    Example:

    ```mlir
    %1 = top.gelu %0 : tensor<1x49x384xf32>
    %2 = top.gelu tanh %0 : tensor<1x49x384xf32>
    ```
  }];
  let assemblyFormat = "($approximate^)? $input attr-dict `:` type($output)";
}

def Top_PReluOp : Op<Top_Dialect, "prelu",
    [Pure, AllTypesMatch<["input", "output"]>, Top_RepeatsTo<"slope", "input">,
     Top_Pointwise, MagnitudeOpInterface,
     DeclareOpInterfaceMethods<EvaluableOp>]>, Top_Numbers {
  let summary = "Leaky rectified linear unit with a slope of its own";
  let description = [{
    Computes, for every element, `x >= 0 ? x : slope * x`.

    Constraints: (C1) `slope` broadcasts to `input`'s shape as in numpy.

    Example:

    ```mlir
    %1 = top.prelu %0, %slope : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Operand.">:$input,
    Arg<Top_F32Tensor, "Slope of the negative side.">:$slope);
  let results = (outs Res<Top_F32Tensor, "Result.">:$output);
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
  let magnitude = "LikeOperands";
  let extraClassDeclaration = numbersMethods;
}

#endif // TPUC_DIALECT_TOP_IR_TOPUNARYOPS_TD
