//===- CommandBuilder.h - Commands over tensors -----------------*- C++ -*-===//
//
// One method a hardware function, with tensors for operands: it chooses layout
// codes and fills registers. It knows nothing of operators, tiles or files.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_COMMANDBUILDER_H
#define TPUC_KERNEL_COMMANDBUILDER_H

#include "Kernel/CommandSink.h"
#include "Kernel/Tensor.h"
#include "Target/BM1684X/Codec.h"

#include <optional>

namespace tpuc::kernel {

/// Function codes of the element-wise unit (AR).
enum class Arith : uint8_t {
  Mul = codec::ArFunction::Mul,
  Not = codec::ArFunction::Not,
  Add = codec::ArFunction::Add,
  Sub = codec::ArFunction::Sub,
  Max = codec::ArFunction::Max,
  Min = codec::ArFunction::Min,
  LogicShift = codec::ArFunction::LogicShift,
  And = codec::ArFunction::And,
  Or = codec::ArFunction::Or,
  Xor = codec::ArFunction::Xor,
  Div = codec::ArFunction::Div,
  Cast = codec::ArFunction::Cast,
  AddSat = codec::ArFunction::Adds,
  SubSat = codec::ArFunction::Subs,
  Mac = codec::ArFunction::Mac,
  Copy = codec::ArFunction::Copy,
  MulSat = codec::ArFunction::Muls,
  ArithShift = codec::ArFunction::Ashift,
  Abs = codec::ArFunction::Abs,
};

/// Function codes of the compare unit (CMP): result = (a ? b) ? c : d.
enum class Compare : uint8_t {
  SelectGreater = codec::CmpFunction::SelGt,
  SelectEqual = codec::CmpFunction::SelEq,
  SelectLess = codec::CmpFunction::SelLt
};

/// Rounding modes, by their code.
enum class Rounding : uint8_t {
  HalfToEven = 0,
  HalfAwayFromZero = 1,
  TowardsZero = 2,
  Down = 3,
  Up = 4
};

/// An operand of a TIU command: a tensor, or a constant of its own type.
/// Axes of size 1 broadcast against the result, except that lanes never do: a
/// tensor of one channel stands for a copy in every lane.
struct Operand {
  std::optional<LocalTensor> tensor;
  uint32_t bits = 0;
  ElementType type = ElementType::F32;

  Operand(const LocalTensor &tensor) : tensor(tensor), type(tensor.type) {}
  /// The constant `value` in `type`.
  Operand(double value, ElementType type)
      : bits(constantBits(value, type)), type(type) {}
  static Operand ofBits(uint32_t bits, ElementType type);
};

/// Geometry of a sliding window. Pads 0..15, strides 1..15, dilations 1..16.
struct Window {
  int64_t kernelH = 1, kernelW = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  int64_t dilationH = 1, dilationW = 1;
  /// Zeros inserted between input elements (transposed convolution).
  int64_t insertH = 0, insertW = 0;
};

/// A factor as the integer commands take it: mantissa * 2^shift.
struct Multiplier {
  int32_t mantissa;
  int8_t shift;
};
/// The nearest to `factor`, with 31 bits of mantissa.
Multiplier encodeMultiplier(double factor);

class CommandBuilder {
public:
  CommandBuilder(const Arch &arch, CommandSink &sink)
      : arch(arch), sink(sink) {}
  virtual ~CommandBuilder() = default;

  /// The chip that the commands are for.
  const Arch &arch;

  //===--- Element-wise -----------------------------------------------------//

  /// result = a `function` b. Operands are read in `a` and `b`'s own types.
  void arith(Arith function, const LocalTensor &result, const Operand &a,
             const Operand &b, Rounding rounding = Rounding::HalfToEven);
  /// As arith, with the third operand (shift) of the integer forms.
  void arithShifted(Arith function, const LocalTensor &result, const Operand &a,
                    const Operand &b, const Operand &shift,
                    Rounding rounding = Rounding::HalfToEven);
  void cast(const LocalTensor &result, const LocalTensor &source,
            Rounding rounding = Rounding::HalfToEven);
  /// Copies within lanes; strides may permute n, h and w.
  void copy(const LocalTensor &result, const LocalTensor &source);
  void abs(const LocalTensor &result, const LocalTensor &source);
  /// a / b in f32 by `iterations` Newton steps (1..4; 4 gives <= 4 ulp).
  void divide(const LocalTensor &result, const Operand &a, const Operand &b,
              unsigned iterations = 4);
  /// result = (a ? b) ? c : d; a, b of one type, c, d and result of another.
  void select(Compare function, const LocalTensor &result, const Operand &a,
              const Operand &b, const Operand &c, const Operand &d);
  /// result = round(source * scale) + offset, constants or [1, C, 1, 1]
  /// compact tensors.
  void linear(const LocalTensor &result, const LocalTensor &source,
              const Operand &scale, const Operand &offset);
  /// Horner's scheme with `count` coefficients, lowest first, that lie at
  /// `table` in every lane used.
  void taylor(const LocalTensor &result, const LocalTensor &source,
              uint32_t table, unsigned count);
  /// 1/sqrt in f32 by `iterations` Newton steps (1..4).
  void rsqrt(const LocalTensor &result, const LocalTensor &source,
             unsigned iterations = 4);
  /// result[n, w, h, c] = source[n, c, h, w], both aligned.
  void transpose(const LocalTensor &result, const LocalTensor &source);
  /// Writes `count` words of static memory from `staticOffset` on into every
  /// lane: result [1, lanes, 1, count].
  void loadStatic(const LocalTensor &result, uint32_t staticOffset);

