//===- LowerResize.cpp - Lowering of interpolation ------------------------===//
//
// Interpolation along an axis is a product with a small matrix, which is found
// by evaluating the op on a unit matrix; so its coordinates are defined in one
// place. A matrix of one 1 a row is a repetition or a list of indices. Small
// images are multiplied by one matrix for both axes.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Support/IntMath.h"

#include <numeric>

using namespace mlir;
using namespace tpuc;

/// What `op` makes of `values`, [positions of `axis`, columns]: only the first
/// of these two axes is resized.
static llvm::Expected<Buffer> resizeAxis(top::ResizeOp op, size_t axis,
                                         int64_t columns,
                                         std::vector<float> values) {
  int64_t from = getShape(op.getInput())[axis];
  int64_t to = getShape(op.getOutput())[axis];
  OpBuilder builder(op.getContext());
  auto type = RankedTensorType::get({from, columns}, builder.getF32Type());
  OwningOpRef<top::WeightOp> operand = top::WeightOp::create(
      builder, op.getLoc(), DenseElementsAttr::get(type, 0.0f));
  OperationState state(op.getLoc(), top::ResizeOp::getOperationName());
  state.addOperands(operand->getResult());
  state.addTypes(type.clone({to, columns}));
  state.addAttributes(op->getAttrs());
  state.attributes.set(
      op.getScalesAttrName(),
      builder.getDenseF64ArrayAttr({op.getScales()[axis], 1.0}));
  OwningOpRef<Operation *> resize = builder.create(state);
  llvm::Expected<SmallVector<Buffer>> result =
      cast<EvaluableOp>(*resize).evaluate(
          {Buffer::f32({from, columns}, std::move(values))});
  resize->erase();
  resize.release();
  if (!result)
    return result.takeError();
  return result->front();
}

/// The matrix [to, from] by which `op` maps the positions of `axis`.
static llvm::Expected<Buffer> getAxisMatrix(top::ResizeOp op, size_t axis) {
  int64_t from = getShape(op.getInput())[axis];
  int64_t to = getShape(op.getOutput())[axis];
  // 256 MiB, and as long as a second to multiply one row by.
  constexpr int64_t kMostElements = int64_t(1) << 26;
  if (from > kMostElements / std::max(from, to))
    return llvm::createStringError(
        "interpolates an axis of " + std::to_string(from) + " positions to " +
        std::to_string(to) +
        ", which is computed by a matrix of that many rows and columns");
  std::vector<float> unit(from * from, 0.0f);
  for (int64_t i = 0; i < from; ++i)
    unit[i * from + i] = 1;
  return resizeAxis(op, axis, from, std::move(unit));
}

/// For each position of the result the one of the operand that it is, for ops
/// that only pick positions.
static llvm::Expected<SmallVector<int64_t>> getPicks(top::ResizeOp op,
                                                     size_t axis) {
  int64_t from = getShape(op.getInput())[axis];
  std::vector<float> positions(from);
  std::iota(positions.begin(), positions.end(), 0.0f);
  llvm::Expected<Buffer> picked = resizeAxis(op, axis, 1, std::move(positions));
  if (!picked)
    return picked.takeError();
  return SmallVector<int64_t>(picked->getF32());
}

/// For each row of `matrix` the column of its only 1, if all rows are so.
static std::optional<SmallVector<int64_t>> getColumns(const Buffer &matrix) {
  int64_t rows = matrix.getDim(0), columns = matrix.getDim(1);
  SmallVector<int64_t> result;
  for (int64_t r = 0; r < rows; ++r) {
    ArrayRef<float> row = matrix.getF32().slice(r * columns, columns);
    if (llvm::count(row, 0.0f) != columns - 1)
      return std::nullopt;
    const auto *one = llvm::find(row, 1.0f);
    if (one == row.end())
      return std::nullopt;
    result.push_back(one - row.begin());
  }
  return result;
}

/// The number of times that every position is repeated, if each is repeated as
/// often.
static std::optional<int64_t> getRepeats(ArrayRef<int64_t> columns,
                                         int64_t from) {
  if (columns.size() % from != 0)
    return std::nullopt;
  int64_t repeats = columns.size() / from;
  for (auto [index, column] : llvm::enumerate(columns))
    if (column != int64_t(index) / repeats)
      return std::nullopt;
  return repeats;
}

