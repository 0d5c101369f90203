//===- ConvForm.cpp - Convolutions within the limits of commands ----------===//
//
// Rearranges inputs and filters of any element type until pads, strides and
// dilations fit the commands' fields. What it emits for filters folds away.
//
//===----------------------------------------------------------------------===//

#include "ConvForm.h"
#include "Support/IntMath.h"

using namespace mlir;
using namespace tpuc;

void tpuc::addAxis(ConvForm &conv, Lowering &lowering) {
  auto widen = [&](Value value) {
    SmallVector<int64_t> shape(getShape(value));
    shape.insert(shape.begin() + 2, 1);
    return lowering.reshape(value, shape);
  };
  conv.input = widen(conv.input);
  conv.filter = widen(conv.filter);
  conv.strides = {1, conv.strides[0]};
  conv.dilations = {1, conv.dilations[0]};
  conv.pads = {0, conv.pads[0], 0, conv.pads[1]};
}

/// How many of `output` results along axis `i` have all taps in the pads.
static int64_t countEmptyWindows(const ConvForm &conv, size_t i,
                                 int64_t output) {
  int64_t in = getShape(conv.input)[2 + i], taps = getShape(conv.filter)[2 + i];
  return llvm::count_if(llvm::seq<int64_t>(output), [&](int64_t result) {
    return llvm::none_of(llvm::seq<int64_t>(taps), [&](int64_t tap) {
      int64_t position =
          result * conv.strides[i] - conv.pads[i] + tap * conv.dilations[i];
      return position >= 0 && position < in;
    });
  });
}

/// Pads the axes whose pads exceed the command's by an op of its own. So it
/// does where no result sees the input, of which a command wants some, and
/// where planes of a volume see only pads: taps of the depth are commands, and
/// a sum of none is not written. Tiles are not cut along an axis with windows
/// that see pads alone, which is for small images only. `output` are the
/// spatial sizes of the result.
static void padExcess(ConvForm &conv, ArrayRef<int64_t> output,
                      Lowering &lowering) {
  size_t axes = conv.getAxes();
  SmallVector<int64_t> pads(2 * (axes + 2), 0);
  const Arch &arch = lowering.getArch();
  int64_t laneBytes = arch.channelRows(getShape(conv.input)[1]) *
                      ShapedType::getNumElements(output) *
                      int64_t(sizeof(float));
  bool needed = false, isSmall = 8 * laneBytes <= arch.laneBytes;
  for (size_t i = 0; i < axes; ++i) {
    int64_t &begin = conv.pads[i], &end = conv.pads[axes + i];
    bool isTooLong = begin > kMaxPad || end > kMaxPad;
    int64_t empty = countEmptyWindows(conv, i, output[i]);
    bool isDepth = axes == 3 && i == 0;
    bool isSeen = empty == 0 || (!isDepth && isSmall && empty < output[i]);
    if (!isTooLong && isSeen)
      continue;
    needed = true;
    pads[2 + i] = std::exchange(begin, 0);
    pads[axes + 4 + i] = std::exchange(end, 0);
  }
  if (needed)
    conv.input = lowering.emit<tpu::PadOp>(conv.input, ArrayRef<int64_t>(pads));
}

/// Makes strides beyond the command's 1: blocks of stride x stride positions
/// become channels, and the filter, filled up with zeros to whole blocks, moves
/// by one block. `output` are the spatial sizes of the result.
static void moveStridesToChannels(ConvForm &conv, ArrayRef<int64_t> output,
                                  Lowering &lowering) {
  size_t axes = conv.getAxes();
  SmallVector<int64_t> input(getShape(conv.input));
  SmallVector<int64_t> filter(getShape(conv.filter));
  SmallVector<int64_t> pads(2 * (axes + 2), 0), filterPads(2 * (axes + 2), 0);
  SmallVector<int64_t> taken(input);
  SmallVector<int64_t> split = {input[0], input[1]},
                       filterSplit = {filter[0], filter[1]};
  SmallVector<int64_t> outer, inner;
  int64_t blockSize = 1;
  SmallVector<int64_t> blocks;
  for (size_t i = 0; i < axes; ++i) {
    int64_t block = conv.strides[i] > kMaxStride ? conv.strides[i] : 1;
    int64_t in = input[2 + i], taps = filter[2 + i];
    if (block > 1) {
      int64_t filterBlocks = ceilDiv(taps, block);
      int64_t used = (output[i] - 1 + filterBlocks) * block;
      // What no window reaches is cut off.
      pads[2 + i] = conv.pads[i];
      pads[axes + 4 + i] = std::max<int64_t>(0, used - in - conv.pads[i]);
      conv.pads[i] = conv.pads[axes + i] = 0;
      filterPads[axes + 4 + i] = filterBlocks * block - taps;
      conv.strides[i] = 1;
      in = used;
      taps = filterBlocks * block;
    }
    blocks.push_back(block);
    blockSize *= block;
    split.append({in / block, block});
    filterSplit.append({taps / block, block});
    outer.push_back(2 + 2 * i);
    inner.push_back(3 + 2 * i);
    taken[2 + i] = in;
    input[2 + i] = in / block;
    filter[2 + i] = taps / block;
  }
  Value x = conv.input;
  if (llvm::any_of(pads, [](int64_t pad) { return pad > 0; }))
    x = lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(pads));
  if (getShape(x) != ArrayRef<int64_t>(taken)) {
    SmallVector<int64_t> zeros(taken.size(), 0), ones(taken.size(), 1);
    x = lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(zeros),
                                    ArrayRef<int64_t>(taken),
                                    ArrayRef<int64_t>(ones));
  }
  Value w = conv.filter;
  if (llvm::any_of(filterPads, [](int64_t pad) { return pad > 0; }))
    w = lowering.emit<tpu::PadOp>(w, ArrayRef<int64_t>(filterPads));
  // [n, c, (blocks, block)...] -> [n, (c, block...), blocks...]
  SmallVector<int64_t> order = {0, 1};
  llvm::append_range(order, inner);
  llvm::append_range(order, outer);
  input[1] *= blockSize;
  filter[1] *= blockSize;
  x = lowering.permute(lowering.reshape(x, split), order);
  w = lowering.permute(lowering.reshape(w, filterSplit), order);
  conv.input = lowering.reshape(x, input);
  conv.filter = lowering.reshape(w, filter);
}

