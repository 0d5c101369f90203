//===- DataMovement.td - Ops that only move elements -------*- tablegen -*-===//
//
// Declares the interface by which passes see through movements of data, so that
// none of them lists the ops that move.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_DATAMOVEMENT_TD
#define TPUC_INTERFACES_DATAMOVEMENT_TD

include "mlir/IR/OpBase.td"

def DataMovementOpInterface : OpInterface<"DataMovementOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An op whose one result holds elements of its one operand as they are, in
    another order, shape or choice. Movements compose by their maps, whatever
    ops they are written as.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{
        Which element of the operand each element of the result is, both counted
        in row-major order. Nothing where no map of few blocks says it
        (ElementMap::kMaxBlocks), or where elements run backwards.
      }],
      /*retTy=*/"::std::optional<::tpuc::ElementMap>",
      /*methodName=*/"getElementMap">
  ];
}

#endif // TPUC_INTERFACES_DATAMOVEMENT_TD
