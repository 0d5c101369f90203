//===- HierarchicalReduction.cpp - Long rows in steps ---------------------===//
//
// Reductions, normalisations and softmax of long rows in steps: of parts of a
// row first, then of the parts' results, so that the parts lie in many lanes.
//
//===----------------------------------------------------------------------===//

#include "HierarchicalReduction.h"

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;
using tpu::ScalarKind;
using tpu::UnaryKind;

/// The fewest equal parts of a row that are not long, or as many as there are
/// when the row's length has no such divisor.
static int64_t countParts(int64_t size) {
  for (int64_t parts = 1; parts < size; ++parts)
    if (size % parts == 0 && size / parts <= kLongRow)
      return parts;
  return size;
}

/// Length of a row for which the buffers of a norm or softmax surely fit into a
/// lane.
static int64_t longestWhole(Type element) {
  constexpr int64_t kMostBytes = 32 * 1024;
  return kMostBytes * 8 / element.getIntOrFloatBitWidth();
}

/// Combines rows [.., size] that have no equal parts: those of the longest run
/// that has some, and the rest.
static Value reduceApart(tpu::ReduceKind kind, Value x, Lowering &lowering) {
  int64_t axis = getShape(x).size() - 1, size = getShape(x).back();
  int64_t first = size / kLongRow * kLongRow;
  auto part = [&](int64_t offset, int64_t length) {
    SmallVector<int64_t> offsets(axis + 1, 0), sizes(getShape(x)),
        steps(axis + 1, 1);
    offsets.back() = offset;
    sizes.back() = length;
    Value result =
        reduceInSteps(kind,
                      lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(offsets),
                                                  ArrayRef<int64_t>(sizes),
                                                  ArrayRef<int64_t>(steps)),
                      axis, lowering);
    if (kind != tpu::ReduceKind::Mean)
      return result;
    return lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, result,
                                        double(length) / double(size));
  };
  Value run = part(0, first), rest = part(first, size - first);
  BinaryKind join = kind == tpu::ReduceKind::Max   ? BinaryKind::Max
                    : kind == tpu::ReduceKind::Min ? BinaryKind::Min
                                                   : BinaryKind::Add;
  return lowering.emit<tpu::BinaryOp>(join, run, rest);
}

Value tpuc::reduceInSteps(tpu::ReduceKind kind, Value x, int64_t axis,
                          Lowering &lowering) {
  // Reductions are of floats, of which f16 holds INT8 values to a tenth of a
  // step.
  if (tpu::isQuantized(getElement(x)))
    x = lowering.cast(x, Float16Type::get(x.getContext()));
  SmallVector<int64_t> shape(getShape(x));
  int64_t size = getProduct(ArrayRef<int64_t>(shape).drop_front(axis));
  int64_t parts = countParts(size);
  if (parts == size && size > longestWhole(getElement(x))) {
    SmallVector<int64_t> rows(ArrayRef<int64_t>(shape).take_front(axis));
    rows.push_back(size);
    x = reduceApart(kind, lowering.reshape(x, rows), lowering);
    std::fill(shape.begin() + axis, shape.end(), 1);
    return lowering.reshape(x, shape);
  }
  if (parts == 1 || parts == size)
    return lowering.emit<tpu::ReduceOp>(kind, x, axis);
  SmallVector<int64_t> split(ArrayRef<int64_t>(shape).take_front(axis));
  split.append({parts, size / parts});
  x = lowering.reshape(x, split);
  x = lowering.emit<tpu::ReduceOp>(kind, x, axis + 1);
  split.back() = 1;
  x = reduceInSteps(kind, lowering.reshape(x, split), axis, lowering);
  std::fill(shape.begin() + axis, shape.end(), 1);
  return lowering.reshape(x, shape);
}

/// A convolution of [N, C, 1, 1] to `results` channels whose filter is `weight`
/// everywhere.
static Value mixChannels(Value x, int64_t groups, int64_t results,
                         double weight, Lowering &lowering) {
  int64_t n = getShape(x)[0], channels = getShape(x)[1] / groups;
  std::vector<float> filter(results * channels, float(weight));
  SmallVector<int64_t> ones{1, 1}, zeros{0, 0, 0, 0};
  return lowering.emit<tpu::ConvOp>(
      RankedTensorType::get({n, results, 1, 1}, getElement(x)), x,
      lowering.constant(filter, {results, channels, 1, 1}, getElement(x)),
      Value(), ones, zeros, ones, groups, /*do_relu=*/false, APFloat(-1.0));
}

