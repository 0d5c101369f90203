//===- VectorProgram.h - Straight-line vector code --------------*- C++ -*-===//
//
// A list of element-wise commands over values of one shape, recorded first and
// emitted later for a tile: buffers are assigned by liveness, so that no
// command writes what it reads (which costs twice) and few buffers are needed.
// It knows vectors and rows, not operators.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_VECTORPROGRAM_H
#define TPUC_KERNEL_VECTORPROGRAM_H

#include "Kernel/CommandBuilder.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace tpuc::kernel {

/// How many elements a value has.
enum class Extent : uint8_t {
  Full,  ///< one an element of the tile
  Row,   ///< one a row (n, c, h), the same for all columns
  Column ///< one a column, the same copy in every lane
};

/// A value of a VectorProgram.
struct VectorValue {
  unsigned slot = 0;
  ElementType type = ElementType::F32;
  Extent extent = Extent::Full;

  /// The same bits as another type of the same width.
  VectorValue as(ElementType newType) const { return {slot, newType, extent}; }
};

/// An operand of an instruction: a value, or a constant of the other operand's
/// type.
struct VectorOperand {
  std::optional<VectorValue> value;
  double constant = 0;

  VectorOperand(VectorValue value) : value(value) {}
  VectorOperand(double constant) : constant(constant) {}
};

/// A tile that a VectorProgram works on: `columns` valid columns in rows that
/// are `full.shape[W]` wide.
struct VectorTile {
  Shape4 shape;
  int64_t columns;
};

class VectorProgram {
public:
  explicit VectorProgram(const Arch &arch) : arch(&arch) {}

  //===--- Recording --------------------------------------------------------//

  /// The next operand of the list, in the caller's buffer. All operands are
  /// named before the first instruction.
  VectorValue input(ElementType type, Extent extent = Extent::Full);

  VectorValue arith(Arith function, VectorOperand a, VectorOperand b);
  VectorValue add(VectorOperand a, VectorOperand b) {
    return arith(Arith::Add, a, b);
  }
  VectorValue sub(VectorOperand a, VectorOperand b) {
    return arith(Arith::Sub, a, b);
  }
  VectorValue mul(VectorOperand a, VectorOperand b) {
    return arith(Arith::Mul, a, b);
  }
  VectorValue max(VectorOperand a, VectorOperand b) {
    return arith(Arith::Max, a, b);
  }
  VectorValue min(VectorOperand a, VectorOperand b) {
    return arith(Arith::Min, a, b);
  }
  /// Clamps that keep a NaN of `a`: of two operands of which one is NaN the
  /// chip's max takes the second, its min the first.
  VectorValue atLeast(VectorValue a, double least) { return max(least, a); }
  VectorValue atMost(VectorValue a, double most) { return min(a, most); }
  VectorValue clamp(VectorValue a, double least, double most) {
    return atLeast(atMost(a, most), least);
  }
  /// An i32 value shifted left (right when negative, rounding down).
  VectorValue shift(VectorValue a, int bits);
  VectorValue abs(VectorValue a);
  /// `a` itself when it has that type.
  VectorValue cast(VectorValue a, ElementType type,
                   Rounding rounding = Rounding::HalfToEven);
  /// A float rounded to an integer of its own type.
  VectorValue round(VectorValue a, Rounding rounding);
  /// (a ? b) ? c : d with constants c and d of `c`'s or `d`'s type, or of
  /// `a`'s and `b`'s when both are constants. With a NaN among a and b
  /// "greater" is false and "less" is true.
  VectorValue select(Compare function, VectorOperand a, VectorOperand b,
                     VectorOperand c, VectorOperand d);
  /// round(round(a * scale) + offset).
  VectorValue linear(VectorValue a, double scale, double offset);
  /// round(round(a * scale) + offset) in 16 bit, with a scale and an offset of
  /// a's type for each row.
  VectorValue linearRows(VectorValue a, VectorValue scale, VectorValue offset);
  /// The polynomial with these coefficients, lowest first, by Horner's scheme
  /// in `a`'s type.
  VectorValue polynomial(VectorValue a, llvm::ArrayRef<double> coefficients);
  /// 1/sqrt, f32.
  VectorValue rsqrt(VectorValue a);
  /// a / b, f32.
  VectorValue divide(VectorOperand a, VectorOperand b);
  /// p * 2^n in 16 bit for an i16 n: adds n to p's exponents, in p's buffer.
  /// `p` is an instruction's result and not used elsewhere. Exponents must stay
  /// those of normal numbers, or become 0.
  VectorValue scaleByPowerOfTwo(VectorValue p, VectorValue n);
  /// Writes a constant to the columns from VectorTile::columns on, in place.
  VectorValue fillPadding(VectorValue a, double constant);
  /// The largest element of each row, padding included, in the row's type.
  VectorValue rowMax(VectorValue a);
  /// `factor` times the sum of each row of `columns` elements, padding
  /// included, in f32.
  VectorValue rowSum(VectorValue a, int64_t columns, double factor = 1.0);

  /// Says which value the caller's result buffer receives. It must come from a
  /// instruction (not be an input) and not be an operand of a later one.
  void setResult(VectorValue value);
  const VectorValue &result() const { return resultValue; }

