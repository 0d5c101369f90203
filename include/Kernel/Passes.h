//===- Passes.h - Straight-line programs of vector commands ----*- C++ -*-===//
//
// A list of element-wise commands over values of one shape, recorded first and
// emitted later for a tile: buffers are assigned by liveness, so that no
// command writes what it reads (which costs twice) and few buffers are needed.
// It knows vectors and rows, not operators.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_PASSES_H
#define TPUC_KERNEL_PASSES_H

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

/// A value of a PassList.
struct PassValue {
  unsigned slot = 0;
  ElementType type = ElementType::F32;
  Extent extent = Extent::Full;

  /// The same bits as another type of the same width.
  PassValue as(ElementType newType) const { return {slot, newType, extent}; }
};

/// An operand of a pass: a value, or a constant of the other operand's type.
struct PassOperand {
  std::optional<PassValue> value;
  double constant = 0;

  PassOperand(PassValue value) : value(value) {}
  PassOperand(double constant) : constant(constant) {}
};

/// A tile that a PassList works on: `columns` valid columns in rows that are
/// `full.shape[W]` wide.
struct PassTile {
  Shape4 shape;
  int64_t columns;
};

class PassList {
public:
  //===--- Recording --------------------------------------------------------//

  /// The next operand of the list, in the caller's buffer. All operands are
  /// named before the first pass.
  PassValue input(ElementType type, Extent extent = Extent::Full);

  PassValue arith(Arith function, PassOperand a, PassOperand b);
  PassValue add(PassOperand a, PassOperand b) {
    return arith(Arith::Add, a, b);
  }
  PassValue sub(PassOperand a, PassOperand b) {
    return arith(Arith::Sub, a, b);
  }
  PassValue mul(PassOperand a, PassOperand b) {
    return arith(Arith::Mul, a, b);
  }
  PassValue max(PassOperand a, PassOperand b) {
    return arith(Arith::Max, a, b);
  }
  PassValue min(PassOperand a, PassOperand b) {
    return arith(Arith::Min, a, b);
  }
  /// An i32 value shifted left (right when negative, rounding down).
  PassValue shift(PassValue a, int bits);
  PassValue abs(PassValue a);
  /// `a` itself when it has that type.
  PassValue cast(PassValue a, ElementType type,
                 Rounding rounding = Rounding::HalfToEven);
  /// A float rounded to an integer of its own type.
  PassValue round(PassValue a, Rounding rounding);
  /// (a ? b) ? c : d with constants c and d of `c`'s or `d`'s type, or of
  /// `a`'s when both are constants.
  PassValue select(Compare function, PassValue a, PassOperand b, PassOperand c,
                   PassOperand d);
  /// round(round(a * scale) + offset).
  PassValue linear(PassValue a, double scale, double offset);
  /// The polynomial with these coefficients, lowest first, by Horner's scheme
  /// in `a`'s type.
  PassValue polynomial(PassValue a, llvm::ArrayRef<double> coefficients);
  /// 1/sqrt, f32.
  PassValue rsqrt(PassValue a);
  /// a / b, f32.
  PassValue divide(PassOperand a, PassOperand b);
  /// The sum (f32) or the largest (any float) of each row's columns.
  PassValue rowSum(PassValue a) { return reduce(a, /*isMax=*/false); }
  PassValue rowMax(PassValue a) { return reduce(a, /*isMax=*/true); }

  /// Says which value the caller's result buffer receives. It must come from a
  /// pass (not be an input) and not be an operand of a later one.
  void setResult(PassValue value);
  const PassValue &result() const { return resultValue; }

  bool hasReductions() const { return reductions; }

  //===--- Emission ---------------------------------------------------------//

  /// Bytes a lane of the buffers between the passes.
  int64_t scratchBytes(const PassTile &tile) const;
  /// Their addresses when they lie one after the other from `scratch` on.
  llvm::SmallVector<uint32_t> bufferAddresses(const PassTile &tile,
                                              uint32_t scratch) const;
  /// Types of the buffers, of a list without reductions and rows.
  llvm::SmallVector<ElementType, 4> bufferTypes() const;
  /// Bytes a lane of the coefficient tables, and what writes them.
  int64_t constantBytes() const { return tableBytes; }
  void setUp(CommandBuilder &builder, uint32_t address) const;
  /// Emits the passes for a tile. The result is an aligned tensor of the shape
  /// that shapeOf() gives, and so are the operands, except that those read only
  /// by arithmetic and casts may have other strides and axes of size 1.
  void emit(CommandBuilder &builder, const PassTile &tile,
            const LocalTensor &result, llvm::ArrayRef<LocalTensor> inputs,
            llvm::ArrayRef<uint32_t> buffers, uint32_t constants) const;

  /// Shape of a value of this extent as a buffer.
  static Shape4 shapeOf(const PassTile &tile, Extent extent);

private:
  enum class Kind : uint8_t {
    Arith,
    Shift,
    Abs,
    Cast,
    Select,
    Linear,
    Polynomial,
    Rsqrt,
    Divide,
    RowSum,
    RowMax
  };
  struct Pass {
    Kind kind;
    PassValue result;
    llvm::SmallVector<PassOperand, 2> operands;
    Arith function = Arith::Add;
    Compare compare = Compare::SelectGreater;
    Rounding rounding = Rounding::HalfToEven;
    unsigned table = 0;
  };
  struct Table {
    ElementType type;
    llvm::SmallVector<uint32_t, 16> words;
    uint32_t offset;
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

  PassValue reduce(PassValue a, bool isMax);
  Pass &append(Kind kind, ElementType type, Extent extent,
               llvm::ArrayRef<PassOperand> operands);
  unsigned addTable(ElementType type, llvm::ArrayRef<double> coefficients);
  Assignment assignBuffers() const;
  static int64_t bufferBytes(const PassTile &tile, const Buffer &buffer);
  static int64_t reductionBytes(const PassTile &tile);
  void emitReduction(CommandBuilder &builder, const PassTile &tile,
                     const LocalTensor &result, const LocalTensor &source,
                     bool isMax, uint32_t scratch) const;

  unsigned numInputs = 0;
  unsigned numSlots = 0;
  bool reductions = false;
  PassValue resultValue;
  llvm::SmallVector<Pass> passes;
  llvm::SmallVector<Table> tables;
  int64_t tableBytes = 0;
};

/// The smallest size from `columns` on that row reductions can take apart in
/// factors of at most 15, the largest step of a pooling window.
int64_t reducibleColumns(int64_t columns);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_PASSES_H
