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
           "::tpuc::kernel::KernelList &":$kernels)>
  ];
}

def PackWeightsOpInterface : OpInterface<"PackWeightsOpInterface"> {
  let cppNamespace = "::tpuc";
  let description = [{
    An operation whose kernels load a constant operand in another order than its
    own.
  }];
  let methods = [
    InterfaceMethod<[{
        The constant operand and its bytes in the order of the loads; no bytes
        where this operation takes it as it is. Emits an error where
        buildKernels() would.
      }],
      "::mlir::FailureOr<::tpuc::PackedOperand>", "packWeights",
      (ins "::tpuc::KernelContext &":$context)>
  ];
}

#endif // TPUC_INTERFACES_LOWERTOCOMMANDS_TD
