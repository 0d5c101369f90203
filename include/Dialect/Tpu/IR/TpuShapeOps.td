//===- TpuShapeOps.td - Views and movement of data ---------*- tablegen -*-===//
//
// Ops that rearrange, select or repeat elements without computing on them, for
// any element type. Axes are counted from 0 and are never negative.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUSHAPEOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUSHAPEOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

class Tpu_MoveOp<string mnemonic, list<Trait> traits = [],
                 Trait evaluation = Tpu_EvaluatesAsTop>
    : Tpu_Op<mnemonic, traits # [Tpu_SameElementType<["input", "output"]>],
             evaluation> {
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tpu_ReshapeOp : Tpu_MoveOp<"reshape",
    [Tpu_MovesElements, Tpu_SplitsBatch], Tpu_Evaluates> {
  let summary = "The same elements under another shape";
  let description = [{
    Row-major order is kept; in global memory nothing moves. The shape is that
    of the result's type.

    Constraints: (C1) both types have the same number of elements.

    Example:

    ```mlir
    %1 = tpu.reshape %0 : (tensor<1x96x56x56xf16>) -> tensor<1x96x3136xf16>
    ```
  }];
  let arguments = (ins Arg<Tpu_MovedTensor, "Operand.">:$input);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::llvm::ArrayRef<int64_t>":$shape)>];
}

def Tpu_PermuteOp : Tpu_MoveOp<"permute", [Tpu_KeepsAxes, Tpu_MovesElements]> {
  let summary = "Reorders the axes";
  let description = [{
    Axis i of the result is axis `order`[i] of the input.

    Constraints: (C1) `order` is a permutation of the input's axes; (C2) the
    result's sizes follow it.

    Example:

    ```mlir
    %1 = tpu.permute %0 {order = array<i64: 0, 2, 1>}
        : (tensor<1x96x3136xf16>) -> tensor<1x3136x96xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_MovedTensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "For each result axis its input axis.">:$order);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::llvm::ArrayRef<int64_t>":$order)>];
}

def Tpu_RelayoutOp
    : Tpu_Op<"relayout",
             [Tpu_SameElementType<["input", "output"]>, Tpu_MovesElements,
              DeclareOpInterfaceMethods<BatchSplitOpInterface,
                                        ["getSplitOperands", "narrowToPart"]>],
             Tpu_EvaluatesAsTop> {
  let summary = "Moves elements by strided boxes";
  let description = [{
    result[to + sum i t] = input[from + sum i f] for all i of each box: what a
    permute, a cyclic shift, or several of them one after the other move, in one
    step. `boxes` lists for each box its first elements `to` and `from`, then an
    axis (`axes` of them, outermost first) its size and the strides t and f, all
    in elements of the row-major operand and result.

    Constraints: (C1) `boxes` has 2 + 3 `axes` entries a box; (C2) sizes >= 1,
    strides >= 0, all boxes lie in operand and result; (C3) each element of the
    result is written once.

    Example: the result's rows are the operand's rows 1, 2, 3, 0.

    ```mlir
    %1 = tpu.relayout %0 {axes = 2 : i64,
        boxes = array<i64: 0, 8, 3, 8, 8, 8, 1, 1, 24, 0, 1, 8, 8, 8, 1, 1>}
        : (tensor<4x8xf16>) -> tensor<4x8xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_MovedTensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "The boxes, one after the other.">:$boxes,
    Arg<I64Attr, "Axes of a box.">:$axes);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
}

def Tpu_ConcatOp : Tpu_Op<"concat",
    [DeclareOpInterfaceMethods<LaneLayoutOpInterface,
                               ["getKeptAxes", "hasKeptAxes"]>],
    Tpu_EvaluatesAsTop> {
  let summary = "Joins tensors along an axis";
  let description = [{
    Constraints: (C1) at least one operand; (C2) 0 <= `axis` < rank; (C3) the
    operands and the result agree in element type, rank and all other axes;
    (C4) the result's `axis` is the sum of the operands'.

    Example:

    ```mlir
    %2 = tpu.concat %0, %1 {axis = 1 : i64}
        : (tensor<1x8x4x4xf16>, tensor<1x4x4x4xf16>) -> tensor<1x12x4x4xf16>
    ```
  }];
  let arguments = (ins
    Arg<Variadic<Tpu_MovedTensor>, "The parts, in order.">:$inputs,
    Arg<I64Attr, "The axis along which they follow each other.">:$axis);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$inputs,
      "int64_t":$axis)>];
}

