//===- Canonicalize.cpp - Canonicalisation of the top dialect -------------===//
//
// Collects the families of patterns. No pattern is defined here.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"

using namespace tpuc;
using namespace tpuc::top;

void top::populateCanonicalizationPatterns(mlir::RewritePatternSet &patterns) {
  populateViewPatterns(patterns);
  populateSlicePatterns(patterns);
  populateArithmeticPatterns(patterns);
  populateBroadcastPatterns(patterns);
  populateMatMulPatterns(patterns);
}

std::optional<int64_t> top::getVaryingAxis(mlir::Value constant,
                                           llvm::ArrayRef<int64_t> shape) {
  llvm::ArrayRef<int64_t> own = shapeOf(constant);
  if (own.size() > shape.size())
    return std::nullopt;
  int64_t varying = -1, lead = shape.size() - own.size();
  for (auto [index, dim] : llvm::enumerate(own)) {
    if (dim == 1)
      continue;
    if (varying >= 0)
      return std::nullopt;
    varying = lead + index;
  }
  return varying;
}
