//===- UnaryKernel.cpp - Functions of one variable as kernels -------------===//
//
// Runs the vector program of a function over a tensor.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Functions.h"

#include <memory>

using namespace tpuc;
using namespace tpuc::kernel;

/// Vectors of a lane up to which f32 takes hardly longer than 16 bit. Factors
/// of whole channels are this small, and what they err by is the same
/// everywhere.
static constexpr int64_t kFewVectors = 4;

void kernel::makeUnaryKernels(const Arch &arch, UnaryFunction function,
                              double alpha, double beta,
                              const GlobalTensor &result,
                              const GlobalTensor &operand, int64_t count,
                              KernelList &kernels) {
  auto list = std::make_shared<VectorProgram>(arch);
  VectorValue x = list->input(operand.type);
  bool isSmall = count * byteWidth(operand.type) <=
                 kFewVectors * arch.lanes * arch.vectorBytes;
  list->setResult(appendUnary(*list, function, x, alpha, beta, isSmall));

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
