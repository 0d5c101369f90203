//===- Lowering.h - State of the lowering of a network ----------*- C++ -*-===//
//
// What the families' lowerings share: the values lowered so far, constants,
// the precision of an op, and errors. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_LOWERING_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_LOWERING_H

#include "Arch/BM1684X.h"
#include "Conversion/TopToTpu/Precision.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "MixedPrecisionStem.h"
#include "PrecisionRules.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace tpuc {

using tpu::getElement;
using tpu::getShape;

class LoweringSet;

/// Lowers the ops of one function in their order. A family's lowering asks for
/// its operands with `get`, emits tpu ops with `emit`, and ends with `replace`.
class Lowering {
public:
  Lowering(mlir::func::FuncOp function, Precision precision,
           const QuantizeTable &table, const LoweringSet &set,
           bool quantizesResults = false, bool allowsAsymmetric = true);

  //===--- Operands ---------------------------------------------------------//

  /// The lowered form of a top value with elements of type `element`: cast from
  /// the type that its producer gave it, or converted when it is a constant.
  /// When a constant cannot be converted, the error is emitted and noted, and a
  /// stand-in of the right type returned.
  mlir::Value get(mlir::Value value, mlir::Type element);

  /// As above with the type that the value has, for ops that only move data:
  /// the one its producer gave it, or that of `getNaturalElement` for
  /// constants.
  mlir::Value get(mlir::Value value);

  /// As `get`, as a tensor of `rank` axes, with axes of size 1 put in front.
  mlir::Value getOfRank(mlir::Value value, mlir::Type element, size_t rank);

  //===--- Precision --------------------------------------------------------//

  /// The element type in which `op` computes, as the quantize table says, else
  /// f32 where the rules want it or in the stem of a network of bf16, else the
  /// network's precision.
  mlir::Type getFloatElement(mlir::Operation *op);

  /// The element types of a convolution.
  struct ConvElements {
    mlir::Type input, filter, result;
  };
  ConvElements getConvElements(top::ConvOp conv);

  /// The element type for an op that does not compute on `values`: the one that
  /// they have if they agree (constants do not count) and the rules do not want
  /// f32, else that in which `op` computes. i32 for integers.
  mlir::Type getNaturalElement(mlir::Operation *op, mlir::ValueRange values);

  //===--- INT8 -------------------------------------------------------------//

  /// Whether `op` computes in INT8 if it has a form for it: as the quantize
  /// table says, else when the network does, unless the op stands alone among
  /// ops of floats and is faster in them, or it reads or gives elements that
  /// are not finite.
  bool isInt8(mlir::Operation *op);

  /// Whether every reader of `value` prefers INT8: it computes in INT8, and is
  /// a contraction or all of its own readers prefer INT8.
  bool prefersInt8(mlir::Value value);

  /// Whether `op` has an INT8 form and is to use it.
  bool canUseInt8(mlir::Operation *op);

  /// The quantised element type of a top value. Values that data movements and
  /// concatenations connect share one type, so that these need no
  /// requantisation: of the union of their ranges, or, where the only reader
  /// clamps the value, of that reader's result. An asymmetric range gets a zero
  /// point where all readers support it. An operand of a concatenation that has
  /// other readers and would lose more than a bit keeps its own type. When
  /// there is no range the error is emitted and noted.
  mlir::FailureOr<mlir::quant::UniformQuantizedType>
  getQuantType(mlir::Value value);

  /// The lowered form of a top value in INT8: what its producer gave, or
  /// a cast to getQuantType().
  mlir::FailureOr<mlir::Value> getInt8(mlir::Value value);

  /// Whether the value was lowered to INT8.
  bool isLoweredToInt8(mlir::Value value) const;

  /// The element type in which an INT8 contraction gives `result`: INT8
  /// where it is wanted, f32 where it leaves the network, else the op's
  /// float type.
  mlir::FailureOr<mlir::Type> getContractionElement(mlir::Operation *op,
                                                    mlir::Value result);

  /// The element type in which the network takes `argument` where it may choose
  /// it: f32 if one that reads it needs that, INT8 if all want it, else the
  /// network's float type.
  mlir::FailureOr<mlir::Type> getArgumentElement(mlir::Value argument);

  /// The element type in which the network gives the lowered value `value`
  /// where it may choose it: the one that it has.
  mlir::Type getPortElement(mlir::Value value);

  /// A constant as i8 with a scale for each entry of `axis`; null when it has
  /// no data.
  mlir::Value getFilter(mlir::Value value, int64_t axis,
                        llvm::ArrayRef<int64_t> shape);

  //===--- Emission ---------------------------------------------------------//

  /// Emits a tpu op with one result as a step of the op being lowered.
  template <typename OpTy, typename... Args> mlir::Value emit(Args &&...args) {
    return OpTy::create(builder, getStepLoc(OpTy::getOperationName()),
                        std::forward<Args>(args)...)
        ->getResult(0);
  }

