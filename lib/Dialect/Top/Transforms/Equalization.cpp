//===- Equalization.cpp - Where channels come from, and their factors -----===//
//
// Follows channels by evaluating the ops between on the channels' numbers, so
// that no op's way of moving elements is written here a second time.
//
//===----------------------------------------------------------------------===//

#include "Equalization.h"

#include "../Canonicalize/Match.h"
#include "Interfaces/Evaluable.h"
#include "llvm/ADT/DenseSet.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

bool top::isLinear(MatMulOp op) {
  return op && shapeOf(op.getRhs()).size() == 2 && isConstant(op.getRhs()) &&
         !op.getLeftTranspose() && !op.getRightTranspose() &&
         (!op.getBias() || isConstant(op.getBias()));
}

bool top::hasConstants(ConvOp op) {
  return op && isConstant(op.getFilter()) &&
         (!op.getBias() || isConstant(op.getBias()));
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

/// Whether factors of 0 or more pass through the op, from its first operand.
static bool keepsFactors(Operation *op) {
  return isa<DataMovementOpInterface, ReluOp, MaxPoolOp>(op);
}

/// A product of two computed tensors that sums over an axis without channels:
/// factors of the columns of the right operand are those of the result.
static bool isProduct(MatMulOp op) {
  return op && !op.getBias() && !isConstant(op.getLhs()) &&
         !isConstant(op.getRhs()) && !op.getRightTranspose() &&
         !op.getLeftTranspose() &&
         shapeOf(op.getLhs()).drop_back(2) ==
             shapeOf(op.getRhs()).drop_back(2) &&
         shapeOf(op.getRhs()).size() > 2;
}

/// The numbers of a contraction's output channels, one an element.
static Buffer numberChannels(Operation *op) {
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  int64_t axis = isa<ConvOp>(op) ? 1 : int64_t(shape.size()) - 1;
  Buffer numbers = Buffer::f32(shape);
  int64_t inner = getRowMajorStrides(shape)[axis], count = shape[axis];
  for (int64_t i = 0; i < numbers.getNumElements(); ++i)
    numbers.getMutableF32()[i] = float(i / inner % count);
  return numbers;
}

/// The numbers of the right operand as those of the result; nothing when they
/// change along the axis that is summed over.
static std::optional<Buffer> passProduct(MatMulOp op, const Buffer &right) {
  ArrayRef<int64_t> shape = shapeOf(op.getOutput());
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  int64_t depth = right.getDim(right.getRank() - 2);
  Buffer result = Buffer::f32(shape);
  for (int64_t matrix = 0; matrix * rows * columns < result.getNumElements();
       ++matrix) {
    ArrayRef<float> from =
        right.getF32().slice(matrix * depth * columns, depth * columns);
    ArrayRef<float> first = from.take_front(columns);
    for (int64_t row = 1; row < depth; ++row)
      if (from.slice(row * columns, columns) != first)
        return std::nullopt;
    for (int64_t row = 0; row < rows; ++row)
      llvm::copy(first, result.getMutableF32().begin() +
                            (matrix * rows + row) * columns);
  }
  return result;
}

/// The numbers after `op`, which reads `numbers`.
static std::optional<Buffer> pass(Operation *op, const Buffer &numbers) {
  if (auto product = dyn_cast<MatMulOp>(op))
    return passProduct(product, numbers);
  llvm::Expected<SmallVector<Buffer>> results =
      cast<EvaluableOp>(op).evaluate({numbers});
  if (results)
    return results->front();
  llvm::consumeError(results.takeError());
  return std::nullopt;
}

/// The number of each entry of `axis`, if it depends on that alone.
static std::optional<SmallVector<int64_t>> numbersOf(const Buffer &buffer,
                                                     int64_t axis) {
  int64_t inner = getRowMajorStrides(buffer.getShape())[axis];
  SmallVector<int64_t> numbers(buffer.getDim(axis), -1);
  for (auto [i, value] : llvm::enumerate(buffer.getF32())) {
    int64_t &number = numbers[int64_t(i) / inner % int64_t(numbers.size())];
    if (number >= 0 && number != int64_t(value))
      return std::nullopt;
    number = int64_t(value);
  }
  return numbers;
}

std::optional<ChannelSource> top::findSource(Value value, int64_t axis) {
  SmallVector<Operation *> path;
  Operation *op = value.getDefiningOp();
  while (op) {
    auto matmul = dyn_cast<MatMulOp>(op);
    if (isLinear(matmul) || isa<ConvOp>(op))
      break;
    if (!op->getResult(0).hasOneUse() ||
        !(isProduct(matmul) || keepsFactors(op)))
      return std::nullopt;
    path.push_back(op);
    op = op->getOperand(matmul ? 1 : 0).getDefiningOp();
  }
  auto conv = dyn_cast_if_present<ConvOp>(op);
  bool isLimited =
      conv && conv.getDoRelu() && !conv.getReluLimit().isNegative();
  if (!op || (conv && (!hasConstants(conv) || isLimited)))
    return std::nullopt;
  Buffer all = numberChannels(op), numbers = all;
  for (Operation *step : llvm::reverse(path)) {
    std::optional<Buffer> next = pass(step, numbers);
    if (!next)
      return std::nullopt;
    numbers = *next;
  }
  std::optional<SmallVector<int64_t>> channels = numbersOf(numbers, axis);
  if (!channels)
    return std::nullopt;
  llvm::DenseSet<int64_t> taken(channels->begin(), channels->end());
  if (taken.size() != channels->size())
    return std::nullopt;
  // What else reads the contraction takes other channels of it.
  Operation *first = path.empty() ? nullptr : path.back();
  for (Operation *user : op->getUsers()) {
    if (user == first || (!first && op->getResult(0).hasOneUse()))
      continue;
    if (!isa<SliceOp>(user))
      return std::nullopt;
    std::optional<Buffer> others = pass(user, all);
    if (!others || llvm::any_of(others->getF32(), [&](float number) {
          return taken.contains(int64_t(number));
        }))
      return std::nullopt;
  }
  return ChannelSource{op, std::move(*channels)};
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

LogicalResult top::scaleConstant(OpOperand &operand,
                                 llvm::function_ref<float(int64_t)> factorOf) {
  FailureOr<Buffer> old = getConstant(operand.get());
  if (failed(old) || !old->isF32())
    return failure();
  Buffer scaled = Buffer::f32(old->getShape());
  for (int64_t i = 0; i < scaled.getNumElements(); ++i)
    scaled.getMutableF32()[i] = old->getF32()[i] * factorOf(i);
  Value constant = operand.get();
  OpBuilder builder(operand.getOwner());
  operand.set(makeWeight(builder, constant.getLoc(), scaled));
  if (constant.use_empty())
    constant.getDefiningOp()->erase();
  return success();
}

LogicalResult top::scaleSource(const ChannelSource &source,
                               ArrayRef<float> factors) {
  auto conv = dyn_cast<ConvOp>(source.op);
  ArrayRef<int64_t> shape = shapeOf(source.op->getOperand(1));
  int64_t inner = conv ? getRowMajorStrides(shape)[0] : 1;
  int64_t count = conv ? shape[0] : shape[1];
  SmallVector<float> all(count, 1.0f);
  for (auto [channel, factor] : llvm::zip(source.channels, factors))
    all[channel] = factor;
  if (failed(scaleConstant(source.op->getOpOperand(1),
                           [&](int64_t i) { return all[i / inner % count]; })))
    return failure();
  if (source.op->getNumOperands() < 3)
    return success();
  return scaleConstant(source.op->getOpOperand(2),
                       [&](int64_t i) { return all[i]; });
}

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

/// Larger factors say more of the samples than of the network.
static constexpr double kLargestFactor = 64;

std::vector<float> top::balance(ArrayRef<double> tensor,
                                ArrayRef<double> weights) {
  std::vector<double> logs(tensor.size(), 0.0);
  double sum = 0;
  int64_t count = 0;
  for (auto [log, a, b] : llvm::zip(logs, tensor, weights)) {
    if (a <= 0 || b <= 0)
      continue;
    log = 0.5 * std::log(b / a);
    sum += log;
    ++count;
  }
  std::vector<float> factors;
  for (auto [log, a, b] : llvm::zip(logs, tensor, weights)) {
    bool isZero = a <= 0 || b <= 0;
    double factor = isZero ? 1.0 : std::exp(log - sum / double(count));
    factors.push_back(
        float(std::clamp(factor, 1 / kLargestFactor, kLargestFactor)));
  }
  return factors;
}

std::vector<float> top::level(ArrayRef<double> tensor) {
  double largest = *llvm::max_element(tensor);
  std::vector<float> factors;
  for (double magnitude : tensor)
    factors.push_back(magnitude > 0
                          ? float(std::min(largest / magnitude, kLargestFactor))
                          : 1.0f);
  return factors;
}
