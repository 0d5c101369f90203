//===- Evaluable.td - Ops that evaluate themselves ---------*- tablegen -*-===//
//
// Declares the interface of ops that compute their results on host buffers.
// It is the reference semantics of an op; it knows nothing about the chip.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_EVALUABLE_TD
#define TPUC_INTERFACES_EVALUABLE_TD

include "mlir/IR/OpBase.td"

def EvaluableOp : OpInterface<"EvaluableOp"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An op that evaluates itself on host buffers: floats in f32, integers in
    i64. The verifier has accepted the op, so the buffers' shapes are those of
    the operands; what only the data can get wrong (an index out of range, an
    integer division by zero) is returned as an error.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{
        Computes the results, one buffer a result, from one buffer an operand.
      }],
      /*retTy=*/"::llvm::Expected<::llvm::SmallVector<::tpuc::Buffer>>",
      /*methodName=*/"evaluate",
      /*args=*/(ins "::llvm::ArrayRef<::tpuc::Buffer>":$operands)>
  ];
}

#endif // TPUC_INTERFACES_EVALUABLE_TD
