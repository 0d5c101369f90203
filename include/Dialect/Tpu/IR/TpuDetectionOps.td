//===- TpuDetectionOps.td - Choosing among boxes -----------*- tablegen -*-===//
//
// What detectors do with the boxes that they predict: the best are found, and
// those that overlap better ones left out.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUDETECTIONOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUDETECTIONOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_NmsOp : Tpu_Op<"nms",
    [DeclareOpInterfaceMethods<LaneLayoutOpInterface,
                               ["getKeptAxes", "hasKeptAxes"]>]> {
  let summary = "Chooses boxes that overlap little, best first";
  let description = [{
    As `top.nms`. `boxes` are planes of corners, [B, 4, N]: the smaller x and y,
    then the larger; or [B, 5, N], with labels behind them. The result is i32. convert-top-to-tpu makes this op;
    convert-tpu-to-bm1684x removes it.

    Constraints: (C1) boxes [B, 4, N] or [B, 5, N]; (C2) scores [B, C, N]; (C3) the result
    is [B, C, M], 1 <= M <= N; (C4) 0 <= `iou_threshold` <= 1.

    Example:

    ```mlir
    %1 = tpu.nms %0, %scores {iou_threshold = 0.5}
        : (tensor<1x4x40xf32>, tensor<1x3x40xf32>) -> tensor<1x3x10xi32>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_F32Tensor, "Corners of boxes and perhaps labels, [B, 4 or 5, N].">:$boxes,
    Arg<Tpu_F32Tensor, "Scores, [B, C, N].">:$scores,
    Arg<F64Attr, "Most that boxes overlap.">:$iou_threshold,
    Arg<OptionalAttr<F64Attr>, "Boxes of higher scores are taken.">:$score_threshold);
  let results = (outs Res<Tpu_I32Tensor, "Numbers of boxes, [B, C, M].">:$output);
}

def Tpu_TopSetOp : Tpu_Op<"top_set"> {
  let summary = "Finds the k largest or smallest elements of each row";
  let description = [{
    The `k` largest (or, without `largest`, smallest) elements of each row of
    `input`, [R, N], of which the first of equal ones; NaN are last. They are
    not sorted: first those that are better than the last of them, in order of
    position, then those that equal it. The result is [R, 2, k]: numbers that
    are ordered as i32 as the elements are, the best largest, and the positions.
    convert-top-to-tpu makes this op; convert-tpu-to-bm1684x removes it.

    Constraints: (C1) input [R, N]; (C2) the result is [R, 2, k], 1 <= k <= N.

    Example:

    ```mlir
    %1 = tpu.top_set %0 : (tensor<1x8400xf32>) -> tensor<1x2x300xi32>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_TensorOf<[F32, I32], "tensor of f32 or i32 with a static shape">,
        "Elements, [R, N].">:$input,
    Arg<DefaultValuedAttr<BoolAttr, "true">,
        "Largest instead of smallest.">:$largest);
  let results = (outs Res<Tpu_I32Tensor, "Keys and positions, [R, 2, k].">:$output);
}

#endif // TPUC_DIALECT_TPU_IR_TPUDETECTIONOPS_TD
