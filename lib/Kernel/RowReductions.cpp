//===- RowReductions.cpp - Maxima, sums and scales of rows ----------------===//
//
// One number for each row of a local tensor. Maxima and f32 sums are pooled in
// steps; 16-bit sums are products with a column of ones, which accumulate in
// f32 and take one command for all rows. Rows that lie otherwise than these
// need are copied first. A scale and an offset a row are those of a channel
// where each row has a vector of its own.
//
//===----------------------------------------------------------------------===//

#include "Kernel/VectorProgram.h"
#include "Support/IntMath.h"

#include <algorithm>
#include <limits>
#include <optional>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// The largest step of a pooling window (4 bits).
constexpr int64_t kMaxStep = 15;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The largest divisor that a pooling window can step over, 1 for primes
/// beyond it.
int64_t largestStep(int64_t size) {
  for (int64_t step = kMaxStep; step > 1; --step)
    if (size % step == 0)
      return step;
  return 1;
}

bool isReducible(int64_t size) {
  for (int64_t step; (step = largestStep(size)) > 1;)
    size /= step;
  return size == 1;
}

int64_t vectorElements(const Arch &arch, ElementType type) {
  return arch.vectorBytes / byteWidth(type);
}

int64_t alignedBytes(const Arch &arch, int64_t bytes) {
  return arch.wholeVectors(bytes);
}

/// Rows of [n, c, h, w] follow each other in a lane without gaps.
bool isDense(const Arch &arch, const Shape4 &shape, ElementType type) {
  return shape[N] == 1 || shape[H] * shape[W] % vectorElements(arch, type) == 0;
}

/// Columns that pooling needs a row to have.
int64_t poolingPitch(const Arch &arch, const Shape4 &shape, ElementType type) {
  return reducibleColumns(
      shape[W], isDense(arch, shape, type) ? 1 : vectorElements(arch, type));
}

/// Rows start where a matrix of so many columns has them.
bool isMatrix(const Arch &arch, const Shape4 &shape, ElementType type) {
  return shape[H] == 1 || shape[W] % vectorElements(arch, type) == 0;
}

/// Rows `pitch` elements apart without gaps, as [1, c, n * h, pitch].
LocalTensor denseRows(const LocalTensor &source, int64_t pitch,
                      uint32_t address) {
  const Shape4 &shape = source.shape;
  return alignedTensor(*source.arch, address,
                       {1, shape[C], shape[N] * shape[H], pitch}, source.type);
}

/// The first `columns` columns of such rows, in the order of `shape`.
LocalTensor leadingColumns(const LocalTensor &rows, const Shape4 &shape,
                           int64_t columns) {
  int64_t pitch = rows.shape[W];
  return rows.viewed({shape[N], shape[C], shape[H], columns},
                     {shape[H] * pitch, rows.strides[C], pitch, 1});
}

/// The rows copied to `pitch` elements apart.
LocalTensor emitSpread(CommandBuilder &builder, const LocalTensor &source,
                       int64_t pitch, uint32_t address) {
  LocalTensor spread = denseRows(source, pitch, address);
  builder.copy(leadingColumns(spread, source.shape, source.shape[W]), source);
  return spread;
}

/// The larger of the first and the last columns of each row, which are half of
/// them at least and may overlap.
LocalTensor emitHalving(CommandBuilder &builder, const LocalTensor &source,
                        uint32_t address) {
  int64_t columns = source.shape[W];
  int64_t half = reducibleColumns(ceilDiv(columns, 2));
  LocalTensor larger = denseRows(source, half, address);
  builder.arith(Arith::Max, leadingColumns(larger, source.shape, half),
                source.slice(W, 0, half),
                source.slice(W, columns - half, half));
  return larger;
}

void emitScaledCopy(CommandBuilder &builder, const LocalTensor &result,
                    const LocalTensor &source, double factor) {
  if (factor == 1.0)
    builder.copy(result, source);
  else
    builder.arith(Arith::Mul, result, source, Operand(factor, source.type));
}

