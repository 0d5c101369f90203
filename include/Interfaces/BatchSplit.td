//===- BatchSplit.td - Ops on parts of a batch -------------*- tablegen -*-===//
//
// Declares the interface by which a batch is computed in parts.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_BATCHSPLIT_TD
#define TPUC_INTERFACES_BATCHSPLIT_TD

include "mlir/IR/OpBase.td"

def BatchSplitOpInterface : OpInterface<"BatchSplitOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An op of which a part of the result along the leading axis can be computed
    by a copy of it on parts of its operands. Element-wise ops, and those that
    keep their leading axis (LaneLayoutOpInterface), need this interface only
    where their attributes have to change. An op that says nothing is not split.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{
        Whether one of `parts` equal parts of the result needs the same part of
        an operand's leading axis or all of it, an entry an operand. Nothing when
        it needs anything else.
      }],
      /*retTy=*/"::std::optional<::llvm::SmallVector<bool, 4>>",
      /*methodName=*/"getSplitOperands",
      /*args=*/(ins "int64_t":$parts)>,
    InterfaceMethod<
      /*desc=*/[{
        Makes the attributes of a copy, whose operands and result type are those
        of part `part` of `parts` already, fit them.
      }],
      /*retTy=*/"void",
      /*methodName=*/"narrowToPart",
      /*args=*/(ins "int64_t":$parts, "int64_t":$part),
      /*methodBody=*/"",
      /*defaultImplementation=*/"return;">
  ];
}

#endif // TPUC_INTERFACES_BATCHSPLIT_TD
