//===- TopSet.cpp - The best elements of rows -----------------------------===//
//
// A row lies in a lane. Its elements become integers of the same order; the
// last of the best is found bit by bit, by counting how many are not below it.
// Those above it are packed, then of those that equal it as many as are left.
//
//===----------------------------------------------------------------------===//

#include "Kernel/TopSet.h"

#include "Kernel/LaneLists.h"
#include "Kernel/VectorProgram.h"
#include "Support/IntMath.h"

#include <algorithm>
#include <limits>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

constexpr ElementType kF32 = ElementType::F32;
constexpr ElementType kI32 = ElementType::I32;
constexpr ElementType kU16 = ElementType::U16;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class TopSetKernel : public TiledKernel {
public:
  TopSetKernel(const Arch &arch, const TopSetParams &params)
      : TiledKernel(arch), params(params),
        pitch(reducibleColumns(params.columns, vector())) {}

  Shape4 space() const override { return {1, params.rows, 2, params.count}; }
  Shape4 granularity() const override { return {0, arch.lanes, 0, 0}; }
  unsigned numInputs() const override { return 1; }

  Box inputBox(unsigned, const Box &tile) const override {
    return {{0, tile.offset[C], 0, 0}, {1, tile.size[C], 1, params.columns}};
  }
  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(arch, 0, box.size, params.input.type);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, kI32);
  }
  bool acceptsResultStrides() const override { return true; }

  int64_t scratchBytes(const Box &) const override {
    return planScratch(0).end;
  }
  /// The numbers of the columns.
  int64_t constantBytes() const override { return bytes(params.columns); }
  void setUp(CommandBuilder &builder, uint32_t address) const override;

  void load(CommandBuilder &builder, unsigned, const Box &box,
            const LocalTensor &local) const override {
    builder.load(
        local,
        params.input.reshaped({1, params.rows, 1, params.columns}).slice(box));
  }
  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override;
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(params.result.reshaped(space()).slice(tile), local);
  }

private:
  class Search;

  /// Buffers of the columns: keys; flags, later the places that are found; and
  /// masks. Then numbers of a lane.
  struct Scratch {
    uint32_t keys, flags, masks;
    uint32_t last, next, below, number;
    uint32_t counts, left;
    uint32_t found; ///< of each result: a place in `flags`, then a column
    uint32_t index, chosen;
    uint32_t reduction, end;
  };

  /// Numbers in a vector.
  int64_t vector() const { return arch.vectorBytes / 4; }
  int64_t bytes(int64_t elements) const {
    return arch.wholeVectors(elements * 4);
  }
  /// Where the places of elements that equal the last begin.
  int64_t equalsOffset() const { return alignUp(params.count, vector()); }

  Scratch planScratch(uint32_t address) const {
    Scratch scratch;
    auto take = [&](int64_t elements) {
      uint32_t taken = address;
      address += uint32_t(bytes(elements));
      return taken;
    };
    scratch.keys = take(params.columns);
    scratch.flags = take(std::max(pitch, equalsOffset() + params.columns));
    scratch.masks = take(params.columns);
    for (uint32_t *number : {&scratch.last, &scratch.next, &scratch.below,
                             &scratch.number, &scratch.counts, &scratch.left})
      *number = take(vector());
    for (uint32_t *list : {&scratch.found, &scratch.index, &scratch.chosen})
      *list = take(params.count);
    scratch.reduction = address;
    scratch.end =
        uint32_t(address + arch.wholeVectors(rowReductionBytes(
                               arch, {1, arch.lanes, 1, pitch}, kF32)));
    return scratch;
  }

  TopSetParams params;
  int64_t pitch;
};

} // namespace

