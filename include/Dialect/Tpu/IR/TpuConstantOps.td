//===- TpuConstantOps.td - Constants of the tpu dialect ----*- tablegen -*-===//
//
// The op that holds a constant.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUCONSTANTOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUCONSTANTOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_WeightOp : Op<Tpu_Dialect, "weight", [Pure, ConstantLike, Tpu_Evaluates]> {
  let summary = "Constant tensor in the precision of its user";
  let description = [{
    A constant whose elements are already converted to the element type in which
    they are used. Large values are `dense_resource` attributes. The order of
    the elements is that of the tensor. `packed` holds the same numbers once
    more, in the order in which the commands of its only user load them
    (`tpu-pack-weights` sets it), with what that user keeps beside them, such as
    biases. Its type is the type of `value`, or a quantised one whose elements are
    stored as those of `value`. `allow_split` says that only element-wise
    operators read it, so that parts of its readers need the same parts of it
    (`tpu-allow-split` sets it).

    Constraints: (C1) `value` has the type in which the result is stored; (C2) a
    type with a scale a channel has as many as that axis has entries; (C3)
    `packed` is a tensor of i8 of one axis.

    Example:

    ```mlir
    %0 = tpu.weight dense<1.0> : tensor<4x8xf16>
    %1 = tpu.weight dense_resource<conv1_weight.f16> : tensor<64x3x7x7xf16>
    %2 = tpu.weight {allow_split} dense<0.5> : tensor<4x8xf16>
    %3 = tpu.weight dense<[127, -3]> : tensor<2xi8>
        as tensor<2x!quant.uniform<i8:f32:0, {0.1, 0.2}>>
    %4 = tpu.weight {packed = dense_resource<packed> : tensor<37632xi8>} dense_resource<conv1_weight.f16> : tensor<64x3x7x7xf16>
    ```
  }];
  let arguments = (ins
    Arg<ElementsAttr, "The elements: dense or dense_resource.">:$value,
    Arg<UnitAttr, "Parts of its readers need parts of it.">:$allow_split,
    Arg<OptionalAttr<ElementsAttr>, "The bytes as commands load them.">:$packed);
  let results = (outs Res<Tpu_MovedTensor, "The constant.">:$output);
  let assemblyFormat =
      "attr-dict $value custom<StoredAs>(type($output), ref($value))";
  let hasFolder = 1;
  let hasVerifier = 1;
  let builders = [
    OpBuilder<(ins "::mlir::RankedTensorType":$type,
                   "::mlir::ElementsAttr":$value), [{
      build($_builder, $_state, type, value, /*allow_split=*/false,
            /*packed=*/nullptr);
    }]>,
    OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
      build($_builder, $_state, ::llvm::cast<::mlir::RankedTensorType>(
          value.getShapedType()), value);
    }]>
  ];
}

#endif // TPUC_DIALECT_TPU_IR_TPUCONSTANTOPS_TD
