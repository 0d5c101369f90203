//===- Passes.cpp - Straight-line programs of vector commands -------------===//
//
// Records passes, assigns their buffers and emits them for a tile.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Passes.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

int64_t alignedBytes(int64_t bytes) {
  return arch::alignUp(bytes, arch::kVectorBytes);
}

/// The largest step of a pooling window (4 bits).
constexpr int64_t kMaxStep = 15;

/// The largest divisor that a pooling window can step over, 1 for primes
/// beyond it.
int64_t largestStep(int64_t size) {
  for (int64_t step = kMaxStep; step > 1; --step)
    if (size % step == 0)
      return step;
  return 1;
}

} // namespace

int64_t kernel::reducibleColumns(int64_t columns) {
  for (int64_t size = columns;; ++size) {
    int64_t rest = size;
    for (int64_t step; (step = largestStep(rest)) > 1;)
      rest /= step;
    if (rest == 1)
      return size;
  }
}

//===----------------------------------------------------------------------===//
// Recording
//===----------------------------------------------------------------------===//

PassList::Pass &PassList::append(Kind kind, ElementType type, Extent extent,
                                 llvm::ArrayRef<PassOperand> operands) {
  Pass pass;
  pass.kind = kind;
  pass.result = {numSlots++, type, extent};
  pass.operands.assign(operands.begin(), operands.end());
  passes.push_back(std::move(pass));
  return passes.back();
}

PassValue PassList::input(ElementType type, Extent extent) {
  ++numInputs;
  return {numSlots++, type, extent};
}

PassValue PassList::arith(Arith function, PassOperand a, PassOperand b) {
  const PassValue &known = a.value ? *a.value : *b.value;
  Extent extent = known.extent;
  if (a.value && b.value && a.value->extent != b.value->extent)
    extent = Extent::Full;
  Pass &pass = append(Kind::Arith, known.type, extent, {a, b});
  pass.function = function;
  return pass.result;
}

PassValue PassList::shift(PassValue a, int bits) {
  Pass &pass =
      append(Kind::Shift, a.type, a.extent, {a, PassOperand(double(bits))});
  pass.rounding = Rounding::Down;
  return pass.result;
}

PassValue PassList::abs(PassValue a) {
  return append(Kind::Abs, a.type, a.extent, {a}).result;
}

PassValue PassList::cast(PassValue a, ElementType type, Rounding rounding) {
  if (a.type == type)
    return a;
  Pass &pass = append(Kind::Cast, type, a.extent, {a});
  pass.rounding = rounding;
  return pass.result;
}

PassValue PassList::round(PassValue a, Rounding rounding) {
  Pass &pass = append(Kind::Cast, a.type, a.extent, {a});
  pass.rounding = rounding;
  return pass.result;
}

PassValue PassList::select(Compare function, PassValue a, PassOperand b,
                           PassOperand c, PassOperand d) {
  ElementType type = c.value ? c.value->type : d.value ? d.value->type : a.type;
  Pass &pass = append(Kind::Select, type, a.extent, {a, b, c, d});
  pass.compare = function;
  return pass.result;
}

PassValue PassList::linear(PassValue a, double scale, double offset) {
  return append(Kind::Linear, a.type, a.extent, {a, scale, offset}).result;
}

unsigned PassList::addTable(ElementType type,
                            llvm::ArrayRef<double> coefficients) {
  Table table{type, {}, uint32_t(tableBytes)};
  for (double coefficient : coefficients)
    table.words.push_back(constantBits(coefficient, type));
  for (auto [i, known] : llvm::enumerate(tables))
    if (known.type == type && known.words == table.words)
      return i;
  tableBytes += alignedBytes(int64_t(table.words.size()) * byteWidth(type));
  tables.push_back(std::move(table));
  return tables.size() - 1;
}

PassValue PassList::polynomial(PassValue a,
                               llvm::ArrayRef<double> coefficients) {
  unsigned table = addTable(a.type, coefficients);
  Pass &pass = append(Kind::Polynomial, a.type, a.extent, {a});
  pass.table = table;
  return pass.result;
}

PassValue PassList::rsqrt(PassValue a) {
  return append(Kind::Rsqrt, a.type, a.extent, {a}).result;
}

PassValue PassList::divide(PassOperand a, PassOperand b) {
  PassValue result = arith(Arith::Div, a, b);
  passes.back().kind = Kind::Divide;
  return result;
}

