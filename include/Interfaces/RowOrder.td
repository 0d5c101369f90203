//===- RowOrder.td - Ops that take rows in any order -------*- tablegen -*-===//
//
// Declares the interface by which rows are brought into an order in which least
// has to move.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_ROWORDER_TD
#define TPUC_INTERFACES_ROWORDER_TD

include "mlir/IR/OpBase.td"

def RowOrderOpInterface : OpInterface<"RowOrderOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An op for which the order of rows, which are the last axis, matters less
    than it seems. Element-wise ops need no interface: they have the trait
    `Pointwise`. The rows of an op that says nothing stay in order.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{
        The operands of which each row by itself, and all alike, gives one row of
        the result; none when the op does otherwise.
      }],
      /*retTy=*/"::llvm::SmallVector<unsigned, 2>",
      /*methodName=*/"getRowOperands">,
    InterfaceMethod<
      /*desc=*/[{
        Whether all rows of the first operand are combined into one, so that
        their order does not matter (but for the rounding of sums).
      }],
      /*retTy=*/"bool",
      /*methodName=*/"combinesRows",
      /*args=*/(ins),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return false;">
  ];
}

#endif // TPUC_INTERFACES_ROWORDER_TD
