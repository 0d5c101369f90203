//===- MixedPrecisionStem.cpp - BF16 networks -----------------------------===//
//
// Finds the stem of a network and the convolutions with small filters.
//
//===----------------------------------------------------------------------===//

#include "MixedPrecisionStem.h"
#include "Lowering.h"
#include "Weights.h"

using namespace mlir;
using namespace tpuc;

/// Every depth of the stem has at most this part of the network's
/// multiplications.
static constexpr int64_t kStemShare = 32;
/// How many convolutions of the stem follow each other.
static constexpr int kStemDepth = 2;
/// Filters in parts have at most this part of the bytes of input and result.
static constexpr int64_t kFilterShare = 8;
/// Their convolutions have at most this part of the network's multiplications.
static constexpr int64_t kPartsShare = 8;
/// Channels that are multiplied at a time; a convolution of fewer is folded,
/// which knows no parts.
static constexpr int64_t kCubeChannels = 32;

static bool isConstant(Value value) {
  return value.getDefiningOp<top::WeightOp>() != nullptr;
}

static bool isF32(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  return tensor && tensor.getElementType().isF32();
}

/// Multiplications of a contraction, 0 for other ops.
static int64_t countProducts(Operation *op) {
  int64_t results = 0, terms = 0;
  if (auto conv = dyn_cast<top::ConvOp>(op)) {
    auto filter = cast<RankedTensorType>(conv.getFilter().getType());
    results = cast<RankedTensorType>(conv.getType()).getNumElements();
    terms = filter.getNumElements() / filter.getDimSize(0);
  } else if (auto matmul = dyn_cast<top::MatMulOp>(op)) {
    ArrayRef<int64_t> left = getShape(matmul.getLhs());
    results = cast<RankedTensorType>(matmul.getType()).getNumElements();
    terms = left[left.size() - (matmul.getLeftTranspose() ? 2 : 1)];
  }
  return results * terms;
}

/// Whether the stem may contain the convolution.
static bool fitsStem(top::ConvOp conv) {
  return conv.getGroup() == 1 && isConstant(conv.getFilter()) &&
         (!conv.getBias() || isConstant(conv.getBias()));
}

/// Convolutions on the longest way from the inputs to the result of `op`, which
/// counts itself; nothing when the op cannot belong to a stem.
static std::optional<int> getDepth(Operation *op,
                                   const llvm::DenseMap<Value, int> &depths) {
  if (op->getNumResults() != 1 || isa<top::MatMulOp>(op) ||
      !isF32(op->getResult(0)))
    return std::nullopt;
  std::optional<int> depth;
  for (Value operand : op->getOperands()) {
    if (isConstant(operand) || !isF32(operand))
      continue;
    auto found = depths.find(operand);
    if (found == depths.end())
      return std::nullopt;
    depth = std::max(depth.value_or(0), found->second);
  }
  auto conv = dyn_cast<top::ConvOp>(op);
  if (!depth || *depth >= kStemDepth || (conv && !fitsStem(conv)))
    return std::nullopt;
  return *depth + (conv ? 1 : 0);
}

MixedPrecisionStem::MixedPrecisionStem(func::FuncOp function,
                                       const QuantizeTable &table) {
  Block &body = function.front();
  llvm::DenseMap<Value, int> depths;
  for (BlockArgument argument : body.getArguments())
    if (isF32(argument))
      depths[argument] = 0;
  int64_t products = 0;
  SmallVector<int64_t> productsAt(kStemDepth + 1, 0);
  SmallVector<std::pair<Operation *, int>> found;
  for (Operation &op : body) {
    int64_t count = countProducts(&op);
    products += count;
    if (table.contains(getLocationName(op.getLoc())))
      continue;
    if (std::optional<int> depth = getDepth(&op, depths)) {
      depths[op.getResult(0)] = *depth;
      productsAt[*depth] += count;
      found.push_back({&op, *depth});
    }
  }
  int end = 0;
  while (end < kStemDepth && productsAt[end + 1] * kStemShare <= products)
    ++end;
  // Users come behind, so that they are decided first.
  for (auto [op, depth] : llvm::reverse(found)) {
    if (depth > end)
      continue;
    ops.insert(op);
    if (!isa<top::ConvOp>(op) && !keepsResult(op))
      ops.erase(op);
  }
}

bool MixedPrecisionStem::keepsResult(Operation *op) const {
  return llvm::all_of(op->getUsers(),
                      [&](Operation *user) { return ops.contains(user); });
}

/// Whether the convolution moves much more than its filter and can hold that in
/// two parts.
static bool hasSmallFilter(top::ConvOp conv) {
  auto filter = conv.getFilter().getDefiningOp<top::WeightOp>();
  // A longer stride becomes another operator.
  if (!filter || conv.getGroup() != 1 || conv.getStrides().size() != 2 ||
      getShape(conv.getInput())[1] < kCubeChannels ||
      llvm::any_of(conv.getStrides(), [](int64_t s) { return s > kMaxStride; }))
    return false;
  auto count = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getNumElements();
  };
  return count(filter) * kFilterShare <=
             count(conv.getInput()) + count(conv.getResult()) &&
         fitsElement(filter.getValue(), BFloat16Type::get(conv.getContext()));
}

FiltersInParts::FiltersInParts(func::FuncOp function,
                               const QuantizeTable &table,
                               const MixedPrecisionStem &stem) {
  int64_t products = 0;
  for (Operation &op : function.front())
    products += countProducts(&op);
  int64_t left = products / kPartsShare;
  for (auto conv : function.front().getOps<top::ConvOp>()) {
    if (stem.contains(conv) || table.contains(getLocationName(conv.getLoc())) ||
        !hasSmallFilter(conv))
      continue;
    left -= countProducts(conv);
    if (left < 0)
      return;
    ops.insert(conv);
  }
}
