//===- AliasAnalysis.cpp - Values that share memory -----------------------===//
//
// Traces values through reshapes, contiguous slices and concatenations.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Transforms/AliasAnalysis.h"

#include "Dialect/Tpu/Transforms/KernelTypes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace tpuc;

kernel::LaneLayout tpuc::laneLayoutOf(Value value) {
  Operation *op = value.getDefiningOp();
  tpu::LaneLayoutAttr assigned = op ? tpu::getLayout(op) : nullptr;
  auto type = cast<RankedTensorType>(value.getType());
  int64_t elements = type.getNumElements();
  if (!assigned)
    return {};
  kernel::LaneLayout layout{assigned.getN(), assigned.getC()};
  int64_t rest = elements / (layout.n * layout.c);
  if (type.getRank() >= 4 && rest % type.getShape().back() == 0)
    layout.w = type.getShape().back();
  return layout;
}

/// The element offset of a slice that is contiguous in its input, or nothing:
/// all axes but the first one longer than 1 must be whole.
static std::optional<int64_t> contiguousStart(tpu::SliceOp slice) {
  ArrayRef<int64_t> shape = slice.getInput().getType().getShape();
  SmallVector<int64_t> strides = computeStrides(shape);
  int64_t start = 0;
  bool mustBeWhole = false;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    int64_t taken = slice.getSizes()[axis];
    if (taken != 1 && slice.getSteps()[axis] != 1)
      return std::nullopt;
    if (mustBeWhole && taken != size)
      return std::nullopt;
    mustBeWhole |= taken != 1;
    start += slice.getOffsets()[axis] * strides[axis];
  }
  return start;
}

bool tpuc::isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

bool tpuc::isForeign(Value value) {
  return isa<BlockArgument>(value) || isConstant(value);
}

bool tpuc::canTransposeLanes(tpu::ReshapeOp reshape) {
  Type element = tpu::getElement(reshape.getOutput());
  return element.isF16() || element.isBF16() || tpu::isQuantized(element);
}

bool tpuc::isLaneTranspose(tpu::ReshapeOp reshape) {
  Operation *producer = reshape.getInput().getDefiningOp();
  tpu::LaneLayoutAttr from = producer ? tpu::getLayout(producer) : nullptr;
  tpu::LaneLayoutAttr to = tpu::getLayout(reshape);
  if (!from || !to || !canTransposeLanes(reshape))
    return false;
  int64_t count = reshape.getOutput().getType().getNumElements();
  bool isOneALane = from.getN() * from.getC() == count && from.getC() > 1;
  return isOneALane && to.getN() * to.getC() * from.getC() == count;
}

bool tpuc::isTransferred(Value value) {
  Value root = value;
  while (auto view = root.getDefiningOp<tpu::ReshapeOp>())
    root = view.getInput();
  while (value.hasOneUse() && isa<tpu::ReshapeOp>(*value.user_begin()))
    value = value.user_begin()->getResult(0);
  return isa<BlockArgument>(root) ||
         llvm::any_of(value.getUsers(), [](Operation *user) {
           return user->hasTrait<OpTrait::IsTerminator>();
         });
}

/// Whether both have rows of one length, a row a lane in turn.
static bool haveSameRows(const Arch &arch, Value a, Value b) {
  auto rowOf = [&](Value value) -> std::optional<int64_t> {
    kernel::LaneLayout layout = laneLayoutOf(value);
    if (!layout.isKnown() || (layout.n > 1 && layout.c % arch.lanes != 0))
      return std::nullopt;
    int64_t count = cast<RankedTensorType>(value.getType()).getNumElements();
    return count / (layout.n * layout.c);
  };
  std::optional<int64_t> row = rowOf(a);
  return row && row == rowOf(b);
}

/// Whether `root`, which holds `operand`, has the lanes of the result, which
/// joins its operands along an axis before those in lanes.
static bool isStacked(tpu::ConcatOp concat, Value operand, Value root) {
  auto leading = [&](Value value) {
    return ShapedType::getNumElements(
        tpu::getShape(value).take_front(concat.getAxis() + 1));
  };
  kernel::LaneLayout own = laneLayoutOf(root),
                     all = laneLayoutOf(concat.getOutput());
  return all.isKnown() && own.c == all.c && own.n == leading(operand) &&
         all.n == leading(concat.getOutput());
}

