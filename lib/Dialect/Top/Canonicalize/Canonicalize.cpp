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
  populatePermutePatterns(patterns);
  populatePhasePatterns(patterns);
  populateSlicePatterns(patterns);
  populateArithmeticPatterns(patterns);
  populateBroadcastPatterns(patterns);
  populateMatMulPatterns(patterns);
  populateWindowPatterns(patterns);
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

mlir::Location top::getStepLoc(mlir::Location loc) {
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(loc)) {
    llvm::SmallVector<mlir::Location> parts;
    for (mlir::Location part : fused.getLocations())
      parts.push_back(getStepLoc(part));
    return mlir::FusedLoc::get(parts, fused.getMetadata(), loc.getContext());
  }
  if (auto name = llvm::dyn_cast<mlir::NameLoc>(loc))
    return mlir::NameLoc::get(name.getName());
  return loc;
}