static Value emitSlice(Value x, ArrayRef<int64_t> offsets,
                       ArrayRef<int64_t> sizes, Lowering &lowering) {
  if (getShape(x) == sizes)
    return x;
  SmallVector<int64_t> ones(sizes.size(), 1);
  return lowering.emit<tpu::SliceOp>(x, offsets, sizes,
                                     ArrayRef<int64_t>(ones));
}

/// Takes away taps that only ever meet the pads, as those of a wide dilation on
/// a small image do. `output` are the spatial sizes of the result.
static void trimTaps(ConvForm &conv, ArrayRef<int64_t> output,
                     Lowering &lowering) {
  size_t axes = conv.getAxes();
  ArrayRef<int64_t> input = getShape(conv.input);
  SmallVector<int64_t> sizes(getShape(conv.filter)), offsets(sizes.size(), 0);
  for (size_t i = 0; i < axes; ++i) {
    int64_t in = input[2 + i], begin = conv.pads[i],
            dilation = conv.dilations[i];
    int64_t way = (output[i] - 1) * conv.strides[i];
    auto meetsInput = [&](int64_t tap) {
      int64_t first = tap * dilation - begin;
      return first < in && first + way >= 0;
    };
    int64_t first = 0, last = sizes[2 + i] - 1;
    while (first < last && !meetsInput(first))
      ++first;
    while (last > first && !meetsInput(last))
      --last;
    int64_t newBegin = begin - first * dilation;
    int64_t newEnd = way + (last - first) * dilation + 1 - in - newBegin;
    bool isTrimmed = first > 0 || last < sizes[2 + i] - 1;
    if (!isTrimmed || newBegin < 0 || newEnd < 0)
      continue;
    conv.pads[i] = newBegin;
    conv.pads[axes + i] = newEnd;
    offsets[2 + i] = first;
    sizes[2 + i] = last - first + 1;
    if (sizes[2 + i] == 1)
      conv.dilations[i] = 1;
  }
  conv.filter = emitSlice(conv.filter, offsets, sizes, lowering);
}

namespace {

/// What one tap of an axis reads for each of `size` results, `step` elements
/// apart: `count` elements from `offset` on, behind `before` pads.
struct TapRun {
  int64_t offset = 0, step = 1, size = 0, before = 0, count = 0;

  static TapRun make(int64_t first, int64_t step, int64_t size, int64_t input) {
    TapRun run{first, step, size};
    run.before = std::clamp<int64_t>(
        ceilDiv(std::max<int64_t>(-first, 0), step), 0, size);
    int64_t end = first >= input ? 0 : (input - 1 - first) / step + 1;
    run.count = std::max<int64_t>(std::min(end, size) - run.before, 0);
    run.offset = first + run.before * step;
    return run;
  }
};

} // namespace

/// What a tap reads, `runs` of the spatial axes, with zeros for pads.
static Value emitTap(Value x, ArrayRef<TapRun> runs, Lowering &lowering) {
  size_t rank = runs.size() + 2;
  ArrayRef<int64_t> shape = getShape(x);
  SmallVector<int64_t> offsets(rank, 0), sizes(shape), steps(rank, 1);
  SmallVector<int64_t> pads(2 * rank, 0), zeros(rank, 0), whole(shape);
  bool meetsInput = true;
  for (auto [i, run] : llvm::enumerate(runs)) {
    whole[2 + i] = run.size;
    // Of a tap that only meets pads one element stays, which is cut off again.
    bool meetsAxis = run.count > 0;
    meetsInput &= meetsAxis;
    offsets[2 + i] = meetsAxis ? run.offset : 0;
    steps[2 + i] = meetsAxis ? run.step : 1;
    sizes[2 + i] = meetsAxis ? run.count : 1;
    pads[2 + i] = meetsAxis ? run.before : run.size;
    pads[rank + 2 + i] = meetsAxis ? run.size - run.before - run.count : 0;
  }
  if (sizes != SmallVector<int64_t>(shape) ||
      llvm::any_of(steps, [](int64_t step) { return step > 1; }))
    x = lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(offsets),
                                    ArrayRef<int64_t>(sizes),
                                    ArrayRef<int64_t>(steps));
  if (llvm::any_of(pads, [](int64_t pad) { return pad > 0; }))
    x = lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(pads));
  return meetsInput ? x : emitSlice(x, zeros, whole, lowering);
}

