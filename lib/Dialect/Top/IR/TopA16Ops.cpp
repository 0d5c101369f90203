//===- TopA16Ops.cpp - Products with weights of few bits ------------------===//
//
// Type inference and constraints of products with codes.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/A16.h"
#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopA16Ops.cpp.inc"

LogicalResult A16MatMulOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput()),
                    codes = getShape(adaptor.getCodes()),
                    scales = getShape(adaptor.getScales()),
                    zeros = getShape(adaptor.getZeros());
  StringRef name = getOperationName();
  int64_t bits = adaptor.getBits();
  if (bits != 4 && bits != 8) // a16_matmul_c1
    return inferError(location, name,
                      "bits is " + Twine(bits) + ", expected 4 or 8");
  if (codes.size() != 2) // a16_matmul_c2
    return inferError(location, name,
                      "codes are " + str(codes) + ", expected [N, words]");
  int64_t depth = codes[1] * 32 / bits;
  if (scales.size() != 2 || scales[0] != codes[0] || depth % scales[1] != 0 ||
      zeros != scales) // a16_matmul_c3
    return inferError(location, name,
                      "scales are " + str(scales) + " and zeros " + str(zeros) +
                          ", expected [" + Twine(codes[0]) + ", a divisor of " +
                          Twine(depth) + "]");
  if (input.empty() || input.back() != depth) // a16_matmul_c4
    return inferError(location, name,
                      "the input is " + str(input) +
                          ", expected a last axis of " + Twine(depth));
  SmallVector<int64_t> result(input.drop_back());
  result.push_back(codes[0]);
  types.push_back(RankedTensorType::get(result, Float32Type::get(context)));
  return success();
}
