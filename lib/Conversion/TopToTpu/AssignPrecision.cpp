//===- AssignPrecision.cpp - Writes the precision of ops into the IR ------===//
//
// The pass: asks the analysis about every op and value and notes the answers as
// attributes, which the lowering reads. It decides nothing itself.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Conversion/TopToTpu/Passes.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Lowering.h"
#include "PrecisionAnalysis.h"
#include "PrecisionAttributes.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "top-assign-precision"

using namespace mlir;
using namespace tpuc;

namespace tpuc {
#define GEN_PASS_DEF_TOPASSIGNPRECISION
#include "Conversion/TopToTpu/Passes.h.inc"
} // namespace tpuc

/// Whether some value has a range, or was found to have none.
static bool isCalibrated(func::FuncOp function) {
  auto hasRange = [](Value value) {
    return top::getCalibratedType(value) || top::isNotFinite(value);
  };
  return llvm::any_of(function.getArguments(), hasRange) ||
         llvm::any_of(function.front(), [&](Operation &op) {
           return op.getNumResults() == 1 && hasRange(op.getResult(0));
         });
}

static bool isF32(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32();
}

/// Whether a list of numbers from 1 has an index, or is empty and means all.
static bool isListed(ArrayRef<int64_t> numbers, unsigned index) {
  return numbers.empty() || llvm::is_contained(numbers, int64_t(index) + 1);
}

static void setType(Operation *op, StringRef name, Type type) {
  if (type)
    op->setDiscardableAttr(name, TypeAttr::get(type));
}

/// Removes what an earlier run has decided.
static void clear(func::FuncOp function) {
  for (StringRef name : kPrecisionAttrNames) {
    function->removeDiscardableAttr(name);
    for (BlockArgument argument : function.getArguments())
      function.removeArgAttr(argument.getArgNumber(),
                             StringAttr::get(function.getContext(), name));
    for (Operation &op : function.front())
      op.removeDiscardableAttr(name);
  }
}

/// Notes what is known of a value.
static void assign(Value value, PrecisionAnalysis &analysis) {
  auto unit = UnitAttr::get(value.getContext());
  if (analysis.saturates(value))
    top::setValueAttr(value, kSaturatesAttrName, unit);
  if (!isF32(value) || value.getDefiningOp<top::WeightOp>())
    return;
  bool prefersInt8 = analysis.prefersInt8(value);
  if (prefersInt8)
    top::setValueAttr(value, kPrefersInt8AttrName, unit);
  if (prefersInt8 || llvm::any_of(value.getUsers(), [&](Operation *user) {
        return analysis.canUseInt8(user);
      }))
    if (quant::UniformQuantizedType type = analysis.getQuantType(value))
      top::setValueAttr(value, kQuantTypeAttrName, TypeAttr::get(type));
}

/// Notes what is known of an op.
static void assign(Operation *op, PrecisionAnalysis &analysis) {
  if (isa<top::WeightOp>(op) || op->hasTrait<OpTrait::IsTerminator>())
    return;
  setType(op, kElementAttrName, analysis.getGivenElement(op));
  if (analysis.canUseInt8(op))
    op->setDiscardableAttr(kInt8AttrName, UnitAttr::get(op->getContext()));
  if (auto conv = dyn_cast<top::ConvOp>(op)) {
    setType(op, kFilterAttrName, analysis.getFilterElement(conv));
    setType(op, kResultAttrName, analysis.getResultElement(conv));
  }
}

namespace {

struct TopAssignPrecision
    : tpuc::impl::TopAssignPrecisionBase<TopAssignPrecision> {
  using Base::Base;

  void runOnOperation() override {
    PrecisionOptions options;
    options.precision = precision;
    options.asymmetric = asymmetric;
    options.quantizesResults = quantOutput;
    if (!quantizeTable.empty()) {
      llvm::Expected<QuantizeTable> read = readQuantizeTable(quantizeTable);
      if (!read) {
        emitError(UnknownLoc::get(&getContext()))
            << llvm::toString(read.takeError());
        return signalPassFailure();
      }
      options.table = std::move(*read);
    }
    LoweringSet lowerings = makeLoweringSet(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(assignFunction(function, options, lowerings)))
        return signalPassFailure();
    warnOfUnknownNames(options.table);
  }

private:
  LogicalResult assignFunction(func::FuncOp function,
                               const PrecisionOptions &options,
                               const LoweringSet &lowerings) {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("has ")
             << function.getBody().getBlocks().size()
             << " blocks, expected a network with 1";
    if (options.precision == Precision::INT8 && !isCalibrated(function))
      return emitError(function.getLoc())
             << "INT8 needs the ranges of the network's tensors; make a "
                "calibration table with run_calibration and pass it on as "
                "--calibration_table";
    clear(function);
    PrecisionAnalysis analysis(archOf(function), function, options, lowerings);
    if (failed(assignPorts(function, analysis)))
      return failure();
    for (BlockArgument argument : function.getArguments())
      assign(argument, analysis);
    for (Operation &op : function.front()) {
      assign(&op, analysis);
      for (Value result : op.getResults())
        assign(result, analysis);
    }
    setType(function, kElementAttrName, analysis.getDefaultElement());
    if (quantOutput)
      function->setDiscardableAttr(kQuantizesResultsAttrName,
                                   UnitAttr::get(&getContext()));
    LDBG() << "precision of " << function.getName() << ": "
           << analysis.getDefaultElement();
    return success();
  }

  /// Says with which types the network begins and ends, where it may choose.
  LogicalResult assignPorts(func::FuncOp function,
                            PrecisionAnalysis &analysis) {
    if (failed(checkNumbers(function, "quant-inputs", quantInputs, "input",
                            function.getNumArguments())) ||
        failed(checkNumbers(function, "quant-outputs", quantOutputs, "output",
                            function.getNumResults())))
      return failure();
    for (BlockArgument argument : function.getArguments()) {
      unsigned index = argument.getArgNumber();
      if (!quantInput || !isF32(argument) || !isListed(quantInputs, index) ||
          function.getArgAttr(index, top::kPortAttrName))
        continue;
      Type element = analysis.getArgumentElement(argument);
      if (!element)
        return emitError(function.getLoc())
               << "the calibration table has no entry for the input '"
               << top::getTensorName(argument)
               << "', which is to be INT8; calibrate again";
      function.setArgAttr(index, top::kPortAttrName, TypeAttr::get(element));
    }
    for (unsigned index = 0; index < function.getNumResults(); ++index)
      if (quantOutput && isListed(quantOutputs, index))
        function.setResultAttr(index, top::kPortAttrName,
                               UnitAttr::get(&getContext()));
    return success();
  }

  LogicalResult checkNumbers(func::FuncOp function, StringRef option,
                             ArrayRef<int64_t> numbers, StringRef what,
                             size_t limit) {
    for (int64_t number : numbers)
      if (number < 1 || number > int64_t(limit))
        return emitError(function.getLoc())
               << option << " names " << what << " " << number
               << ", the network has " << limit;
    return success();
  }

  void warnOfUnknownNames(const QuantizeTable &table) {
    llvm::StringSet<> names;
    getOperation().walk([&](Operation *op) {
      if (!isa<top::WeightOp>(op))
        names.insert(getLocationName(op->getLoc()));
    });
    for (const auto &entry : table)
      if (!names.contains(entry.first()))
        emitWarning(UnknownLoc::get(&getContext()))
            << quantizeTable << ": no op called '" << entry.first()
            << "' has a precision; it may have been fused into another";
  }
};

} // namespace
