//===- TpuElementwiseOps.td - Element by element -----------*- tablegen -*-===//
//
// Ops whose result depends, element by element, on the elements at the same
// position. Operands that broadcast have equal ranks; an axis of size 1 is
// repeated.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUELEMENTWISEOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUELEMENTWISEOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_UnaryOp : Op<Tpu_Dialect, "unary",
    [Pure, SameOperandsAndResultType, Tpu_Pointwise, Tpu_Evaluates]> {
  let summary = "Function of one tensor";
  let description = [{
    Applies a function to every element; a = `alpha`, b = `beta`.

    | kind | function | kind | function |
    | --- | --- | --- | --- |
    | relu | max(x, 0) | rsqrt | 1 / sqrt(x) |
    | leaky_relu | x >= 0 ? x : a x | reciprocal | 1 / x |
    | clip | min(max(x, a), b) | abs | \|x\| |
    | sigmoid | 1 / (1 + exp(-x)) | neg | -x |
    | silu | x sigmoid(x) | softplus | log(1 + exp(x)) |
    | gelu | x/2 (1 + erf(x / sqrt 2)) | elu | x >= 0 ? x : a (exp(x) - 1) |
    | gelu_tanh | x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) | mish | x tanh(softplus(x)) |
    | hardsigmoid | min(max(a x + b, 0), 1) | sin | sin(x) |
    | hardswish | x min(max(x/6 + 1/2, 0), 1) | cos | cos(x) |
    | tanh | tanh(x) | floor | largest integer <= x |
    | erf | erf(x) | ceil | smallest integer >= x |
    | exp | exp(x) | round | nearest integer, ties to even |
    | log | log(x) | sign | -1, 0 or 1 |
    | sqrt | sqrt(x) | softsign | x / (1 + \|x\|) |

    Constraints: (C1) clip: a <= b, neither is NaN; an infinite limit is none.

    Example:

    ```mlir
    %1 = tpu.unary gelu %0 : tensor<1x49x384xf16>
    %2 = tpu.unary clip %0 {alpha = 0.0, beta = 6.0} : tensor<1x49x384xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_UnaryKind, "The function.">:$kind,
    Arg<Tpu_FloatTensor, "Operand.">:$input,
    Arg<DefaultValuedAttr<F64Attr, "0.0">, "First parameter.">:$alpha,
    Arg<DefaultValuedAttr<F64Attr, "0.0">, "Second parameter.">:$beta);
  let results = (outs Res<Tpu_FloatTensor, "Result, of the operand's type.">:$output);
  let assemblyFormat = "$kind $input attr-dict `:` type($output)";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::tpuc::tpu::UnaryKind":$kind,
      "::mlir::Value":$input, CArg<"double", "0.0">:$alpha,
      CArg<"double", "0.0">:$beta), [{
    build($_builder, $_state, input.getType(), kind, input,
          ::llvm::APFloat(alpha), ::llvm::APFloat(beta));
  }]>];
}

def Tpu_ScalarOp : Op<Tpu_Dialect, "scalar",
    [Pure, SameOperandsAndResultType, Tpu_Pointwise, Tpu_Evaluates]> {
  let summary = "Function of a tensor and one constant";
  let description = [{
    With c = `value`: add x + c, rsub c - x, mul x * c, max max(x, c),
    min min(x, c). The constant is rounded to the element type first.

    Constraints: (C1) `value` is not NaN; (C2) for i32 it is an i32 integer.

    Example:

    ```mlir
    %1 = tpu.scalar mul %0 {value = 0.125 : f64} : tensor<1x12x49x49xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_ScalarKind, "The function.">:$kind,
    Arg<Tpu_Tensor, "Operand.">:$input,
    Arg<F64Attr, "The constant.">:$value);
  let results = (outs Res<Tpu_Tensor, "Result, of the operand's type.">:$output);
  let assemblyFormat = "$kind $input attr-dict `:` type($output)";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::tpuc::tpu::ScalarKind":$kind,
      "::mlir::Value":$input, "double":$value), [{
    build($_builder, $_state, input.getType(), kind, input,
          ::llvm::APFloat(value));
  }]>];
}

