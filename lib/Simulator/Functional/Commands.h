//===- Commands.h - One handler a command family --------------*- C++ -*-===//
//
// The handlers that execute decoded commands. Each checks everything that it
// relies on before it writes, and says why when it refuses.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_COMMANDS_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_COMMANDS_H

#include "Formats.h"
#include "Kernels.h"
#include "Machine.h"
#include "View.h"

#include <cmath>
#include <cstring>

namespace tpuc::sim {

/// Function codes are named in full.
namespace codec = ::tpuc::codec;

using codec::Registers;

inline const Kernels &kernelsOf(const Machine &machine) {
  return machine.reference ? referenceKernels() : vectorKernels();
}
inline Kernels::LoadFloat floatLoader(const Kernels &k, Precision precision) {
  return precision == Precision::F16    ? k.loadF16
         : precision == Precision::BF16 ? k.loadBf16
                                        : k.loadF32;
}
inline Kernels::StoreFloat floatStorer(const Kernels &k, Precision precision) {
  return precision == Precision::F16    ? k.storeF16
         : precision == Precision::BF16 ? k.storeBf16
                                        : k.storeF32;
}
/// Stores sums of the fused adder. Other than elsewhere, a NaN that becomes 16
/// bits keeps its sign.
inline void storeFusedSums(const Kernels &k, Precision precision,
                           uint8_t *memory, ptrdiff_t stride, size_t count,
                           const float *sums) {
  floatStorer(k, precision)(memory, stride, count, sums);
  if (precision == Precision::F32)
    return;
  constexpr uint16_t kNegativeNan = 0xffff;
  for (size_t i = 0; i < count; ++i)
    if (std::isnan(sums[i]) && bitsOf(sums[i]) >> 31)
      std::memcpy(memory + ptrdiff_t(i) * stride, &kNegativeNan, 2);
}
/// Rounds f32 values to a storage type; null for f32 itself.
inline Kernels::Round floatRounder(const Kernels &k, Precision precision) {
  return precision == Precision::F16    ? k.roundF16
         : precision == Precision::BF16 ? k.roundBf16
                                        : nullptr;
}
/// Index of the tables by element size: 1, 2, 4 bytes.
inline unsigned sizeIndex(unsigned bytes) {
  return bytes == 1 ? 0 : bytes == 2 ? 1 : 2;
}
inline Kernels::LoadInt intLoader(const Kernels &k, Precision precision,
                                  bool isSigned) {
  unsigned index = sizeIndex(elementBytes(precision));
  return isSigned ? k.loadSigned[index] : k.loadUnsigned[index];
}

/// A constant operand in its own format, as f32 or as an integer.
float constantAsFloat(uint32_t bits, Precision precision);
int64_t constantAsInt(uint32_t bits, Precision precision, bool isSigned);

/// The value range of an integer type.
struct IntRange {
  int64_t low, high;
  int64_t clamp(int64_t value) const {
    return value < low ? low : value > high ? high : value;
  }
};
IntRange intRange(Precision precision, bool isSigned);

/// The layout of an operand by its code; the free form takes its strides from
/// the registers.
Status operandView(Machine &machine, const char *operand, uint32_t address,
                   unsigned elementBytes, const Shape &shape,
                   uint32_t layoutCode, const Strides &freeStrides, View &view);

Shape resultShape(const Registers &r);

/// An upper bound of the element operations of a command, at least 1; the
/// largest number when they do not fit.
uint64_t commandWork(codec::Layout layout, const Registers &r);

Status executeAr(Machine &machine, const Registers &r);
Status executeArInteger(Machine &machine, const Registers &r);
Status executeCast(Machine &machine, const Registers &r);
Status executeCompare(Machine &machine, const Registers &r);
Status executeConv(Machine &machine, const Registers &r);
Status executeGather(Machine &machine, const Registers &r);
Status executeGatherLine(Machine &machine, const Registers &r);
Status executeLinear(Machine &machine, const Registers &r);
Status executeMatrix(Machine &machine, const Registers &r);
Status executeMatrix2(Machine &machine, const Registers &r);
Status executePool(Machine &machine, const Registers &r);
Status executeRequantize(Machine &machine, const Registers &r);
Status executeSfu(Machine &machine, const Registers &r);
Status executeTranspose(Machine &machine, const Registers &r);
Status executeVectorCorrelation(Machine &machine, const Registers &r);

/// A TIU command that is not a system command.
Status executeTiu(Machine &machine, codec::Layout layout, const Registers &r);

/// A GDMA command that is not a system command.
Status executeGdma(Machine &machine, codec::Layout layout, const Registers &r);

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_COMMANDS_H