  //===--- Emission ---------------------------------------------------------//

  /// Bytes a lane of the buffers between the instructions.
  int64_t scratchBytes(const VectorTile &tile) const;
  /// Their addresses when they lie one after the other from `scratch` on.
  llvm::SmallVector<uint32_t> bufferAddresses(const VectorTile &tile,
                                              uint32_t scratch) const;
  /// Types of the buffers, of a list without rows.
  llvm::SmallVector<ElementType, 4> bufferTypes() const;
  /// Bytes a lane of the coefficient tables, and what writes them.
  int64_t constantBytes() const { return tableBytes; }
  void setUp(CommandBuilder &builder, uint32_t address) const;
  /// Emits the instructions for a tile. The result is an aligned tensor of the
  /// shape that shapeOf() gives, and so are the operands, except that in tiles
  /// with a channel a lane those read only by arithmetic and casts may have
  /// other strides and axes of size 1. All lanes of larger tiles, and of
  /// operands of reductions, are read and written.
  void emit(CommandBuilder &builder, const VectorTile &tile,
            const LocalTensor &result, llvm::ArrayRef<LocalTensor> inputs,
            llvm::ArrayRef<uint32_t> buffers, uint32_t constants) const;

  /// Shape of a value of this extent as a buffer.
  Shape4 shapeOf(const VectorTile &tile, Extent extent) const;

private:
  enum class Kind : uint8_t {
    Arith,
    Shift,
    Abs,
    Cast,
    Select,
    Linear,
    LinearRows,
    Polynomial,
    Rsqrt,
    Divide,
    ScaleByPowerOfTwo,
    FillPadding,
    RowSum,
    RowMax
  };
  struct Instruction {
    Kind kind;
    VectorValue result;
    llvm::SmallVector<VectorOperand, 2> operands;
    Arith function = Arith::Add;
    Compare compare = Compare::SelectGreater;
    Rounding rounding = Rounding::HalfToEven;
    unsigned table = 0;
    /// The result lies in the first operand's buffer.
    bool inPlace = false;
  };
  /// Constants of every lane: coefficients, or ones that fill whole vectors.
  struct Table {
    ElementType type;
    llvm::SmallVector<uint32_t, 16> words;
    uint32_t offset;
    int64_t numOnes = 0;
  };
  /// Where each slot lives: a reusable buffer, by number.
  struct Buffer {
    int64_t width;
    Extent extent;
  };
  struct Assignment {
    llvm::SmallVector<int> bufferOfSlot;
    llvm::SmallVector<Buffer> buffers;
  };

  Instruction &append(Kind kind, ElementType type, Extent extent,
                      llvm::ArrayRef<VectorOperand> operands);
  unsigned addTable(ElementType type, llvm::ArrayRef<double> coefficients);
  unsigned addOnes(ElementType type, int64_t count);
  Assignment assignBuffers() const;
  /// Blocks of a channel a lane as batches, which is the same memory.
  VectorTile folded(const VectorTile &tile) const;
  Shape4 bufferShape(const VectorTile &tile, Extent extent) const;
  int64_t bufferBytes(const VectorTile &tile, const Buffer &buffer) const;
  /// Bytes a lane that instructions over rows need between their commands.
  int64_t rowScratchBytes(const VectorTile &tile) const;
  void emitReduction(CommandBuilder &builder, const Instruction &instruction,
                     const LocalTensor &result, const LocalTensor &source,
                     uint32_t scratch, uint32_t constants) const;

  const Arch *arch;
  unsigned numInputs = 0;
  unsigned numSlots = 0;
  VectorValue resultValue;
  llvm::SmallVector<Instruction> instructions;
  llvm::SmallVector<Table> tables;
  int64_t tableBytes = 0;
};

/// The smallest multiple of `step` from `columns` on that pooling can take
/// apart in factors of at most 15, its largest step.
int64_t reducibleColumns(int64_t columns, int64_t step = 1);

/// Reductions of the rows of `source` ([n, c, h, w], aligned, at most
/// a channel a lane) to one number a row, [1, c, n * h, 1] aligned. `scratch`
/// holds rowReductionBytes() bytes a lane.
int64_t rowReductionBytes(const Arch &arch, const Shape4 &shape,
                          ElementType type);
/// The largest element, of the source's type.
void emitRowMax(CommandBuilder &builder, const LocalTensor &result,
                const LocalTensor &source, uint32_t scratch);
/// `factor` times the sum, in f32. For 16 bit a product with a column of ones,
/// of which `ones` has at least w rows.
void emitRowSum(CommandBuilder &builder, const LocalTensor &result,
                const LocalTensor &source, double factor, uint32_t ones,
                uint32_t scratch);

/// round(round(source * scale) + offset) of a 16-bit `source` ([n, c, h, w],
/// aligned, at most a channel a lane) with a number a row ([1, c, n * h, 1]
/// aligned). `scratch` holds linearRowsBytes() bytes a lane.
int64_t linearRowsBytes(const Arch &arch, const Shape4 &shape,
                        ElementType type);
void emitLinearRows(CommandBuilder &builder, const LocalTensor &result,
                    const LocalTensor &source, const LocalTensor &scale,
                    const LocalTensor &offset, uint32_t scratch);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_VECTORPROGRAM_H