/// Makes dilations beyond the command's, and the strides of the axes that
/// `isMoved` says, 1: what each tap of such an axis sees becomes channels, so
/// that one convolution still adds all products. `output` are the spatial sizes
/// of the result.
static void moveTapsToChannels(ConvForm &conv, ArrayRef<int64_t> output,
                               ArrayRef<bool> isMoved, Lowering &lowering) {
  size_t axes = conv.getAxes();
  ArrayRef<int64_t> input = getShape(conv.input);
  SmallVector<int64_t> filter(getShape(conv.filter));
  SmallVector<SmallVector<TapRun>> taps(1);
  // The filter as [oc, taps..., c / group, other taps...].
  SmallVector<int64_t> order = {0}, others = {1}, sizes(input);
  for (size_t i = 0; i < axes; ++i) {
    SmallVector<TapRun> runs;
    if (!isMoved[i]) {
      others.push_back(2 + i);
      runs.push_back(TapRun::make(0, 1, input[2 + i], input[2 + i]));
    } else {
      order.push_back(2 + i);
      // Short strides stay the command's, which skips for nothing.
      int64_t step = conv.strides[i] > kMaxStride ? conv.strides[i] : 1;
      conv.strides[i] /= step;
      sizes[2 + i] = (output[i] - 1) * conv.strides[i] + 1;
      for (int64_t k = 0; k < filter[2 + i]; ++k)
        runs.push_back(TapRun::make(k * conv.dilations[i] - conv.pads[i], step,
                                    sizes[2 + i], input[2 + i]));
      conv.pads[i] = conv.pads[axes + i] = 0;
      conv.dilations[i] = 1;
    }
    SmallVector<SmallVector<TapRun>> all;
    for (const SmallVector<TapRun> &tap : taps)
      for (const TapRun &run : runs) {
        all.push_back(tap);
        all.back().push_back(run);
      }
    taps = all;
  }
  llvm::append_range(order, others);
  // Each group has the channels of its taps side by side.
  SmallVector<int64_t> grouped = {sizes[0], conv.group, sizes[1] / conv.group};
  llvm::append_range(grouped, ArrayRef<int64_t>(sizes).drop_front(2));
  SmallVector<Value> parts;
  for (const SmallVector<TapRun> &tap : taps)
    parts.push_back(
        lowering.reshape(emitTap(conv.input, tap, lowering), grouped));
  grouped[2] *= parts.size();
  Value x = parts.front();
  if (parts.size() > 1)
    x = lowering.emit<tpu::ConcatOp>(
        RankedTensorType::get(grouped, getElement(x)), parts, /*axis=*/2);
  sizes[1] *= parts.size();
  conv.input = lowering.reshape(x, sizes);
  filter[1] *= parts.size();
  for (size_t i = 0; i < axes; ++i)
    if (isMoved[i])
      filter[2 + i] = 1;
  conv.filter = lowering.reshape(lowering.permute(conv.filter, order), filter);
}

/// Whether long strides are better left by slices of what each tap reads than
/// by blocks, which hold all that lies between the taps.
static bool slicesAreSmaller(const ConvForm &conv, ArrayRef<int64_t> output) {
  // A slice is an operator of its own.
  constexpr int64_t kFewTaps = 4, kMuchLarger = 8;
  ArrayRef<int64_t> filter = getShape(conv.filter);
  int64_t taps = 1;
  double ratio = 1;
  for (size_t i = 0; i < conv.getAxes(); ++i)
    if (conv.strides[i] > kMaxStride) {
      if (conv.dilations[i] > 1)
        return true;
      int64_t blocks = ceilDiv(filter[2 + i], conv.strides[i]);
      taps *= filter[2 + i];
      ratio *= double((output[i] - 1 + blocks) * conv.strides[i]) /
               double(output[i]);
    }
  return taps <= kFewTaps || ratio > double(kMuchLarger * taps);
}

void tpuc::bringToForm(ConvForm &conv, ArrayRef<int64_t> output,
                       Lowering &lowering) {
  trimTaps(conv, output, lowering);
  bool usesSlices = slicesAreSmaller(conv, output);
  SmallVector<bool> isMoved;
  for (auto [dilation, stride] : llvm::zip(conv.dilations, conv.strides))
    isMoved.push_back(dilation > kMaxDilation ||
                      (usesSlices && stride > kMaxStride));
  if (llvm::is_contained(isMoved, true))
    moveTapsToChannels(conv, output, isMoved, lowering);
  if (llvm::any_of(conv.strides, [](int64_t s) { return s > kMaxStride; }))
    moveStridesToChannels(conv, output, lowering);
  padExcess(conv, output, lowering);
}
