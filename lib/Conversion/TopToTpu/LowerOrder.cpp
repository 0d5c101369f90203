//===- LowerOrder.cpp - Lowering of searches, sorts and running sums ------===//
//
// The chip has no sorting. An element's place among the others is the number of
// those before it, which comparisons count; long axes are sorted in blocks, of
// which the best are sorted again.
//
//===----------------------------------------------------------------------===//

#include "HierarchicalReduction.h"
#include "IntegerSteps.h"

#include <limits>

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
  TopKSteps(Lowering &lowering, int64_t k, bool largest)
      : lowering(lowering), k(k), largest(largest) {}

  /// The best of rows of any length, in order. `last` is a key that is after
  /// all others.
  Candidates select(Candidates rows, double last) {
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
    return sortRows(rows, k);
  }

private:
  static constexpr int64_t kBlock = 256;

  Value pad(Value x, int64_t more, double value) {
    int64_t pads[] = {0, 0, 0, more};
    return lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(pads), value);
  }

  /// The first `kept` of every row, in order; equal keys in order of position.
  Candidates sortRows(Candidates rows, int64_t kept) {
    int64_t count = getShape(rows.keys)[0], size = getShape(rows.keys)[1];
    Type f32 = Float32Type::get(rows.keys.getContext());
    Value own = lowering.reshape(rows.keys, {count, size, 1});
    Value other = lowering.reshape(rows.keys, {count, 1, size});
    CompareKind before = largest ? CompareKind::Gt : CompareKind::Lt;
    Value less =
        lowering.cast(lowering.emit<tpu::CompareOp>(before, other, own), f32);
    Value equal = lowering.cast(
        lowering.emit<tpu::CompareOp>(CompareKind::Eq, other, own), f32);
    std::vector<float> triangle(size * size, 0);
    for (int64_t i = 0; i < size; ++i)
      std::fill_n(triangle.begin() + i * size, i, 1.0f);
    Value earlier = lowering.constant(triangle, {1, size, size}, f32);
    Value ahead = lowering.emit<tpu::BinaryOp>(
        BinaryKind::Add, less,
        lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, equal, earlier));
    Value rank = lowering.reshape(
        reduceInSteps(tpu::ReduceKind::Sum, ahead, 2, lowering),
        {count, 1, size});
    std::vector<float> numbers(kept);
    for (int64_t i = 0; i < kept; ++i)
      numbers[i] = float(i);
    Value chosen = lowering.emit<tpu::CompareOp>(
        CompareKind::Eq, rank, lowering.constant(numbers, {1, kept, 1}, f32));
    return {pick(chosen, rows.keys, kept), pick(chosen, rows.places, kept)};
  }

  /// The element of each row that is chosen for each of `kept` results.
  Value pick(Value chosen, Value rows, int64_t kept) {
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
  Value keys = toRows(x, order, lowering);
  int64_t size = getShape(keys)[1];
  std::vector<float> numbers(size);
  for (int64_t i = 0; i < size; ++i)
    numbers[i] = float(i);
  Value places = lowering.broadcast(lowering.constant(numbers, {1, size}, f32),
                                    getShape(keys));
  double infinity = isInteger ? double(std::numeric_limits<int32_t>::max())
                              : std::numeric_limits<double>::infinity();
  TopKSteps steps(lowering, op.getK(), op.getLargest());
  Candidates best =
      steps.select({keys, places}, op.getLargest() ? -infinity : infinity);
  lowering.replace(op.getValues(), fromRows(best.keys, shape, order, lowering));
  lowering.replace(op.getIndices(), fromRows(lowering.cast(best.places, i32),
                                             shape, order, lowering));
  return success();
}

void tpuc::populateOrderLowerings(LoweringSet &set) {
  set.add(lowerCumSum);
  set.add(lowerArg);
  set.add(lowerTopK);
}
