//===- RowwiseKernels.cpp - Kernels over the rows of a matrix -------------===//
//
// Runs a vector program on whole rows, in the lane layout of the result;
// without one, each lane gets consecutive rows, so that its load is contiguous.
//
//===----------------------------------------------------------------------===//

#include "Kernel/RowwiseKernels.h"
#include "Support/IntMath.h"

#include "Kernel/Functions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// How rows are distributed over the lanes: `perLane` each, `rest` to the last.
struct Deal {
  int64_t perLane, fullLanes, rest;

  Deal(const Arch &arch, int64_t rows)
      : perLane(ceilDiv(rows, arch.lanes)), fullLanes(rows / perLane),
        rest(rows % perLane) {}
  int64_t lanes() const { return fullLanes + (rest > 0); }
};

/// A program over tiles of rows; derived classes say where rows lie.
class RowTiles : public TiledKernel {
public:
  RowTiles(const Arch &arch, const RowParams &params)
      : TiledKernel(arch), params(params) {}

  unsigned numInputs() const override { return params.operands.size(); }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    const RowParams::Operand &operand = params.operands[index];
    return alignedTensor(
        arch, 0, params.program->shapeOf(vectorTile(box), operand.extent),
        operand.tensor.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(
        arch, 0, params.program->shapeOf(vectorTile(tile), resultExtent()),
        params.result.type);
  }

  int64_t scratchBytes(const Box &tile) const override {
    return params.program->scratchBytes(vectorTile(tile));
  }
  int64_t constantBytes() const override {
    return params.program->constantBytes();
  }
  void setUp(CommandBuilder &builder, uint32_t address) const override {
    params.program->setUp(builder, address);
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    const GlobalTensor &source = params.operands[index].tensor;
    if (isColumn(index))
      return builder.loadBroadcast(local, source.reshaped(box.size));
    loadRows(builder, source, box, local);
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    VectorTile rows = vectorTile(tile);
    params.program->emit(builder, rows, buffers.result, buffers.inputs,
                         params.program->bufferAddresses(rows, buffers.scratch),
                         constants);
  }

protected:
  virtual VectorTile vectorTile(const Box &box) const = 0;
  virtual void loadRows(CommandBuilder &builder, const GlobalTensor &source,
                        const Box &box, const LocalTensor &local) const = 0;

  Box columnBox() const { return {{0, 0, 0, 0}, {1, 1, 1, params.columns}}; }
  bool isColumn(unsigned index) const {
    return params.operands[index].extent == Extent::Column;
  }
  Extent resultExtent() const { return params.program->result().extent; }
  /// Elements of the result a row.
  int64_t resultColumns() const {
    return resultExtent() == Extent::Row ? 1 : params.columns;
  }

  RowParams params;
};

/// Consecutive rows in each lane.
class RowKernel : public RowTiles {
public:
  using RowTiles::RowTiles;

  Shape4 space() const override { return {1, 1, params.rows, 1}; }
  Shape4 granularity() const override { return {0, 0, arch.lanes, 0}; }

  Box inputBox(unsigned index, const Box &tile) const override {
    return isColumn(index) ? columnBox() : tile;
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    forEachRun(tile, resultColumns(), local, params.result,
               [&](const LocalTensor &part, const GlobalTensor &global) {
                 builder.store(global, part);
               });
  }

private:
  VectorTile vectorTile(const Box &box) const override {
    Deal deal(arch, box.size[H]);
    return {{1, deal.lanes(), deal.perLane, params.columns}, params.columns};
  }

  void loadRows(CommandBuilder &builder, const GlobalTensor &source,
                const Box &box, const LocalTensor &local) const override {
    forEachRun(box, params.columns, local, source,
               [&](const LocalTensor &part, const GlobalTensor &global) {
                 builder.load(part, global);
               });
  }

  /// Calls `transfer` for the full lanes and for the last one; rows of `width`
  /// elements.
  template <typename Transfer>
  void forEachRun(const Box &tile, int64_t width, const LocalTensor &local,
                  const GlobalTensor &global, Transfer transfer) const {
    Deal deal(arch, tile.size[H]);
    auto run = [&](int64_t firstLane, int64_t lanes, int64_t rows) {
      if (lanes == 0 || rows == 0)
        return;
      int64_t laneStride = deal.perLane * width;
      LocalTensor part = local.slice(C, firstLane, lanes);
      // The rows of a lane are one run.
      bool isRun = rows * width <= arch.maxSize;
      Shape4 shape = isRun ? Shape4{1, lanes, 1, rows * width}
                           : Shape4{1, lanes, rows, width};
      Shape4 strides = part.strides;
      strides[H] = isRun ? rows * width : width;
      part = part.viewed(shape, strides);
      int64_t firstRow = tile.offset[H] + firstLane * deal.perLane;
      transfer(part, global.advanced(firstRow * width)
                         .viewed(shape, {lanes * laneStride, laneStride,
                                         isRun ? rows * width : width, 1}));
    };
    run(0, deal.fullLanes, deal.perLane);
    run(deal.fullLanes, 1, deal.rest);
  }
};

