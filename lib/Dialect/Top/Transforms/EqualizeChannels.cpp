//===- EqualizeChannels.cpp - Gives channels of a tensor like sizes -------===//
//
// Reads the magnitudes of channels and hands every contraction to its family.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Equalization.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/DebugLog.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>

#define DEBUG_TYPE "top-equalize-channels"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPEQUALIZECHANNELS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

struct Entry {
  unsigned line;
  SmallVector<double> magnitudes;
};

} // namespace

/// Lines of a tensor's name, a blank, and numbers with commas between.
static llvm::Expected<llvm::StringMap<Entry>> readChannels(StringRef file) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (std::error_code code = buffer.getError())
    return llvm::createStringError("cannot read channel table '" + file +
                                   "': " + code.message());
  llvm::StringMap<Entry> entries;
  unsigned number = 0;
  auto error = [&](const Twine &message) {
    return llvm::createStringError(file + ":" + Twine(number) + ": " + message);
  };
  for (StringRef line : llvm::split((*buffer)->getBuffer(), '\n')) {
    ++number;
    line = line.trim();
    if (line.empty() || line.starts_with("#"))
      continue;
    auto [name, list] = line.rsplit(' ');
    name = name.trim();
    if (list.empty())
      return error("'" + line +
                   "' is no entry, expected a tensor's name and the largest "
                   "magnitudes of its channels");
    Entry entry{number, {}};
    for (StringRef word : llvm::split(list, ',')) {
      double value;
      if (word.getAsDouble(value) || !std::isfinite(value) || value < 0)
        return error("a magnitude of '" + name + "' is '" + word +
                     "', expected a number that is not negative");
      entry.magnitudes.push_back(value);
    }
    if (!entries.try_emplace(name, std::move(entry)).second)
      return error("'" + name +
                   "' is there already, expected one entry a "
                   "tensor");
  }
  return entries;
}

namespace {

struct TopEqualizeChannels
    : public top::impl::TopEqualizeChannelsBase<TopEqualizeChannels> {
  using Base::Base;

  void runOnOperation() override {
    llvm::Expected<llvm::StringMap<Entry>> entries = readChannels(table);
    if (!entries) {
      emitError(UnknownLoc::get(&getContext()))
          << llvm::toString(entries.takeError());
      return signalPassFailure();
    }
    llvm::DenseMap<Value, const Entry *> known;
    for (const NamedTensor &tensor : getNamedTensors(getOperation()))
      if (auto it = entries->find(tensor.name); it != entries->end())
        known[tensor.value] = &it->second;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!isa<ConvOp, MatMulOp>(op))
        return WalkResult::advance();
      const Entry *entry = known.lookup(op->getOperand(0));
      if (!entry)
        return WalkResult::advance();
      ArrayRef<int64_t> shape = shapeOf(op->getOperand(0));
      int64_t channels = isa<ConvOp>(op) ? shape[1] : shape.back();
      if (channels != int64_t(entry->magnitudes.size())) {
        op->emitOpError() << "reads " << channels << " channels, but line "
                          << entry->line << " of " << table << " has "
                          << entry->magnitudes.size()
                          << "; measure the module that is compiled";
        return WalkResult::interrupt();
      }
      auto conv = dyn_cast<ConvOp>(op);
      numEqualized +=
          conv ? equalizeConv(conv, entry->magnitudes)
               : equalizeLinear(cast<MatMulOp>(op), entry->magnitudes);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    LDBG() << "equalised " << numEqualized.getValue() << " operators";
  }
};

} // namespace