void TopSetKernel::setUp(CommandBuilder &builder, uint32_t address) const {
  LocalTensor all =
      alignedTensor(arch, address, {1, arch.lanes, 1, params.columns}, kI32);
  Operand zero(0.0, kI32);
  builder.arith(Arith::Add, all, zero, zero);
  for (int64_t done = 1; done < params.columns; done *= 2) {
    int64_t more = std::min(done, params.columns - done);
    builder.arith(Arith::Add, all.slice(W, done, more), all.slice(W, 0, more),
                  Operand(double(done), kI32));
  }
}

/// The search in at most a row a lane.
class TopSetKernel::Search {
public:
  Search(const TopSetKernel &kernel, CommandBuilder &builder,
         const LocalTensor &input, const LocalTensor &result, uint32_t scratch,
         uint32_t columns)
      : params(kernel.params), kernel(kernel), builder(builder), input(input),
        result(result), lanes(result.shape[C]),
        scratch(kernel.planScratch(scratch)), columns(columns) {}

  void run() {
    makeKeys();
    findLast();
    pack();
  }

private:
  LocalTensor vector(uint32_t address, int64_t size,
                     ElementType type = kI32) const {
    return alignedTensor(builder.arch, address, {1, lanes, 1, size}, type);
  }
  LocalTensor number(uint32_t address, ElementType type = kI32) const {
    return vector(address, 1, type);
  }

  /// Integers in the order of the elements, the best largest.
  void makeKeys() {
    int64_t size = params.columns;
    LocalTensor keys = vector(scratch.keys, size);
    Operand ones = Operand::ofBits(~uint32_t(0), kI32);
    if (params.input.type == kI32) {
      if (params.largest)
        return builder.copy(keys, input);
      return builder.arith(Arith::Xor, keys, input, ones);
    }
    LocalTensor bits = vector(scratch.flags, size);
    LocalTensor signs = vector(scratch.masks, size);
    // Of NaN and the worst it takes the worst; both zeros are one.
    if (params.largest)
      builder.arith(Arith::Max, signs.as(kF32), input,
                    Operand(-kInfinity, kF32));
    else
      builder.arith(Arith::Min, signs.as(kF32), Operand(kInfinity, kF32),
                    input);
    builder.arith(Arith::Add, bits.as(kF32), signs.as(kF32),
                  Operand(0.0, kF32));
    // Of negative numbers all bits but the sign are turned.
    constexpr double kSignBit = 31;
    builder.arith(Arith::ArithShift, keys, bits,
                  Operand(-kSignBit, ElementType::I8), Rounding::Down);
    builder.arith(Arith::And, signs, keys,
                  Operand::ofBits(~(uint32_t(1) << 31), kI32));
    if (params.largest)
      return builder.arith(Arith::Xor, keys, bits, signs);
    LocalTensor rising = vector(scratch.flags, size);
    builder.arith(Arith::Xor, rising, bits, signs);
    builder.arith(Arith::Xor, keys, rising, ones);
  }

  /// The largest number that `count` keys are not below.
  void findLast() {
    LocalTensor keys = vector(scratch.keys, params.columns);
    LocalTensor flags = vector(scratch.flags, kernel.pitch, kF32);
    if (kernel.pitch > params.columns)
      builder.arith(
          Arith::Add,
          flags.slice(W, params.columns, kernel.pitch - params.columns),
          Operand(0.0, kF32), Operand(0.0, kF32));
    LocalTensor last = number(scratch.last), next = number(scratch.next);
    LocalTensor below = number(scratch.below);
    LocalTensor many = number(scratch.number, kF32);
    Operand one(1.0, kI32), zero(0.0, kI32);
    builder.arith(Arith::Add, last, Operand::ofBits(uint32_t(1) << 31, kI32),
                  zero);
    for (int bit = 31; bit >= 0; --bit) {
      builder.arith(Arith::Add, next, last,
                    Operand::ofBits(uint32_t(1) << bit, kI32));
      builder.arith(Arith::Sub, below, next, one);
      builder.select(Compare::SelectGreater,
                     vector(scratch.flags, params.columns, kF32), keys, below,
                     Operand(1.0, kF32), Operand(0.0, kF32));
      emitRowSum(builder, many, flags, 1.0, /*ones=*/0, scratch.reduction);
      builder.select(Compare::SelectGreater, below, many,
                     Operand(double(params.count) - 0.5, kF32), next, last);
      builder.copy(last, below);
    }
  }