static int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Type storage = tpu::getStorageElement(type.getElementType());
  return type.getNumElements() * int64_t(storage.getIntOrFloatBitWidth()) / 8;
}

/// Bytes per lane that a resident value takes.
static int64_t laneBytesOf(const Arch &arch, Value value) {
  kernel::LaneLayout layout = laneLayoutOf(value);
  if (!layout.isKnown())
    return 0;
  int64_t row = bytesOf(value) / (layout.n * layout.c);
  return layout.n * arch.channelRows(layout.c) * arch.wholeVectors(row);
}

AliasAnalysis::AliasAnalysis(const Arch &arch, func::FuncOp function) {
  for (Value value : function.getBody().front().getTerminator()->getOperands())
    results.insert(rootOf(value));
  // Concatenations may be nested: in reverse order, so that it is known whether
  // an outer one is a result of the function.
  SmallVector<tpu::ConcatOp> concats(function.getOps<tpu::ConcatOp>());
  for (tpu::ConcatOp concat : llvm::reverse(concats))
    aliasOperands(arch, concat, results.contains(rootOf(concat.getOutput())));
}

bool AliasAnalysis::copyResults(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  OpBuilder builder(terminator);
  AliasAnalysis aliases;
  bool hasChanged = false;
  for (OpOperand &operand : terminator->getOpOperands()) {
    Value value = operand.get();
    // Types that the chip does not have are reported later.
    if (failed(elementTypeOf(value.getType())))
      continue;
    if (!isForeign(aliases.rootOf(value)) &&
        aliases.results.insert(aliases.rootOf(value)).second)
      continue;
    auto copy =
        tpu::ReshapeOp::create(builder, value.getLoc(), value.getType(), value);
    copy->setAttr(tpu::kCopyAttrName, builder.getUnitAttr());
    operand.set(copy);
    aliases.results.insert(copy);
    hasChanged = true;
  }
  return hasChanged;
}

void AliasAnalysis::aliasOperands(const Arch &arch, tpu::ConcatOp concat,
                                  bool isResult) {
  ArrayRef<int64_t> shape = tpu::getShape(concat.getOutput());
  size_t axis = concat.getAxis();
  // Each operand is contiguous in the result.
  if (ShapedType::getNumElements(shape.take_front(axis)) != 1)
    return;
  // A value that fills most of local memory would be spilled anyway.
  bool staysGlobal = 2 * laneBytesOf(arch, concat.getOutput()) > arch.laneBytes;
  int64_t offset = 0, start = 0;
  for (Value operand : concat.getInputs()) {
    Alias alias = aliasOf(operand);
    bool isWhole = alias.offset == 0 &&
                   bytesOf(alias.root) == bytesOf(operand) &&
                   tpu::getElement(alias.root) == tpu::getElement(operand);
    bool saves = isResult || staysGlobal ||
                 (start % arch.lanes == 0 &&
                  haveSameRows(arch, alias.root, concat.getOutput())) ||
                 isStacked(concat, operand, alias.root);
    // Results of the function have memory of their own.
    bool isFree = !isForeign(alias.root) && alias.root != concat.getOutput() &&
                  !results.contains(alias.root);
    if (isWhole && saves && isFree)
      concatenated[alias.root] = {concat.getOutput(), offset};
    offset += bytesOf(operand);
    start += tpu::getShape(operand)[axis];
  }
}

AliasAnalysis::Alias AliasAnalysis::aliasOf(Value value) const {
  Alias alias{value};
  while (Operation *op = alias.root.getDefiningOp()) {
    if (auto part = concatenated.find(alias.root); part != concatenated.end()) {
      alias.root = part->second.root;
      alias.offset += part->second.offset;
      continue;
    }
    if (auto reshape = dyn_cast<tpu::ReshapeOp>(op)) {
      if (reshape->hasAttr(tpu::kCopyAttrName) || isLaneTranspose(reshape))
        break;
      alias.root = reshape.getInput();
      continue;
    }
    auto slice = dyn_cast<tpu::SliceOp>(op);
    std::optional<int64_t> start;
    if (slice && !isConstant(rootOf(slice.getInput())))
      start = contiguousStart(slice);
    if (!start)
      break;
    Type type = tpu::getStorageElement(tpu::getElement(slice.getInput()));
    alias.offset += *start * int64_t(type.getIntOrFloatBitWidth()) / 8;
    alias.root = slice.getInput();
  }
  return alias;
}