/// Rows in the lane layout of the result: [n, c, rows of a lane,
/// columns].
class SplitRowKernel : public RowTiles {
public:
  SplitRowKernel(const Arch &arch, const RowParams &params)
      : RowTiles(arch, params),
        rows{params.result.layout.n, params.result.layout.c,
             params.rows / (params.result.layout.n * params.result.layout.c)} {}

  Shape4 space() const override { return {rows[0], rows[1], rows[2], 1}; }
  Shape4 granularity() const override { return {1, arch.lanes, 1, 0}; }

  Box inputBox(unsigned index, const Box &tile) const override {
    if (isColumn(index))
      return columnBox();
    Box box = tile;
    box.size[W] = params.columns;
    return box;
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    Box box = tile;
    box.size[W] = resultColumns();
    builder.store(matrix(params.result, box.size[W]).slice(box), local);
  }

private:
  VectorTile vectorTile(const Box &box) const override {
    return {{box.size[N], box.size[C], box.size[H], params.columns},
            params.columns};
  }

  void loadRows(CommandBuilder &builder, const GlobalTensor &source,
                const Box &box, const LocalTensor &local) const override {
    builder.load(local, matrix(source, params.columns).slice(box));
  }

  GlobalTensor matrix(const GlobalTensor &tensor, int64_t columns) const {
    return tensor.reshaped({rows[0], rows[1], rows[2], columns});
  }

  /// Rows along n, c and within a lane.
  std::array<int64_t, 3> rows;
};

/// A program under construction with the matrix as its first operand.
struct RowBuilder {
  RowBuilder(const Arch &arch, const RowOperation &operation)
      : arch(arch), list(std::make_shared<VectorProgram>(arch)) {
    params.rows = operation.rows;
    params.columns = operation.columns;
    params.result = operation.result;
    operand = list->input(operation.operand.type);
    params.operands.push_back({operation.operand, Extent::Full});
  }

  VectorValue column(const GlobalTensor &tensor) {
    params.operands.push_back({tensor, Extent::Column});
    return list->input(tensor.type, Extent::Column);
  }

  void finish(VectorValue result, KernelList &kernels) {
    list->setResult(list->cast(result, params.result.type));
    params.program = list;
    makeRowKernels(arch, params, kernels);
  }

  const Arch &arch;
  std::shared_ptr<VectorProgram> list;
  RowParams params;
  VectorValue operand;
};

} // namespace

void kernel::makeRowKernels(const Arch &arch, const RowParams &params,
                            KernelList &kernels) {
  const LaneLayout &layout = params.result.layout;
  if (layout.isKnown() && params.rows % (layout.n * layout.c) == 0)
    kernels.push_back(std::make_unique<SplitRowKernel>(arch, params));
  else
    kernels.push_back(std::make_unique<RowKernel>(arch, params));
}

void kernel::makeSoftmaxKernels(const Arch &arch, const RowOperation &operation,
                                bool isLog, KernelList &kernels) {
  RowBuilder rows(arch, operation);
  VectorProgram &list = *rows.list;
  VectorValue x = list.sub(rows.operand, list.rowMax(rows.operand));
  VectorValue powers = list.mul(x, std::numbers::log2e);
  if (!isLog)
    return rows.finish(appendNormalizedPowers(list, powers, operation.columns),
                       kernels);
  VectorValue sum = list.rowSum(appendPowersUpTo1(list, powers, /*bias=*/0),
                                operation.columns);
  // The logarithm is one of finite numbers: a sum that is NaN is added.
  VectorValue logOfSum =
      list.add(appendLogOfPositive(list, sum), list.sub(sum, sum));
  rows.finish(list.sub(x, list.cast(logOfSum, x.type)), kernels);
}

