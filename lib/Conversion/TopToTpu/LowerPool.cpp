//===- LowerPool.cpp - Lowering of pooling --------------------------------===//
//
// Brings pooling to two spatial axes and means to a divisor that is the same
// for all windows.
//
//===----------------------------------------------------------------------===//

#include "HierarchicalReduction.h"

#include <limits>

using namespace mlir;
using namespace tpuc;
using tpu::PoolKind;

namespace {

/// The window of a pooling; all arrays have an entry a spatial axis.
struct Window {
  SmallVector<int64_t> kernel, strides, dilations, begins, ends;
};

} // namespace

/// Pools over the last two of the spatial axes `axis` and `axis` + 1 of the
/// window, for x of rank 4.
static Value emitPool2d(PoolKind kind, Value x, const Window &window,
                        size_t axis, Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(x);
  SmallVector<int64_t> kernel, strides, pads(4), result = {shape[0], shape[1]};
  SmallVector<int64_t> excess(8, 0);
  for (size_t i = 0; i < 2; ++i) {
    int64_t begin = window.begins[axis + i], end = window.ends[axis + i];
    kernel.push_back(window.kernel[axis + i]);
    strides.push_back(window.strides[axis + i]);
    result.push_back(tpu::getWindowCount(shape[2 + i], begin + end,
                                         kernel.back(), strides.back()));
    if (begin > kMaxPad || end > kMaxPad) {
      excess[2 + i] = std::exchange(begin, 0);
      excess[6 + i] = std::exchange(end, 0);
    }
    pads[i] = begin;
    pads[2 + i] = end;
  }
  if (llvm::any_of(excess, [](int64_t pad) { return pad > 0; }))
    x = lowering.emit<tpu::PadOp>(
        x, ArrayRef<int64_t>(excess),
        kind == PoolKind::Max ? -std::numeric_limits<double>::infinity() : 0.0);
  auto type = cast<RankedTensorType>(x.getType());
  return lowering.emit<tpu::PoolOp>(type.clone(result), kind, x, kernel,
                                    strides, pads);
}

/// Pools over all spatial axes: one (as [1, W]), two, or three as two poolings
/// in turn, the first of which takes the outermost axis for channels.
static Value emitPool(PoolKind kind, Value x, Window window,
                      Lowering &lowering) {
  SmallVector<int64_t> shape(getShape(x));
  size_t axes = shape.size() - 2;
  if (axes == 1) {
    for (SmallVector<int64_t> *values : {&window.kernel, &window.strides})
      values->insert(values->begin(), 1);
    for (SmallVector<int64_t> *values : {&window.begins, &window.ends})
      values->insert(values->begin(), 0);
    x = lowering.reshape(x, {shape[0], shape[1], 1, shape[2]});
    x = emitPool2d(kind, x, window, 0, lowering);
    return lowering.reshape(x, {shape[0], shape[1], getShape(x).back()});
  }
  if (axes == 2)
    return emitPool2d(kind, x, window, 0, lowering);
  x = lowering.reshape(x, {shape[0], shape[1] * shape[2], shape[3], shape[4]});
  x = emitPool2d(kind, x, window, 1, lowering);
  int64_t height = getShape(x)[2], width = getShape(x)[3];
  Window depth;
  depth.kernel = {window.kernel[0], 1};
  depth.strides = {window.strides[0], 1};
  depth.begins = {window.begins[0], 0};
  depth.ends = {window.ends[0], 0};
  x = lowering.reshape(x, {shape[0], shape[1], shape[2], height * width});
  x = emitPool2d(kind, x, depth, 0, lowering);
  return lowering.reshape(x,
                          {shape[0], shape[1], getShape(x)[2], height, width});
}

/// Windows that tile their axis, of any size: [.., in] as [.., out, kernel],
/// reduced over the last axis. One axis at a time.
static Value emitTileReduction(tpu::ReduceKind kind, Value x,
                               const Window &window, Lowering &lowering) {
  SmallVector<int64_t> shape(getShape(x));
  SmallVector<int64_t> split = {shape[0], shape[1]}, outer = {0, 1}, inner;
  for (size_t i = 0; i < shape.size() - 2; ++i) {
    split.append({shape[2 + i] / window.kernel[i], window.kernel[i]});
    outer.push_back(2 + 2 * i);
    inner.push_back(3 + 2 * i);
    shape[2 + i] /= window.kernel[i];
  }
  SmallVector<int64_t> order(outer);
  llvm::append_range(order, inner);
  x = lowering.permute(lowering.reshape(x, split), order);
  x = reduceInSteps(kind, x, outer.size(), lowering);
  return lowering.reshape(x, shape);
}

/// Pools windows that no command has, with gaps or long strides: an axis at a
/// time, the elements at one place of all windows are a slice.
static Value emitSlicedPool(PoolKind kind, Value x, const Window &window,
                            ArrayRef<int64_t> output, Lowering &lowering) {
  bool isMax = kind == PoolKind::Max;
  size_t rank = getShape(x).size();
  for (size_t i = 0; i < output.size(); ++i) {
    SmallVector<int64_t> pads(2 * rank, 0);
    pads[2 + i] = window.begins[i];
    pads[rank + 2 + i] = window.ends[i];
    if (window.begins[i] || window.ends[i])
      x = lowering.emit<tpu::PadOp>(
          x, ArrayRef<int64_t>(pads),
          isMax ? -std::numeric_limits<double>::infinity() : 0.0);
    SmallVector<int64_t> offsets(rank, 0), sizes(getShape(x)), steps(rank, 1);
    sizes[2 + i] = output[i];
    steps[2 + i] = window.strides[i];
    Value joined;
    for (int64_t tap = 0; tap < window.kernel[i]; ++tap) {
      offsets[2 + i] = tap * window.dilations[i];
      Value part = lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(offsets),
                                               ArrayRef<int64_t>(sizes),
                                               ArrayRef<int64_t>(steps));
      joined = !joined
                   ? part
                   : lowering.emit<tpu::BinaryOp>(isMax ? tpu::BinaryKind::Max
                                                        : tpu::BinaryKind::Add,
                                                  joined, part);
    }
    x = joined;
  }
  if (isMax)
    return x;
  return lowering.emit<tpu::ScalarOp>(tpu::ScalarKind::Mul, x,
                                      1.0 / double(getProduct(window.kernel)));
}

