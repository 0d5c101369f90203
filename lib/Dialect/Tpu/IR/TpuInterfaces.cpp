//===- TpuInterfaces.cpp - What passes ask of tpu ops ---------------------===//
//
// Axes that are kept, layouts that are fixed, parts of a batch, and movements
// as functions of positions. Evaluation is in a folder of its own.
//
//===----------------------------------------------------------------------===//

#include "Analysis/Boxes.h"
#include "Dialect/Tpu/IR/Tpu.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

using OperandParts = SmallVector<bool, 4>;

static int64_t getCount(ArrayRef<int64_t> sizes) {
  return ShapedType::getNumElements(sizes);
}

//===----------------------------------------------------------------------===//
// Axes that are kept
//===----------------------------------------------------------------------===//

/// How many leading axes have the same size.
static size_t countCommonAxes(Value a, Value b) {
  auto [end, other] = std::mismatch(getShape(a).begin(), getShape(a).end(),
                                    getShape(b).begin(), getShape(b).end());
  return end - getShape(a).begin();
}

size_t SliceOp::getKeptAxes() {
  return countCommonAxes(getInput(), getOutput());
}

size_t PadOp::getKeptAxes() { return countCommonAxes(getInput(), getOutput()); }

size_t BroadcastOp::getKeptAxes() {
  return countCommonAxes(getInput(), getOutput());
}

size_t ConcatOp::getKeptAxes() { return getAxis(); }

bool ConcatOp::hasKeptAxes(unsigned) { return true; }

size_t PermuteOp::getKeptAxes() {
  size_t kept = 0;
  while (kept < getOrder().size() && getOrder()[kept] == int64_t(kept))
    ++kept;
  return kept;
}

size_t SoftmaxOp::getKeptAxes() { return getShape(getInput()).size() - 1; }

size_t LayerNormOp::getKeptAxes() { return getShape(getInput()).size() - 1; }

size_t RMSNormOp::getKeptAxes() { return getShape(getInput()).size() - 1; }

size_t ReduceOp::getKeptAxes() { return getAxis(); }

// Only the batch: channels mix.
size_t ConvOp::getKeptAxes() { return 1; }

size_t ConvTransposeOp::getKeptAxes() { return 1; }

size_t PoolOp::getKeptAxes() { return 1; }

size_t MatMulOp::getKeptAxes() { return 0; }

size_t AttentionOp::getKeptAxes() { return 0; }

bool AttentionOp::hasKeptAxes(unsigned) { return false; }

//===----------------------------------------------------------------------===//
// Layouts that are fixed
//===----------------------------------------------------------------------===//

bool SoftmaxOp::readsRows(unsigned operand) { return operand == 0; }

bool SoftmaxOp::leadsLayout() { return true; }

bool LayerNormOp::readsRows(unsigned operand) { return operand == 0; }

bool LayerNormOp::leadsLayout() { return true; }

bool RMSNormOp::readsRows(unsigned operand) { return operand == 0; }

bool RMSNormOp::leadsLayout() { return true; }

bool ReduceOp::readsRows(unsigned) {
  ArrayRef<int64_t> shape = getShape(getInput());
  return getCount(shape.drop_front(getAxis())) == shape.back();
}

bool ReduceOp::leadsLayout() { return true; }

/// Images [n, c, ...] before and behind a window.
template <typename OpTy>
static void addImages(OpTy op, SmallVectorImpl<FixedLayout> &layouts) {
  for (Value value : {Value(op.getInput()), Value(op.getOutput())})
    layouts.push_back({value, getShape(value)[0], getShape(value)[1]});
}

void ConvOp::getFixedLayouts(SmallVectorImpl<FixedLayout> &layouts) {
  addImages(*this, layouts);
}

bool ConvOp::readsImage(unsigned operand) { return operand == 0; }

void ConvTransposeOp::getFixedLayouts(SmallVectorImpl<FixedLayout> &layouts) {
  addImages(*this, layouts);
}

bool ConvTransposeOp::readsImage(unsigned operand) { return operand == 0; }

void PoolOp::getFixedLayouts(SmallVectorImpl<FixedLayout> &layouts) {
  addImages(*this, layouts);
}

bool PoolOp::readsImage(unsigned operand) { return operand == 0; }

void MatMulOp::getFixedLayouts(SmallVectorImpl<FixedLayout> &layouts) {
  if (!getHdimIsBatch())
    return;
  for (Value value :
       {Value(getLeft()), Value(getRight()), Value(getOutput())}) {
    ArrayRef<int64_t> shape = getShape(value);
    layouts.push_back(
        {value, getCount(shape.drop_back(3)), shape[shape.size() - 3]});
  }
}

