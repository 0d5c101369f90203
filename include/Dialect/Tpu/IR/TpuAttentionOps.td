//===- TpuAttentionOps.td - Attention ----------------------*- tablegen -*-===//
//
// The op that stands for scores, softmax and weighted sum.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUATTENTIONOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUATTENTIONOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_AttentionOp : Tpu_Op<"attention",
    [Tpu_SameElementType<["query", "key", "value", "output"]>,
     DeclareOpInterfaceMethods<LaneLayoutOpInterface,
                               ["getKeptAxes", "hasKeptAxes",
                                "getFixedLayouts"]>]> {
  let summary = "Attention over heads that are read out of packed tensors";
  let description = [{
    With B, L, H, E the shape of the result, K = `key_rows`, D = `depth`:

        score[b, l, h, k] = `scale` * sum over d of q[b, l, h, d] * k[b, k, h, d]
                            + sum over addends of a[b, l, h, k]
        out[b, l, h, e] = sum over k of softmax(score)[b, l, h, k] * v[b, k, h, e]

    q, k, v and each addend are views of the operands' elements in row-major
    order: a view [o, sb, sr, sh] has at (b, row, h, column) the element
    o + b sb + row sr + h sh + column. A stride of 0 repeats. Scores and softmax
    are f32; softmax(score) and the result are rounded to the element type.
    `tpu-fuse-attention` makes this op; convert-tpu-to-bm1684x removes it.

    Constraints: (C1) the result has rank 4; (C2) `query_view`, `key_view`,
    `value_view` have 4 entries, `addend_views` 4 an addend, each >= 0; (C3)
    every view lies in its operand; (C4) addends have the operands' element
    type; (C5) `key_rows` and `depth` are >= 1.

    Example:

    ```mlir
    %1 = tpu.attention %qkv, %qkv, %qkv, %bias {
        query_view = array<i64: 0, 14112, 288, 32>,
        key_view = array<i64: 96, 14112, 288, 32>,
        value_view = array<i64: 192, 14112, 288, 32>,
        addend_views = array<i64: 0, 0, 49, 2401>,
        key_rows = 49 : i64, depth = 32 : i64, scale = 0.17677669529663687 : f64}
        : (tensor<3136x288xf16>, tensor<3136x288xf16>, tensor<3136x288xf16>,
           tensor<1x3x49x49xf16>) -> tensor<64x49x3x32xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_FloatTensor, "Holds the queries.">:$query,
    Arg<Tpu_FloatTensor, "Holds the keys.">:$key,
    Arg<Tpu_FloatTensor, "Holds the values.">:$value,
    Arg<Variadic<Tpu_FloatTensor>, "Hold summands of the scores.">:$addends,
    Arg<DenseI64ArrayAttr, "View of the queries.">:$query_view,
    Arg<DenseI64ArrayAttr, "View of the keys.">:$key_view,
    Arg<DenseI64ArrayAttr, "View of the values.">:$value_view,
    Arg<DenseI64ArrayAttr, "Views of the addends, one after the other.">:$addend_views,
    Arg<I64Attr, "Keys a query meets.">:$key_rows,
    Arg<I64Attr, "Columns of queries and keys.">:$depth,
    Arg<F64Attr, "Factor of the products.">:$scale);
  let results = (outs Res<Tpu_FloatTensor, "Result, [B, L, H, E].">:$output);
}

#endif // TPUC_DIALECT_TPU_IR_TPUATTENTIONOPS_TD
