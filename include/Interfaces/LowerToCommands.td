//===- LowerToCommands.td - Operators that become commands -*- tablegen -*-===//
//
// The interface through which code generation asks an operation for its
// kernels, so that no pass holds a list of operations.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_LOWERTOCOMMANDS_TD
#define TPUC_INTERFACES_LOWERTOCOMMANDS_TD

include "mlir/IR/OpBase.td"

def LowerToCommandsOpInterface : OpInterface<"LowerToCommandsOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An operation whose result kernels compute from its operands, all of them in
    global memory.
  }];
  let methods = [
    InterfaceMethod<[{
        Appends the kernels that compute the results, in the order in which they
        run. Where the operation cannot be done, emits an error on it that says
        what, why and what to do instead.
      }],
      "::llvm::LogicalResult", "buildKernels",
      (ins "::tpuc::KernelContext &":$context,
           "::tpuc::kernel::KernelList &":$kernels)>,
    InterfaceMethod<[{
        The constant operand that the kernels load in another order than its
        own, and its bytes in that order; no bytes when there is none. Emits an
        error where buildKernels() would.
      }],
      "::mlir::FailureOr<::tpuc::PackedOperand>", "packWeights",
      (ins "::tpuc::KernelContext &":$context), /*methodBody=*/"",
      /*defaultImplementation=*/"return ::tpuc::PackedOperand();">
  ];
}

#endif // TPUC_INTERFACES_LOWERTOCOMMANDS_TD
