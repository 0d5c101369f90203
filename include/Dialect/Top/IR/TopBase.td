//===- TopBase.td - Types and base classes of top ops ------*- tablegen -*-===//
//
// Shared by all families of ops. Defines no op, so that every family generates
// its own C++.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPBASE_TD
#define TPUC_DIALECT_TOP_IR_TOPBASE_TD

include "Dialect/Top/IR/TopDialect.td"
include "Dialect/Top/IR/TopEnums.td"
include "Interfaces/DataMovement.td"
include "Interfaces/Evaluable.td"
include "Interfaces/Magnitude.td"
include "Interfaces/RowOrder.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

// Static, and neither empty nor so large that sizes overflow.
class Top_TensorOf<list<Type> types, string elements>
    : Type<And<[RankedTensorOf<types>.predicate, HasStaticShapePred,
                CPred<"::tpuc::top::hasValidSize("
                      "::llvm::cast<::mlir::ShapedType>($_self).getShape())">]>,
           "tensor of " # elements # " with a static shape and 1 to 2^40 "
           "elements", "::mlir::RankedTensorType">;

def Top_F32Tensor : Top_TensorOf<[F32], "f32">;
def Top_IntTensor : Top_TensorOf<[I64, I32], "i64 or i32">;
def Top_BoolTensor : Top_TensorOf<[I1], "i1">;
def Top_NumTensor : Top_TensorOf<[F32, I64, I32], "f32, i64 or i32">;
def Top_Tensor : Top_TensorOf<[F32, I64, I32, I1], "f32, i64, i32 or i1">;

//===----------------------------------------------------------------------===//
// Base classes
//===----------------------------------------------------------------------===//

// An element of the result is computed from those at its position, where
// operands repeat their axes of size 1 as in numpy.
def Top_Pointwise : NativeOpTrait<"Pointwise"> {
  let cppNamespace = "::tpuc::top";
}

// The operand called `from` repeats its axes of size 1 to the shape of `to`.
class Top_RepeatsTo<string from, string to>
    : PredOpTrait<from # " broadcasts to the shape of " # to,
          CPred<"::tpuc::top::isRepeatedTo($" # from # ".getType(), $" # to #
                ".getType())">>;

def Top_MovesElements : DeclareOpInterfaceMethods<DataMovementOpInterface>;
def Top_TakesRows : DeclareOpInterfaceMethods<RowOrderOpInterface>;

// What an op with MagnitudeOpInterface says. Goes into extraClassDeclaration.
class Top_Numbers {
  // A member of tpuc::Magnitude.
  string magnitude = "Unknown";
  // In C++.
  string needsF32 = "false";
  string numbersMethods = [{
    ::tpuc::Magnitude getMagnitude() {
      return ::tpuc::Magnitude::}] # magnitude # [{;
    }
    bool needsF32() { return }] # needsF32 # [{; }
  }];
}

// An op that evaluates itself and whose verifier is written by hand.
class Top_Op<string mnemonic, list<Trait> traits = []>
    : Op<Top_Dialect, mnemonic,
         traits # [Pure, DeclareOpInterfaceMethods<EvaluableOp>]> {
  let hasVerifier = 1;
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

// An op whose result types follow from operands and attributes. The checks of
// operands and attributes are in inferReturnTypes, so that whoever builds the
// op and whoever reads it get the same diagnostics.
class Top_InferOp<string mnemonic, list<Trait> traits = []>
    : Top_Op<mnemonic, traits # [InferTypeOpAdaptor]> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::tpuc::top::verifyInferredTypes(*this);
    }
  }];
}

#endif // TPUC_DIALECT_TOP_IR_TOPBASE_TD
