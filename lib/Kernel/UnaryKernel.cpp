//===- UnaryKernel.cpp - Functions of one variable as kernels -------------===//
//
// Runs the vector program of a function over a tensor.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Functions.h"

#include <memory>

using namespace tpuc;
using namespace tpuc::kernel;

void kernel::makeUnaryKernels(const Arch &arch, UnaryFunction function,
                              double alpha, double beta,
                              const GlobalTensor &result,
                              const GlobalTensor &operand, int64_t count,
                              KernelList &kernels) {
  auto list = std::make_shared<VectorProgram>(arch);
  VectorValue x = list->input(operand.type);
  list->setResult(appendUnary(*list, function, x, alpha, beta));

  ElementwiseParams params;
  params.result = {result, {count}};
  params.operands.push_back({operand, {count}});
  params.scratch = list->bufferTypes();
  params.constantBytes = list->constantBytes();
  params.setUp = [list](CommandBuilder &builder, uint32_t address) {
    list->setUp(builder, address);
  };
  params.compute = [list](CommandBuilder &builder, const LocalTensor &tile,
                          llvm::ArrayRef<LocalTensor> operands,
                          llvm::ArrayRef<LocalTensor> scratch,
                          uint32_t constants) {
    llvm::SmallVector<uint32_t> buffers;
    for (const LocalTensor &tensor : scratch)
      buffers.push_back(tensor.address);
    buffers.push_back(0); // no reductions
    list->emit(builder, {tile.shape, tile.shape[W]}, tile, operands, buffers,
               constants);
  };
  makeElementwiseKernels(arch, params, kernels);
}