/// Reduces by steps: pooling down `step` groups, as rows of the remaining
/// columns, costs one vector for each vector read. The sum is multiplied by
/// `factor`; without one it is the maximum.
void emitPooling(CommandBuilder &builder, const LocalTensor &result,
                 const LocalTensor &source, std::optional<double> factor,
                 uint32_t scratch) {
  const Arch &arch = builder.arch;
  ElementType type = source.type;
  int64_t rows = source.shape[N] * source.shape[H];
  int64_t columns = poolingPitch(arch, source.shape, type);
  LocalTensor current = source;
  if (columns != source.shape[W]) {
    if (factor) {
      current = emitSpread(builder, source, columns, scratch);
      builder.arith(
          Arith::Add,
          current.slice(W, source.shape[W], columns - source.shape[W]),
          Operand(0.0, type), Operand(0.0, type));
    } else {
      current = emitHalving(builder, source, scratch);
      columns = current.shape[W];
    }
    scratch += uint32_t(alignedBytes(arch, current.laneBytes()));
  }
  if (columns == 1) {
    LocalTensor row = current.viewed(result.shape, result.strides);
    emitScaledCopy(builder, result, row, factor.value_or(1.0));
    return;
  }
  // The pooling's own factor would round every term before it is added.
  bool isScaled = factor && *factor != 1.0;
  while (columns > 1) {
    int64_t step = largestStep(columns);
    columns /= step;
    Shape4 from{1, source.shape[C], rows * step, columns};
    LocalTensor reduced = result;
    if (columns > 1 || isScaled) {
      reduced = alignedTensor(arch, scratch,
                              {1, source.shape[C], rows, columns}, type);
      scratch += uint32_t(alignedBytes(arch, reduced.laneBytes()));
    }
    Window window;
    window.kernelH = step;
    window.strideH = step;
    LocalTensor view = alignedTensor(arch, current.address, from, type);
    if (factor)
      builder.averagePool(reduced, view, window, 1.0);
    else
      builder.maxPool(reduced, view, window, constantBits(-kInfinity, type));
    current = reduced;
  }
  if (isScaled)
    emitScaledCopy(builder, result, current, *factor);
}

/// Sums as a matrix product: every row gets a vector of its own, which are
/// then gathered.
void emitOnesProduct(CommandBuilder &builder, const LocalTensor &result,
                     const LocalTensor &source, double factor, uint32_t ones,
                     uint32_t scratch) {
  const Arch &arch = builder.arch;
  ElementType type = source.type;
  int64_t rows = source.shape[N] * source.shape[H], columns = source.shape[W];
  LocalTensor left = source;
  if (!isMatrix(arch, source.shape, type)) {
    left = emitSpread(builder, source,
                      alignUp(columns, vectorElements(arch, type)), scratch);
    scratch += uint32_t(alignedBytes(arch, left.laneBytes()));
  }
  LocalTensor right = alignedTensor(arch, ones, {1, columns, 1, 1}, type);
  int64_t pitchBytes = alignedBytes(arch, columns * byteWidth(type));
  const int64_t maxBlocks = arch.maxSize / arch.lanes;
  for (int64_t row = 0; row < rows; row += maxBlocks) {
    int64_t blocks = std::min(maxBlocks, rows - row);
    int64_t matrixRows = blocks == 1 ? source.shape[C] : blocks * arch.lanes;
    builder.matmulRows(
        alignedTensor(arch, scratch + uint32_t(row * arch.vectorBytes),
                      {1, matrixRows, 1, 1}, ElementType::F32),
        alignedTensor(arch, left.address + uint32_t(row * pitchBytes),
                      {1, matrixRows, 1, columns}, type),
        right, /*rightTransposed=*/false);
  }
  LocalTensor sums = result.at(scratch);
  sums.strides[H] = vectorElements(arch, ElementType::F32);
  emitScaledCopy(builder, result, sums, factor);
}

} // namespace

