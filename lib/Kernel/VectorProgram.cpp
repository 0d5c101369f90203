//===- VectorProgram.cpp - Straight-line vector code ----------------------===//
//
// Records instructions, assigns their buffers and emits them for a tile.
//
//===----------------------------------------------------------------------===//

#include "Kernel/VectorProgram.h"
#include "Support/IntMath.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {} // namespace

//===----------------------------------------------------------------------===//
// Recording
//===----------------------------------------------------------------------===//

VectorProgram::Instruction &
VectorProgram::append(Kind kind, ElementType type, Extent extent,
                      llvm::ArrayRef<VectorOperand> operands) {
  Instruction instruction;
  instruction.kind = kind;
  instruction.result = {numSlots++, type, extent};
  instruction.operands.assign(operands.begin(), operands.end());
  instructions.push_back(std::move(instruction));
  return instructions.back();
}

VectorValue VectorProgram::input(ElementType type, Extent extent) {
  ++numInputs;
  return {numSlots++, type, extent};
}

VectorValue VectorProgram::arith(Arith function, VectorOperand a,
                                 VectorOperand b) {
  const VectorValue &known = a.value ? *a.value : *b.value;
  Extent extent = known.extent;
  if (a.value && b.value && a.value->extent != b.value->extent)
    extent = Extent::Full;
  Instruction &instruction = append(Kind::Arith, known.type, extent, {a, b});
  instruction.function = function;
  return instruction.result;
}

VectorValue VectorProgram::shift(VectorValue a, int bits) {
  Instruction &instruction =
      append(Kind::Shift, a.type, a.extent, {a, VectorOperand(double(bits))});
  instruction.rounding = Rounding::Down;
  return instruction.result;
}

VectorValue VectorProgram::abs(VectorValue a) {
  return append(Kind::Abs, a.type, a.extent, {a}).result;
}

VectorValue VectorProgram::cast(VectorValue a, ElementType type,
                                Rounding rounding) {
  if (a.type == type)
    return a;
  Instruction &instruction = append(Kind::Cast, type, a.extent, {a});
  instruction.rounding = rounding;
  return instruction.result;
}

VectorValue VectorProgram::round(VectorValue a, Rounding rounding) {
  Instruction &instruction = append(Kind::Cast, a.type, a.extent, {a});
  instruction.rounding = rounding;
  return instruction.result;
}

VectorValue VectorProgram::select(Compare function, VectorOperand a,
                                  VectorOperand b, VectorOperand c,
                                  VectorOperand d) {
  const VectorValue &compared = a.value ? *a.value : *b.value;
  ElementType type = c.value   ? c.value->type
                     : d.value ? d.value->type
                               : compared.type;
  Instruction &instruction =
      append(Kind::Select, type, compared.extent, {a, b, c, d});
  instruction.compare = function;
  return instruction.result;
}

VectorValue VectorProgram::linear(VectorValue a, double scale, double offset) {
  return append(Kind::Linear, a.type, a.extent, {a, scale, offset}).result;
}

VectorValue VectorProgram::linearRows(VectorValue a, VectorValue scale,
                                      VectorValue offset) {
  return append(Kind::LinearRows, a.type, a.extent, {a, scale, offset}).result;
}

unsigned VectorProgram::addTable(ElementType type,
                                 llvm::ArrayRef<double> coefficients) {
  Table table{type, {}, uint32_t(tableBytes)};
  for (double coefficient : coefficients)
    table.words.push_back(constantBits(coefficient, type));
  for (auto [i, known] : llvm::enumerate(tables))
    if (known.type == type && known.words == table.words && known.numOnes == 0)
      return i;
  tableBytes +=
      arch->wholeVectors(int64_t(table.words.size()) * byteWidth(type));
  tables.push_back(std::move(table));
  return tables.size() - 1;
}

unsigned VectorProgram::addOnes(ElementType type, int64_t count) {
  Table table{type, {}, uint32_t(tableBytes), count};
  for (auto [i, known] : llvm::enumerate(tables))
    if (known.type == type && known.numOnes >= count)
      return i;
  // A row of the column lies in a lane of 64; each has a vector.
  tableBytes += ceilDiv(count, arch->lanes) * arch->vectorBytes;
  tables.push_back(std::move(table));
  return tables.size() - 1;
}

VectorValue VectorProgram::polynomial(VectorValue a,
                                      llvm::ArrayRef<double> coefficients) {
  unsigned table = addTable(a.type, coefficients);
  Instruction &instruction = append(Kind::Polynomial, a.type, a.extent, {a});
  instruction.table = table;
  return instruction.result;
}