def Tpu_BinaryOp : Tpu_KindOp<"binary", [Tpu_Pointwise]> {
  let summary = "Function of two tensors";
  let description = [{
    add lhs + rhs, sub lhs - rhs, mul lhs * rhs, div lhs / rhs, max, min,
    element by element; axes of size 1 are repeated.

    Constraints: (C1) equal ranks; (C2) at each axis the sizes are equal or one
    is 1, and the result has the larger; (C3) div is not for i32, and INT8 is
    only added, subtracted and multiplied; (C4) all have one element type, or
    all are INT8, with scales of their own.

    Example:

    ```mlir
    %2 = tpu.binary add %0, %1
        : (tensor<64x3x49x49xf16>, tensor<1x3x49x49xf16>) -> tensor<64x3x49x49xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_BinaryKind, "The function.">:$kind,
    Arg<Tpu_MovedTensor, "First operand.">:$lhs,
    Arg<Tpu_MovedTensor, "Second operand.">:$rhs);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::tpuc::tpu::BinaryKind":$kind,
      "::mlir::Value":$lhs, "::mlir::Value":$rhs)>];
}

def Tpu_CompareOp : Tpu_KindOp<"compare",
    [Tpu_SameElementType<["lhs", "rhs", "output"]>, Tpu_Pointwise]> {
  let summary = "Whether a relation holds between two tensors";
  let description = [{
    1 where `lhs kind rhs` holds and 0 elsewhere, in the operands' element type;
    axes of size 1 are repeated.

    Constraints: (C1), (C2) as `tpu.binary`.

    Example:

    ```mlir
    %2 = tpu.compare lt %0, %1 : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_CompareKind, "The relation.">:$kind,
    Arg<Tpu_Tensor, "First operand.">:$lhs,
    Arg<Tpu_Tensor, "Second operand.">:$rhs);
  let hasVerifier = 0;
  let results = (outs Res<Tpu_Tensor, "Result, 0 or 1.">:$output);
  let builders = [OpBuilder<(ins "::tpuc::tpu::CompareKind":$kind,
      "::mlir::Value":$lhs, "::mlir::Value":$rhs)>];
}

def Tpu_SelectOp : Tpu_Op<"select",
    [Tpu_SameElementType<["condition", "lhs", "rhs", "output"]>, Tpu_Pointwise]> {
  let summary = "Chooses between two tensors";
  let description = [{
    `condition` != 0 ? lhs : rhs, element by element; axes of size 1 are
    repeated. The condition holds only zeros and ones.

    Constraints: (C1), (C2) as `tpu.binary`, of all three operands.

    Example:

    ```mlir
    %3 = tpu.select %0, %1, %2
        : (tensor<1x8xf16>, tensor<4x8xf16>, tensor<1x1xf16>) -> tensor<4x8xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_Tensor, "Which operand to take, 0 or 1.">:$condition,
    Arg<Tpu_Tensor, "Value where the condition holds.">:$lhs,
    Arg<Tpu_Tensor, "Value where it does not.">:$rhs);
  let hasVerifier = 0;
  let results = (outs Res<Tpu_Tensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$condition,
      "::mlir::Value":$lhs, "::mlir::Value":$rhs)>];
}

def Tpu_PReluOp : Tpu_Op<"prelu",
    [Tpu_SameElementType<["input", "slope", "output"]>, Tpu_Pointwise,
     AllTypesMatch<["input", "output"]>], Tpu_EvaluatesAsTop> {
  let summary = "Leaky rectified linear unit with a slope of its own";
  let description = [{
    x >= 0 ? x : slope * x, element by element; the slope's axes of size 1 are
    repeated.

    Constraints: (C1), (C2) as `tpu.binary`; (C3) the result has the input's
    type.

    Example:

    ```mlir
    %1 = tpu.prelu %0, %slope
        : (tensor<1x8x4x4xf16>, tensor<1x8x1x1xf16>) -> tensor<1x8x4x4xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_FloatTensor, "Operand.">:$input,
    Arg<Tpu_FloatTensor, "Slope of the negative side.">:$slope);
  let results = (outs Res<Tpu_FloatTensor, "Result.">:$output);
  let hasVerifier = 0;
}

def Tpu_CastOp : Tpu_Op<"cast", [Tpu_Pointwise]> {
  let summary = "Converts the element type";
  let description = [{
    To a narrower float: to nearest, ties to even. Float to i32: toward zero.
    i32 to float: to nearest, ties to even. To INT8: to the nearest number that
    they hold, saturated, which is how a network is quantised and rescaled.

    Constraints: (C1) operand and result have the same shape and (C2) different
    element types; (C3) integers are not cast to INT8 or from it.

    Example:

    ```mlir
    %1 = tpu.cast %0 : (tensor<1x3x224x224xf32>) -> tensor<1x3x224x224xf16>
    ```
  }];
  let arguments = (ins Arg<Tpu_MovedTensor, "Operand.">:$input);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::mlir::Type":$elementType)>];
}

#endif // TPUC_DIALECT_TPU_IR_TPUELEMENTWISEOPS_TD
