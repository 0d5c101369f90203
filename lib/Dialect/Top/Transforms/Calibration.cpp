//===- Calibration.cpp - Ranges of a network's tensors --------------------===//
//
// Parses calibration tables and writes their ranges into a module.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/Transforms/Calibration.h"

#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/DebugLog.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>
#include <limits>

#define DEBUG_TYPE "top-import-calibration"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPIMPORTCALIBRATION
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

bool top::CalibrationEntry::isFinite() const {
  return std::isfinite(threshold);
}

std::pair<double, double> top::CalibrationEntry::getRange() const {
  double low = std::max(min, -threshold), high = std::min(max, threshold);
  // A tensor that was constant, or whose threshold lies off what was seen.
  return low < high ? std::make_pair(low, high)
                    : std::make_pair(-threshold, threshold);
}

/// Splits off the last word of `text`.
static StringRef takeLastWord(StringRef &text) {
  text = text.rtrim();
  size_t start = text.find_last_of(" \t");
  StringRef word = start == StringRef::npos ? text : text.drop_front(start + 1);
  text = text.drop_back(word.size()).rtrim();
  return word;
}

llvm::Expected<top::CalibrationTable>
top::parseCalibrationTable(StringRef text, StringRef file) {
  CalibrationTable table;
  unsigned number = 0;
  auto error = [&](const Twine &message) {
    return llvm::createStringError(file + ":" + Twine(number) + ": " + message);
  };
  for (StringRef line : llvm::split(text, '\n')) {
    ++number;
    line = line.trim();
    if (line.empty() || line.starts_with("#"))
      continue;
    // Names of tensors may have blanks in them.
    StringRef name = line;
    StringRef words[3];
    for (size_t i = 3; i-- > 0;)
      words[i] = takeLastWord(name);
    if (name.empty())
      return error("'" + line +
                   "' is no entry, expected a tensor's name, threshold, "
                   "minimum and maximum");
    CalibrationEntry entry;
    entry.line = number;
    double *values[] = {&entry.threshold, &entry.min, &entry.max};
    const char *kinds[] = {"threshold", "minimum", "maximum"};
    for (size_t i = 0; i < 3; ++i) {
      if (words[i].getAsDouble(*values[i]))
        return error(Twine(kinds[i]) + " of '" + name + "' is '" + words[i] +
                     "', expected a number");
      if (i == 0 ? std::isnan(*values[i]) : !std::isfinite(*values[i]))
        return error(Twine(kinds[i]) + " of '" + name + "' is " + words[i] +
                     ", expected a finite number; calibrate on other inputs, "
                     "or take the op's outputs that are not finite out");
      // Infinity itself says that a tensor stays in floats.
      if (std::abs(*values[i]) > std::numeric_limits<float>::max() &&
          !words[i].contains_insensitive("inf"))
        return error(Twine(kinds[i]) + " of '" + name + "' is " + words[i] +
                     ", beyond the numbers of F32");
    }
    if (entry.threshold <= 0)
      return error("threshold of '" + name + "' is " + words[0] +
                   ", expected a positive number");
    if (entry.min > entry.max)
      return error("minimum of '" + name + "' is " + words[1] +
                   ", above its maximum " + words[2]);
    auto [it, isNew] = table.try_emplace(name, entry);
    if (!isNew)
      return error("'" + name + "' is in line " + Twine(it->second.line) +
                   " already, expected one entry a tensor");
  }
  return table;
}

llvm::Expected<top::CalibrationTable>
top::readCalibrationTable(StringRef file) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (std::error_code code = buffer.getError())
    return llvm::createStringError("cannot read calibration table '" + file +
                                   "': " + code.message());
  return parseCalibrationTable((*buffer)->getBuffer(), file);
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static StringRef getName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : llvm::reverse(fused.getLocations()))
      if (StringRef name = getName(part); !name.empty())
        return name;
  return {};
}

StringRef top::getTensorName(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return getName(value.getLoc());
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto name = function ? function.getArgAttrOfType<StringAttr>(
                             argument.getArgNumber(), "top.name")
                       : StringAttr();
  return name ? name.getValue() : getName(argument.getLoc());
}

