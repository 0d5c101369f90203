//===- EqualizeConvs.cpp - Channels between convolutions ------------------===//
//
// Scales the channels that a convolution reads where they are made, and its
// filters by the inverse.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Equalization.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

bool top::equalizeConv(ConvOp op, ArrayRef<double> tensor) {
  if (!hasConstants(op))
    return false;
  std::optional<ChannelSource> source = findSource(op.getInput(), /*axis=*/1);
  FailureOr<Buffer> filter = getConstant(op.getFilter());
  if (!source || failed(filter) || source->op == op)
    return false;
  ArrayRef<int64_t> shape = filter->getShape();
  int64_t taps = shape.size() > 2 ? getRowMajorStrides(shape)[1] : 1;
  int64_t outPerGroup = shape[0] / op.getGroup();
  /// The input channel that an element of the filter meets.
  auto channelOf = [&](int64_t i) {
    int64_t out = i / taps / shape[1];
    return out / outPerGroup * shape[1] + i / taps % shape[1];
  };
  std::vector<float> factors;
  if (shape[1] == 1) {
    // Filters have a scale for each output channel, hence for each input.
    factors = level(tensor);
  } else {
    SmallVector<double> weights(tensor.size(), 0.0);
    for (auto [i, value] : llvm::enumerate(filter->getF32())) {
      double &largest = weights[channelOf(int64_t(i))];
      largest = std::max(largest, double(std::abs(value)));
    }
    factors = balance(tensor, weights);
  }
  return succeeded(scaleSource(*source, factors)) &&
         succeeded(scaleConstant(op.getFilterMutable(), [&](int64_t i) {
           return 1 / factors[channelOf(i)];
         }));
}
