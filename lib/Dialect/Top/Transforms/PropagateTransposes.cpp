//===- PropagateTransposes.cpp - The order of rows in which ops compute ---===//
//
// Chooses, for ops that treat rows alike, the order of rows with which the
// least data has to move. What a movement costs is TransposeGraph's; no op is
// named here.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "TransposeGraph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/DebugLog.h"
#include <deque>

#define DEBUG_TYPE "top-propagate-transposes"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPPROPAGATETRANSPOSES
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// How many nodes before the one that wants an order may take it too. Only ops
/// between a movement and the branch before it are there.
constexpr int kBackward = 16;
/// Passes over all movements; each but the last lowers the cost.
constexpr int kMaxSweeps = 16;

/// Lowers the cost of a graph by giving intervals of connected nodes, in the
/// order of the program, the order of rows that a movement asks for.
class OrderSearch {
public:
  explicit OrderSearch(TransposeGraph &graph) : graph(graph) {}

  void run() {
    for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
      bool hasImproved = false;
      for (size_t i = 0; i < graph.edges.size(); ++i) {
        const TransposeEdge &edge = graph.edges[i];
        if (edge.ignoresOrder || graph.maps.isIdentity(graph.getMove(edge)) ||
            graph.nodes[edge.from].isConstant)
          continue;
        if (edge.to >= 0)
          hasImproved |= improve(edge.to, graph.getReaderOrder(edge));
        if (graph.nodes[edge.from].isMovable)
          hasImproved |= improve(edge.from, graph.getSourceOrder(edge));
      }
      if (!hasImproved)
        return;
    }
  }

private:
  /// The orders that `seed` and all nodes connected with it without movements
  /// would have if `seed` had `order`.
  void spread(int seed, int order) {
    wanted.clear();
    std::deque<int> queue = {seed};
    wanted[seed] = order;
    auto visit = [&](int edgeIndex, bool isForward) {
      TransposeEdge &edge = graph.edges[edgeIndex];
      int next = isForward ? edge.to : edge.from;
      int here = isForward ? edge.from : edge.to;
      if (next < 0 || !graph.nodes[next].isMovable || wanted.count(next) ||
          !graph.maps.isIdentity(graph.getMove(edge)))
        return;
      // Asks what the neighbour's order would be with this one's new order.
      int old = std::exchange(graph.nodes[here].order, wanted[here]);
      int found =
          isForward ? graph.getReaderOrder(edge) : graph.getSourceOrder(edge);
      graph.nodes[here].order = old;
      if (found == MapTable::kNone)
        return;
      wanted[next] = found;
      queue.push_back(next);
    };
    while (!queue.empty()) {
      const TransposeNode &node = graph.nodes[queue.front()];
      queue.pop_front();
      for (int in : node.in)
        visit(in, /*isForward=*/false);
      for (int out : node.out)
        visit(out, /*isForward=*/true);
    }
  }

  /// Swaps the order of a node with the wanted one; what that changes in cost.
  double flip(int index) {
    TransposeNode &node = graph.nodes[index];
    SmallVector<int, 4> affected = {index};
    for (int in : node.in)
      if (!llvm::is_contained(affected, graph.edges[in].from))
        affected.push_back(graph.edges[in].from);
    double change = 0;
    for (int producer : affected)
      change -= graph.getCost(producer);
    std::swap(node.order, wanted[index]);
    for (int producer : affected)
      change += graph.getCost(producer);
    return change;
  }

  bool improve(int seed, int order) {
    if (order == MapTable::kNone || order == graph.nodes[seed].order)
      return false;
    spread(seed, order);
    SmallVector<int> members;
    for (auto &entry : wanted)
      members.push_back(entry.first);
    llvm::sort(members);
    int position = llvm::find(members, seed) - members.begin();
    int lowest = std::max(0, position - kBackward);
    double best = -1, change = 0;
    int bestFirst = -1, bestLast = -1;
    // What is flipped: [first, last] of the members.
    for (int i = lowest; i < position; ++i)
      change += flip(members[i]);
    for (int first = lowest; first <= position; ++first) {
      double total = change;
      int last = position;
      for (; last < int(members.size()); ++last) {
        total += flip(members[last]);
        // Of equally good intervals the one that begins first: it leaves
        // fewer ops between two orders.
        if (total < best - 0.5) {
          best = total;
          bestFirst = first;
          bestLast = last;
        }
      }
      while (--last >= position)
        flip(members[last]);
      if (first < position)
        change += flip(members[first]);
    }
    for (int i = bestFirst; bestFirst >= 0 && i <= bestLast; ++i)
      flip(members[i]);
    return bestFirst >= 0;
  }

  TransposeGraph &graph;
  llvm::DenseMap<int, int> wanted;
};

struct TopPropagateTransposes
    : public top::impl::TopPropagateTransposesBase<TopPropagateTransposes> {
  void runOnOperation() override {
    getOperation()->walk([](FunctionOpInterface function) {
      if (function.isExternal())
        return;
      TransposeGraph graph(archOf(function),
                           function.getFunctionBody().front());
      OrderSearch(graph).run();
      graph.rewrite();
      LDBG() << "chose the orders of axes in " << function.getName();
    });
  }
};

} // namespace
