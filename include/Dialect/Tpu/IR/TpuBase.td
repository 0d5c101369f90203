//===- TpuBase.td - Types and base classes of tpu ops ------*- tablegen -*-===//
//
// Shared by all families of ops. Defines no op, so that every family generates
// its own C++.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUBASE_TD
#define TPUC_DIALECT_TPU_IR_TPUBASE_TD

include "Dialect/Tpu/IR/TpuDialect.td"
include "Dialect/Tpu/IR/TpuEnums.td"
include "Interfaces/BatchSplit.td"
include "Interfaces/DataMovement.td"
include "Interfaces/Evaluable.td"
include "Interfaces/LaneLayout.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class Tpu_TensorOf<list<Type> types, string summary>
    : Type<And<[RankedTensorOf<types>.predicate, HasStaticShapePred]>, summary,
           "::mlir::RankedTensorType">;

def Tpu_F32Tensor : Tpu_TensorOf<[F32], "tensor of f32 with a static shape">;
def Tpu_I32Tensor : Tpu_TensorOf<[I32], "tensor of i32 with a static shape">;
def Tpu_FloatTensor
    : Tpu_TensorOf<[F32, F16, BF16],
                   "tensor of f32, f16 or bf16 with a static shape">;
def Tpu_Tensor
    : Tpu_TensorOf<[F32, F16, BF16, I32],
                   "tensor of f32, f16, bf16 or i32 with a static shape">;

// INT8 with one scale for the whole tensor, and i8 with a scale a channel.
def Tpu_Quantized : Type<CPred<"::tpuc::tpu::isQuantized($_self)">,
    "8-bit !quant.uniform with one scale">;
def Tpu_QuantizedPerAxis
    : Type<CPred<"::tpuc::tpu::isQuantizedPerAxis($_self)">,
           "i8 !quant.uniform with a scale a channel">;

def Tpu_RealTensor
    : Tpu_TensorOf<[F32, F16, BF16, Tpu_Quantized],
                   "tensor of f32, f16, bf16 or INT8 with a scale, with a "
                   "static shape">;
def Tpu_FilterTensor
    : Tpu_TensorOf<[F32, F16, BF16, Tpu_QuantizedPerAxis],
                   "tensor of f32, f16, bf16 or i8 with a scale a channel, "
                   "with a static shape">;
def Tpu_MovedTensor
    : Tpu_TensorOf<[F32, F16, BF16, I32, Tpu_Quantized, Tpu_QuantizedPerAxis],
                   "tensor of f32, f16, bf16, i32 or INT8 with scales, with a "
                   "static shape">;

// All of these operands and results have one element type.
class Tpu_SameElementType<list<string> names>
    : AllElementTypesMatch<names>;

//===----------------------------------------------------------------------===//
// Base classes
//===----------------------------------------------------------------------===//

// An element of the result is computed from those at its position, where
// operands repeat their axes of size 1. Verifies shapes: all have one rank, and
// the result's sizes are the operands' largest.
def Tpu_Pointwise : NativeOpTrait<"Pointwise"> {
  let cppNamespace = "::tpuc::tpu";
}

// An op that says how many leading axes it keeps.
def Tpu_KeepsAxes
    : DeclareOpInterfaceMethods<LaneLayoutOpInterface, ["getKeptAxes"]>;

// A window over images, whose channels lie across the lanes.
def Tpu_SlidesWindow
    : DeclareOpInterfaceMethods<LaneLayoutOpInterface,
                                ["getKeptAxes", "getFixedLayouts", "readsImage"]>;

// A product, norm or reduction of rows.
def Tpu_CombinesRows
    : DeclareOpInterfaceMethods<LaneLayoutOpInterface,
                                ["getKeptAxes", "readsRows", "leadsLayout"]>;

def Tpu_MovesElements : DeclareOpInterfaceMethods<DataMovementOpInterface>;
def Tpu_SplitsBatch
    : DeclareOpInterfaceMethods<BatchSplitOpInterface, ["getSplitOperands"]>;

// How an op is evaluated on the host: by a function of its own, or as the op of
// the top dialect that has its name and its attributes.
def Tpu_Evaluates : DeclareOpInterfaceMethods<EvaluableOp>;
def Tpu_AsTopTrait : NativeOpTrait<"EvaluatesAsTop"> {
  let cppNamespace = "::tpuc::tpu";
}
def Tpu_EvaluatesAsTop : TraitList<[EvaluableOp, Tpu_AsTopTrait]>;

// An op without side effects whose shapes are checked by hand.
class Tpu_Op<string mnemonic, list<Trait> traits = [],
             Trait evaluation = Tpu_Evaluates>
    : Op<Tpu_Dialect, mnemonic, traits # [Pure, evaluation]> {
  let hasVerifier = 1;
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

// An op of a family, whose member is the enumeration attribute `kind`.
class Tpu_KindOp<string mnemonic, list<Trait> traits = []>
    : Tpu_Op<mnemonic, traits> {
  let assemblyFormat =
      "$kind operands attr-dict `:` functional-type(operands, results)";
}

#endif // TPUC_DIALECT_TPU_IR_TPUBASE_TD
