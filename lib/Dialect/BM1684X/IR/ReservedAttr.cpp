//===- ReservedAttr.cpp - Reserved bits as an attribute -------------------===//
//
// Turns them into pairs of integers and back.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/ReservedAttr.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace tpuc;

static constexpr llvm::StringLiteral kReserved = "bm1684x.reserved";

void bm1684x::setReservedBytes(Operation *op,
                               const codec::ReservedBytes &bytes) {
  if (bytes.empty())
    return;
  SmallVector<int32_t> pairs;
  for (auto [index, bits] : bytes)
    pairs.append({int32_t(index), int32_t(bits)});
  op->setAttr(kReserved, DenseI32ArrayAttr::get(op->getContext(), pairs));
}

FailureOr<codec::ReservedBytes> bm1684x::getReservedBytes(Operation *op) {
  Attribute attribute = op->getAttr(kReserved);
  if (!attribute)
    return codec::ReservedBytes();
  auto pairs = dyn_cast<DenseI32ArrayAttr>(attribute);
  if (!pairs || pairs.size() % 2)
    return op->emitError() << "'" << kReserved
                           << "' holds pairs of a byte's index and its bits";
  codec::ReservedBytes bytes;
  for (int64_t i = 0; i < pairs.size(); i += 2) {
    if (pairs[i] < 0 || pairs[i + 1] < 0 || pairs[i + 1] > 0xff)
      return op->emitError() << "'" << kReserved << "' has no byte " << pairs[i]
                             << " of " << pairs[i + 1];
    bytes.push_back({uint32_t(pairs[i]), uint8_t(pairs[i + 1])});
  }
  return bytes;
}
