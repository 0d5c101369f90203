//===- NonMaxSuppression.cpp - Choosing among boxes -----------------------===//
//
// A row of scores, of one batch and class, lies in a lane, with all boxes. Each
// step takes the best score that is left, and strikes out the scores of all
// boxes that overlap its box. So the cost is that of as many passes over the
// boxes as there are results, and the boxes need not be sorted.
//
//===----------------------------------------------------------------------===//

#include "Kernel/NonMaxSuppression.h"

#include "Kernel/LaneLists.h"
#include "Kernel/VectorProgram.h"
#include "Support/IntMath.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

constexpr ElementType kF32 = ElementType::F32;
constexpr ElementType kI32 = ElementType::I32;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// Columns that are computed at once: buffers between are as long.
constexpr int64_t kMostColumns = 1680;
constexpr unsigned kLabel = 4;
/// Of addresses of elements within a lane's boxes.
constexpr int64_t kMostElements = 65535;

/// shared / all > threshold, rounded as a division is, without a division: the
/// signs of shared - m * all, where m is the number halfway between the
/// threshold and the next f32. No product of f32 numbers is exactly m of
/// another, as m has a bit more. The terms below are exact products, in an
/// order in which sums are exact wherever the sign is in doubt.
struct Quotient {
  /// m in parts of 9, 8 and 8 bits.
  std::array<double, 3> parts{};

  explicit Quotient(float threshold) {
    if (threshold <= 0)
      return; // anything that is shared
    double next = std::nextafter(threshold, kInfinity);
    double rest = (double(threshold) + next) / 2;
    int exponent;
    std::frexp(rest, &exponent);
    for (auto [bits, part] :
         {std::pair(9, &parts[0]), std::pair(17, &parts[1])}) {
      double unit = std::ldexp(1.0, exponent - bits);
      *part = std::floor(rest / unit) * unit;
      rest -= *part;
    }
    parts[2] = rest;
  }
};

class NmsKernel : public TiledKernel {
public:
  NmsKernel(const Arch &arch, const NmsParams &params)
      : TiledKernel(arch), params(params), quotient(params.iouThreshold),
        chunks(ceilDiv(params.boxes, kMostColumns)),
        columns(reducibleColumns(ceilDiv(params.boxes, chunks), vector())) {}

  Shape4 space() const override { return {1, numRows(), 1, params.results}; }
  Shape4 granularity() const override { return {0, arch.lanes, 0, 0}; }
  unsigned numInputs() const override { return 2; }

  Box inputBox(unsigned index, const Box &tile) const override {
    int64_t rows = index == kCorners ? planes() : 1;
    return {{0, tile.offset[C], 0, 0}, {1, tile.size[C], rows, params.boxes}};
  }
  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(arch, 0, box.size, kF32);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, kI32);
  }

  int64_t scratchBytes(const Box &) const override {
    return planScratch(0).end;
  }
  /// Codes of the columns of a chunk, the offsets of the chunks' codes, and of
  /// the planes.
  int64_t constantBytes() const override { return planConstants(0).end; }
  void setUp(CommandBuilder &builder, uint32_t address) const override;

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override;
  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override;
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(params.result.reshaped(space()).slice(tile), local);
  }

private:
  class Steps;

  enum Input : unsigned { kCorners, kScores };
  static constexpr unsigned kBuffers = 4;

  struct Scratch {
    uint32_t scores; ///< those that are left, [chunks, columns]
    uint32_t buffers[kBuffers];
    uint32_t chunks[2]; ///< a number a chunk
    uint32_t best, place, index, box, extents, area, label;
    uint32_t found; ///< the results, as floats
    uint32_t reduction, end;
  };
  struct Constants {
    uint32_t codes, chunkCodes, planes, end;
  };

  /// Numbers in a vector.
  int64_t vector() const { return arch.vectorBytes / 4; }
  /// Numbers a box.
  int64_t planes() const { return params.hasLabels ? kLabel + 1 : kLabel; }
  int64_t numRows() const { return params.batch * params.classes; }
  int64_t width() const { return chunks * columns; }

  Scratch planScratch(uint32_t address) const {
    Scratch scratch;
    auto take = [&](int64_t elements) {
      uint32_t taken = address;
      address += uint32_t(arch.wholeVectors(elements * 4));
      return taken;
    };
    scratch.scores = take(width());
    for (uint32_t &buffer : scratch.buffers)
      buffer = take(columns);
    for (uint32_t &buffer : scratch.chunks)
      buffer = take(chunks);
    for (uint32_t *number :
         {&scratch.best, &scratch.place, &scratch.index, &scratch.box,
          &scratch.extents, &scratch.area, &scratch.label})
      *number = take(vector());
    scratch.found = take(params.results);
    scratch.reduction = address;
    int64_t bytes =
        std::max(rowReductionBytes(arch, {1, arch.lanes, 1, columns}, kF32),
                 rowReductionBytes(arch, {1, arch.lanes, 1, chunks}, kF32));
    scratch.end = uint32_t(address + arch.wholeVectors(bytes));
    return scratch;
  }

  Constants planConstants(uint32_t address) const {
    Constants constants;
    auto take = [&](int64_t elements) {
      uint32_t taken = address;
      address += uint32_t(arch.wholeVectors(elements * 4));
      return taken;
    };
    constants.codes = take(columns);
    constants.chunkCodes = take(chunks);
    constants.planes = take(planes());
    constants.end = address;
    return constants;
  }

  NmsParams params;
  Quotient quotient;
  int64_t chunks, columns;
};