namespace {

/// Columns up to which the largest deviation above a row's mean bounds those
/// below it closely enough.
constexpr int64_t kMaxBoundedColumns = 1024;

/// The largest power of two in f16 is 2^15.
constexpr int kMaxFactorExponent = 15;
/// Numbers below 2^7 have squares in f16; those that count are normal numbers.
constexpr int kSquareExponent = 7;

/// The least bound of numbers that a factor in f16 brings below 2^exponent.
double leastBound(int exponent) {
  return std::ldexp(1.0, exponent - 1 - kMaxFactorExponent);
}

/// The power of two, in f32, that brings numbers of at most `bound` (f32, at
/// least leastBound()) below 2^exponent.
VectorValue appendScaleBelow(VectorProgram &list, VectorValue bound,
                             int exponent) {
  constexpr double kExponentMask = 0x7f800000;
  constexpr int kMantissaBits = 23, kExponentBias = 127;
  VectorValue power =
      list.arith(Arith::And, bound.as(ElementType::I32), kExponentMask);
  double bits = std::ldexp(2 * kExponentBias + exponent - 1, kMantissaBits);
  return list.sub(bits, power).as(ElementType::F32);
}

/// A row of f16 whose squares can be summed, (x - mean) * factor or x * factor,
/// and the factor, in f32.
struct ScaledRow {
  VectorValue x, factor;
};

ScaledRow appendScaledRow(VectorProgram &list, VectorValue x) {
  VectorValue largest = list.cast(list.rowMax(list.abs(x)), ElementType::F32);
  VectorValue factor = appendScaleBelow(
      list, list.max(largest, leastBound(kSquareExponent)), kSquareExponent);
  return {list.mul(x, list.cast(factor, x.type)), factor};
}

ScaledRow appendScaledDeviations(VectorProgram &list, VectorValue x,
                                 int64_t columns) {
  // Deviations add up to 0, so that none below the mean exceeds the sum of
  // those above it; and two f16 numbers are at most 2^17 apart. The mean stays
  // below 2^14, so that x does not overflow before it is subtracted.
  constexpr int kMeanExponent = 14;
  constexpr int kDifference = kMeanExponent - kSquareExponent;
  VectorValue negativeMean = list.rowSum(x, columns, -1.0 / double(columns));
  VectorValue above =
      list.add(list.cast(list.rowMax(x), ElementType::F32), negativeMean);
  double others = double(std::max<int64_t>(columns - 1, 1));
  VectorValue deviation =
      list.min(list.linear(above, std::ldexp(others, kDifference),
                           leastBound(kMeanExponent)),
               std::ldexp(1.0, 17 + kDifference));
  VectorValue factor = appendScaleBelow(
      list, list.max(deviation, list.abs(negativeMean)), kMeanExponent);
  return {list.linearRows(x, list.cast(factor, x.type),
                          list.cast(list.mul(negativeMean, factor), x.type)),
          factor};
}

} // namespace

void kernel::makeNormKernels(const Arch &arch, const NormParams &params,
                             KernelList &kernels) {
  RowBuilder rows(arch, params);
  VectorProgram &list = *rows.list;
  // Operands are named before the first instruction.
  std::optional<VectorValue> scale, bias;
  if (params.scale)
    scale = rows.column(*params.scale);
  if (params.bias)
    bias = rows.column(*params.bias);
  ElementType type = params.operand.type;
  double perColumn = 1.0 / double(params.columns);
  VectorValue x = rows.operand;
  // A norm does not depend on a factor of the whole row, but for epsilon.
  std::optional<VectorValue> factor;
  bool isScaled = type == ElementType::F16;
  bool isBounded =
      isScaled && params.subtractMean && params.columns <= kMaxBoundedColumns;
  if (isScaled) {
    ScaledRow row = isBounded ? appendScaledDeviations(list, x, params.columns)
                              : appendScaledRow(list, x);
    x = row.x;
    factor = row.factor;
  }
  if (params.subtractMean && !isBounded)
    x = list.sub(x, list.cast(list.rowSum(x, params.columns, perColumn), type));
  VectorValue squares = list.mul(x, x), variance;
  if (type == ElementType::F32) {
    // Sums of f32 are divided by a command of its own, which can add.
    variance = list.linear(list.rowSum(squares, params.columns), perColumn,
                           params.epsilon);
  } else {
    variance = list.rowSum(squares, params.columns, perColumn);
    // Such a sum of NaN and infinity is infinity; the row becomes NaN by it.
    variance = list.add(variance, list.mul(variance, 0.0));
    if (factor && params.epsilon != 0)
      variance = list.add(variance,
                          list.mul(list.mul(*factor, *factor), params.epsilon));
    else if (params.epsilon != 0)
      variance = list.add(variance, params.epsilon);
  }
  VectorValue deviation = type != ElementType::F16
                              ? list.rsqrt(variance)
                              : appendCoarseRsqrt(list, variance);
  // Rows of equal elements are 0: their factor of infinity would make them NaN.
  // Bounded deviations have a scale of at least 1/4 then.
  constexpr double kSafeEpsilon = 1e-8;
  if (isScaled && !(isBounded && params.epsilon >= kSafeEpsilon))
    deviation = list.min(deviation, 60000.0);
  VectorValue y = list.mul(x, list.cast(deviation, type));
  if (scale)
    y = list.mul(y, list.cast(*scale, type));
  if (bias)
    y = list.add(y, list.cast(*bias, type));
  rows.finish(y, kernels);
}

void kernel::makeReduceKernels(const Arch &arch, const RowOperation &operation,
                               Reduction reduction, KernelList &kernels) {
  RowBuilder rows(arch, operation);
  VectorProgram &list = *rows.list;
  switch (reduction) {
  case Reduction::Max:
    return rows.finish(list.rowMax(rows.operand), kernels);
  case Reduction::Min:
    // There is no pooling for minima.
    return rows.finish(
        list.mul(list.rowMax(list.mul(rows.operand, -1.0)), -1.0), kernels);
  case Reduction::Sum:
    return rows.finish(list.rowSum(rows.operand, operation.columns), kernels);
  case Reduction::Mean:
    return rows.finish(list.rowSum(rows.operand, operation.columns,
                                   1.0 / double(operation.columns)),
                       kernels);
  }
}
