//===- TransposeGraph.cpp - Rows and the movements between ops ------------===//
//
// Reads a function into the graph and prices orders of rows.
//
//===----------------------------------------------------------------------===//

#include "TransposeGraph.h"
#include "../Canonicalize/Match.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// True for ops that only move elements of their operands.
static bool isMovement(Operation *op) {
  return isa_and_nonnull<DataMovementOpInterface, ConcatOp>(op);
}

static int64_t getWidth(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  return shape.empty() ? 1 : shape.back();
}

static int64_t getRows(Value value) {
  return tpuc::getNumElements(shapeOf(value)) / getWidth(value);
}

/// Whether `value` has one row for all rows: it is the same whatever their
/// order.
static bool isSharedRow(Value value) {
  return tpuc::getNumElements(shapeOf(value)) == getWidth(value);
}

using Indices = SmallVector<unsigned, 2>;

/// Which operands of an elementwise op have a row for each row of the result;
/// none when one of them broadcasts otherwise, or numbers become others.
static Indices getElementwiseRows(Operation *op) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  Indices indices;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    auto type = cast<RankedTensorType>(operand.getType());
    if (type.getElementType() != result.getElementType())
      return {};
    ArrayRef<int64_t> shape = type.getShape();
    bool hasRows = shape.size() == result.getShape().size() && !shape.empty() &&
                   shape.drop_back() == result.getShape().drop_back();
    if (hasRows)
      indices.push_back(index);
    else if (!isSharedRow(operand))
      return {};
  }
  return indices;
}

/// The operands of which `op` treats each row (of the last axis) by itself and
/// alike, giving one row of its result. None when it does otherwise.
static Indices getRowOperands(Operation *op) {
  if (op->getNumResults() != 1 || shapeOf(op->getResult(0)).empty())
    return {};
  if (op->hasTrait<Pointwise>())
    return getElementwiseRows(op);
  auto rows = dyn_cast<RowOrderOpInterface>(op);
  return rows ? rows.getRowOperands() : Indices();
}

/// True when `op` combines all rows of its operand, so that their order does
/// not matter (but for the rounding of sums).
static bool ignoresRowOrder(Operation *op) {
  auto rows = dyn_cast<RowOrderOpInterface>(op);
  return rows && rows.combinesRows();
}

/// Attention ends in a permute that is read off its result for nothing.
static bool isReadOffProduct(Operation *op) {
  auto permute = dyn_cast<PermuteOp>(op);
  auto product =
      permute ? permute.getInput().getDefiningOp<MatMulOp>() : MatMulOp();
  return product && shapeOf(product.getRhs()).size() > 2;
}

TransposeGraph::TransposeGraph(const Arch &arch, Block &block) : maps(arch) {
  // Movements that cannot be seen as such of a value before them are values of
  // their own, and what they read has to be found too.
  llvm::SetVector<Operation *> readers;
  for (Operation &op : block)
    if (!isMovement(&op))
      readers.insert(&op);
  for (size_t i = 0; i < readers.size(); ++i)
    for (Value operand : readers[i]->getOperands()) {
      Operation *root = traceRows(operand)->root.getDefiningOp();
      if (isMovement(root))
        readers.insert(root);
    }
  auto add = [&](Value value) {
    if (!isa<RankedTensorType>(value.getType()))
      return;
    TransposeNode node;
    node.value = value;
    node.rows = getRows(value);
    node.width = getWidth(value);
    Operation *op = value.getDefiningOp();
    node.isConstant = isConstant(value);
    node.isMovable = op && node.rows > 1 && !getRowOperands(op).empty();
    node.order = maps.intern(ElementMap::identity(node.rows));
    nodeOf[value] = nodes.size();
    nodes.push_back(std::move(node));
  };
  llvm::for_each(block.getArguments(), add);
  for (Operation &op : block)
    if (readers.contains(&op))
      llvm::for_each(op.getResults(), add);
  for (Operation &op : block)
    if (readers.contains(&op))
      llvm::for_each(op.getOpOperands(),
                     [&](OpOperand &operand) { addEdge(operand); });
}

TransposeGraph::Trace TransposeGraph::trace(Value value) {
  if (auto it = traces.find(value); it != traces.end())
    return it->second;
  ArrayRef<int64_t> shape = shapeOf(value);
  int64_t count = tpuc::getNumElements(shape);
  Trace result{value, maps.intern(ElementMap::identity(count)), 0, true};
  // Reads `input`, itself a movement of some root, through `map`.
  auto follow = [&](Value input, const std::optional<ElementMap> &map,
                    bool isSlice) {
    int id = maps.intern(map);
    Trace before = trace(input);
    int composed = maps.then(id, before.map);
    if (composed != MapTable::kNone)
      result = {before.root, composed, before.moves + 1,
                before.isSelection && isSlice};
  };
  Operation *op = value.getDefiningOp();
  if (auto reshape = dyn_cast_or_null<ReshapeOp>(op)) {
    result = trace(reshape.getInput());
  } else if (auto concat = dyn_cast_or_null<ConcatOp>(op)) {
    result = traceConcat(concat);
  } else if (auto move = dyn_cast_or_null<DataMovementOpInterface>(op)) {
    // Rows move as wholes, or it is no movement of rows.
    Value input = op->getOperand(0);
    std::optional<ElementMap> map;
    if (!shape.empty() && getWidth(input) == getWidth(value) &&
        !isReadOffProduct(op))
      map = move.getElementMap();
    if (map && map->getUnit() % getWidth(value) == 0)
      follow(input, map, isa<SliceOp>(op));
  }
  traces[value] = result;
  return result;
}

