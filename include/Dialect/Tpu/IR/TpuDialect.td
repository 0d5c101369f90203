//===- TpuDialect.td - The tpu dialect ---------------------*- tablegen -*-===//
//
// Defines the dialect only; ops are in Tpu*Ops.td.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUDIALECT_TD
#define TPUC_DIALECT_TPU_IR_TPUDIALECT_TD

include "mlir/IR/OpBase.td"

def Tpu_Dialect : Dialect {
  let name = "tpu";
  let cppNamespace = "::tpuc::tpu";
  let summary = "What the chip computes";
  let description = [{
    A network in operations that the chip has kernels for. Tensors have static
    shapes and are row-major; their element type is the precision in which the
    op runs: f32, f16, bf16, or i32 for indices and the little integer
    arithmetic that networks do. A truth value is a 0 or 1 of any of them.

    In INT8 the element type is one of the `quant` dialect, and an op is defined
    on the real numbers that the integers stand for, scale * (q - zero point):
    its result is the nearest number that its own type can hold, saturated.
    Bytes of activations are signed or unsigned (`u8`) and have one scale;
    constant filters are i8 with a scale a channel. Numbers that are never
    negative are unsigned, so that saturation is their ReLU.

    Few ops with few forms: axes that need a place have it (softmax, layer_norm
    and reduce work on the last axes), operands of elementwise ops have equal
    ranks, batch axes of a matmul are equal. `convert-top-to-tpu` brings a
    network into this form with reshapes, permutes and broadcasts, which
    canonicalisation then removes where it can.

    What later passes decide stands beside the operands: `tpu.layout`, how the
    result is laid across the lanes, and the plan of LayerGroup: the operation's
    number (`tpu.op`), where its result lies (`tpu.mem`), the tiles of its kernels
    (`tpu.kernels`), and the groups that it belongs to (`tpu.group`). Computation
    does not depend on them. `tpu.copy` stands on a reshape that is no view.

    Created by `convert-top-to-tpu`; removed by the generation of commands.
  }];
  // Top: what ops compute on the host, they compute as ops of top.
  let dependentDialects = ["::mlir::quant::QuantDialect",
                           "::tpuc::top::TopDialect"];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // TPUC_DIALECT_TPU_IR_TPUDIALECT_TD
