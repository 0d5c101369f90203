//===- Movement.cpp - Evaluation of views and movement --------------------===//
//
// Ops that copy elements without computing; most are one strided walk.
//
//===----------------------------------------------------------------------===//

#include "Analysis/Boxes.h"
#include "Evaluate.h"

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

EvalResult ReshapeOp::evaluate(In in) {
  return one(in[0].reshaped(getResultShape(*this)));
}

/// Reorders the axes of a buffer.
static Buffer permute(const Buffer &input, Shape order) {
  llvm::SmallVector<int64_t> own = getRowMajorStrides(input.getShape());
  llvm::SmallVector<int64_t> shape, strides;
  for (int64_t axis : order) {
    shape.push_back(input.getDim(axis));
    strides.push_back(own[axis]);
  }
  return gatherStrided(input, shape, strides, 0);
}

EvalResult PermuteOp::evaluate(In in) {
  return one(permute(in[0], getOrder()));
}

EvalResult RelayoutOp::evaluate(In in) {
  Buffer result = Buffer::make(in[0].getKind(), getResultShape(*this));
  for (const StridedMap &box : unpackBoxes(getBoxes(), getAxes())) {
    // Reads and writes take the same walk through the box.
    llvm::SmallVector<int64_t> places;
    llvm::SmallVector<int64_t> to, from;
    for (const StridedAxis &axis : box.axes) {
      to.push_back(axis.resultStride);
      from.push_back(axis.sourceStride);
    }
    forEachOffset(box.getSizes(), to, box.resultOffset,
                  [&](int64_t offset) { places.push_back(offset); });
    const int64_t *place = places.begin();
    forEachOffset(box.getSizes(), from, box.sourceOffset, [&](int64_t offset) {
      if (in[0].isF32())
        result.getMutableF32()[*place++] = in[0].getF32()[offset];
      else
        result.getMutableInts()[*place++] = in[0].getInts()[offset];
    });
  }
  return one(result);
}

EvalResult DepthToSpaceOp::evaluate(In in) {
  Shape s = in[0].getShape();
  int64_t b = getBlockSize(), depth = s[1] / (b * b);
  bool isDCR = getMode() == BlockOrder::DCR;
  Buffer split = isDCR ? in[0].reshaped({s[0], b, b, depth, s[2], s[3]})
                       : in[0].reshaped({s[0], depth, b, b, s[2], s[3]});
  Buffer moved = isDCR ? permute(split, {0, 3, 4, 1, 5, 2})
                       : permute(split, {0, 1, 4, 2, 5, 3});
  return one(moved.reshaped(getResultShape(*this)));
}

EvalResult SpaceToDepthOp::evaluate(In in) {
  Shape s = in[0].getShape();
  int64_t b = getBlockSize();
  Buffer split = in[0].reshaped({s[0], s[1], s[2] / b, b, s[3] / b, b});
  return one(
      permute(split, {0, 3, 5, 1, 2, 4}).reshaped(getResultShape(*this)));
}

EvalResult SliceOp::evaluate(In in) {
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(in[0].getShape());
  int64_t base = 0;
  for (auto [stride, offset, step] :
       llvm::zip(strides, getOffsets(), getSteps())) {
    base += stride * offset;
    stride *= step;
  }
  return one(gatherStrided(in[0], getSizes(), strides, base));
}

EvalResult BroadcastOp::evaluate(In in) {
  Shape shape = getResultShape(*this);
  return one(gatherStrided(in[0], shape,
                           getBroadcastStrides(in[0].getShape(), shape), 0));
}

EvalResult TileOp::evaluate(In in) {
  // Each axis is a pair: how often, and how many.
  llvm::SmallVector<int64_t> own = getRowMajorStrides(in[0].getShape());
  llvm::SmallVector<int64_t> shape, strides;
  for (auto [dim, repeat, stride] :
       llvm::zip(in[0].getShape(), getRepeats(), own)) {
    shape.append({repeat, dim});
    strides.append({0, stride});
  }
  return one(
      gatherStrided(in[0], shape, strides, 0).reshaped(getResultShape(*this)));
}

/// Copies runs of `count` elements that begin `fromStep` and `toStep` apart.
static void copyRuns(const Buffer &from, Buffer &to, int64_t runs,
                     int64_t count, int64_t toOffset, int64_t toStep) {
  for (int64_t i = 0; i < runs; ++i) {
    if (from.isF32())
      llvm::copy(from.getF32().slice(i * count, count),
                 to.getMutableF32().begin() + toOffset + i * toStep);
    else
      llvm::copy(from.getInts().slice(i * count, count),
                 to.getMutableInts().begin() + toOffset + i * toStep);
  }
}

EvalResult ConcatOp::evaluate(In in) {
  Buffer out = Buffer::make(in[0].getKind(), getResultShape(*this));
  AxisView whole(out.getShape(), getAxis());
  int64_t offset = 0;
  for (const Buffer &part : in) {
    int64_t run = part.getDim(getAxis()) * whole.inner;
    copyRuns(part, out, whole.outer, run, offset, whole.size * whole.inner);
    offset += run;
  }
  return one(out);
}

/// The input index of a position on a padded axis, or -1 for the constant.
static int64_t mapPadded(int64_t position, int64_t size, PadMode mode) {
  if (position >= 0 && position < size)
    return position;
  switch (mode) {
  case PadMode::Constant:
    return -1;
  case PadMode::Reflect:
    return position < 0 ? -position : 2 * (size - 1) - position;
  case PadMode::Edge:
    return position < 0 ? 0 : size - 1;
  case PadMode::Wrap:
    return (position + size) % size;
  }
  return -1;
}

EvalResult PadOp::evaluate(In in) {
  Shape input = in[0].getShape(), shape = getResultShape(*this);
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(input);
  // For each axis, the offset that a position contributes, or -1.
  llvm::SmallVector<std::vector<int64_t>> offsets(shape.size());
  for (size_t axis = 0; axis < shape.size(); ++axis)
    for (int64_t i = 0; i < shape[axis]; ++i) {
      int64_t from = mapPadded(i - getPads()[axis], input[axis], getMode());
      offsets[axis].push_back(from < 0 ? -1 : from * strides[axis]);
    }
  Buffer out = Buffer::make(in[0].getKind(), shape);
  double value = getValue().convertToDouble();
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0; i < out.getNumElements(); ++i) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < shape.size() && offset >= 0; ++axis) {
      int64_t part = offsets[axis][index[axis]];
      offset = part < 0 ? -1 : offset + part;
    }
    if (out.isF32())
      out.getMutableF32()[i] = offset < 0 ? value : in[0].getF32()[offset];
    else
      out.getMutableInts()[i] =
          offset < 0 ? int64_t(value) : in[0].getInts()[offset];
    for (int64_t axis = int64_t(shape.size()) - 1; axis >= 0; --axis) {
      if (++index[axis] < shape[axis])
        break;
      index[axis] = 0;
    }
  }
  return one(out);
}
