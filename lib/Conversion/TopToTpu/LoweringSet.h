//===- LoweringSet.h - What ops of a network become --------------*- C++ -*-==//
//
// The table of lowerings, by op: how each is lowered, and what its INT8 form
// takes. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_LOWERINGSET_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_LOWERINGSET_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

#include <functional>

namespace tpuc {

class Lowering;

/// How an op is lowered to INT8.
enum class Int8Use {
  None,     ///< no INT8 form
  Passes,   ///< INT8 where all readers of its result prefer it
  Contracts ///< always INT8
};

/// The lowerings, by the name of the op.
using LowerFn =
    std::function<llvm::LogicalResult(mlir::Operation *, Lowering &)>;
/// Lowers an op to its INT8 form, or returns false when this one has none.
using LowerInt8Fn =
    std::function<mlir::FailureOr<bool>(mlir::Operation *, Lowering &)>;
class LoweringSet {
public:
  struct Entry {
    LowerFn lower;
    LowerInt8Fn lowerInt8;
    Int8Use int8Use = Int8Use::None;
    /// Which of the ops have the INT8 form; all when empty.
    std::function<bool(mlir::Operation *)> hasInt8;
    /// Which of them read operands with a zero point other than 0; none when
    /// empty.
    std::function<bool(mlir::Operation *)> takesZeroPoint;
    /// It moves elements of any type.
    bool moves = false;

    /// Whether `op`, one of the entry, has the INT8 form.
    bool supportsInt8(mlir::Operation *op) const {
      return int8Use != Int8Use::None && (!hasInt8 || hasInt8(op));
    }
  };

  /// Adds a function that lowers ops of one class.
  template <typename OpTy>
  void add(llvm::LogicalResult (*lower)(OpTy, Lowering &)) {
    entries[OpTy::getOperationName()].lower = [lower](mlir::Operation *op,
                                                      Lowering &lowering) {
      return lower(llvm::cast<OpTy>(op), lowering);
    };
  }
  /// The same for ops that only move elements, of whatever type, if they
  /// satisfy `has`.
  template <typename OpTy>
  void addMove(llvm::LogicalResult (*lower)(OpTy, Lowering &),
               bool (*has)(OpTy) = nullptr) {
    add(lower);
    Entry &entry = entries[OpTy::getOperationName()];
    entry.int8Use = Int8Use::Passes;
    entry.moves = true;
    setHasInt8(entry, has);
  }
  /// Adds the INT8 form, which the ops that satisfy `has` have.
  template <typename OpTy>
  void addInt8(mlir::FailureOr<bool> (*lower)(OpTy, Lowering &), Int8Use use,
               bool (*has)(OpTy) = nullptr) {
    Entry &entry = entries[OpTy::getOperationName()];
    entry.int8Use = use;
    setHasInt8(entry, has);
    entry.lowerInt8 = [lower](mlir::Operation *op, Lowering &lowering) {
      return lower(llvm::cast<OpTy>(op), lowering);
    };
  }
  /// Says that the INT8 form of the ops that satisfy `takes` reads operands
  /// with a zero point other than 0.
  template <typename OpTy>
  void addZeroPoint(bool (*takes)(OpTy) = [](OpTy) { return true; }) {
    entries[OpTy::getOperationName()].takesZeroPoint =
        [takes](mlir::Operation *op) { return takes(llvm::cast<OpTy>(op)); };
  }
  /// What is known of an op, or null.
  const Entry *find(mlir::Operation *op) const {
    auto it = entries.find(op->getName().getStringRef());
    return it == entries.end() ? nullptr : &it->second;
  }

  /// The lowerings, by the names of their ops.
  const llvm::StringMap<Entry> &getEntries() const { return entries; }

  /// Whether `op` only moves elements.
  bool isMove(mlir::Operation *op) const {
    const Entry *entry = find(op);
    return entry && entry->moves && entry->supportsInt8(op);
  }

private:
  template <typename OpTy>
  static void setHasInt8(Entry &entry, bool (*has)(OpTy)) {
    if (has)
      entry.hasInt8 = [has](mlir::Operation *op) {
        return has(llvm::cast<OpTy>(op));
      };
  }

  llvm::StringMap<Entry> entries;
};

/// The lowerings of top and of the loaded dialects that have some.
LoweringSet makeLoweringSet(mlir::MLIRContext *context);

void populateContractionLowerings(LoweringSet &set);
void populateElementwiseLowerings(LoweringSet &set);
void populateIndexingLowerings(LoweringSet &set);
void populateInt8Lowerings(LoweringSet &set);
void populateInt8GateLowerings(LoweringSet &set);
void populateInt8MatmulLowerings(LoweringSet &set);
void populateNormLowerings(LoweringSet &set);
void populatePoolLowerings(LoweringSet &set);
void populateOrderLowerings(LoweringSet &set);
void populatePowLowerings(LoweringSet &set);
void populateRecurrentLowerings(LoweringSet &set);
void populateResizeLowerings(LoweringSet &set);
void populateShapeLowerings(LoweringSet &set);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_LOWERINGSET_H
