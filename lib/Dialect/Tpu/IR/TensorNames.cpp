//===- TensorNames.cpp - Which tensor an operation computes ---------------===//
//
// Reads and changes the names of tensors in locations.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/TensorNames.h"
#include "mlir/IR/Operation.h"

using namespace mlir;
using namespace tpuc;

StringAttr tpu::getSourceName(Operation *op) {
  StringAttr name;
  op->getLoc()->walk([&](Location location) {
    if (auto named = dyn_cast<NameLoc>(location)) {
      name = named.getName();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

StringRef tpu::getTensorName(Location location) {
  if (auto fused = dyn_cast<FusedLoc>(location))
    return fused.getLocations().empty()
               ? StringRef()
               : getTensorName(fused.getLocations().back());
  auto node = dyn_cast<NameLoc>(location);
  auto tensor = node ? dyn_cast<NameLoc>(node.getChildLoc()) : nullptr;
  return tensor ? tensor.getName().getValue() : StringRef();
}

Location tpu::withoutTensorName(Location location) {
  if (getTensorName(location).empty())
    return location;
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    SmallVector<Location> parts(fused.getLocations());
    parts.back() = withoutTensorName(parts.back());
    return FusedLoc::get(parts, fused.getMetadata(), location.getContext());
  }
  return NameLoc::get(cast<NameLoc>(location).getName());
}

void tpu::nameFusedTensor(Value value, Operation *producer, Location location) {
  Operation *last = value.getDefiningOp();
  for (Operation *op = last; op; op = op->getOperand(0).getDefiningOp()) {
    op->setLoc(withoutTensorName(op->getLoc()));
    if (op == producer || op->getNumOperands() == 0)
      break;
  }
  if (last)
    last->setLoc(
        FusedLoc::get({last->getLoc(), location}, {}, location.getContext()));
}