def Tpu_SliceOp : Tpu_MoveOp<"slice",
    [Tpu_KeepsAxes, Tpu_MovesElements,
     DeclareOpInterfaceMethods<BatchSplitOpInterface,
                               ["getSplitOperands", "narrowToPart"]>]> {
  let summary = "Regular part of a tensor";
  let description = [{
    out[i] = input[offsets + i * steps] on every axis; the result's shape is
    `sizes`. All three arrays have an entry an axis.

    Constraints: (C1) the arrays' lengths are the rank; (C2) offsets >= 0,
    sizes >= 1, steps >= 1; (C3) the last element of each axis lies in the
    input; (C4) the result's shape is `sizes`.

    Example:

    ```mlir
    %1 = tpu.slice %0 {offsets = array<i64: 0, 1>, sizes = array<i64: 4, 3>,
        steps = array<i64: 1, 2>} : (tensor<4x8xf16>) -> tensor<4x3xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_MovedTensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "First index, an axis.">:$offsets,
    Arg<DenseI64ArrayAttr, "Number of elements, an axis.">:$sizes,
    Arg<DenseI64ArrayAttr, "Index step, an axis.">:$steps);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::llvm::ArrayRef<int64_t>":$offsets, "::llvm::ArrayRef<int64_t>":$sizes,
      "::llvm::ArrayRef<int64_t>":$steps)>];
}

def Tpu_PadOp : Tpu_MoveOp<"pad", [Tpu_KeepsAxes], Tpu_Evaluates> {
  let summary = "Surrounds a tensor with a constant";
  let description = [{
    `pads` lists all begins, then all ends, one an axis. `value` is rounded to
    the element type.

    Constraints: (C1) `pads` has two entries an axis, each >= 0; (C2) the
    result's sizes are the operand's plus both pads; (C3) `value` is a number,
    for i32 an i32 integer, for INT8 a real number, of which the nearest is taken.

    Example:

    ```mlir
    %1 = tpu.pad %0 {pads = array<i64: 0, 1, 0, 1>, value = 0.0 : f64}
        : (tensor<4x8xf16>) -> tensor<4x10xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_MovedTensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DefaultValuedAttr<F64Attr, "0.0">, "The constant.">:$value);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::llvm::ArrayRef<int64_t>":$pads, CArg<"double", "0.0">:$value)>];
}

def Tpu_GatherOp : Tpu_Op<"gather",
    [Tpu_SameElementType<["input", "output"]>, Tpu_SplitsBatch]> {
  let summary = "Picks slices by index along an axis";
  let description = [{
    out[a..., i..., b...] = input[a..., indices[i...], b...], where a are the
    axes before `axis` and b those after it. Indices lie in [0, size of the
    axis); the lowering has replaced those that count from the end.

    Constraints: (C1) 0 <= `axis` < rank of `input`; (C2) the result's shape is
    [a..., i..., b...].

    Example:

    ```mlir
    %1 = tpu.gather %table, %ids {axis = 0 : i64}
        : (tensor<30522x768xf16>, tensor<1x128xi32>) -> tensor<1x128x768xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_MovedTensor, "The table.">:$input,
    Arg<Tpu_I32Tensor, "The indices.">:$indices,
    Arg<I64Attr, "The axis indexed.">:$axis);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::mlir::Value":$indices, "int64_t":$axis)>];
}

def Tpu_BroadcastOp : Tpu_MoveOp<"broadcast", [Tpu_KeepsAxes, Tpu_SplitsBatch],
                                 Tpu_Evaluates> {
  let summary = "Repeats axes of size 1";
  let description = [{
    Constraints: (C1) equal ranks; (C2) each axis of the operand is 1 or the
    result's.

    Example:

    ```mlir
    %1 = tpu.broadcast %0 : (tensor<1x1x96xf16>) -> tensor<8x1x96xf16>
    ```
  }];
  let arguments = (ins Arg<Tpu_MovedTensor, "Operand.">:$input);
  let results = (outs Res<Tpu_MovedTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::mlir::Value":$input,
      "::llvm::ArrayRef<int64_t>":$shape)>];
}

#endif // TPUC_DIALECT_TPU_IR_TPUSHAPEOPS_TD