PassValue PassList::reduce(PassValue a, bool isMax) {
  reductions = true;
  return append(isMax ? Kind::RowMax : Kind::RowSum, a.type, Extent::Row, {a})
      .result;
}

void PassList::setResult(PassValue value) { resultValue = value; }

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Shape4 PassList::shapeOf(const PassTile &tile, Extent extent) {
  switch (extent) {
  case Extent::Full:
    return tile.shape;
  case Extent::Row:
    return {tile.shape[N], tile.shape[C], tile.shape[H], 1};
  case Extent::Column:
    return {1, arch::kLanes, 1, tile.shape[W]};
  }
  return tile.shape;
}

PassList::Assignment PassList::assignBuffers() const {
  llvm::SmallVector<size_t> lastUse(numSlots, 0);
  for (auto [index, pass] : llvm::enumerate(passes))
    for (const PassOperand &operand : pass.operands)
      if (operand.value)
        lastUse[operand.value->slot] = index;

  Assignment assignment;
  assignment.bufferOfSlot.assign(numSlots, -1);
  llvm::SmallVector<size_t> freeAfter;
  for (auto [index, pass] : llvm::enumerate(passes)) {
    unsigned slot = pass.result.slot;
    if (slot == resultValue.slot)
      continue;
    int64_t width = byteWidth(pass.result.type);
    size_t buffer = 0;
    // A buffer is free when the pass that last read it has gone by.
    for (; buffer < assignment.buffers.size(); ++buffer)
      if (assignment.buffers[buffer].width == width &&
          assignment.buffers[buffer].extent == pass.result.extent &&
          freeAfter[buffer] < index)
        break;
    if (buffer == assignment.buffers.size()) {
      assignment.buffers.push_back({width, pass.result.extent});
      freeAfter.push_back(0);
    }
    freeAfter[buffer] = std::max(lastUse[slot], size_t(index));
    assignment.bufferOfSlot[slot] = int(buffer);
  }
  return assignment;
}

int64_t PassList::bufferBytes(const PassTile &tile, const Buffer &buffer) {
  ElementType type = buffer.width == 4 ? ElementType::F32 : ElementType::F16;
  return alignedBytes(
      alignedTensor(0, shapeOf(tile, buffer.extent), type).laneBytes());
}

int64_t PassList::reductionBytes(const PassTile &tile) {
  // Every step leaves at most half of what it read; the padding of small
  // steps is a vector each.
  return bufferBytes(tile, {4, Extent::Full}) + 16 * arch::kVectorBytes;
}

int64_t PassList::scratchBytes(const PassTile &tile) const {
  int64_t bytes = reductions ? reductionBytes(tile) : 0;
  for (const Buffer &buffer : assignBuffers().buffers)
    bytes += bufferBytes(tile, buffer);
  return bytes;
}

llvm::SmallVector<uint32_t> PassList::bufferAddresses(const PassTile &tile,
                                                      uint32_t scratch) const {
  llvm::SmallVector<uint32_t> addresses;
  for (const Buffer &buffer : assignBuffers().buffers) {
    addresses.push_back(scratch);
    scratch += uint32_t(bufferBytes(tile, buffer));
  }
  // What reductions leave between their steps comes last.
  addresses.push_back(scratch);
  return addresses;
}

