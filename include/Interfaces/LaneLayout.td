//===- LaneLayout.td - Ops that keep leading axes ----------*- tablegen -*-===//
//
// Declares the interface by which passes ask what an op leaves where it lies.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_LANELAYOUT_TD
#define TPUC_INTERFACES_LANELAYOUT_TD

include "mlir/IR/OpBase.td"

def LaneLayoutOpInterface : OpInterface<"LaneLayoutOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An op whose result has leading axes of its operands: what is computed at an
    entry of these axes needs the same entry of the operands only. Where the
    lanes are among them, every lane keeps what it has; where a batch is, its
    parts can be computed one after the other. Element-wise ops keep all axes and
    need no interface: they have the trait `Pointwise`.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{How many leading axes are kept; 0 for none.}],
      /*retTy=*/"size_t",
      /*methodName=*/"getKeptAxes">,
    InterfaceMethod<
      /*desc=*/[{Whether an operand has these axes, or is read whole.}],
      /*retTy=*/"bool",
      /*methodName=*/"hasKeptAxes",
      /*args=*/(ins "unsigned":$operand),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return operand == 0;">
  ];
}

#endif // TPUC_INTERFACES_LANELAYOUT_TD
