//===- LowerOrder.cpp - Lowering of searches, sorts and running sums ------===//
//
// The chip has no sorting. An element's place among the others is the number of
// those before it, which comparisons count; so of long axes the best are found
// first, in blocks, of whose best the best are found again.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/Detection.h"
#include "HierarchicalReduction.h"
#include "IntegerSteps.h"
#include "Kernel/TopSet.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;
using tpu::CompareKind;

/// x with its axis last, as rows.
static Value toRows(Value x, ArrayRef<int64_t> order, Lowering &lowering) {
  x = lowering.permute(x, order);
  int64_t size = getShape(x).back();
  return lowering.reshape(x, {getNumElements(getShape(x)) / size, size});
}

/// Rows back as they were, but for the size of the axis.
static Value fromRows(Value rows, ArrayRef<int64_t> shape,
                      ArrayRef<int64_t> order, Lowering &lowering) {
  SmallVector<int64_t> permuted;
  for (int64_t axis : order)
    permuted.push_back(shape[axis]);
  return lowering.permute(lowering.reshape(rows, permuted), invertOrder(order));
}

static LogicalResult lowerCumSum(top::CumSumOp op, Lowering &lowering) {
  bool isInteger = isa<IntegerType>(getElement(op.getInput()));
  Value x = lowering.get(
      op.getInput(), isInteger ? lowering.getNaturalElement(op, op.getInput())
                               : lowering.getFloatElement(op));
  SmallVector<int64_t> order =
      getOrderWithLast(getShape(x).size(), int64_t(op.getAxis()));
  SmallVector<int64_t> shape(getShape(x));
  Value rows = toRows(x, order, lowering);
  RunningSum form{op.getExclusive(), op.getReverse()};
  rows = isInteger ? sumByDoubling(rows, form, lowering)
                   : sumInBlocks(rows, form, lowering);
  lowering.replace(op.getResult(), fromRows(rows, shape, order, lowering));
  return success();
}

/// arg(x) -> the least (or largest) position at which x is the extremum:
/// positions elsewhere are replaced by one beyond the axis.
static LogicalResult lowerArg(top::ArgOp op, Lowering &lowering) {
  Value x = lowering.get(op.getInput(),
                         lowering.getNaturalElement(op, op.getInput()));
  SmallVector<int64_t> order =
      getOrderWithLast(getShape(x).size(), int64_t(op.getAxis()));
  x = lowering.permute(x, order);
  int64_t rank = getShape(x).size(), size = getShape(x).back();
  bool isMax = op.getKind() == top::ArgKind::Max, last = op.getSelectLast();
  Value extremum =
      isa<IntegerType>(getElement(x))
          ? reduceByHalves(isMax ? BinaryKind::Max : BinaryKind::Min, x,
                           rank - 1, lowering)
          : reduceInSteps(isMax ? tpu::ReduceKind::Max : tpu::ReduceKind::Min,
                          x, rank - 1, lowering);
  // Nothing is beyond the extremum: what is not below it is found.
  Value misses = lowering.emit<tpu::CompareOp>(
      isMax ? tpu::CompareKind::Lt : tpu::CompareKind::Gt, x, extremum);
  // Positions need all bits of f32.
  Type f32 = Float32Type::get(op.getContext());
  std::vector<float> numbers(size);
  for (int64_t i = 0; i < size; ++i)
    numbers[i] = i;
  SmallVector<int64_t> shape(rank, 1);
  Value none = lowering.constant({last ? -1.0f : float(size)}, shape, f32);
  shape.back() = size;
  Value positions = lowering.constant(numbers, shape, f32);
  Value candidates =
      lowering.emit<tpu::SelectOp>(lowering.cast(misses, f32), none, positions);
  Value position =
      reduceInSteps(last ? tpu::ReduceKind::Max : tpu::ReduceKind::Min,
                    candidates, rank - 1, lowering);
  position = lowering.cast(position, IntegerType::get(op.getContext(), 32));
  lowering.replace(op.getResult(),
                   lowering.reshape(position, getShape(op.getOutput())));
  return success();
}

//===----------------------------------------------------------------------===//
// The largest elements
//===----------------------------------------------------------------------===//

namespace {

/// Rows of candidates: their keys and, in f32, their places in the row.
struct Candidates {
  Value keys, places;
};

/// Finds the best `k` of rows.
class TopKSteps {
public:
  TopKSteps(MLIRContext *context, Lowering &lowering, int64_t k, bool largest)
      : context(context), lowering(lowering), k(k), largest(largest) {}

  /// The places of the best of rows of any length, in order, f32. `last` is a
  /// number that is after all others.
  Value select(Value rows, double last) {
    int64_t count = getShape(rows)[0], size = getShape(rows)[1];
    if (getBlocks(count, size) == 0)
      return selectByRank(
          {rows, lowering.broadcast(series(size), getShape(rows))}, last);
    // Sets of the best of blocks, until one is left.
    Value keys = rows, places;
    for (int64_t blocks = 0; blocks != 1; last = kLeast) {
      size = getShape(keys)[1];
      blocks = getBlocks(count, size);
      Value set = findSet(keys, blocks, last, /*isFirst=*/!places);
      Value found = numbersInRows(set, blocks, size);
      keys = lowering.reshape(part(set, 0), {count, blocks * k});
      places = places ? pick(places, found) : found;
    }
    largest = true;
    return sortRows({keys, lowering.cast(places, f32())}, k).places;
  }