/// Writes first, first + step, ... to every lane.
void writeSeries(CommandBuilder &builder, uint32_t address, int64_t count,
                 double first, double step) {
  const Arch &arch = builder.arch;
  LocalTensor all =
      alignedTensor(arch, address, {1, arch.lanes, 1, count}, kF32);
  builder.arith(Arith::Add, all, Operand(first, kF32), Operand(0.0, kF32));
  for (int64_t done = 1; done < count; done *= 2) {
    int64_t more = std::min(done, count - done);
    builder.arith(Arith::Add, all.slice(W, done, more), all.slice(W, 0, more),
                  Operand(double(done) * step, kF32));
  }
}

} // namespace

void NmsKernel::setUp(CommandBuilder &builder, uint32_t address) const {
  Constants constants = planConstants(address);
  // The first of equal scores is the one with the largest code; 0 is none.
  writeSeries(builder, constants.codes, columns, double(columns), -1);
  writeSeries(builder, constants.chunkCodes, chunks,
              double((chunks - 1) * columns), -double(columns));
  writeSeries(builder, constants.planes, planes(), double(width()),
              double(params.boxes));
}

void NmsKernel::load(CommandBuilder &builder, unsigned index, const Box &box,
                     const LocalTensor &local) const {
  if (index == kScores) {
    builder.load(
        local,
        params.scores.reshaped({1, numRows(), 1, params.boxes}).slice(box));
    return;
  }
  // The lanes of a batch have the same boxes.
  int64_t end = box.offset[C] + box.size[C];
  for (int64_t row = box.offset[C], next; row < end; row = next) {
    int64_t first = row - box.offset[C];
    next = std::min({end, (row / params.classes + 1) * params.classes,
                     box.offset[C] + (first / arch.lanes + 1) * arch.lanes});
    LocalTensor block = local;
    int64_t begin = first / arch.lanes * arch.lanes;
    if (begin > 0)
      block = local.slice(C, begin, box.size[C] - begin);
    GlobalTensor boxes =
        params.corners.reshaped({params.batch, 1, planes(), params.boxes});
    builder.loadBroadcast(block.slice(C, first - begin, next - row),
                          boxes.slice({{row / params.classes, 0, 0, 0},
                                       {1, 1, planes(), params.boxes}}));
  }
}

/// The steps of at most 64 rows.
class NmsKernel::Steps {
public:
  Steps(const NmsKernel &kernel, CommandBuilder &builder,
        const LocalTensor &corners, const LocalTensor &scores,
        const LocalTensor &result, uint32_t scratch, uint32_t constants)
      : kernel(kernel), builder(builder), corners(corners), scores(scores),
        result(result), lanes(result.shape[C]),
        scratch(kernel.planScratch(scratch)),
        constants(kernel.planConstants(constants)) {}

  void run() {
    prepare();
    LocalTensor found = vector(scratch.found, result.shape[W]);
    for (int64_t step = 0; step < result.shape[W]; ++step) {
      takeBest(found.slice(W, step, 1));
      // Nobody asks what is left behind the last.
      if (step + 1 < result.shape[W])
        strikeOut();
    }
    builder.cast(result, found);
  }

private:
  //===--- Places ---------------------------------------------------------//

  LocalTensor vector(uint32_t address, int64_t size) const {
    return alignedTensor(builder.arch, address, {1, lanes, 1, size}, kF32);
  }
  LocalTensor number(uint32_t address) const { return vector(address, 1); }

  /// Columns of chunk `chunk` that there are boxes for.
  int64_t columnsOf(int64_t chunk) const {
    return std::min(kernel.columns,
                    kernel.params.boxes - chunk * kernel.columns);
  }
  LocalTensor scoresOf(int64_t chunk, int64_t size) const {
    return vector(scratch.scores + uint32_t(chunk * kernel.columns * 4), size);
  }
  LocalTensor plane(unsigned plane, int64_t chunk, int64_t size) const {
    int64_t offset = plane * kernel.params.boxes + chunk * kernel.columns;
    return vector(corners.address + uint32_t(offset * 4), size);
  }

