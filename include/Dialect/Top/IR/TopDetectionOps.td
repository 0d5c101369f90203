//===- TopDetectionOps.td - Choosing among boxes -----------*- tablegen -*-===//
//
// What detectors do with the boxes that they predict.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPDETECTIONOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPDETECTIONOPS_TD

include "Dialect/Top/IR/TopBase.td"

def Top_NmsOp : Top_InferOp<"nms"> {
  let summary = "Chooses boxes that overlap little, best first";
  let description = [{
    For each batch and class, takes boxes in the order of their scores, equal
    ones in the order of their numbers, and leaves out those whose intersection
    with one that was taken is more than `iou_threshold` of their union. Boxes
    whose score is not above `score_threshold`, where there is one (not
    -infinity), are left out, too. NaN scores, like -infinity, come last. With `labels`, [B, N], only
    boxes with equal labels are compared.

    `boxes` is [B, N, 4]: two opposite corners (y, x, y, x), or, with
    `center_point_box`, (x, y, width, height). `scores` is [B, C, N]. The result
    is [B, C, M]: the numbers of the boxes taken, and -1 behind the last.

    Constraints: (C1) boxes [B, N, 4]; (C2) scores [B, C, N]; (C3) 1 <=
    `max_output` <= N, which is M; (C4) 0 <= `iou_threshold` <= 1; (C5)
    labels [B, N].

    Example:

    ```mlir
    %1 = top.nms %0, %scores {iou_threshold = 0.5, max_output = 10 : i64}
        : (tensor<1x40x4xf32>, tensor<1x3x40xf32>) -> tensor<1x3x10xi64>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Boxes, [B, N, 4].">:$boxes,
    Arg<Top_F32Tensor, "Scores, [B, C, N].">:$scores,
    Arg<Optional<Top_F32Tensor>, "Labels, [B, N].">:$labels,
    Arg<I64Attr, "Most boxes taken of a batch and class.">:$max_output,
    Arg<F64Attr, "Most that boxes overlap.">:$iou_threshold,
    Arg<DefaultValuedAttr<F64Attr, "-std::numeric_limits<double>::infinity()">,
        "Boxes of higher scores are taken; all without one.">:$score_threshold,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Boxes are a centre and a size.">:$center_point_box);
  let results = (outs Res<Top_IntTensor, "Numbers of boxes, [B, C, M], i64.">:$output);
}

#endif // TPUC_DIALECT_TOP_IR_TOPDETECTIONOPS_TD
