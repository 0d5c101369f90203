//===- AssignLaneLayout.cpp - Which axis of a value is across the lanes ---===//
//
// Operators with a fixed layout (windows over channels, attention over rows)
// seed the layouts of their operands and results; element-wise and row-wise
// operators propagate them, forwards and backwards. The rest is chosen by
// shape.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/AliasAnalysis.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Kernel/Tensor.h"
#include "LaneReaders.h"
#include "Support/IntMath.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/DebugLog.h"

#include <numeric>

#define DEBUG_TYPE "tpu-assign-lane-layout"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUASSIGNLANELAYOUT
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;
using kernel::LaneLayout;

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return tpu::getShape(value); }

int64_t sizeOf(ArrayRef<int64_t> shape) {
  return ShapedType::getNumElements(shape);
}

/// Rows of the last axis: [batches, rows, columns].
std::optional<LaneLayout> rowLayout(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  if (shape.size() < 2)
    return std::nullopt;
  return LaneLayout{sizeOf(shape.drop_back(2)), shape[shape.size() - 2]};
}

class LaneAssignment {
  /// Elements in a row below which a copy takes as long as what it saves.
  static constexpr int64_t kShortestRun = 16;

public:
  LaneAssignment(const Arch &arch, func::FuncOp function, bool carriesOn)
      : arch(arch), function(function), carriesOn(carriesOn) {}

  void run() {
    for (Operation &op : function.getBody().front())
      seed(&op);
    propagate();
    // Products, norms and reductions before the operators that follow them.
    assignDefaults([](Operation *op) {
      auto lanes = dyn_cast<LaneLayoutOpInterface>(op);
      return lanes && lanes.leadsLayout();
    });
    assignDefaults([](Operation *) { return true; });
    for (auto permute : function.getOps<tpu::PermuteOp>())
      alignOperand(permute);
    for (auto [value, layout] : layouts) {
      LDBG() << "n = " << layout.n << ", c = " << layout.c << ": " << value;
      if (Operation *op = value.getDefiningOp())
        op->setAttr(tpu::kLayoutAttrName,
                    tpu::LaneLayoutAttr::get(function.getContext(), layout.n,
                                             layout.c));
    }
  }

private:
  void assignDefaults(llvm::function_ref<bool(Operation *)> isChosen) {
    for (Operation &op : function.getBody().front())
      for (Value result : op.getResults())
        if (isChosen(&op) && isActivation(result) &&
            !layouts.contains(result)) {
          assign(result, defaultLayout(&op, result));
          propagate();
        }
  }

  static bool isActivation(Value value) {
    Operation *op = value.getDefiningOp();
    return !op || !op->hasTrait<OpTrait::ConstantLike>();
  }

  void assign(Value value, LaneLayout layout) {
    if (!isActivation(value) || layouts.contains(value) ||
        sizeOf(shapeOf(value)) % (layout.n * layout.c) != 0)
      return;
    layouts[value] = layout;
    if (carriesOn)
      pending.push_back(value);
  }

  void seed(Operation *op) {
    SmallVector<FixedLayout> fixed;
    if (auto lanes = dyn_cast<LaneLayoutOpInterface>(op))
      lanes.getFixedLayouts(fixed);
    for (const FixedLayout &layout : fixed)
      assign(layout.value, {layout.n, layout.c});
  }

  /// Whether a permutation from one layout into another keeps all lanes or
  /// transposes all lanes with rows; anything else goes through global memory.
  bool isCleanPermutation(tpu::PermuteOp permute, LaneLayout source,
                          LaneLayout layout) const {
    // A stride of a multiple of all lanes stays in its lane.
    auto isLane = [&](ArrayRef<int64_t> shape, size_t axis, LaneLayout lanes) {
      int64_t outer = sizeOf(shape.take_front(axis));
      int64_t row = sizeOf(shape) / (lanes.n * lanes.c);
      int64_t rows = sizeOf(shape.drop_front(axis + 1)) / row;
      return outer >= lanes.n && outer < lanes.n * lanes.c &&
             rows % arch.lanes != 0;
    };
    ArrayRef<int64_t> to = shapeOf(permute.getOutput());
    ArrayRef<int64_t> from = shapeOf(permute.getInput());
    bool keepsAll = true, transposesAll = true;
    for (auto [axis, origin] : llvm::enumerate(permute.getOrder())) {
      if (to[axis] == 1)
        continue;
      bool isNow = isLane(to, axis, layout);
      bool wasBefore = isLane(from, origin, source);
      keepsAll &= isNow == wasBefore;
      transposesAll &= !(isNow && wasBefore);
    }
    // A product of lanes x lanes takes as long for few elements.
    constexpr int64_t kFew = 16;
    int64_t rest = sizeOf(to) / (layout.n * layout.c);
    return keepsAll || (transposesAll && layout.c >= kFew && rest >= kFew);
  }