/// Repeats every position of axis i `repeats`[i] times, of all axes at once.
static Value emitRepeats(Value x, ArrayRef<int64_t> repeats,
                         Lowering &lowering) {
  SmallVector<int64_t> shape, split, repeated;
  for (auto [size, count] : llvm::zip(getShape(x), repeats)) {
    shape.push_back(size * count);
    split.push_back(size);
    repeated.push_back(size);
    if (count == 1)
      continue;
    split.push_back(1);
    repeated.push_back(count);
  }
  x = lowering.broadcast(lowering.reshape(x, split), repeated);
  return lowering.reshape(x, shape);
}

/// Multiplies `axis` of x by a matrix.
static Value emitMatrix(Value x, size_t axis, const Buffer &matrix,
                        Lowering &lowering) {
  SmallVector<int64_t> shape(getShape(x));
  int64_t to = matrix.getDim(0), from = matrix.getDim(1);
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < shape.size(); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : shape[i];
  Type element = getElement(x);
  shape[axis] = to;
  if (inner == 1) {
    Value right = lowering.constant(matrix.getF32(), {to, from}, element);
    x = lowering.reshape(x, {outer, from});
    x = lowering.emit<tpu::MatMulOp>(
        RankedTensorType::get({outer, to}, element), x, right, Value(),
        /*left_transpose=*/false, /*right_transpose=*/true, /*do_relu=*/false,
        APFloat(-1.0));
    return lowering.reshape(x, shape);
  }
  // Positions of the axis as channels: a convolution of one tap.
  Value filter = lowering.constant(matrix.getF32(), {to, from, 1, 1}, element);
  x = lowering.reshape(x, {outer, from, 1, inner});
  SmallVector<int64_t> ones = {1, 1}, zeros = {0, 0, 0, 0};
  x = lowering.emit<tpu::ConvOp>(
      RankedTensorType::get({outer, to, 1, inner}, element), x, filter, Value(),
      ones, zeros, ones, int64_t(1), /*do_relu=*/false, APFloat(-1.0));
  return lowering.reshape(x, shape);
}

namespace {
/// How the positions of an axis are computed.
struct AxisMap {
  size_t axis;
  /// Set when positions are only picked, each from one of the operand.
  std::optional<SmallVector<int64_t>> columns;
  /// Otherwise the matrix that the axis is multiplied by.
  std::optional<Buffer> matrix;
};
} // namespace

static bool isNearest(top::ResizeOp op) {
  return op.getMode() == top::ResizeMode::Nearest;
}

static llvm::Expected<AxisMap> getAxisMap(top::ResizeOp op, size_t axis) {
  AxisMap map{axis, std::nullopt, std::nullopt};
  if (isNearest(op)) {
    llvm::Expected<SmallVector<int64_t>> picks = getPicks(op, axis);
    if (!picks)
      return picks.takeError();
    map.columns = std::move(*picks);
    return map;
  }
  llvm::Expected<Buffer> matrix = getAxisMatrix(op, axis);
  if (!matrix)
    return matrix.takeError();
  map.columns = getColumns(*matrix);
  if (!map.columns)
    map.matrix = std::move(*matrix);
  return map;
}

/// Whether one product with the matrix of both axes takes less time than one
/// after the other. The channels of an image lie across the lanes, and stay
/// there in one product, but for a product along one axis that axis moves there
/// and back. What both cost is known before lanes are, but roughly.
static bool isJointFaster(const Arch &arch, const AxisMap &h, const AxisMap &w,
                          int64_t images, Type element) {
  constexpr double kLoadRate = 58, kMoveRate = 32; // bytes a cycle
  double width = double(element.getIntOrFloatBitWidth()) / 8;
  int64_t from = h.matrix->getDim(1) * w.matrix->getDim(1);
  int64_t between = h.matrix->getDim(0) * w.matrix->getDim(1);
  int64_t to = h.matrix->getDim(0) * w.matrix->getDim(0);
  bool isWide = element.isF32();
  double products = double(arch.channelRows(images)) *
                    double(isWide ? from * ceilDiv(to, arch.vectorBytes / 4)
                                  : ceilDiv(from, arch.productDepth) *
                                        ceilDiv(to, arch.productPositions));
  double loads = double(from) * double(to) * width / kLoadRate;
  double moves =
      double(images) * double(from + 2 * between + to) * width / kMoveRate;
  return std::max(products, loads) < moves;
}