VectorValue VectorProgram::rsqrt(VectorValue a) {
  return append(Kind::Rsqrt, a.type, a.extent, {a}).result;
}

VectorValue VectorProgram::divide(VectorOperand a, VectorOperand b) {
  VectorValue result = arith(Arith::Div, a, b);
  instructions.back().kind = Kind::Divide;
  return result;
}

VectorValue VectorProgram::scaleByPowerOfTwo(VectorValue p, VectorValue n) {
  Instruction &instruction =
      append(Kind::ScaleByPowerOfTwo, p.type, p.extent, {p, n});
  instruction.inPlace = true;
  --numSlots;
  instruction.result.slot = p.slot;
  return instruction.result;
}

VectorValue VectorProgram::fillPadding(VectorValue a, double constant) {
  Instruction &instruction =
      append(Kind::FillPadding, a.type, a.extent, {a, constant});
  instruction.inPlace = true;
  --numSlots;
  instruction.result.slot = a.slot;
  return instruction.result;
}

VectorValue VectorProgram::rowMax(VectorValue a) {
  return append(Kind::RowMax, a.type, Extent::Row, {a}).result;
}

VectorValue VectorProgram::rowSum(VectorValue a, int64_t columns,
                                  double factor) {
  unsigned table = a.type == ElementType::F32 ? 0 : addOnes(a.type, columns);
  Instruction &instruction =
      append(Kind::RowSum, ElementType::F32, Extent::Row, {a, factor});
  instruction.table = table;
  return instruction.result;
}

void VectorProgram::setResult(VectorValue value) { resultValue = value; }

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Shape4 VectorProgram::shapeOf(const VectorTile &tile, Extent extent) const {
  switch (extent) {
  case Extent::Full:
    return tile.shape;
  case Extent::Row:
    return {tile.shape[N], tile.shape[C], tile.shape[H], 1};
  case Extent::Column:
    return {1, arch->lanes, 1, tile.shape[W]};
  }
  return tile.shape;
}

Shape4 VectorProgram::bufferShape(const VectorTile &tile, Extent extent) const {
  // Numbers a row lie side by side, so that commands on them are short.
  if (extent == Extent::Row)
    return {1, tile.shape[C], tile.shape[N] * tile.shape[H], 1};
  return shapeOf(tile, extent);
}

VectorProgram::Assignment VectorProgram::assignBuffers() const {
  llvm::SmallVector<size_t> lastUse(numSlots, 0);
  for (auto [index, instruction] : llvm::enumerate(instructions))
    for (const VectorOperand &operand : instruction.operands)
      if (operand.value)
        lastUse[operand.value->slot] = index;

  Assignment assignment;
  assignment.bufferOfSlot.assign(numSlots, -1);
  llvm::SmallVector<size_t> freeAfter;
  for (auto [index, instruction] : llvm::enumerate(instructions)) {
    unsigned slot = instruction.result.slot;
    if (slot == resultValue.slot || instruction.inPlace)
      continue;
    int64_t width = byteWidth(instruction.result.type);
    size_t buffer = 0;
    // A buffer is free when the instruction that last read it has gone by.
    for (; buffer < assignment.buffers.size(); ++buffer)
      if (assignment.buffers[buffer].width == width &&
          assignment.buffers[buffer].extent == instruction.result.extent &&
          freeAfter[buffer] < index)
        break;
    if (buffer == assignment.buffers.size()) {
      assignment.buffers.push_back({width, instruction.result.extent});
      freeAfter.push_back(0);
    }
    freeAfter[buffer] = std::max(lastUse[slot], size_t(index));
    assignment.bufferOfSlot[slot] = int(buffer);
  }
  return assignment;
}

int64_t VectorProgram::bufferBytes(const VectorTile &tile,
                                   const Buffer &buffer) const {
  ElementType type = buffer.width == 4 ? ElementType::F32 : ElementType::F16;
  return arch->wholeVectors(
      alignedTensor(*arch, 0, bufferShape(tile, buffer.extent), type)
          .laneBytes());
}

int64_t VectorProgram::rowScratchBytes(const VectorTile &tile) const {
  int64_t bytes = 0;
  for (const Instruction &instruction : instructions) {
    if (instruction.kind == Kind::RowMax || instruction.kind == Kind::RowSum)
      bytes = std::max(bytes,
                       rowReductionBytes(*arch, tile.shape,
                                         instruction.operands[0].value->type));
    if (instruction.kind == Kind::LinearRows)
      bytes = std::max(
          bytes, linearRowsBytes(*arch, tile.shape, instruction.result.type));
  }
  return bytes;
}