  //===--- Requantisation ---------------------------------------------------//
  // All tensors are aligned. Results are 8-bit or 16-bit integers, rounded to
  // nearest (half away from zero) and saturated to their type.

  /// result = round(source * factor) + zeroPoint; source 16 or 32 bit.
  void requantize(const LocalTensor &result, const LocalTensor &source,
                  const Multiplier &factor, int64_t zeroPoint);
  /// result = round(source * factor + summand) in f32, ties to even, with the
  /// factor and the summand of every channel: f32 at `parameters`, aligned as
  /// [1, C, 1, 2]; source i32.
  void requantizeChannels(const LocalTensor &result, const LocalTensor &source,
                          uint32_t parameters);
  /// result += a * b, i16 or u16, wrapping; a and b 8 bit.
  void accumulateProduct(const LocalTensor &result, const Operand &a,
                         const Operand &b);

  //===--- Windows ----------------------------------------------------------//

  /// Convolution; `weights` is the address of the packed weights, `bias` a
  /// compact f32 [1, OC, 1, 1] or nothing. `source` and `result` aligned
  /// (source may have free strides). With `accumulate` (f32 results of 16-bit
  /// operands, i32 results) the result is added to. 8-bit sources take i8
  /// weights and no bias. Padding counts as `padBits`.
  void convolve(const LocalTensor &result, const LocalTensor &source,
                uint32_t weights, std::optional<uint32_t> bias,
                const Window &window, bool accumulate = false,
                uint32_t padBits = 0);
  /// Depthwise convolution; weights and bias compact, of the source's type
  /// (i8 weights and an i32 bias for 8-bit sources).
  void depthwise(const LocalTensor &result, const LocalTensor &source,
                 uint32_t weights, std::optional<uint32_t> bias,
                 const Window &window, uint32_t padBits = 0);
  /// Maximum over the window; padding counts as `padBits`.
  void maxPool(const LocalTensor &result, const LocalTensor &source,
               const Window &window, uint32_t padBits);
  /// Sum over the window of source * scale.
  void averagePool(const LocalTensor &result, const LocalTensor &source,
                   const Window &window, double scale);

  //===--- Matrix products --------------------------------------------------//

  /// result [M, N] = left [M, K] * right, rows across lanes (16 bit and i8).
  /// `right` is [K, N], or [N, K] when transposed. Tensors are [1, rows, 1,
  /// columns], aligned. With `accumulate` (f32 or i32 results) the product is
  /// added to the result.
  void matmulRows(const LocalTensor &result, const LocalTensor &left,
                  const LocalTensor &right, bool rightTransposed,
                  bool accumulate = false);
  /// result [M, N] = left [M, K] * right [K, N] in f32 over column blocks:
  /// [n = row, c = block, h = 1, w = columns of a block], aligned. `depth` is
  /// K; `bias` is [1, blocks, 1, w] or nothing. `leftTransposed`: left is
  /// stored K x M.
  void matmulBlocks(const LocalTensor &result, const LocalTensor &left,
                    const LocalTensor &right, int64_t depth,
                    std::optional<uint32_t> bias, bool accumulate = false,
                    bool leftTransposed = false);

  //===--- Transfers --------------------------------------------------------//
  // Virtual: whoever knows which values lie in local memory answers a transfer
  // of them in its own way.

  virtual void load(const LocalTensor &result, const GlobalTensor &source);
  virtual void store(const GlobalTensor &result, const LocalTensor &source);
  /// Global to global.
  virtual void copyS2S(const GlobalTensor &result, const GlobalTensor &source);
  /// Local to local, across lanes.
  void copyL2L(const LocalTensor &result, const LocalTensor &source);
  /// The one channel of `source` into every channel of `result` (at most
  /// the lanes from its first on).
  virtual void loadBroadcast(const LocalTensor &result,
                             const GlobalTensor &source);
  /// Matrix [rows, columns] (columns contiguous, `rowStride` elements apart)
  /// to column blocks [n = row, c = block, 1, w].
  virtual void loadBlocks(const LocalTensor &result, const GlobalTensor &source,
                          int64_t rows, int64_t columns, int64_t rowStride);
  virtual void storeBlocks(const GlobalTensor &result,
                           const LocalTensor &source, int64_t rows,
                           int64_t columns, int64_t rowStride);
  virtual void fill(const LocalTensor &result, uint32_t bits);
  virtual void fill(const GlobalTensor &result, uint32_t bits);
  /// result[c, i, :] = source[c, index[i], :]; indices are u32 [1, 1, count,
  /// 1]. All in global memory; a row out of range becomes zero.
  virtual void gather(const GlobalTensor &result, const GlobalTensor &source,
                      const GlobalTensor &index);

  /// Sends registers as they are, for what has no method here.
  void emit(codec::Layout layout, const codec::Registers &registers) {
    sink.emit(layout, registers);
  }
  /// The absolute address of a global tensor.
  virtual uint64_t addressOf(const GlobalTensor &tensor) const;

private:
  void emitArith(Arith function, const LocalTensor &result, const Operand &a,
                 const Operand *b, const Operand *c, Rounding rounding);

  CommandSink &sink;
};

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_COMMANDBUILDER_H
