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
      /*defaultImplementation=*/"return operand == 0;">,
    InterfaceMethod<
      /*desc=*/[{
        Appends the values that the op can only read or give in one layout, with
        that layout. Those of an op that says nothing follow their neighbours.
      }],
      /*retTy=*/"void",
      /*methodName=*/"getFixedLayouts",
      /*args=*/(ins "::llvm::SmallVectorImpl<::tpuc::FixedLayout> &":$layouts),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return;">,
    InterfaceMethod<
      /*desc=*/[{
        Whether an operand is read as images [n, c, ...] with channels across the
        lanes.
      }],
      /*retTy=*/"bool",
      /*methodName=*/"readsImage",
      /*args=*/(ins "unsigned":$operand),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return false;">,
    InterfaceMethod<
      /*desc=*/[{Whether an operand is read row by row, along its last axis.}],
      /*retTy=*/"bool",
      /*methodName=*/"readsRows",
      /*args=*/(ins "unsigned":$operand),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return false;">,
    InterfaceMethod<
      /*desc=*/[{
        Whether others take over the layout of the result, and not it theirs:
        where nothing fixes the layouts, its is chosen first.
      }],
      /*retTy=*/"bool",
      /*methodName=*/"leadsLayout",
      /*args=*/(ins),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return false;">
  ];
}

#endif // TPUC_INTERFACES_LANELAYOUT_TD