int64_t kernel::reducibleColumns(int64_t columns, int64_t step) {
  int64_t size = alignUp(columns, step);
  while (!isReducible(size))
    size += step;
  return size;
}

int64_t kernel::rowReductionBytes(const Arch &arch, const Shape4 &shape,
                                  ElementType type) {
  int64_t rows = shape[N] * shape[H];
  auto bytesOf = [&](int64_t columns) {
    return alignedBytes(arch, rows * columns * byteWidth(type));
  };
  // Each step of pooling leaves at most half of what it read.
  int64_t pitch = poolingPitch(arch, shape, type);
  int64_t pooling = (pitch != shape[W] ? bytesOf(pitch) : 0) +
                    bytesOf(ceilDiv(pitch, 2)) + bytesOf(ceilDiv(pitch, 4)) +
                    bytesOf(ceilDiv(pitch, 4)) + 16 * arch.vectorBytes;
  if (type == ElementType::F32)
    return pooling;
  int64_t product =
      rows * arch.vectorBytes +
      (isMatrix(arch, shape, type)
           ? 0
           : bytesOf(alignUp(shape[W], vectorElements(arch, type))));
  return std::max(pooling, product);
}

void kernel::emitRowMax(CommandBuilder &builder, const LocalTensor &result,
                        const LocalTensor &source, uint32_t scratch) {
  emitPooling(builder, result, source, /*factor=*/std::nullopt, scratch);
}

void kernel::emitRowSum(CommandBuilder &builder, const LocalTensor &result,
                        const LocalTensor &source, double factor, uint32_t ones,
                        uint32_t scratch) {
  if (source.type == ElementType::F32)
    emitPooling(builder, result, source, factor, scratch);
  else
    emitOnesProduct(builder, result, source, factor, ones, scratch);
}

int64_t kernel::linearRowsBytes(const Arch &arch, const Shape4 &shape,
                                ElementType type) {
  if (isMatrix(arch, shape, type))
    return 0;
  return alignedBytes(arch, alignedTensor(arch, 0, shape, type).laneBytes());
}

void kernel::emitLinearRows(CommandBuilder &builder, const LocalTensor &result,
                            const LocalTensor &source, const LocalTensor &scale,
                            const LocalTensor &offset, uint32_t scratch) {
  const Arch &arch = builder.arch;
  const Shape4 &shape = source.shape;
  if (!isMatrix(arch, shape, source.type)) {
    auto perRow = [&](const LocalTensor &numbers) {
      return numbers.viewed({shape[N], shape[C], shape[H], 1},
                            {shape[H], numbers.strides[C], 1, 1});
    };
    LocalTensor scaled = alignedTensor(arch, scratch, shape, source.type);
    builder.arith(Arith::Mul, scaled, source, perRow(scale));
    builder.arith(Arith::Add, result, scaled, perRow(offset));
    return;
  }
  // Rows of a lane as channels, of which every `lanes`th lies in the same lane.
  // Parts begin where a vector of the compact numbers does.
  int64_t rows = shape[N] * shape[H], columns = shape[W];
  int64_t pitch = alignedBytes(arch, columns * byteWidth(source.type));
  int64_t vector = vectorElements(arch, source.type);
  int64_t maxBlocks = arch.maxSize / arch.lanes / vector * vector;
  for (int64_t row = 0; row < rows; row += maxBlocks) {
    int64_t blocks = std::min(maxBlocks, rows - row);
    int64_t channels = blocks == 1 ? shape[C] : blocks * arch.lanes;
    auto part = [&](const LocalTensor &whole) {
      return alignedTensor(arch, whole.address + uint32_t(row * pitch),
                           {1, channels, 1, columns}, whole.type);
    };
    auto numbers = [&](const LocalTensor &whole) {
      return whole.at(whole.address + uint32_t(row * byteWidth(whole.type)));
    };
    builder.linear(part(result), part(source), numbers(scale), numbers(offset));
  }
}