  //===--- Steps ----------------------------------------------------------//

  /// Copies the scores; what is not to be taken is -infinity.
  void prepare() {
    int64_t count = kernel.params.boxes;
    LocalTensor left = vector(scratch.scores, count);
    if (kernel.params.scoreThreshold) {
      Operand least(*kernel.params.scoreThreshold, kF32);
      builder.select(Compare::SelectGreater, left, scores, least, scores,
                     Operand(-kInfinity, kF32));
    } else {
      // The larger of NaN and a number is the number.
      builder.arith(Arith::Max, left, scores,
                    Operand(std::numeric_limits<float>::lowest(), kF32));
    }
    int64_t padding = kernel.width() - count;
    if (padding > 0)
      builder.arith(
          Arith::Add,
          vector(scratch.scores, kernel.width()).slice(W, count, padding),
          Operand(-kInfinity, kF32), Operand(0.0, kF32));
  }

  /// The largest of the scores that are left.
  void findMax(const LocalTensor &largest) {
    LocalTensor maxima = vector(scratch.chunks[0], kernel.chunks);
    for (int64_t chunk = 0; chunk < kernel.chunks; ++chunk) {
      emitRowMax(builder, largest, scoresOf(chunk, kernel.columns),
                 scratch.reduction);
      if (kernel.chunks > 1)
        builder.copy(maxima.slice(W, chunk, 1), largest);
    }
    if (kernel.chunks > 1)
      emitRowMax(builder, largest, maxima, scratch.reduction);
  }

  /// Writes the number of the first of the best boxes to `slot`, or -1, and
  /// strikes it out.
  void takeBest(const LocalTensor &slot) {
    LocalTensor best = number(scratch.best), place = number(scratch.place);
    findMax(best);
    Operand none(0.0, kF32);
    LocalTensor codes = vector(constants.codes, kernel.columns);
    LocalTensor match = vector(scratch.buffers[0], kernel.columns);
    for (int64_t chunk = 0; chunk < kernel.chunks; ++chunk) {
      builder.select(Compare::SelectEqual, match,
                     scoresOf(chunk, kernel.columns), best, codes, none);
      emitRowMax(builder, place, match, scratch.reduction);
      if (kernel.chunks > 1)
        builder.copy(
            vector(scratch.chunks[0], kernel.chunks).slice(W, chunk, 1), place);
    }
    if (kernel.chunks > 1) {
      LocalTensor within = vector(scratch.chunks[0], kernel.chunks);
      LocalTensor across = vector(scratch.chunks[1], kernel.chunks);
      LocalTensor code = vector(scratch.buffers[0], kernel.chunks);
      builder.arith(Arith::Add, across, within,
                    vector(constants.chunkCodes, kernel.chunks));
      builder.select(Compare::SelectGreater, code, within, none, across, none);
      emitRowMax(builder, place, code, scratch.reduction);
    }
    // Where its coordinates and label are, of which the first is its number.
    int64_t planes = kernel.planes();
    LocalTensor places = vector(scratch.extents, planes);
    builder.arith(Arith::Sub, places, vector(constants.planes, planes), place);
    LocalTensor index = alignedTensor(builder.arch, scratch.index,
                                      {1, lanes, 1, planes}, ElementType::U16);
    builder.cast(index, places);
    LocalTensor table = vector(corners.address, planes * kernel.params.boxes);
    gatherLanes(builder, vector(scratch.box, planes), table, index);
    builder.select(Compare::SelectGreater, number(scratch.area), best,
                   Operand(-kInfinity, kF32), number(scratch.extents),
                   Operand(-1.0, kF32));
    builder.copy(slot, number(scratch.area));
    LocalTensor struck = number(scratch.place);
    builder.arith(Arith::Add, struck, Operand(-kInfinity, kF32),
                  Operand(0.0, kF32));
    scatterLanes(builder, vector(scratch.scores, kernel.width()), struck,
                 index.slice(W, 0, 1));
  }

  /// Strikes out the boxes that overlap the one that was taken.
  void strikeOut() {
    LocalTensor box = vector(scratch.box, kernel.planes());
    LocalTensor extents = vector(scratch.extents, 2);
    LocalTensor area = number(scratch.area);
    builder.arith(Arith::Sub, extents, box.slice(W, 2, 2), box.slice(W, 0, 2));
    builder.arith(Arith::Mul, area, extents.slice(W, 0, 1),
                  extents.slice(W, 1, 1));
    for (int64_t chunk = 0; chunk < kernel.chunks; ++chunk)
      if (columnsOf(chunk) > 0)
        strikeOut(chunk);
  }

