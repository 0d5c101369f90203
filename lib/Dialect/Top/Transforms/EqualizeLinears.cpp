//===- EqualizeLinears.cpp - Columns between linear layers ----------------===//
//
// Scales the columns that a product with a constant matrix reads where they are
// made, also before an attention's product with its scores, and the rows of the
// matrix by the inverse.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Equalization.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

bool top::equalizeLinear(MatMulOp op, ArrayRef<double> tensor) {
  if (!isLinear(op))
    return false;
  std::optional<ChannelSource> source =
      findSource(op.getLhs(), int64_t(shapeOf(op.getLhs()).size()) - 1);
  FailureOr<Buffer> matrix = getConstant(op.getRhs());
  if (!source || failed(matrix))
    return false;
  int64_t columns = matrix->getDim(1);
  SmallVector<double> weights(tensor.size(), 0.0);
  for (auto [i, value] : llvm::enumerate(matrix->getF32())) {
    double &largest = weights[int64_t(i) / columns];
    largest = std::max(largest, double(std::abs(value)));
  }
  std::vector<float> factors = balance(tensor, weights);
  return succeeded(scaleSource(*source, factors)) &&
         succeeded(scaleConstant(op.getRhsMutable(), [&](int64_t i) {
           return 1 / factors[i / columns];
         }));
}