SmallVector<top::NamedTensor> top::getNamedTensors(func::FuncOp function) {
  SmallVector<NamedTensor> tensors;
  llvm::StringMap<unsigned> last;
  auto add = [&](Value value) {
    StringRef name = getTensorName(value);
    if (name.empty())
      return;
    last[name] = tensors.size();
    tensors.push_back({name.str(), value});
  };
  for (BlockArgument argument : function.getArguments())
    add(argument);
  function.walk([&](Operation *op) {
    if (op->getNumResults() == 1 && !isa<WeightOp>(op))
      add(op->getResult(0));
  });
  llvm::StringMap<unsigned> counts;
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    if (last.lookup(tensor.name) == index)
      continue;
    std::string name;
    do
      name = (tensor.name + ":" + Twine(counts[tensor.name]++)).str();
    while (last.contains(name));
    tensor.name = std::move(name);
  }
  return tensors;
}

Attribute top::getValueAttr(Value value, StringRef name) {
  if (Operation *op = value.getDefiningOp())
    return op->getNumResults() == 1 ? op->getDiscardableAttr(name)
                                    : Attribute();
  auto argument = cast<BlockArgument>(value);
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function ? function.getArgAttr(argument.getArgNumber(), name)
                  : Attribute();
}

void top::setValueAttr(Value value, StringRef name, Attribute attribute) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    cast<func::FuncOp>(argument.getOwner()->getParentOp())
        .setArgAttr(argument.getArgNumber(), name, attribute);
  else if (value.getDefiningOp()->getNumResults() == 1)
    value.getDefiningOp()->setDiscardableAttr(name, attribute);
}

quant::CalibratedQuantizedType top::getCalibratedType(Value value) {
  auto range =
      dyn_cast_if_present<TypeAttr>(getValueAttr(value, top::kRangeAttrName));
  return range ? dyn_cast<quant::CalibratedQuantizedType>(range.getValue())
               : quant::CalibratedQuantizedType();
}

bool top::isNotFinite(Value value) {
  return getValueAttr(value, kNotFiniteAttrName) != nullptr;
}

void top::setCalibratedRange(Value value, double low, double high) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32())
    return;
  auto range = TypeAttr::get(
      quant::CalibratedQuantizedType::get(type.getElementType(), low, high));
  setValueAttr(value, kRangeAttrName, range);
}

/// Writes what a table says of a tensor into the module.
static void importEntry(Value value, const top::CalibrationEntry &entry) {
  if (!entry.isFinite())
    return top::setValueAttr(value, top::kNotFiniteAttrName,
                             UnitAttr::get(value.getContext()));
  auto [low, high] = entry.getRange();
  top::setCalibratedRange(value, low, high);
}

namespace {

struct TopImportCalibration
    : top::impl::TopImportCalibrationBase<TopImportCalibration> {
  using Base::Base;

  void runOnOperation() override {
    if (table.empty())
      return;
    auto fail = [&](const Twine &message) {
      emitError(UnknownLoc::get(&getContext())) << message;
      signalPassFailure();
    };
    llvm::Expected<top::CalibrationTable> entries =
        top::readCalibrationTable(table);
    if (!entries)
      return fail(llvm::toString(entries.takeError()));
    llvm::StringMap<Value> tensors;
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (const top::NamedTensor &tensor : top::getNamedTensors(function))
        tensors[tensor.name] = tensor.value;
    // The first entry of the file that is wrong.
    const llvm::StringMapEntry<top::CalibrationEntry> *unknown = nullptr;
    for (const auto &entry : *entries) {
      auto tensor = tensors.find(entry.first());
      if (tensor != tensors.end())
        importEntry(tensor->second, entry.second);
      else if (!unknown || entry.second.line < unknown->second.line)
        unknown = &entry;
    }
    LDBG() << "read the ranges of " << entries->size() << " tensors";
    if (unknown)
      fail(table + ":" + Twine(unknown->second.line) + ": '" +
           unknown->first() +
           "' is no tensor of the network; calibrate the module that is "
           "compiled");
  }
};

} // namespace
