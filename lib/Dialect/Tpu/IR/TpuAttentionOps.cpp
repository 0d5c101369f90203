//===- TpuAttentionOps.cpp - Attention ------------------------------------===//
//
// The verifier of the attention op.
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuAttentionOps.cpp.inc"

/// Checks that a view of `shape` ([batch, rows, heads, columns]) lies in the
/// operand called `name`.
static LogicalResult verifyView(Operation *op, StringRef name, Value operand,
                                ArrayRef<int64_t> view,
                                ArrayRef<int64_t> shape) {
  int64_t last = view[0] + shape[3] - 1;
  for (unsigned axis = 0; axis < 3; ++axis)
    last += (shape[axis] - 1) * view[axis + 1];
  int64_t count = cast<RankedTensorType>(operand.getType()).getNumElements();
  if (last < count)
    return success();
  return op->emitOpError() << name << " view ends at element " << last
                           << ", expected below " << count
                           << ", the number of its operand's elements";
}

LogicalResult AttentionOp::verify() {
  /*attention_c1*/
  ArrayRef<int64_t> result = getShape(getOutput());
  if (result.size() != 4)
    return emitOpError("result has rank ") << result.size() << ", expected 4";
  /*attention_c2*/
  for (auto [name, view] : {std::pair("query_view", getQueryView()),
                            std::pair("key_view", getKeyView()),
                            std::pair("value_view", getValueView())})
    if (failed(verifyEntries(*this, name, view, 4, 0, INT64_MAX)))
      return failure();
  if (failed(verifyEntries(*this, "addend_views", getAddendViews(),
                           4 * getAddends().size(), 0, INT64_MAX)))
    return failure();
  /*attention_c5*/
  int64_t keyRows = getKeyRows(), depth = getDepth();
  if (keyRows < 1 || depth < 1)
    return emitOpError("'key_rows' and 'depth' are ")
           << keyRows << " and " << depth << ", expected at least 1";
  /*attention_c3*/
  int64_t batch = result[0], rows = result[1], heads = result[2];
  if (failed(verifyView(*this, "query", getQuery(), getQueryView(),
                        {batch, rows, heads, depth})) ||
      failed(verifyView(*this, "key", getKey(), getKeyView(),
                        {batch, keyRows, heads, depth})) ||
      failed(verifyView(*this, "value", getValue(), getValueView(),
                        {batch, keyRows, heads, result[3]})))
    return failure();
  for (auto [i, addend] : llvm::enumerate(getAddends())) {
    if (failed(verifyView(*this, "addend", addend,
                          getAddendViews().slice(4 * i, 4),
                          {batch, rows, heads, keyRows})))
      return failure();
    /*attention_c4*/
    if (getElement(addend) != getElement(getOutput()))
      return emitOpError("has an addend of element type ")
             << getElement(addend) << ", expected " << getElement(getOutput());
  }
  return success();
}
