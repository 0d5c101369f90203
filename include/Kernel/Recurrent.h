//===- Recurrent.h - Recurrent cells ---------------------------*- C++ -*-===//
//
// The kernel that runs a recurrent cell over a sequence.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_RECURRENT_H
#define TPUC_KERNEL_RECURRENT_H

#include "Kernel/Kernel.h"

#include <array>
#include <optional>

namespace tpuc::kernel {

/// Functions of cells; numbered as top::CellActivation.
enum class CellFunction : uint8_t {
  Sigmoid,
  Tanh,
  Relu,
  LeakyRelu,
  Hardsigmoid,
  Elu,
  Softsign,
  Softplus,
  Affine,
  ScaledTanh,
  ThresholdedRelu
};

/// A recurrent cell over a sequence, with the meaning of top.recurrent. Gates
/// and states are f32 between the steps; the product with the weights reads h
/// rounded to the weights' type.
struct RecurrentParams {
  enum class Cell : uint8_t { Lstm, Gru, Rnn };
  struct Activation {
    CellFunction function;
    double alpha, beta;
  };

  Cell cell = Cell::Lstm;
  /// A single direction goes from the last step to the first.
  bool isReversed = false;
  bool linearBeforeReset = false, inputForget = false;
  double clip = 0;
  std::array<Activation, 3> activations; ///< F, G and H
  int64_t directions = 1, units = 1, steps = 1, batch = 1;

  // All contiguous.
  GlobalTensor input;                ///< [1, D G H, T, B]
  GlobalTensor weight;               ///< [1, D G H, 1, H]
  GlobalTensor state;                ///< [1, S D H, 1, B]
  std::optional<GlobalTensor> extra; ///< f32 parameters, [1, D K H, 1, 1]
  std::optional<GlobalTensor> mask;  ///< f32 [1, 1, T, B]
  GlobalTensor result;               ///< [1, D H, T + S, B]

  int64_t gates() const {
    return cell == Cell::Lstm ? 4 : cell == Cell::Gru ? 3 : 1;
  }
  int64_t states() const { return cell == Cell::Lstm ? 2 : 1; }
  /// Rows of the units' parameters.
  int64_t numParameters() const {
    return !extra ? 0 : cell == Cell::Lstm ? 3 : 1;
  }
  /// Gives all tensors the shapes that follow from the sizes.
  void setShapes();
};

/// Bytes a lane that the kernel takes with all its operands.
int64_t recurrentLaneBytes(const Arch &arch, const RecurrentParams &params);

void makeRecurrentKernels(const Arch &arch, const RecurrentParams &params,
                          KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_RECURRENT_H