/// For every window, its size divided by the number of elements that a network
/// divides by; empty when they are all 1. `limits` are the positions, counted
/// from the start of the padding, between which elements count.
static std::vector<float>
getCorrection(const Window &window, ArrayRef<int64_t> output,
              ArrayRef<std::pair<int64_t, int64_t>> limits) {
  std::vector<float> factors = {1.0f};
  for (size_t i = 0; i < output.size(); ++i) {
    std::vector<float> next;
    for (float factor : factors)
      for (int64_t o = 0; o < output[i]; ++o) {
        int64_t count = 0;
        for (int64_t tap = 0; tap < window.kernel[i]; ++tap) {
          int64_t at = o * window.strides[i] + tap * window.dilations[i];
          count += at >= limits[i].first && at < limits[i].second;
        }
        next.push_back(factor * float(window.kernel[i]) /
                       float(std::max<int64_t>(count, 1)));
      }
    factors = std::move(next);
  }
  if (llvm::all_of(factors, [](float factor) { return factor == 1; }))
    factors.clear();
  return factors;
}

template <typename OpTy, PoolKind kind>
static LogicalResult lowerPool(OpTy op, Lowering &lowering) {
  constexpr bool isMean = kind == PoolKind::Avg;
  Type element = isMean ? lowering.getFloatElement(op)
                        : lowering.getNaturalElement(op, op.getInput());
  ArrayRef<int64_t> input = getShape(op.getInput());
  ArrayRef<int64_t> output = getShape(op.getOutput()).drop_front(2);
  size_t axes = output.size();
  Window window;
  window.kernel.assign(op.getKernel().begin(), op.getKernel().end());
  window.strides.assign(op.getStrides().begin(), op.getStrides().end());
  window.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  SmallVector<std::pair<int64_t, int64_t>> limits;
  bool countsPads = false, tiles = true, hasGaps = false;
  if constexpr (isMean)
    countsPads = op.getCountIncludePad();
  for (size_t i = 0; i < axes; ++i) {
    int64_t begin = op.getPads()[i], end = op.getPads()[axes + i];
    limits.push_back(countsPads ? std::make_pair<int64_t, int64_t>(
                                      0, begin + input[2 + i] + end)
                                : std::make_pair(begin, begin + input[2 + i]));
    // The last window of ceil_mode may reach beyond the padding.
    int64_t reach = (output[i] - 1) * window.strides[i] +
                    (window.kernel[i] - 1) * window.dilations[i] + 1;
    end = std::max(end, reach - input[2 + i] - begin);
    window.begins.push_back(begin);
    window.ends.push_back(end);
    hasGaps |= window.dilations[i] != 1;
    tiles &= window.kernel[i] == window.strides[i] || output[i] == 1;
    tiles &= begin == 0 && end == 0 && input[2 + i] % window.kernel[i] == 0 &&
             input[2 + i] / window.kernel[i] == output[i];
  }
  Value x = lowering.get(op.getInput(), element);
  tpu::ReduceKind reduceKind =
      isMean ? tpu::ReduceKind::Mean : tpu::ReduceKind::Max;
  tiles &= !hasGaps;
  if (getProduct(output) == 1 && tiles) {
    lowering.replace(op.getResult(), reduceInSteps(reduceKind, x, 2, lowering));
    return success();
  }
  bool isStrideTooLong =
      llvm::any_of(window.strides, [](int64_t s) { return s > kMaxStride; });
  if (isStrideTooLong && tiles) {
    x = emitTileReduction(reduceKind, x, window, lowering);
    lowering.replace(op.getResult(), x);
    return success();
  }
  if (isStrideTooLong || hasGaps) {
    // There is no maximum of two tensors of INT8; that of floats is exact.
    Type computed =
        tpu::isQuantized(element) ? lowering.getFloatElement(op) : element;
    x = emitSlicedPool(kind, lowering.cast(x, computed), window, output,
                       lowering);
    x = lowering.cast(x, element);
  } else {
    x = emitPool(kind, x, window, lowering);
  }
  if (isMean) {
    std::vector<float> correction = getCorrection(window, output, limits);
    SmallVector<int64_t> shape = {1, 1};
    llvm::append_range(shape, output);
    if (!correction.empty())
      x = lowering.emit<tpu::BinaryOp>(
          tpu::BinaryKind::Mul, x,
          lowering.constant(correction, shape, element));
  }
  lowering.replace(op.getResult(), x);
  return success();
}

void tpuc::populatePoolLowerings(LoweringSet &set) {
  set.addMove(lowerPool<top::MaxPoolOp, PoolKind::Max>);
  set.add(lowerPool<top::AvgPoolOp, PoolKind::Avg>);
}