  /// Whether an axis that lies across the lanes of a permutation's result is
  /// spread over lanes and rows of its operand.
  bool splitsAxis(tpu::PermuteOp permute, LaneLayout source,
                  LaneLayout layout) const {
    ArrayRef<int64_t> from = shapeOf(permute.getInput());
    ArrayRef<int64_t> to = shapeOf(permute.getOutput());
    int64_t row = sizeOf(from) / (source.n * source.c);
    for (auto [axis, origin] : llvm::enumerate(permute.getOrder())) {
      int64_t outer = sizeOf(to.take_front(axis));
      bool isLane = outer >= layout.n && outer < layout.n * layout.c;
      if (isLane && row > sizeOf(from.drop_front(origin + 1)) &&
          row < sizeOf(from.drop_front(origin)))
        return true;
    }
    return false;
  }

  /// Whether what a permutation keeps side by side is no short row.
  bool movesRows(tpu::PermuteOp permute) const {
    int64_t run = 1;
    ArrayRef<int64_t> order = permute.getOrder();
    for (size_t axis = order.size();
         axis-- > 0 && order[axis] == int64_t(axis);)
      run *= shapeOf(permute.getOutput())[axis];
    return run * widthOf(permute.getOutput()) >= arch.vectorBytes;
  }

  /// How much of the lanes and of their vectors rows of `shape` use.
  double usageOf(LaneLayout layout, ArrayRef<int64_t> shape,
                 int64_t width) const {
    auto usage = [](int64_t size, int64_t unit) {
      return double(size) / double(alignUp(size, unit));
    };
    int64_t rest = sizeOf(shape) / (layout.n * layout.c);
    return usage(layout.c, arch.lanes) * usage(rest * width, arch.vectorBytes);
  }

  /// Makes a permutation read a copy of its operand in other lanes where it
  /// would move single elements through global memory otherwise: the lanes of a
  /// view split an axis, or join axes that go apart.
  void alignOperand(tpu::PermuteOp permute) {
    Value operand = permute.getInput();
    const auto *source = layouts.find(operand);
    const auto *result = layouts.find(permute.getOutput());
    if (source == layouts.end() || result == layouts.end() ||
        isTransferred(operand) || isTransferred(permute.getOutput()))
      return;
    auto isGood = [&](LaneLayout layout) {
      return isCleanPermutation(permute, layout, result->second) &&
             !splitsAxis(permute, layout, result->second);
    };
    if (isGood(source->second) || movesRows(permute))
      return;
    ArrayRef<int64_t> shape = shapeOf(operand);
    int64_t row = sizeOf(shape) / (source->second.n * source->second.c);
    std::optional<LaneLayout> best;
    double bestUsage = 0;
    for (size_t axes = 1; axes < shape.size(); ++axes)
      for (size_t first = 0; first + axes < shape.size(); ++first) {
        LaneLayout layout{sizeOf(shape.take_front(first)),
                          sizeOf(shape.slice(first, axes))};
        // What lies side by side before and after the copy moves together.
        int64_t run = std::gcd(row, sizeOf(shape.drop_front(first + axes)));
        double usage = usageOf(layout, shape, widthOf(operand));
        if (run >= kShortestRun && usage > bestUsage && isGood(layout)) {
          best = layout;
          bestUsage = usage;
        }
      }
    if (!best)
      return;
    OpBuilder builder(permute);
    auto copy = tpu::ReshapeOp::create(builder, operand.getLoc(),
                                       operand.getType(), operand);
    copy->setAttr(tpu::kCopyAttrName, builder.getUnitAttr());
    layouts[copy.getOutput()] = *best;
    permute.getInputMutable().assign(copy.getOutput());
  }

  static int64_t widthOf(Value value) {
    Type element = tpu::getStorageElement(tpu::getElement(value));
    return element.getIntOrFloatBitWidth() / 8;
  }

