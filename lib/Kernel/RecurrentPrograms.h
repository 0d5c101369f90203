//===- RecurrentPrograms.h - Arithmetic of recurrent cells ------*- C++ -*-===//
//
// What a step of a cell computes on whole vectors, between its products. Not
// for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_RECURRENTPROGRAMS_H
#define TPUC_LIB_KERNEL_RECURRENTPROGRAMS_H

#include "Kernel/Recurrent.h"
#include "Kernel/VectorProgram.h"

namespace tpuc::kernel {

/// A part of a step; operands and result are f32.
enum class CellCode : uint8_t {
  Gates,     ///< F(x)
  Candidate, ///< G(x)
  Peephole,  ///< x + p c of x, p, c
  Rest,      ///< 1 - i
  Cell,      ///< c' of i, f, g, c
  Hidden,    ///< h' of o, c' (LSTM) or of z, n, h (GRU)
  Reset      ///< r h of r, h; x + r q of r, q, x (linear before reset)
};

/// The vector programs of a cell, with their tables one after the other.
class CellPrograms {
public:
  CellPrograms(const Arch &arch, const RecurrentParams &params);

  int64_t constantBytes() const { return tableBytes; }
  void setUp(CommandBuilder &builder, uint32_t address) const;
  /// Bytes a lane between the commands of any program over such tensors.
  int64_t scratchBytes(const Shape4 &shape) const;
  /// Runs a program over aligned tensors of one shape [1, c, 1, w].
  void emit(CommandBuilder &builder, CellCode code, const LocalTensor &result,
            llvm::ArrayRef<LocalTensor> inputs, uint32_t scratch,
            uint32_t constants) const;

private:
  struct Program {
    VectorProgram code;
    uint32_t constants;
  };

  VectorValue appendFunction(VectorProgram &list, unsigned which,
                             VectorValue x) const;
  VectorValue appendBounded(VectorProgram &list, unsigned which,
                            VectorValue x) const;
  void record(CellCode code, VectorProgram &list) const;

  RecurrentParams params;
  std::vector<Program> programs; ///< by code
  int64_t tableBytes = 0;
};

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_RECURRENTPROGRAMS_H
