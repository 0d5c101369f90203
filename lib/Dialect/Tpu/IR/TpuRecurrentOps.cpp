//===- TpuRecurrentOps.cpp - Recurrent cells ------------------------------===//
//
// Verifier and layouts of the op that runs a cell over a sequence.
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuRecurrentOps.cpp.inc"

LogicalResult RecurrentOp::verify() {
  /*recurrent_c1*/
  FailureOr<top::RecurrentSizes> sizes =
      top::RecurrentForm::of(*this, getOperands())
          .getSizes(getLoc(), getOperationName());
  if (failed(sizes))
    return failure();
  return verifyResultShape(*this, sizes->getResultShape());
}

size_t RecurrentOp::getKeptAxes() { return 0; }

bool RecurrentOp::hasKeptAxes(unsigned) { return false; }

void RecurrentOp::getFixedLayouts(SmallVectorImpl<FixedLayout> &layouts) {
  for (Value value : {Value(getInput()), Value(getOutput())})
    layouts.push_back({value, 1, getShape(value)[1]});
}
