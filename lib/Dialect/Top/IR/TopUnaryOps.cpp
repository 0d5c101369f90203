//===- TopUnaryOps.cpp - Activations and functions ------------------------===//
//
// Verifiers of elementwise functions; most have none, their types say it all.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopUnaryOps.cpp.inc"

LogicalResult ClipOp::verify() {
  double min = getMin().convertToDouble(), max = getMax().convertToDouble();
  // Written so that NaN fails.
  if (!(min <= max)) // clip_c1
    return emitOpError("min ") << min << " is not at most max " << max;
  return success();
}