TransposeGraph::Trace TransposeGraph::traceConcat(ConcatOp op) {
  ArrayRef<int64_t> shape = shapeOf(op.getOutput());
  int64_t axis = op.getAxis();
  int64_t inner = tpuc::getNumElements(shape.drop_front(axis + 1));
  int64_t outer = tpuc::getNumElements(shape.take_front(axis));
  Trace own{op.getOutput(),
            maps.intern(ElementMap::identity(tpuc::getNumElements(shape))), 0,
            true};
  SmallVector<ElementMap> parts;
  SmallVector<int64_t> lengths;
  Trace result{Value(), MapTable::kNone, 1, false};
  for (Value input : op.getInputs()) {
    Trace part = trace(input);
    if (result.root && part.root != result.root)
      return own;
    result.root = part.root;
    result.moves += part.moves;
    parts.push_back(maps[part.map]);
    lengths.push_back(shapeOf(input)[axis] * inner);
  }
  result.map = maps.intern(ElementMap::joined(parts, lengths, outer));
  return result.map == MapTable::kNone ? own : result;
}

std::optional<TransposeGraph::Trace> TransposeGraph::traceRows(Value value) {
  Trace result = trace(value);
  if (maps[result.map].getUnit() % getWidth(result.root) == 0)
    return result;
  int64_t count = tpuc::getNumElements(shapeOf(value));
  return Trace{value, maps.intern(ElementMap::identity(count)), 0, true};
}

void TransposeGraph::addEdge(OpOperand &operand) {
  if (!isa<RankedTensorType>(operand.get().getType()))
    return;
  Operation *reader = operand.getOwner();
  Trace source = *traceRows(operand.get());
  TransposeEdge edge;
  edge.from = nodeOf.at(source.root);
  edge.operand = &operand;
  edge.map = source.map;
  edge.moves = source.moves;
  edge.isSelection = source.isSelection;
  edge.width = getWidth(operand.get());
  if (llvm::is_contained(getRowOperands(reader), operand.getOperandNumber())) {
    int node = nodeOf.at(reader->getResult(0));
    if (nodes[node].isMovable)
      edge.to = node;
  }
  const ElementMap &map = maps[edge.map];
  edge.ignoresOrder = ignoresRowOrder(reader) &&
                      map.getUnit() % edge.width == 0 &&
                      nodes[edge.from].width % edge.width == 0 &&
                      maps.inverse(edge.map) != MapTable::kNone;
  nodes[edge.from].out.push_back(edges.size());
  if (edge.to >= 0)
    nodes[edge.to].in.push_back(edges.size());
  edges.push_back(edge);
}

int TransposeGraph::scaledOrder(int order, int64_t width) {
  return maps.scaled(order, width);
}

int TransposeGraph::getMove(const TransposeEdge &edge) {
  int map = edge.map;
  if (edge.to >= 0)
    map = maps.then(scaledOrder(nodes[edge.to].order, edge.width), map);
  const TransposeNode &from = nodes[edge.from];
  return maps.then(map, maps.inverse(scaledOrder(from.order, from.width)));
}

double TransposeGraph::getCost(int index) {
  const TransposeNode &node = nodes[index];
  if (node.isConstant)
    return 0;
  SmallVector<int, 4> moves;
  double total = 0;
  for (int out : node.out) {
    if (edges[out].ignoresOrder)
      continue;
    int move = getMove(edges[out]);
    if (maps.isIdentity(move) || llvm::is_contained(moves, move))
      continue;
    moves.push_back(move);
    total += maps.getCost(move);
  }
  return total;
}

int TransposeGraph::getReaderOrder(const TransposeEdge &edge) {
  const TransposeNode &from = nodes[edge.from];
  int map =
      maps.then(scaledOrder(from.order, from.width), maps.inverse(edge.map));
  return maps.unscaled(map, edge.width);
}

int TransposeGraph::getSourceOrder(const TransposeEdge &edge) {
  int map = edge.map;
  if (edge.to >= 0)
    map = maps.then(scaledOrder(nodes[edge.to].order, edge.width), map);
  return maps.unscaled(map, nodes[edge.from].width);
}
