//===- Infer.cpp - Helpers of type inference ------------------------------===//
//
// Inference that several families share.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;

bool top::hasValidSize(ArrayRef<int64_t> shape) {
  const int64_t most = int64_t(1) << 40;
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (dim < 1 || dim > most / count)
      return false;
    count *= dim;
  }
  return true;
}

bool top::isRepeatedTo(Type from, Type to) {
  ArrayRef<int64_t> shape = cast<ShapedType>(to).getShape();
  std::optional<SmallVector<int64_t>> common =
      broadcastShapes({cast<ShapedType>(from).getShape(), shape});
  return common && ArrayRef<int64_t>(*common) == shape;
}

FailureOr<RankedTensorType> top::inferBroadcast(std::optional<Location> loc,
                                                StringRef name,
                                                ValueRange values,
                                                Type element) {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value value : values)
    shapes.push_back(getShape(value));
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  if (!shape) {
    std::string text;
    for (ArrayRef<int64_t> operand : shapes)
      text += (text.empty() ? "" : " and ") + str(operand);
    return inferError(loc, name,
                      "operand shapes " + text +
                          " do not broadcast: aligned at the last axis, sizes "
                          "must agree or be 1");
  }
  return RankedTensorType::get(*shape, element);
}