bool MatMulOp::readsRows(unsigned operand) {
  return operand == 0 && !getLeftTranspose();
}

bool MatMulOp::leadsLayout() { return true; }

/// The `rows` of a view [offset, batch stride, row stride, head stride], be the
/// heads within the rows or around them.
static void addRows(Value value, ArrayRef<int64_t> view, int64_t rows,
                    SmallVectorImpl<FixedLayout> &layouts) {
  int64_t all = getCount(getShape(value)), head = rows * view[2];
  if (head != 0 && all % head == 0)
    layouts.push_back({value, all / head, rows});
}

void AttentionOp::getFixedLayouts(SmallVectorImpl<FixedLayout> &layouts) {
  ArrayRef<int64_t> shape = getShape(getOutput());
  int64_t keyRows = int64_t(getKeyRows());
  layouts.push_back({getOutput(), shape[0], shape[1]});
  addRows(getQuery(), getQueryView(), shape[1], layouts);
  addRows(getKey(), getKeyView(), keyRows, layouts);
  addRows(getValue(), getValueView(), keyRows, layouts);
}

//===----------------------------------------------------------------------===//
// Movements
//===----------------------------------------------------------------------===//

std::optional<ElementMap> ReshapeOp::getElementMap() {
  return ElementMap::identity(getOutput().getType().getNumElements());
}

std::optional<ElementMap> PermuteOp::getElementMap() {
  return ElementMap::of(
      StridedMap::identity(getShape(getInput())).permuted(getOrder()),
      getInput().getType().getNumElements());
}

std::optional<ElementMap> RelayoutOp::getElementMap() {
  return ElementMap::ofBoxes(unpackBoxes(getBoxes(), getAxes()),
                             getOutput().getType().getNumElements(),
                             getInput().getType().getNumElements());
}

std::optional<ElementMap> SliceOp::getElementMap() {
  return ElementMap::of(StridedMap::identity(getShape(getInput()))
                            .sliced(getOffsets(), getSizes(), getSteps()),
                        getInput().getType().getNumElements());
}

//===----------------------------------------------------------------------===//
// Parts of a batch
//===----------------------------------------------------------------------===//

std::optional<OperandParts> ReshapeOp::getSplitOperands(int64_t) {
  return OperandParts{true};
}

std::optional<OperandParts> BroadcastOp::getSplitOperands(int64_t) {
  return OperandParts{getShape(getInput()).front() != 1};
}

std::optional<OperandParts> GatherOp::getSplitOperands(int64_t) {
  bool keepsTable = getAxis() > 0;
  return OperandParts{keepsTable, !keepsTable};
}

std::optional<OperandParts> MatMulOp::getSplitOperands(int64_t) {
  // Heads within the matrices are no leading axis.
  size_t matrix = getHdimIsBatch() ? 3 : 2;
  bool isBatched = getShape(getOutput()).size() > matrix;
  if (!isBatched && getLeftTranspose())
    return std::nullopt;
  OperandParts parts(getNumOperands(), false);
  parts[0] = true;
  parts[1] = isBatched;
  return parts;
}

std::optional<OperandParts> SliceOp::getSplitOperands(int64_t) {
  return getKeptAxes() > 0 ? std::optional(OperandParts{true}) : std::nullopt;
}

void SliceOp::narrowToPart(int64_t, int64_t) {
  SmallVector<int64_t> sizes(getSizes());
  sizes.front() = getShape(getOutput()).front();
  setSizes(sizes);
}

std::optional<OperandParts> RelayoutOp::getSplitOperands(int64_t parts) {
  std::optional<ElementMap> map = getElementMap();
  for (int64_t part = 0; map && part < parts; ++part)
    if (!map->part(parts, part))
      return std::nullopt;
  return map ? std::optional(OperandParts{true}) : std::nullopt;
}

void RelayoutOp::narrowToPart(int64_t parts, int64_t part) {
  // The boxes are still those of the whole.
  std::optional<ElementMap> whole =
      ElementMap::ofBoxes(unpackBoxes(getBoxes(), getAxes()),
                          getOutput().getType().getNumElements() * parts,
                          getInput().getType().getNumElements() * parts);
  SmallVector<StridedMap> boxes = whole->part(parts, part)->getBoxes();
  size_t axes = 0;
  for (const StridedMap &box : boxes)
    axes = std::max(axes, box.axes.size());
  setAxes(axes);
  setBoxes(packBoxes(boxes, axes));
}