  /// The layout that leaves the fewest lanes and vectors idle; of equals the
  /// one that merges the fewest axes.
  LaneLayout defaultLayout(Operation *op, Value value) const {
    ArrayRef<int64_t> shape = shapeOf(value);
    if (isa<tpu::MatMulOp>(op) || shape.size() < 3)
      return rowLayout(value).value_or(LaneLayout{1, 1});
    if (isa<tpu::PermuteOp>(op))
      if (std::optional<LaneLayout> image = imageLayout(value))
        return *image;
    if (auto concat = dyn_cast<tpu::ConcatOp>(op))
      if (std::optional<LaneLayout> stacked = stackedLayout(concat))
        return *stacked;
    // What is reduced is much larger than the result.
    auto reduce = dyn_cast<tpu::ReduceOp>(op);
    if (reduce)
      shape = shapeOf(reduce.getInput());
    size_t numAxes = reduce ? reduce.getAxis() + 1 : shape.size();
    int64_t width = widthOf(value);
    // A value that is reduced to one element has no axes left.
    LaneLayout best{1, 1};
    double bestUsage = 0;
    // Many short rows: an equal number in each lane.
    int64_t leading = sizeOf(shape.take_front(numAxes - 1));
    int64_t lanes = arch.laneDivisor(leading);
    int64_t row = sizeOf(shape.drop_front(numAxes - 1)) * width;
    if (leading > arch.lanes && row < arch.vectorBytes) {
      best = {1, lanes};
      bestUsage = usageOf(best, shape, width);
    }
    size_t apart = reduce ? 0 : axesApart(op, value);
    for (size_t axes = 1; axes < numAxes; ++axes)
      for (size_t first = 0; first + axes < numAxes; ++first) {
        LaneLayout layout{sizeOf(shape.take_front(first)),
                          sizeOf(shape.slice(first, axes))};
        double candidate = usageOf(layout, shape, width);
        if (apart > 0 && first >= apart)
          candidate += 1.0;
        auto permute = dyn_cast<tpu::PermuteOp>(op);
        if (permute && layouts.contains(permute.getInput()) &&
            isCleanPermutation(permute, layouts.lookup(permute.getInput()),
                               layout))
          candidate += 1.0;
        if (candidate > bestUsage) {
          bestUsage = candidate;
          best = layout;
        }
      }
    return best;
  }

  /// Propagates layouts across the producer and the readers of each value.
  void propagate() {
    while (!pending.empty()) {
      Value value = pending.pop_back_val();
      if (Operation *op = value.getDefiningOp())
        carry(op, value);
      for (Operation *user : value.getUsers())
        carry(user, value);
    }
  }

  void carry(Operation *op, Value from) {
    LaneLayout layout = layouts.lookup(from);
    if (op->getNumResults() != 1)
      return;
    Value result = op->getResult(0);
    auto carryTo = [&](Value other) {
      if (other != from)
        assign(other, layout);
    };
    if (auto matmul = dyn_cast<tpu::MatMulOp>(op)) {
      bool isRightShared = matmul.getBatch() == 1 && !matmul.getLeftTranspose();
      if (isRightShared && from != matmul.getRight() &&
          layout.n * layout.c == matmul.getM()) {
        carryTo(matmul.getLeft());
        carryTo(result);
      }
      return;
    }
    // One lane, as after a convolution to one channel, is not propagated.
    bool isOneLane = layout.n * layout.c == 1 && isa<tpu::ReshapeOp>(op);
    if (from != result && startsImages(op, layout))
      return assign(result, {layout.n, 1});
    if (isOneLane || !keepsLeadingAxes(op, layout) || startsRows(op, layout) ||
        (from != result && leavesFewLanes(op, layout)))
      return;
    carryTo(result);
    // All operands have it, or cannot, since another of them brought it.
    if (!carried.insert({op, {layout.n, layout.c}}).second)
      return;
    auto lanes = dyn_cast<LaneLayoutOpInterface>(op);
    for (OpOperand &operand : op->getOpOperands())
      if (lanes ? lanes.hasKeptAxes(operand.getOperandNumber())
                : sizeOf(shapeOf(operand.get())) == sizeOf(shapeOf(result)))
        carryTo(operand.get());
  }

  /// Whether result element (n, c, ...) comes from the same n and c of the
  /// operands, which element-wise operators satisfy for any layout.
  static bool keepsLeadingAxes(Operation *op, LaneLayout layout) {
    if (isa<tpu::ReshapeOp>(op) || op->hasTrait<tpu::Pointwise>())
      return true;
    auto lanes = dyn_cast<LaneLayoutOpInterface>(op);
    if (!lanes)
      return false;
    ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
    return sizeOf(shape.take_front(lanes.getKeptAxes())) %
               (layout.n * layout.c) ==
           0;
  }

