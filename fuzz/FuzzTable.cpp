//===- FuzzTable.cpp - Arbitrary tables -----------------------------------===//
//
// A calibration table or a quantize table of any bytes is read, or refused with
// the place in it.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TopToTpu/Precision.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "llvm/Support/Error.h"

#include <cmath>

using namespace tpuc;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  auto ranges = top::parseCalibrationTable(text, "table");
  if (ranges) {
    for (const auto &entry : *ranges)
      if (!(entry.second.threshold > 0) || !std::isfinite(entry.second.min) ||
          !(entry.second.min <= entry.second.max))
        __builtin_trap();
  } else if (!llvm::StringRef(llvm::toString(ranges.takeError()))
                  .starts_with("table")) {
    __builtin_trap();
  }
  auto precisions = parseQuantizeTable(text, "table");
  if (!precisions && !llvm::StringRef(llvm::toString(precisions.takeError()))
                          .starts_with("table"))
    __builtin_trap();
  return 0;
}
