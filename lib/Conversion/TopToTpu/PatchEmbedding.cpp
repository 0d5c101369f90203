//===- PatchEmbedding.cpp - Convolutions of patches -----------------------===//
//
// Recognises convolutions of patches and rearranges their input.
//
//===----------------------------------------------------------------------===//

#include "PatchEmbedding.h"
#include "Support/IntMath.h"

using namespace mlir;
using namespace tpuc;

/// Whether the windows tile the input, with a stride beyond the command's.
static bool isConvOfPatches(top::ConvOp conv) {
  ArrayRef<int64_t> input = getShape(conv.getInput());
  ArrayRef<int64_t> filter = getShape(conv.getFilter());
  ArrayRef<int64_t> strides = conv.getStrides();
  auto isNot = [](int64_t unit) {
    return [unit](int64_t value) { return value != unit; };
  };
  bool isConstant = bool(conv.getFilter().getDefiningOp<top::WeightOp>());
  if (strides.size() != 2 || conv.getGroup() != 1 || !isConstant ||
      llvm::any_of(conv.getPads(), isNot(0)) ||
      llvm::any_of(conv.getDilations(), isNot(1)) ||
      llvm::all_of(strides, [](int64_t s) { return s <= kMaxStride; }))
    return false;
  for (size_t axis = 0; axis < strides.size(); ++axis)
    if (strides[axis] != filter[2 + axis] ||
        input[2 + axis] % strides[axis] != 0)
      return false;
  return true;
}

/// Whether a convolution of the rows of patches takes fewer cycles than a
/// product of whole patches. The rates are those of 16 bit.
static bool isFasterThanProduct(const Arch &arch, ArrayRef<int64_t> input,
                                ArrayRef<int64_t> filter) {
  constexpr int64_t kWidth = 2;
  int64_t results = filter[0], channels = filter[1], kh = filter[2],
          kw = filter[3];
  int64_t patches = input[0] * (input[2] / kh) * (input[3] / kw);
  int64_t conv = kw * ceilDiv(channels * kh, arch.productDepth) *
                 ceilDiv(patches, arch.productPositions) *
                 ceilDiv(results, arch.lanes);
  int64_t product = ceilDiv(patches, arch.lanes) *
                    ceilDiv(channels * kh * kw, arch.productDepth) *
                    ceilDiv(results, arch.productPositions);
  bool isContiguous = channels * kh == 1;
  int64_t runs = isContiguous ? 0 : patches * channels * kh;
  int64_t run = std::max(arch.shortestRowBytes, kw * kWidth);
  return conv < product + runs * run / arch.moveBytesPerCycle;
}

std::optional<PatchEmbedding> PatchEmbedding::match(const Arch &arch,
                                                    top::ConvOp conv) {
  if (!isConvOfPatches(conv))
    return std::nullopt;
  ArrayRef<int64_t> input = getShape(conv.getInput());
  ArrayRef<int64_t> filter = getShape(conv.getFilter());
  if (!isFasterThanProduct(arch, input, filter))
    return std::nullopt;
  int64_t n = input[0], c = input[1], kh = filter[2], kw = filter[3];
  int64_t ph = input[2] / kh, pw = input[3] / kw;
  PatchEmbedding form;
  form.split = {n, c, ph, kh, pw * kw};
  form.inputShape = {n, c * kh, ph * pw, kw};
  form.filterShape = {filter[0], c * kh, 1, kw};
  form.resultShape = {n, filter[0], ph * pw, 1};
  return form;
}

Value PatchEmbedding::arrange(Value input, Lowering &lowering) const {
  Value rows = lowering.permute(lowering.reshape(input, split),
                                ArrayRef<int64_t>{0, 1, 3, 2, 4});
  return lowering.reshape(rows, inputShape);
}
