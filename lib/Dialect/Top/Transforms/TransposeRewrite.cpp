//===- TransposeRewrite.cpp - Ops that move rows --------------------------===//
//
// Makes a function follow the orders of rows that its graph says.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Analysis/Boxes.h"
#include "TransposeGraph.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// reshape(permute(reshape(x))) with the fewest axes.
struct PermuteForm {
  SmallVector<int64_t> shape, order;
};

} // namespace

/// One box as a permute, when it takes all elements.
static std::optional<PermuteForm> getPermuteForm(const StridedMap &box,
                                                 int64_t count) {
  size_t rank = box.axes.size();
  using Stride = int64_t StridedAxis::*;
  auto byStride = [&](Stride stride) {
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    llvm::stable_sort(axes, [&](int64_t a, int64_t b) {
      return box.axes[a].*stride > box.axes[b].*stride;
    });
    return axes;
  };
  auto isDense = [&](ArrayRef<int64_t> axes, Stride stride) {
    int64_t expected = 1;
    for (int64_t axis : llvm::reverse(axes)) {
      if (box.axes[axis].*stride != expected)
        return false;
      expected *= box.axes[axis].size;
    }
    return expected == count;
  };
  SmallVector<int64_t> result = byStride(&StridedAxis::resultStride);
  SmallVector<int64_t> input = byStride(&StridedAxis::sourceStride);
  if (box.resultOffset != 0 || box.sourceOffset != 0 ||
      !isDense(result, &StridedAxis::resultStride) ||
      !isDense(input, &StridedAxis::sourceStride))
    return std::nullopt;
  PermuteForm form;
  for (int64_t axis : input)
    form.shape.push_back(box.axes[axis].size);
  for (int64_t axis : result)
    form.order.push_back(llvm::find(input, axis) - input.begin());
  return form;
}

/// `value` moved by `map`, as a tensor of rows of `width`.
static Value emitMove(OpBuilder &builder, Location loc, Value value,
                      const ElementMap &map, int64_t width) {
  int64_t count = map.getResultCount();
  SmallVector<StridedMap> boxes = map.getBoxes();
  if (boxes.size() == 1 && map.getInputCount() == count)
    if (std::optional<PermuteForm> form = getPermuteForm(boxes[0], count)) {
      Value moved = reshapeTo(builder, loc, value, form->shape);
      moved = PermuteOp::create(builder, loc, moved, form->order);
      return reshapeTo(builder, loc, moved, {count / width, width});
    }
  size_t axes = 0;
  for (const StridedMap &box : boxes)
    axes = std::max(axes, box.axes.size());
  return RelayoutOp::create(builder, loc,
                            withShape(value, {count / width, width}), value,
                            packBoxes(boxes, axes), axes);
}

Value TransposeGraph::emitMoves(OpBuilder &builder, Location loc,
                                const TransposeEdge &edge, int move) {
  const TransposeNode &from = nodes[edge.from];
  Value value = from.value;
  int first = maps.inverse(scaledOrder(from.order, from.width));
  int second = edge.map;
  if (edge.to >= 0)
    second = maps.then(scaledOrder(nodes[edge.to].order, edge.width), second);
  // Out of one order into another is irregular where the two do not fit
  // together; the network's order between them may take far fewer transfers,
  // where the rows have to be transferred.
  constexpr double kGain = 0.8;
  if (maps.getTransferCost(first) + maps.getTransferCost(second) <
      kGain * maps.getTransferCost(move)) {
    value = emitMove(builder, getStepLoc(loc), value, maps[first], from.width);
    move = second;
  }
  return emitMove(builder, loc, value, maps[move], from.width);
}

bool TransposeGraph::rewrite() {
  bool hasChanged = false;
  llvm::DenseMap<std::pair<int, int>, Value> moved;
  // Values whose rows are in another order are no tensors of the network.
  auto isReordered = [&](const TransposeNode &node) {
    return !maps.isIdentity(node.order);
  };
  for (const TransposeNode &node : nodes)
    if (isReordered(node))
      node.value.getDefiningOp()->setLoc(getStepLoc(node.value.getLoc()));
  for (TransposeEdge &edge : edges) {
    const TransposeNode &from = nodes[edge.from];
    int move = getMove(edge);
    // One op that does what is asked stays as it is written.
    bool isKept = move == edge.map && (edge.moves <= 1 || edge.isSelection);
    if (edge.ignoresOrder)
      isKept = edge.moves == 0;
    if (isKept) {
      // The movement now reads other rows than the network's.
      if (isReordered(from))
        for (Value value = edge.operand->get(); value != from.value;) {
          Operation *step = value.getDefiningOp();
          step->setLoc(getStepLoc(step->getLoc()));
          value = step->getOperand(0);
        }
      continue;
    }
    OpBuilder builder(from.value.getContext());
    builder.setInsertionPointAfterValue(from.value);
    Value old = edge.operand->get();
    bool isOld = move == edge.map && !isReordered(from);
    Location loc = isOld ? old.getLoc() : getStepLoc(old.getLoc());
    Value source = from.value;
    if (!edge.ignoresOrder && !maps.isIdentity(move)) {
      Value &made = moved[{edge.from, move}];
      if (!made)
        made = emitMoves(builder, loc, edge, move);
      source = made;
      builder.setInsertionPointAfterValue(source);
    }
    edge.operand->set(reshapeTo(builder, loc, source, shapeOf(old)));
    hasChanged = true;
  }
  return hasChanged;
}
