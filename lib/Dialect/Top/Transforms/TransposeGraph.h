//===- TransposeGraph.h - Rows and the movements between ops ----*- C++ -*-===//
//
// A function as a graph of ops that treat the rows of their operands alike,
// and of the movements of rows between them. Finds, prices and rewrites; which
// order of rows an op gets is decided by whoever uses it.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_TRANSFORMS_TRANSPOSEGRAPH_H
#define TPUC_LIB_DIALECT_TOP_TRANSFORMS_TRANSPOSEGRAPH_H

#include "Analysis/ElementMap.h"
#include "Arch/Arch.h"
#include "Dialect/Top/IR/Top.h"
#include "llvm/ADT/DenseMap.h"

namespace tpuc::top {

/// Maps by number, so that equal ones are found and compositions are computed
/// once. kNone stands for a map that does not exist or is too large.
class MapTable {
public:
  static constexpr int kNone = -1;

  explicit MapTable(const Arch &arch)
      : shortestRowBytes(arch.shortestRowBytes) {}

  int intern(const std::optional<ElementMap> &map);
  const ElementMap &operator[](int id) const { return maps[id]; }

  /// first.then(second); kNone when one of them is.
  int then(int first, int second);
  int inverse(int id);
  int scaled(int id, int64_t width);
  int unscaled(int id, int64_t width);
  bool isIdentity(int id) const { return id != kNone && identities[id]; }
  /// What the movement costs, in bytes of a 16-bit tensor where each run of
  /// elements counts at least as much as the shortest that DMA moves at full
  /// speed. Infinite for kNone.
  double getCost(int id) const { return id == kNone ? kInfinite : costs[id]; }

  /// The same with every transfer counted, for choosing between ways of moving
  /// the same data.
  double getTransferCost(int id) const {
    return id == kNone ? kInfinite : transferCosts[id];
  }

  static constexpr double kInfinite = 1e15;

private:
  template <typename Fn> int memo(int kind, int64_t a, int64_t b, Fn &&make);

  int64_t shortestRowBytes;
  std::vector<ElementMap> maps;
  std::vector<bool> identities;
  std::vector<double> costs, transferCosts;
  llvm::DenseMap<uint64_t, llvm::SmallVector<int, 1>> byHash;
  llvm::DenseMap<std::tuple<int, int64_t, int64_t>, int> made;
};

/// A movement between a value and where it is read.
struct TransposeEdge {
  int from = -1;             ///< node that gives the value
  int to = -1;               ///< node that reads it, or -1: fixed
  int64_t width = 1;         ///< elements of a row as the reader sees it
  int map = MapTable::kNone; ///< of elements, from the node's to the operand's
  mlir::OpOperand *operand = nullptr;
  int moves = 0;             ///< ops of the movement other than reshapes
  bool isSelection = false;  ///< only slices
  bool ignoresOrder = false; ///< the reader takes rows in any order
};

/// A value. A movable one is computed row by row and may have its rows in
/// another order: row i is then row order(i) of the network's.
struct TransposeNode {
  mlir::Value value;
  int64_t rows = 1, width = 1;
  bool isMovable = false;
  bool isConstant = false;     ///< moved when compiled
  int order = MapTable::kNone; ///< kNone is the network's order
  llvm::SmallVector<int> in, out;
};

class TransposeGraph {
public:
  /// Reads the one block of a function.
  TransposeGraph(const Arch &arch, mlir::Block &block);

  /// The movement that remains on an edge with the present orders.
  int getMove(const TransposeEdge &edge);
  /// What the movements of a node's value cost.
  double getCost(int node);
  /// The order of `edge.to` (or of `edge.from`) with which no movement remains
  /// on the edge, or kNone.
  int getReaderOrder(const TransposeEdge &edge);
  int getSourceOrder(const TransposeEdge &edge);

  /// Makes the operands follow the orders. Movements of several ops become one
  /// op, also where no order has changed. True when something changed.
  bool rewrite();

  std::vector<TransposeNode> nodes; ///< in the order of their ops
  std::vector<TransposeEdge> edges;
  MapTable maps;

private:
  /// A value as a movement of another.
  struct Trace {
    mlir::Value root;
    int map = MapTable::kNone;
    int moves = 0;
    bool isSelection = true;
  };

  Trace trace(mlir::Value value);
  Trace traceConcat(ConcatOp op);
  std::optional<Trace> traceRows(mlir::Value value);
  void addEdge(mlir::OpOperand &operand);
  /// The value of `edge.from` moved by `move`, which remains on the edge.
  mlir::Value emitMoves(mlir::OpBuilder &builder, mlir::Location loc,
                        const TransposeEdge &edge, int move);
  int scaledOrder(int order, int64_t width);

  llvm::DenseMap<mlir::Value, Trace> traces;
  llvm::DenseMap<mlir::Value, int> nodeOf;
};

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_TRANSFORMS_TRANSPOSEGRAPH_H