/// Multiplies the last two axes of x by the matrix that is both of theirs.
static Value emitJointMatrix(Value x, const AxisMap &h, const AxisMap &w,
                             Lowering &lowering) {
  SmallVector<int64_t> shape(getShape(x));
  ArrayRef<float> rows = h.matrix->getF32(), columns = w.matrix->getF32();
  int64_t toH = h.matrix->getDim(0), fromH = h.matrix->getDim(1);
  int64_t toW = w.matrix->getDim(0), fromW = w.matrix->getDim(1);
  std::vector<float> joint;
  joint.reserve(fromH * fromW * toH * toW);
  for (int64_t y = 0; y < fromH; ++y)
    for (int64_t x = 0; x < fromW; ++x)
      for (int64_t v = 0; v < toH; ++v)
        for (int64_t u = 0; u < toW; ++u)
          joint.push_back(rows[v * fromH + y] * columns[u * fromW + x]);
  int64_t from = fromH * fromW, to = toH * toW;
  int64_t images = getProduct(shape) / from;
  Type element = getElement(x);
  Value right = lowering.constant(joint, {from, to}, element);
  x = lowering.emit<tpu::MatMulOp>(
      RankedTensorType::get({images, to}, element),
      lowering.reshape(x, {images, from}), right, Value(),
      /*left_transpose=*/false, /*right_transpose=*/false, /*do_relu=*/false,
      APFloat(-1.0));
  shape[h.axis] = toH;
  shape[w.axis] = toW;
  return lowering.reshape(x, shape);
}

static LogicalResult lowerResize(top::ResizeOp op, Lowering &lowering) {
  Type element = isNearest(op) ? lowering.getNaturalElement(op, op.getInput())
                               : lowering.getFloatElement(op);
  Value x = lowering.get(op.getInput(), element);
  ArrayRef<int64_t> from = getShape(op.getInput());
  SmallVector<AxisMap> maps;
  for (size_t axis = 0; axis < op.getScales().size(); ++axis) {
    if (op.getScales()[axis] == 1.0 &&
        from[axis] == getShape(op.getOutput())[axis])
      continue;
    llvm::Expected<AxisMap> map = getAxisMap(op, axis);
    if (!map)
      return lowering.fail(op, llvm::toString(map.takeError()) +
                                   "; choose another resize");
    maps.push_back(std::move(*map));
  }
  bool areImages = maps.size() == 2 && maps[0].axis + 2 == from.size() &&
                   maps[1].axis + 1 == from.size();
  if (areImages && maps[0].matrix && maps[1].matrix &&
      isJointFaster(lowering.getArch(), maps[0], maps[1],
                    getProduct(from.drop_back(2)), element)) {
    lowering.replace(op.getResult(),
                     emitJointMatrix(x, maps[0], maps[1], lowering));
    return success();
  }
  // What makes more of the elements comes last.
  SmallVector<int64_t> repeats(from.size(), 1);
  for (const AxisMap &map : maps) {
    std::optional<int64_t> count;
    if (map.columns)
      count = getRepeats(*map.columns, from[map.axis]);
    if (count)
      repeats[map.axis] = *count;
    else if (map.columns)
      x = lowering.gather(x, *map.columns, map.axis);
    else
      x = emitMatrix(x, map.axis, *map.matrix, lowering);
  }
  if (llvm::any_of(repeats, [](int64_t count) { return count != 1; }))
    x = emitRepeats(x, repeats, lowering);
  lowering.replace(op.getResult(), x);
  return success();
}

void tpuc::populateResizeLowerings(LoweringSet &set) {
  set.addMove(lowerResize, isNearest);
}