  /// The elements at places of rows, [rows, k].
  Value pick(Value rows, Value places) {
    int64_t count = getShape(rows)[0], size = getShape(rows)[1];
    SmallVector<int64_t> begins;
    for (int64_t row = 0; row < count; ++row)
      begins.push_back(row * size);
    Value numbers = places;
    if (count > 1)
      numbers = lowering.emit<tpu::BinaryOp>(
          BinaryKind::Add, places, lowering.indices(begins, {count, 1}));
    int64_t total = getProduct(getShape(places));
    Value picked = lowering.emit<tpu::GatherOp>(
        lowering.reshape(rows, {count * size, 1}),
        lowering.reshape(numbers, total), int64_t(0));
    return lowering.reshape(picked, getShape(places));
  }

private:
  static constexpr int64_t kBlock = 256;
  static constexpr double kLeast = std::numeric_limits<int32_t>::min();

  Type f32() { return Float32Type::get(context); }
  Type i32() { return IntegerType::get(context, 32); }

  /// 0, 1, ... as one row, f32.
  Value series(int64_t size) {
    std::vector<float> numbers(size);
    std::iota(numbers.begin(), numbers.end(), 0.0f);
    return lowering.constant(numbers, {1, size}, f32());
  }

  Value pad(Value x, int64_t more, double value) {
    int64_t pads[] = {0, 0, 0, more};
    return lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(pads), value);
  }

  //===--- Sets -----------------------------------------------------------//

  /// Roughly the cycles of a search in rows: 32 counts of three passes each,
  /// and packing, an element a cycle.
  int64_t getSearchCost(int64_t rows, int64_t size) const {
    return lowering.getArch().channelRows(rows) * (9 * size + 2000);
  }

  /// Into how many blocks rows are cut for the next set; 0 where a lane holds
  /// no search for so many.
  int64_t getBlocks(int64_t count, int64_t size) const {
    return findBlocks(count, size, /*depth=*/3).first;
  }

  /// The best number of blocks, and the cost with those that follow.
  std::pair<int64_t, int64_t> findBlocks(int64_t count, int64_t size,
                                         int depth) const {
    std::pair<int64_t, int64_t> best(0, std::numeric_limits<int64_t>::max());
    // Sets of all blocks are to be smaller than the rows.
    for (int64_t blocks = 1; blocks * k * 4 <= size * 3 || blocks == 1;
         blocks += 1 + blocks / 8) {
      int64_t block = llvm::divideCeil(size, blocks);
      int64_t cost = getSearchCost(count * blocks, block);
      if (cost >= best.second)
        continue;
      if (blocks > 1) {
        if (depth == 1)
          break;
        auto [next, rest] = findBlocks(count, blocks * k, depth - 1);
        if (next == 0 || cost + rest >= best.second)
          continue;
        cost += rest;
      }
      if (kernel::fitsTopSet(lowering.getArch(), block, k))
        best = {blocks, cost};
    }
    return best;
  }

  /// The sets of the blocks of rows, [rows * blocks, 2, k].
  Value findSet(Value rows, int64_t blocks, double last, bool isFirst) {
    int64_t count = getShape(rows)[0], size = getShape(rows)[1];
    int64_t block = llvm::divideCeil(size, blocks);
    if (blocks * block > size)
      rows = pad(rows, blocks * block - size, last);
    Type result = RankedTensorType::get({count * blocks, 2, k}, i32());
    return lowering.emit<tpu::TopSetOp>(
        result, lowering.reshape(rows, {count * blocks, block}),
        isFirst ? largest : true);
  }

  /// Keys or positions of sets, [rows, k].
  Value part(Value set, int64_t index) {
    SmallVector<int64_t> offsets{0, index, 0}, sizes(getShape(set)),
        steps{1, 1, 1};
    sizes[1] = 1;
    Value part = lowering.emit<tpu::SliceOp>(set, ArrayRef<int64_t>(offsets),
                                             ArrayRef<int64_t>(sizes),
                                             ArrayRef<int64_t>(steps));
    return lowering.reshape(part, {sizes[0], k});
  }

  /// The places in rows of `size` of what sets of their blocks have.
  Value numbersInRows(Value set, int64_t blocks, int64_t size) {
    int64_t count = getShape(set)[0] / blocks;
    Value positions = part(set, 1);
    if (blocks == 1)
      return positions;
    SmallVector<int64_t> begins;
    for (int64_t block = 0; block < blocks; ++block)
      begins.push_back(block * llvm::divideCeil(size, blocks));
    Value numbers = lowering.emit<tpu::BinaryOp>(
        BinaryKind::Add, lowering.reshape(positions, {count, blocks, k}),
        lowering.indices(begins, {1, blocks, 1}));
    return lowering.reshape(numbers, {count, blocks * k});
  }