  void strikeOut(int64_t chunk) {
    int64_t size = columnsOf(chunk);
    LocalTensor t[kBuffers];
    for (unsigned i = 0; i < kBuffers; ++i)
      t[i] = vector(scratch.buffers[i], size);
    auto corner = [&](unsigned index) {
      return vector(scratch.box, kernel.planes()).slice(W, index, 1);
    };
    Operand zero(0.0, kF32);
    auto extent = [&](const LocalTensor &to, unsigned axis, LocalTensor &low,
                      LocalTensor &high) {
      builder.arith(Arith::Max, low, plane(axis, chunk, size), corner(axis));
      builder.arith(Arith::Min, high, plane(axis + 2, chunk, size),
                    corner(axis + 2));
      builder.arith(Arith::Sub, to, high, low);
    };
    // shared = t[1], where one negative extent is enough for none.
    extent(t[2], 0, t[0], t[1]);
    builder.arith(Arith::Max, t[0], t[2], zero);
    extent(t[3], 1, t[1], t[2]);
    builder.arith(Arith::Mul, t[1], t[0], t[3]);
    // all = t[2] = (own + other) - shared
    builder.arith(Arith::Sub, t[0], plane(2, chunk, size),
                  plane(0, chunk, size));
    builder.arith(Arith::Sub, t[2], plane(3, chunk, size),
                  plane(1, chunk, size));
    builder.arith(Arith::Mul, t[3], t[0], t[2]);
    builder.arith(Arith::Add, t[0], t[3], number(scratch.area));
    builder.arith(Arith::Sub, t[2], t[0], t[1]);
    // The upper 12 bits of all, and the rest.
    constexpr uint32_t kUpperBits = 0xfffff000;
    builder.arith(Arith::And, t[0].as(kI32), t[2].as(kI32),
                  Operand::ofBits(kUpperBits, kI32));
    builder.arith(Arith::Sub, t[3], t[2], t[0]);
    auto subtract = [&](unsigned part, const LocalTensor &factor) {
      if (double value = kernel.quotient.parts[part]; value != 0)
        builder.arith(Arith::Mac, t[1], factor, Operand(-value, kF32));
    };
    subtract(0, t[0]);
    subtract(1, t[0]);
    subtract(0, t[3]);
    subtract(2, t[0]);
    subtract(1, t[3]);
    subtract(2, t[3]);
    LocalTensor excess = t[1];
    if (kernel.params.hasLabels) {
      LocalTensor own = number(scratch.label);
      builder.copy(own, corner(kLabel));
      excess = t[0];
      builder.select(Compare::SelectEqual, excess, plane(kLabel, chunk, size),
                     own, t[1], zero);
    }
    LocalTensor left = scoresOf(chunk, size);
    builder.select(Compare::SelectGreater, left, excess, zero,
                   Operand(-kInfinity, kF32), left);
  }

  const NmsKernel &kernel;
  CommandBuilder &builder;
  LocalTensor corners, scores, result;
  int64_t lanes;
  Scratch scratch;
  Constants constants;
};

void NmsKernel::compute(CommandBuilder &builder, const Box &tile,
                        const TileBuffers &buffers, uint32_t constants) const {
  for (int64_t row = 0; row < tile.size[C]; row += arch.lanes) {
    auto block = [&](const LocalTensor &tensor) {
      return tensor.slice(C, row, std::min(arch.lanes, tile.size[C] - row));
    };
    Steps(*this, builder, block(buffers.inputs[kCorners]),
          block(buffers.inputs[kScores]), block(buffers.result),
          buffers.scratch, constants)
        .run();
  }
}

int64_t kernel::mostNmsBoxes(const Arch &arch, int64_t results,
                             bool hasLabels) {
  auto fits = [&](int64_t boxes) {
    NmsParams params;
    params.boxes = boxes;
    params.results = std::min(results, boxes);
    params.hasLabels = hasLabels;
    NmsKernel kernel(arch, params);
    Box row{{0, 0, 0, 0}, {1, 1, 1, params.results}};
    auto padded = [&](int64_t bytes) { return arch.wholeVectors(bytes); };
    int64_t bytes = kernel.scratchBytes(row) + kernel.constantBytes() +
                    padded(kernel.placeResult(row).laneBytes());
    for (unsigned index = 0; index < kernel.numInputs(); ++index)
      bytes += padded(
          kernel.placeInput(index, kernel.inputBox(index, row)).laneBytes());
    return bytes <= arch.laneBytes &&
           (hasLabels ? kLabel + 1 : kLabel) * boxes <= kMostElements;
  };
  int64_t most = 0;
  for (int64_t step = int64_t(1) << 16; step > 0; step /= 2)
    if (fits(most + step))
      most += step;
  return most;
}

void kernel::makeNmsKernels(const Arch &arch, const NmsParams &params,
                            KernelList &kernels) {
  kernels.push_back(std::make_unique<NmsKernel>(arch, params));
}