llvm::SmallVector<ElementType, 4> PassList::bufferTypes() const {
  llvm::SmallVector<ElementType, 4> types;
  for (const Buffer &buffer : assignBuffers().buffers)
    types.push_back(buffer.width == 4 ? ElementType::F32 : ElementType::F16);
  return types;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

void PassList::setUp(CommandBuilder &builder, uint32_t address) const {
  for (const Table &table : tables) {
    // Each write covers all entries up to its own, the last entry first: every
    // command starts at an aligned address.
    for (size_t count = table.words.size(); count > 0; --count) {
      Shape4 shape{1, arch::kLanes, 1, int64_t(count)};
      builder.arith(Arith::Add,
                    alignedTensor(address + table.offset, shape, table.type),
                    Operand::ofBits(table.words[count - 1], table.type),
                    Operand(0.0, table.type));
    }
  }
}

void PassList::emitReduction(CommandBuilder &builder, const PassTile &tile,
                             const LocalTensor &result,
                             const LocalTensor &source, bool isMax,
                             uint32_t scratch) const {
  ElementType type = source.type;
  int64_t columns = tile.shape[W];
  double identity = isMax ? -std::numeric_limits<double>::infinity() : 0.0;
  if (tile.columns < columns) {
    LocalTensor padding = source.slice(W, tile.columns, columns - tile.columns);
    builder.arith(Arith::Add, padding, Operand(identity, type),
                  Operand(0.0, type));
  }
  if (columns == 1) {
    builder.copy(result, source);
    return;
  }
  // Row r of `step` columns groups each: pooling down the groups, as rows of
  // the remaining columns, costs one vector for each vector read.
  LocalTensor current = source;
  while (columns > 1) {
    int64_t step = largestStep(columns);
    columns /= step;
    Shape4 from = tile.shape, to = tile.shape;
    from[H] *= step;
    from[W] = to[W] = columns;
    LocalTensor reduced = result;
    if (columns > 1) {
      reduced = alignedTensor(scratch, to, type);
      scratch += uint32_t(alignedBytes(reduced.laneBytes()));
    }
    Window window;
    window.kernelH = step;
    window.strideH = step;
    LocalTensor view = alignedTensor(current.address, from, type);
    if (isMax)
      builder.maxPool(reduced, view, window, constantBits(identity, type));
    else
      builder.averagePool(reduced, view, window, 1.0);
    current = reduced;
  }
}

void PassList::emit(CommandBuilder &builder, const PassTile &tile,
                    const LocalTensor &result,
                    llvm::ArrayRef<LocalTensor> inputs,
                    llvm::ArrayRef<uint32_t> buffers,
                    uint32_t constants) const {
  Assignment assignment = assignBuffers();
  auto place = [&](const PassValue &value) {
    if (value.slot < numInputs)
      return inputs[value.slot].as(value.type);
    uint32_t address = value.slot == resultValue.slot
                           ? result.address
                           : buffers[assignment.bufferOfSlot[value.slot]];
    return alignedTensor(address, shapeOf(tile, value.extent), value.type);
  };
  auto read = [&](const PassValue &value, Extent resultExtent) {
    LocalTensor tensor = place(value);
    if (value.extent == Extent::Column && resultExtent != Extent::Column) {
      tensor.shape[C] = 1;
      tensor.strides = {0, 0, 0, 1};
    }
    return tensor;
  };
  for (const Pass &pass : passes) {
    LocalTensor target = place(pass.result);
    auto operand = [&](unsigned index, ElementType type) {
      const PassOperand &source = pass.operands[index];
      return source.value ? Operand(read(*source.value, pass.result.extent))
                          : Operand(source.constant, type);
    };
    auto typeOf = [&](unsigned a, unsigned b) {
      const PassOperand &known =
          pass.operands[a].value ? pass.operands[a] : pass.operands[b];
      return known.value ? known.value->type : pass.result.type;
    };
    auto source = [&] {
      return read(*pass.operands[0].value, pass.result.extent);
    };
    switch (pass.kind) {
    case Kind::Arith: {
      ElementType type = typeOf(0, 1);
      builder.arith(pass.function, target, operand(0, type), operand(1, type));
      break;
    }
    case Kind::Shift:
      builder.arith(Arith::ArithShift, target, operand(0, pass.result.type),
                    Operand(pass.operands[1].constant, ElementType::I8),
                    pass.rounding);
      break;
    case Kind::Abs:
      builder.abs(target, source());
      break;
    case Kind::Cast:
      builder.cast(target, source(), pass.rounding);
      break;
    case Kind::Select:
      builder.select(pass.compare, target, operand(0, typeOf(0, 1)),
                     operand(1, typeOf(0, 1)), operand(2, pass.result.type),
                     operand(3, pass.result.type));
      break;
    case Kind::Linear:
      builder.linear(target, source(), operand(1, pass.result.type),
                     operand(2, pass.result.type));
      break;
    case Kind::Polynomial: {
      const Table &table = tables[pass.table];
      builder.taylor(target, source(), constants + table.offset,
                     unsigned(table.words.size()));
      break;
    }
    case Kind::Rsqrt:
      builder.rsqrt(target, source());
      break;
    case Kind::Divide:
      builder.divide(target, operand(0, typeOf(0, 1)),
                     operand(1, typeOf(0, 1)));
      break;
    case Kind::RowSum:
    case Kind::RowMax:
      emitReduction(builder, tile, target, place(*pass.operands[0].value),
                    pass.kind == Kind::RowMax, buffers.back());
      break;
    }
  }
}
