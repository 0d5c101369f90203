//===- Recurrent.cpp - Recurrent cells ------------------------------------===//
//
// Makes the kernel of a cell, and says how much memory it takes.
//
//===----------------------------------------------------------------------===//

#include "RecurrentKernel.h"
#include "Support/IntMath.h"

#include <memory>

using namespace tpuc;
using namespace tpuc::kernel;

/// [1, rows units, h, w] as [rows, units, h, w], each row of units from lane 0
/// on. The same memory where the rows fill all lanes.
static GlobalTensor withUnitsFromLaneZero(const Arch &arch,
                                          const GlobalTensor &tensor,
                                          int64_t units) {
  Shape4 shape = tensor.shape;
  int64_t rows = shape[N] * shape[C] / units;
  if (shape[N] == 1 && (rows == 1 || units % arch.lanes == 0))
    return tensor;
  return tensor.reshaped({rows, units, shape[H], shape[W]});
}

static std::unique_ptr<TiledKernel> makeKernel(const Arch &arch,
                                               const RecurrentParams &params) {
  RecurrentParams placed = params;
  for (GlobalTensor *tensor :
       {&placed.input, &placed.weight, &placed.state, &placed.result})
    *tensor = withUnitsFromLaneZero(arch, *tensor, params.units);
  if (placed.extra)
    placed.extra = withUnitsFromLaneZero(arch, *placed.extra, params.units);
  return std::make_unique<RecurrentKernel>(arch, placed);
}

int64_t kernel::recurrentLaneBytes(const Arch &arch,
                                   const RecurrentParams &params) {
  std::unique_ptr<TiledKernel> kernel = makeKernel(arch, params);
  Box whole{{0, 0, 0, 0}, kernel->space()};
  auto padded = [&](int64_t bytes) { return arch.wholeVectors(bytes); };
  int64_t bytes = padded(kernel->placeResult(whole).laneBytes()) +
                  padded(kernel->scratchBytes(whole)) +
                  padded(kernel->constantBytes());
  for (unsigned index = 0; index < kernel->numInputs(); ++index)
    bytes += padded(
        kernel->placeInput(index, kernel->inputBox(index, whole)).laneBytes());
  return bytes;
}

void kernel::makeRecurrentKernels(const Arch &arch,
                                  const RecurrentParams &params,
                                  KernelList &kernels) {
  kernels.push_back(makeKernel(arch, params));
}