Value tpuc::normOfGroups(const GroupNorm &norm, Lowering &lowering) {
  Type element = getElement(norm.x);
  Type f32 = Float32Type::get(element.getContext());
  int64_t n = getShape(norm.x)[0], channels = getShape(norm.x)[1];
  auto meanOfGroups = [&](Value value) {
    Value mean = lowering.cast(
        reduceInSteps(tpu::ReduceKind::Mean, value, 2, lowering), f32);
    if (norm.groups == channels)
      return mean;
    // Sums over lanes and back are convolutions, which stay in local memory.
    mean = lowering.reshape(mean, {n, channels, 1, 1});
    mean = mixChannels(mean, norm.groups, norm.groups,
                       double(norm.groups) / double(channels), lowering);
    mean = mixChannels(mean, norm.groups, channels, 1.0, lowering);
    return lowering.reshape(mean, {n, channels, 1});
  };
  auto emit = [&](BinaryKind kind, Value a, Value b) {
    return lowering.emit<tpu::BinaryOp>(kind, a, b);
  };
  auto scaleBy = [&](Value value, double number) {
    return number == 1
               ? value
               : lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, value, number);
  };
  // A quarter of any difference is in the range of f16, and the factor of the
  // largest is a normal number. Differences are kept in x's type: they are as
  // long as x, and read twice.
  double shrink = element.isF16() && norm.subtractsMean ? 0.25 : 1.0;
  Value y = scaleBy(norm.x, shrink);
  if (norm.subtractsMean)
    y = emit(BinaryKind::Sub, y,
             lowering.cast(scaleBy(meanOfGroups(norm.x), shrink), element));
  // Squares leave the range of f16.
  Value wide = lowering.cast(y, f32);
  Value variance = lowering.emit<tpu::ScalarOp>(
      ScalarKind::Add, meanOfGroups(emit(BinaryKind::Mul, wide, wide)),
      norm.epsilon * shrink * shrink);
  Value factor = lowering.emit<tpu::UnaryOp>(UnaryKind::Rsqrt, variance);
  auto getParameter = [&](Value value, Type type) {
    return lowering.reshape(lowering.get(value, type), norm.parameterShape);
  };
  // What is one a channel is multiplied before it meets x.
  bool isPerChannel = norm.parameterShape.back() == 1;
  if (norm.scale && isPerChannel)
    factor = emit(BinaryKind::Mul, factor, getParameter(norm.scale, f32));
  // Rows of equal elements are 0, whatever epsilon is.
  if (element.isF16())
    factor =
        lowering.emit<tpu::UnaryOp>(UnaryKind::Clip, factor, -65504.0, 65504.0);
  y = emit(BinaryKind::Mul, y, lowering.cast(factor, element));
  if (norm.scale && !isPerChannel)
    y = emit(BinaryKind::Mul, y, getParameter(norm.scale, element));
  if (norm.bias)
    y = emit(BinaryKind::Add, y, getParameter(norm.bias, element));
  return y;
}

/// Rows of the last axis as [rows, parts, part], where one is too long; nothing
/// when it is not, or has no equal parts.
static Value splitRows(Value x, Lowering &lowering) {
  int64_t size = getShape(x).back(), parts = countParts(size);
  if (size <= longestWhole(getElement(x)) || parts == size)
    return nullptr;
  int64_t rows = getProduct(getShape(x)) / size;
  return lowering.reshape(x, {rows, parts, size / parts});
}

Value tpuc::softmaxInSteps(Value x, bool isLog, Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(x);
  Type element = getElement(x);
  Value rows = splitRows(x, lowering);
  if (!rows)
    return nullptr;
  Value below = lowering.emit<tpu::BinaryOp>(
      BinaryKind::Sub, rows,
      reduceInSteps(tpu::ReduceKind::Max, rows, 1, lowering));
  // Sums of many powers, and their reciprocals, leave the range of f16.
  below = lowering.cast(below, Float32Type::get(element.getContext()));
  Value powers = lowering.emit<tpu::UnaryOp>(UnaryKind::Exp, below);
  Value sum = reduceInSteps(tpu::ReduceKind::Sum, powers, 1, lowering);
  Value result =
      isLog ? lowering.emit<tpu::BinaryOp>(
                  BinaryKind::Sub, below,
                  lowering.emit<tpu::UnaryOp>(UnaryKind::Log, sum))
            : lowering.emit<tpu::BinaryOp>(
                  BinaryKind::Mul, powers,
                  lowering.emit<tpu::UnaryOp>(UnaryKind::Reciprocal, sum));
  return lowering.reshape(lowering.cast(result, element), shape);
}

Value tpuc::normInSteps(GroupNorm norm, Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(norm.x);
  norm.x = splitRows(norm.x, lowering);
  if (!norm.x)
    return nullptr;
  norm.parameterShape.assign(getShape(norm.x));
  norm.parameterShape.front() = 1;
  return lowering.reshape(normOfGroups(norm, lowering), shape);
}