VectorTile VectorProgram::folded(const VectorTile &tile) const {
  VectorTile blocks = tile;
  if (tile.shape[C] > arch->lanes) {
    blocks.shape[N] *= ceilDiv(tile.shape[C], arch->lanes);
    blocks.shape[C] = arch->lanes;
  }
  return blocks;
}

int64_t VectorProgram::scratchBytes(const VectorTile &whole) const {
  VectorTile tile = folded(whole);
  int64_t bytes = rowScratchBytes(tile);
  for (const Buffer &buffer : assignBuffers().buffers)
    bytes += bufferBytes(tile, buffer);
  // A result of one number a row, before it is distributed over n.
  if (resultValue.extent == Extent::Row)
    bytes += bufferBytes(tile, {byteWidth(resultValue.type), Extent::Row});
  return bytes;
}

llvm::SmallVector<uint32_t>
VectorProgram::bufferAddresses(const VectorTile &whole,
                               uint32_t scratch) const {
  VectorTile tile = folded(whole);
  llvm::SmallVector<uint32_t> addresses;
  for (const Buffer &buffer : assignBuffers().buffers) {
    addresses.push_back(scratch);
    scratch += uint32_t(bufferBytes(tile, buffer));
  }
  // A result of one number a row, and what instructions over rows leave between
  // their steps, come last.
  if (resultValue.extent == Extent::Row) {
    addresses.push_back(scratch);
    scratch +=
        uint32_t(bufferBytes(tile, {byteWidth(resultValue.type), Extent::Row}));
  }
  addresses.push_back(scratch);
  return addresses;
}