  /// Whether an op makes one row of what lies one element a lane, for readers
  /// of rows: as a relayout in local memory that is a few cycles, while each
  /// element would be a transfer of its own later on.
  static bool startsRows(Operation *op, LaneLayout layout) {
    auto reshape = dyn_cast<tpu::ReshapeOp>(op);
    if (!reshape || !canTransposeLanes(reshape))
      return false;
    ArrayRef<int64_t> shape = shapeOf(reshape.getOutput());
    int64_t rows = sizeOf(shape.drop_back());
    return layout.n == rows && layout.c == shape.back() &&
           leadsToRows(reshape.getOutput());
  }

  /// The same for images of one channel, which convolutions read, and others
  /// for all of their channels.
  bool startsImages(Operation *op, LaneLayout layout) const {
    auto reshape = dyn_cast<tpu::ReshapeOp>(op);
    if (!reshape || !canTransposeLanes(reshape))
      return false;
    ArrayRef<int64_t> shape = shapeOf(reshape.getOutput());
    return shape.size() > 2 && shape[0] == layout.n && shape[1] == 1 &&
           layout.c >= arch.lanes && sizeOf(shape) == layout.n * layout.c &&
           leadsToImages(reshape.getOutput());
  }

  /// Whether a function of one element, of an image of a few channels, takes
  /// more time in their lanes than to move it to all lanes and back.
  bool leavesFewLanes(Operation *op, LaneLayout layout) const {
    constexpr int64_t kFewLanes = 4;
    return layout.c <= kFewLanes && hasManyPasses(op) &&
           sizeOf(shapeOf(op->getResult(0))) >=
               layout.n * layout.c * arch.lanes * arch.vectorBytes &&
           !leadsToImages(op->getResult(0));
  }

  /// Leading axes along which an op's operand is joined of parts, or its result
  /// is taken apart: parts that have lanes of their own are views. 0 for none.
  static size_t axesApart(Operation *op, Value value) {
    size_t axes = 0;
    auto note = [&](Value whole, size_t axis) {
      // Parts of one element of the axis, which only an outer one can be.
      if (axis + 2 < shapeOf(whole).size())
        axes = std::max(axes, axis + 1);
    };
    for (Value operand : op->getOperands())
      if (auto concat = operand.getDefiningOp<tpu::ConcatOp>())
        note(operand, concat.getAxis());
    for (Operation *user : value.getUsers())
      if (auto slice = dyn_cast<tpu::SliceOp>(user))
        for (auto [axis, size] : llvm::enumerate(shapeOf(value)))
          if (slice.getSizes()[axis] != size)
            note(value, axis);
    return axes;
  }

  /// The lanes of all operands, where they are joined along an axis before
  /// those in lanes: no element changes its lane.
  std::optional<LaneLayout> stackedLayout(tpu::ConcatOp concat) const {
    size_t axes = concat.getAxis() + 1;
    std::optional<int64_t> lanes;
    for (Value operand : concat.getInputs()) {
      const auto *known = layouts.find(operand);
      if (known == layouts.end() ||
          known->second.n != sizeOf(shapeOf(operand).take_front(axes)) ||
          (lanes && *lanes != known->second.c))
        return std::nullopt;
      lanes = known->second.c;
    }
    return LaneLayout{sizeOf(shapeOf(concat.getOutput()).take_front(axes)),
                      *lanes};
  }

  /// The channels of an image that a value is read as, under another shape.
  static std::optional<LaneLayout> imageLayout(Value value) {
    auto reshape = value.hasOneUse()
                       ? dyn_cast<tpu::ReshapeOp>(*value.user_begin())
                       : nullptr;
    if (!reshape)
      return std::nullopt;
    ArrayRef<int64_t> shape = shapeOf(reshape.getOutput());
    if (shape.size() != 4 || !leadsToImages(reshape.getOutput()))
      return std::nullopt;
    return LaneLayout{shape[0], shape[1]};
  }

  const Arch &arch;
  func::FuncOp function;
  bool carriesOn;
  llvm::MapVector<Value, LaneLayout> layouts;
  SmallVector<Value> pending;
  /// Operations whose operands were given a layout.
  llvm::DenseSet<std::pair<Operation *, std::pair<int64_t, int64_t>>> carried;
};

struct TpuAssignLaneLayout
    : public tpuc::tpu::impl::TpuAssignLaneLayoutBase<TpuAssignLaneLayout> {
  using Base::Base;

  void runOnOperation() override {
    if (!getOperation().isDeclaration())
      tpu::assignLaneLayouts(archOf(getOperation()), getOperation(), carry);
  }
};

} // namespace

void tpuc::tpu::assignLaneLayouts(const Arch &arch, func::FuncOp function,
                                  bool carriesOn) {
  LaneAssignment(arch, function, carriesOn).run();
}