  /// Packs the columns whose keys `compare` so to the last one's at `address`,
  /// and counts them.
  void packIf(Compare compare, uint32_t address) {
    LocalTensor mask = vector(scratch.masks, params.columns, kU16);
    Operand one(1.0, kU16), zero(0.0, kU16);
    builder.select(compare, mask, vector(scratch.keys, params.columns),
                   number(scratch.last), one, zero);
    packLanes(builder, vector(address, params.columns),
              number(scratch.counts, kU16), vector(columns, params.columns),
              mask);
  }

  void pack() {
    int64_t count = params.count, offset = kernel.equalsOffset();
    LocalTensor above = number(scratch.number), left = number(scratch.left);
    packIf(Compare::SelectGreater, scratch.flags);
    builder.cast(above, number(scratch.counts, kU16));
    // Fewer than `count` are above: what equals the last comes behind them.
    packIf(Compare::SelectEqual, scratch.flags + uint32_t(offset * 4));
    // The first results are those above; the place of the others counts from
    // where those that equal the last begin.
    builder.arith(Arith::Sub, left, Operand(double(offset), kI32), above);
    LocalTensor places = vector(columns, count);
    LocalTensor found = vector(scratch.found, count);
    LocalTensor moved = vector(scratch.chosen, count);
    builder.arith(Arith::Add, moved, places, left);
    builder.select(Compare::SelectGreater, found, above, places, places, moved);
    LocalTensor index = vector(scratch.index, count, kU16);
    builder.cast(index, found);
    LocalTensor chosen = vector(scratch.chosen, count);
    gatherLanes(builder, chosen, vector(scratch.flags, offset + params.columns),
                index);
    builder.copy(result.slice(H, 1, 1), chosen);
    builder.cast(index, chosen);
    gatherLanes(builder, found, vector(scratch.keys, params.columns), index);
    builder.copy(result.slice(H, 0, 1), found);
  }

  const TopSetParams &params;
  const TopSetKernel &kernel;
  CommandBuilder &builder;
  LocalTensor input, result;
  int64_t lanes;
  Scratch scratch;
  uint32_t columns;
};

void TopSetKernel::compute(CommandBuilder &builder, const Box &tile,
                           const TileBuffers &buffers,
                           uint32_t constants) const {
  for (int64_t row = 0; row < tile.size[C]; row += arch.lanes) {
    int64_t rows = std::min(arch.lanes, tile.size[C] - row);
    Search(*this, builder, buffers.inputs[0].slice(C, row, rows),
           buffers.result.slice(C, row, rows), buffers.scratch, constants)
        .run();
  }
}

bool kernel::fitsTopSet(const Arch &arch, int64_t columns, int64_t count) {
  TopSetParams params;
  params.columns = columns;
  params.count = count;
  TopSetKernel kernel(arch, params);
  Box row{{0, 0, 0, 0}, {1, 1, 2, count}};
  auto padded = [&](int64_t bytes) { return arch.wholeVectors(bytes); };
  int64_t bytes =
      kernel.scratchBytes(row) + kernel.constantBytes() +
      padded(kernel.placeResult(row).laneBytes()) +
      padded(kernel.placeInput(0, kernel.inputBox(0, row)).laneBytes());
  return bytes <= arch.laneBytes && columns + 2 * count <= arch.maxSize;
}

void kernel::makeTopSetKernels(const Arch &arch, const TopSetParams &params,
                               KernelList &kernels) {
  kernels.push_back(std::make_unique<TopSetKernel>(arch, params));
}