llvm::SmallVector<ElementType, 4> VectorProgram::bufferTypes() const {
  llvm::SmallVector<ElementType, 4> types;
  for (const Buffer &buffer : assignBuffers().buffers)
    types.push_back(buffer.width == 4 ? ElementType::F32 : ElementType::F16);
  return types;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// Numbers of `type`, given by their bits, as they lie in words of 32 bits.
static llvm::SmallVector<uint32_t> packWords(llvm::ArrayRef<uint32_t> numbers,
                                             ElementType type) {
  size_t perWord = sizeof(uint32_t) / byteWidth(type);
  llvm::SmallVector<uint32_t> words(ceilDiv(numbers.size(), perWord));
  for (auto [i, bits] : llvm::enumerate(numbers))
    words[i / perWord] |= bits << (i % perWord * byteWidth(type) * 8);
  return words;
}

void VectorProgram::setUp(CommandBuilder &builder, uint32_t address) const {
  for (const Table &table : tables) {
    if (table.numOnes > 0) {
      int64_t vectors = ceilDiv(table.numOnes, arch->lanes);
      Shape4 shape{1, arch->lanes, 1,
                   vectors * arch->vectorBytes / byteWidth(table.type)};
      builder.arith(
          Arith::Add,
          alignedTensor(*arch, address + table.offset, shape, table.type),
          Operand(1.0, table.type), Operand(0.0, table.type));
      continue;
    }
    // Each write covers all words up to its own, the last word first: every
    // command starts at an aligned address.
    llvm::SmallVector<uint32_t> words = packWords(table.words, table.type);
    for (size_t count = words.size(); count > 0; --count) {
      constexpr ElementType kType = ElementType::I32;
      Shape4 shape{1, arch->lanes, 1, int64_t(count)};
      builder.arith(Arith::Add,
                    alignedTensor(*arch, address + table.offset, shape, kType),
                    Operand::ofBits(words[count - 1], kType),
                    Operand(0.0, kType));
    }
  }
}

void VectorProgram::emitReduction(CommandBuilder &builder,
                                  const Instruction &instruction,
                                  const LocalTensor &result,
                                  const LocalTensor &source, uint32_t scratch,
                                  uint32_t constants) const {
  if (instruction.kind == Kind::RowMax)
    return emitRowMax(builder, result, source, scratch);
  uint32_t ones =
      tables.empty() ? 0 : constants + tables[instruction.table].offset;
  emitRowSum(builder, result, source, instruction.operands[1].constant, ones,
             scratch);
}

void VectorProgram::emit(CommandBuilder &builder, const VectorTile &whole,
                         const LocalTensor &wholeResult,
                         llvm::ArrayRef<LocalTensor> inputs,
                         llvm::ArrayRef<uint32_t> buffers,
                         uint32_t constants) const {
  Assignment assignment = assignBuffers();
  bool isRowResult = resultValue.extent == Extent::Row;
  VectorTile tile = folded(whole);
  bool isFolded = tile.shape != whole.shape;
  LocalTensor result =
      isFolded
          ? alignedTensor(*arch, wholeResult.address,
                          shapeOf(tile, resultValue.extent), wholeResult.type)
          : wholeResult;
  auto place = [&](const VectorValue &value) {
    if (value.slot < numInputs && isFolded && value.extent == Extent::Full)
      return alignedTensor(*arch, inputs[value.slot].address, tile.shape,
                           value.type);
    if (value.slot < numInputs)
      return inputs[value.slot].as(value.type);
    uint32_t address;
    if (value.slot != resultValue.slot)
      address = buffers[assignment.bufferOfSlot[value.slot]];
    else
      address = isRowResult ? buffers[buffers.size() - 2] : result.address;
    return alignedTensor(*arch, address, bufferShape(tile, value.extent),
                         value.type);
  };
  auto read = [&](const VectorValue &value, Extent resultExtent) {
    LocalTensor tensor = place(value);
    if (value.extent == resultExtent)
      return tensor;
    if (value.extent == Extent::Column) {
      tensor.shape[C] = 1;
      tensor.strides = {0, 0, 0, 1};
    } else if (value.extent == Extent::Row) {
      tensor.shape = shapeOf(tile, Extent::Row);
      tensor.strides = {tile.shape[H], tensor.strides[C], 1, 1};
    }
    return tensor;
  };
  for (const Instruction &instruction : instructions) {
    LocalTensor target = place(instruction.result);
    auto operand = [&](unsigned index, ElementType type) {
      const VectorOperand &source = instruction.operands[index];
      return source.value
                 ? Operand(read(*source.value, instruction.result.extent))
                 : Operand(source.constant, type);
    };
    auto typeOf = [&](unsigned a, unsigned b) {
      const VectorOperand &known = instruction.operands[a].value
                                       ? instruction.operands[a]
                                       : instruction.operands[b];
      return known.value ? known.value->type : instruction.result.type;
    };
    auto source = [&] {
      return read(*instruction.operands[0].value, instruction.result.extent);
    };
    switch (instruction.kind) {
    case Kind::Arith: {
      ElementType type = typeOf(0, 1);
      builder.arith(instruction.function, target, operand(0, type),
                    operand(1, type));
      break;
    }
    case Kind::Shift:
      builder.arith(Arith::ArithShift, target,
                    operand(0, instruction.result.type),
                    Operand(instruction.operands[1].constant, ElementType::I8),
                    instruction.rounding);
      break;
    case Kind::Abs:
      builder.abs(target, source());
      break;
    case Kind::Cast:
      builder.cast(target, source(), instruction.rounding);
      break;
    case Kind::Select:
      builder.select(instruction.compare, target, operand(0, typeOf(0, 1)),
                     operand(1, typeOf(0, 1)),
                     operand(2, instruction.result.type),
                     operand(3, instruction.result.type));
      break;
    case Kind::Linear:
      builder.linear(target, source(), operand(1, instruction.result.type),
                     operand(2, instruction.result.type));
      break;
    case Kind::LinearRows:
      emitLinearRows(builder, target, place(*instruction.operands[0].value),
                     place(*instruction.operands[1].value),
                     place(*instruction.operands[2].value), buffers.back());
      break;
    case Kind::Polynomial: {
      const Table &table = tables[instruction.table];
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
    case Kind::ScaleByPowerOfTwo: {
      constexpr ElementType kType = ElementType::I16;
      double unit =
          instruction.result.type == ElementType::F16 ? 1 << 10 : 1 << 7;
      builder.arithShifted(Arith::Mac, target.as(kType), operand(1, kType),
                           Operand(unit, kType), Operand(0.0, ElementType::I8));
      break;
    }
    case Kind::FillPadding:
      if (int64_t padding = tile.shape[W] - tile.columns; padding > 0)
        builder.arith(Arith::Add, target.slice(W, tile.columns, padding),
                      operand(1, instruction.result.type),
                      Operand(0.0, instruction.result.type));
      break;
    case Kind::RowSum:
    case Kind::RowMax:
      emitReduction(builder, instruction, target,
                    place(*instruction.operands[0].value), buffers.back(),
                    constants);
      break;
    }
  }
  if (isRowResult) {
    LocalTensor rows = read(resultValue, Extent::Full);
    builder.copy(result, rows);
  }
}