  //===--- Ranks ----------------------------------------------------------//

  /// The same by comparisons of all pairs alone.
  Value selectByRank(Candidates rows, double last) {
    // The comparisons of a block are its length squared; the best of several
    // blocks are sorted again until one is left.
    int64_t count = getShape(rows.keys)[0], size = getShape(rows.keys)[1];
    int64_t block = std::max<int64_t>(kBlock, 2 * k);
    while (size > block) {
      int64_t blocks = llvm::divideCeil(size, block);
      if (blocks * block > size)
        rows = {pad(rows.keys, blocks * block - size, last),
                pad(rows.places, blocks * block - size, 0)};
      rows = {lowering.reshape(rows.keys, {count * blocks, block}),
              lowering.reshape(rows.places, {count * blocks, block})};
      rows = sortRows(rows, std::min(k, block));
      size = blocks * std::min(k, block);
      rows = {lowering.reshape(rows.keys, {count, size}),
              lowering.reshape(rows.places, {count, size})};
    }
    return sortRows(rows, k).places;
  }

  /// The first `kept` of every row, in order; equal keys in order of position.
  Candidates sortRows(Candidates rows, int64_t kept) {
    int64_t count = getShape(rows.keys)[0], size = getShape(rows.keys)[1];
    Value own = lowering.reshape(rows.keys, {count, size, 1});
    Value other = lowering.reshape(rows.keys, {count, 1, size});
    CompareKind before = largest ? CompareKind::Gt : CompareKind::Lt;
    Value less =
        lowering.cast(lowering.emit<tpu::CompareOp>(before, other, own), f32());
    Value equal = lowering.cast(
        lowering.emit<tpu::CompareOp>(CompareKind::Eq, other, own), f32());
    std::vector<float> triangle(size * size, 0);
    for (int64_t i = 0; i < size; ++i)
      std::fill_n(triangle.begin() + i * size, i, 1.0f);
    Value earlier = lowering.constant(triangle, {1, size, size}, f32());
    Value ahead = lowering.emit<tpu::BinaryOp>(
        BinaryKind::Add, less,
        lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, equal, earlier));
    Value rank = lowering.reshape(
        reduceInSteps(tpu::ReduceKind::Sum, ahead, 2, lowering),
        {count, 1, size});
    std::vector<float> numbers(kept);
    std::iota(numbers.begin(), numbers.end(), 0.0f);
    Value chosen = lowering.emit<tpu::CompareOp>(
        CompareKind::Eq, rank, lowering.constant(numbers, {1, kept, 1}, f32()));
    return {choose(chosen, rows.keys, kept), choose(chosen, rows.places, kept)};
  }

  /// The element of each row that is chosen for each of `kept` results.
  Value choose(Value chosen, Value rows, int64_t kept) {
    int64_t count = getShape(rows)[0], size = getShape(rows)[1];
    Type element = getElement(rows);
    SmallVector<int64_t> ones(3, 1);
    bool isFloat = isa<FloatType>(element);
    Value zero = isFloat ? lowering.constant({0.0f}, ones, element)
                         : lowering.indices({0}, ones);
    Value picked = lowering.emit<tpu::SelectOp>(
        lowering.cast(chosen, element),
        lowering.reshape(rows, {count, 1, size}), zero);
    picked = isFloat ? reduceInSteps(tpu::ReduceKind::Sum, picked, 2, lowering)
                     : reduceByHalves(BinaryKind::Add, picked, 2, lowering);
    return lowering.reshape(picked, {count, kept});
  }

  MLIRContext *context;
  Lowering &lowering;
  int64_t k;
  bool largest;
};

} // namespace

static LogicalResult lowerTopK(top::TopKOp op, Lowering &lowering) {
  bool isInteger = isa<IntegerType>(getElement(op.getInput()));
  Type f32 = Float32Type::get(op.getContext());
  Type i32 = IntegerType::get(op.getContext(), 32);
  Value x = lowering.get(op.getInput(), isInteger ? i32 : f32);
  SmallVector<int64_t> order =
      getOrderWithLast(getShape(x).size(), int64_t(op.getAxis()));
  SmallVector<int64_t> shape(getShape(op.getValues()));
  Value rows = toRows(x, order, lowering);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double least = std::numeric_limits<int32_t>::min();
  double most = std::numeric_limits<int32_t>::max();
  double last = isInteger ? (op.getLargest() ? least : most)
                          : (op.getLargest() ? -kInfinity : kInfinity);
  TopKSteps steps(op.getContext(), lowering, op.getK(), op.getLargest());
  Value places = lowering.cast(steps.select(rows, last), i32);
  lowering.replace(op.getValues(),
                   fromRows(steps.pick(rows, places), shape, order, lowering));
  lowering.replace(op.getIndices(), fromRows(places, shape, order, lowering));
  return success();
}

void tpuc::populateOrderLowerings(LoweringSet &set) {
  set.add(lowerCumSum);
  set.add(lowerArg);
  set.add(lowerTopK);
}
