//===- Magnitude.td - How large the numbers of ops are -----*- tablegen -*-===//
//
// Declares the interface by which the lowering asks what 16 bits would lose.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_MAGNITUDE_TD
#define TPUC_INTERFACES_MAGNITUDE_TD

include "mlir/IR/OpBase.td"

def MagnitudeOpInterface : OpInterface<"MagnitudeOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An op that knows how large its results are beside its operands, or that 16
    bits are not enough for what it computes. An op that says nothing computes in
    the network's precision, and in f32 where all of its operands may be of any
    size; its results may then be as well.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{How large the numbers of the result are.}],
      /*retTy=*/"::tpuc::Magnitude",
      /*methodName=*/"getMagnitude",
      /*args=*/(ins),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return ::tpuc::Magnitude::Unknown;">,
    InterfaceMethod<
      /*desc=*/[{
        Whether it always computes in f32: roots and logarithms follow sums of
        small numbers, angles are large, powers leave the range, and sums of many
        numbers need more bits than their terms.
      }],
      /*retTy=*/"bool",
      /*methodName=*/"needsF32",
      /*args=*/(ins),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return false;">
  ];
}

#endif // TPUC_INTERFACES_MAGNITUDE_TD