  /// A reshape, or the operand when it has the shape.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// A permute, or the operand when nothing moves.
  mlir::Value permute(mlir::Value value, llvm::ArrayRef<int64_t> order);
  /// A broadcast, or the operand when it has the shape. Ranks are equal.
  mlir::Value broadcast(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// A cast, or the operand when it has the element type.
  mlir::Value cast(mlir::Value value, mlir::Type element);
  /// A gather along `axis` by a constant list of indices.
  mlir::Value gather(mlir::Value value, llvm::ArrayRef<int64_t> indices,
                     int64_t axis);

  /// A constant of the given numbers, rounded to `element`.
  mlir::Value constant(llvm::ArrayRef<float> values,
                       llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// A constant of indices, i32.
  mlir::Value indices(llvm::ArrayRef<int64_t> values,
                      llvm::ArrayRef<int64_t> shape);

  /// Makes `by` the lowered form of the result `value`. An op emitted for it
  /// takes over the location of the op being lowered, by which the value is
  /// known.
  void replace(mlir::Value value, mlir::Value by);

  //===--- Errors -----------------------------------------------------------//

  /// Emits "'top.op' op cannot be lowered: <message>" and returns failure.
  /// `message` says what the reason is and what to do.
  llvm::LogicalResult fail(mlir::Operation *op, const llvm::Twine &message);

  //===--- Driver -----------------------------------------------------------//

  /// Begins the lowering of `op`: what is emitted goes before it.
  void begin(mlir::Operation *op);
  /// Gives the results of `op`, whose lowering failed, stand-ins, so that the
  /// lowering can go on and find more errors.
  void abandon(mlir::Operation *op);
  /// Sets the lowered form of a function's argument.
  void setArgument(mlir::Value value, mlir::Value by) { lowered[value] = by; }
  /// Whether an error was emitted.
  bool hasFailed() const { return failed; }
  /// Names of the table that an op was found for.
  const llvm::StringSet<> &getUsedNames() const { return usedNames; }

private:
  mlir::Location getStepLoc(llvm::StringRef opName);
  mlir::Value standIn(mlir::Type type);
  mlir::Value getSaturated(mlir::Value value, mlir::Type element);
  bool standsAlone(mlir::Operation *op);
  bool isNotFinite(mlir::Value value) const;
  std::optional<std::pair<double, double>> findRange(mlir::Value value);
  mlir::FailureOr<std::pair<double, double>> getRange(mlir::Value value);
  double getLargestJoined(mlir::Value value);
  bool joinsWell(mlir::Value operand, mlir::Value result);
  llvm::SetVector<mlir::Value> getJoined(mlir::Value value);

  mlir::OpBuilder builder;
  mlir::Operation *current = nullptr;
  Precision precision;
  mlir::FloatType defaultElement;
  const QuantizeTable &table;
  PrecisionRules rules;
  MixedPrecisionStem stem;
  FiltersInParts filtersInParts;
  const LoweringSet &set;
  llvm::DenseMap<mlir::Value, bool> wanted;
  /// Memo of whether an op gains from INT8.
  llvm::DenseMap<mlir::Operation *, bool> gains;
  llvm::DenseMap<mlir::Value, double> largestJoined;
  llvm::DenseMap<mlir::Value, mlir::quant::UniformQuantizedType> quantTypes;
  llvm::DenseMap<mlir::Value, mlir::Value> lowered;
  llvm::DenseMap<std::pair<mlir::Value, mlir::Type>, mlir::Value> conversions;
  llvm::StringSet<> usedNames;
  bool quantizesResults, allowsAsymmetric;
  /// Whether the ranges came with the network, and the names of ops that were
  /// not quantised. Ops without a range then compute in floats, too.
  bool ownRanges = false;
  llvm::StringSet<> ownFloats;
  bool failed = false;
};

/// Limits of the fields of window commands (include/Dialect/Tpu/IR/
/// TpuConvOps.td).
constexpr int64_t kMaxPad = 15;
constexpr int64_t kMaxStride = 15;
constexpr int64_t kMaxDilation = 16;
/// Most products that a command sums.
constexpr int64_t kMaxSum = arch::kMaxSize;

/// The product of sizes, 1 of none.
int64_t getProduct(llvm::ArrayRef<int64_t> sizes);

/// The name of an op's location, or nothing.
llvm::StringRef getLocationName(mlir::Location loc);

/// The numbers of a constant integer operand, or nothing when it is computed.
std::optional<llvm::SmallVector<int64_t>> getConstantInts(mlir::Value value);

/// The order of axes that brings `last` (ascending) behind all others, and its
/// inverse.
llvm::SmallVector<int64_t> getOrderWithLast(int64_t rank,
                                            llvm::ArrayRef<int64_t> last);
llvm::SmallVector<int64_t> invertOrder(llvm::ArrayRef<int64_t> order);

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

void populateContractionLowerings(LoweringSet &set);
void populateElementwiseLowerings(LoweringSet &set);
void populateIndexingLowerings(LoweringSet &set);
void populateInt8Lowerings(LoweringSet &set);
void populateInt8GateLowerings(LoweringSet &set);
void populateInt8MatmulLowerings(LoweringSet &set);
void populateNormLowerings(LoweringSet &set);
void populatePoolLowerings(LoweringSet &set);
void populatePowLowerings(LoweringSet &set);
void populateResizeLowerings(LoweringSet &set);
void populateShapeLowerings(LoweringSet &set);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_LOWERING_H
