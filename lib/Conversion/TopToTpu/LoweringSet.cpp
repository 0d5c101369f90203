//===- LoweringSet.cpp - What ops of a network become ---------------------===//
//
// Collects the lowerings of all families.
//
//===----------------------------------------------------------------------===//

#include "LoweringSet.h"
#include "Conversion/TopToTpu/LowerToTpu.h"
#include "LowerA16.h"
#include "LowerDetection.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using namespace tpuc;

LoweringSet tpuc::makeLoweringSet(MLIRContext *context) {
  LoweringSet set;
  populateA16Lowerings(set);
  populateContractionLowerings(set);
  populateDetectionLowerings(set);
  populateElementwiseLowerings(set);
  populateIndexingLowerings(set);
  populateInt8Lowerings(set);
  populateInt8GateLowerings(set);
  populateInt8MatmulLowerings(set);
  populateNormLowerings(set);
  populatePoolLowerings(set);
  populateOrderLowerings(set);
  populatePowLowerings(set);
  populateRecurrentLowerings(set);
  populateResizeLowerings(set);
  populateShapeLowerings(set);
  for (Dialect *dialect : context->getLoadedDialects())
    if (const auto *other =
            dialect->getRegisteredInterface<LowerToTpuDialectInterface>())
      other->populateLowerings(set);
  return set;
}
