//===- MatmulColumns.cpp - Columns of INT8 products -----------------------===//
//
// Chooses the requantisation of the i32 sums. Sums are bounded by the weights,
// so that no 16-bit number saturates; the error of shifting them is compared
// with the quantisation error of the left operand.
//
//===----------------------------------------------------------------------===//

#include "MatmulColumns.h"

#include "QuantElementwise.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// result = sum * factor + summand for sums in [least, most].
struct Column {
  double factor = 0, bias = 0;
  /// The zero point times the weights, which the sums lack.
  int64_t correction = 0;
  int64_t least = 0, most = 0;
  /// The sum of the squares of the weights.
  double energy = 0;
};

constexpr double kWordLimit = 32767, kIntLimit = 2147483647;

/// Rounding of the left operand is uniform, of variance 1/12, and so is that of
/// shifted sums: the second may add this much to the first.
constexpr double kMostNoise = 1.0 / 8;

class Columns {
public:
  Columns(tpu::MatMulOp op, ArrayRef<char> weights, ArrayRef<float> bias)
      : input(quantParamsOf(op.getLeft())),
        result(quantParamsOf(op.getOutput())), columns(op.getN()) {
    ArrayRef<double> scales =
        cast<quant::UniformQuantizedPerAxisType>(tpu::getElement(op.getRight()))
            .getScales();
    bool isUnsigned = *elementTypeOf(op.getLeft().getType()) == ElementType::U8;
    int64_t low = isUnsigned ? 0 : -128, high = isUnsigned ? 255 : 127;
    int64_t depth = op.getK(), count = op.getN();
    for (size_t i = 0; i < weights.size(); ++i) {
      int64_t weight = int8_t(weights[i]);
      Column &column =
          columns[int64_t(op.getRightTranspose() ? i / depth : i) % count];
      column.correction -= input.zeroPoint * weight;
      column.least += weight * (weight < 0 ? high : low);
      column.most += weight * (weight < 0 ? low : high);
      column.energy += double(weight * weight);
    }
    for (auto [n, column] : llvm::enumerate(columns)) {
      column.factor = input.scale * scales[n] / result.scale;
      column.bias = bias.empty() ? 0.0 : bias[n] / result.scale;
    }
  }

  /// A factor and a summand of each column in f32.
  GlobalTensor wide(KernelContext &context) const {
    SmallVector<double> values;
    for (const Column &column : columns)
      values.push_back(column.factor);
    for (const Column &column : columns)
      values.push_back(column.bias + double(column.correction) * column.factor +
                       double(result.zeroPoint));
    return constant(values, ElementType::F32, 2, context);
  }

  /// The terms in 16 bits, or nothing when they are not precise enough.
  std::optional<MatmulParams::Narrow> narrow(ElementType type,
                                             KernelContext &context) const {
    bool isInt8Result = isInt8(type);
    if (!isInt8Result && type != ElementType::F16)
      return std::nullopt;
    bool hasBias =
        llvm::any_of(columns, [](const Column &c) { return c.bias != 0; });
    // A bias that is large beside the sums would cost their last bits.
    for (bool addsBefore : {true, false}) {
      if (!addsBefore && (!hasBias || isInt8Result))
        break;
      std::optional<int> shift = findShift(addsBefore);
      if (!shift)
        continue;
      MatmulParams::Narrow terms;
      terms.shift = *shift;
      terms.zeroPoint = result.zeroPoint;
      if (!setFactors(terms, isInt8Result, context))
        continue;
      SmallVector<double> summands, offsets;
      for (const Column &column : columns) {
        summands.push_back(summandOf(column, addsBefore));
        offsets.push_back(column.bias);
      }
      terms.summand = constant(summands, ElementType::I32, 1, context);
      if (!addsBefore)
        terms.offset = constant(offsets, ElementType::F16, 1, context);
      return terms;
    }
    return std::nullopt;
  }

private:
  static double summandOf(const Column &column, bool withBias) {
    double bias = withBias ? std::round(column.bias / column.factor) : 0.0;
    return double(column.correction) + bias;
  }

  /// The least shift that brings all sums into 16 bits, if it keeps enough
  /// bits.
  std::optional<int> findShift(bool withBias) const {
    double largest = 0;
    for (const Column &column : columns) {
      double summand = summandOf(column, withBias);
      if (!(std::abs(summand) <= kIntLimit))
        return std::nullopt;
      largest = std::max({largest, std::abs(double(column.least) + summand),
                          std::abs(double(column.most) + summand)});
    }
    int shift = 0;
    while (std::ldexp(kWordLimit, shift) < largest)
      ++shift;
    double before = 0, added = 0;
    for (const Column &column : columns) {
      double squared = column.factor * column.factor;
      before += column.energy * squared;
      added += std::ldexp(squared, 2 * shift);
    }
    return shift > 0 && added > kMostNoise * before ? std::nullopt
                                                    : std::optional(shift);
  }

  /// False when the factors have no 16-bit form.
  bool setFactors(MatmulParams::Narrow &terms, bool isInt8Result,
                  KernelContext &context) const {
    double least = INFINITY, most = 0;
    SmallVector<double> factors;
    for (const Column &column : columns) {
      double factor = std::ldexp(column.factor, int(terms.shift));
      factors.push_back(factor);
      // A column of zeros has a factor that does not matter.
      if (column.energy == 0)
        continue;
      least = std::min(least, factor);
      most = std::max(most, factor);
    }
    if (!isInt8Result) {
      // Normal numbers of f16, with products in its range.
      if (least < 0x1p-14 || most * kWordLimit > 65504.0)
        return false;
      terms.factor = constant(factors, ElementType::F16, 1, context);
      return true;
    }
    constexpr int kMostShift = 31, kLeastBits = 8;
    int shift = 0;
    while (shift < kMostShift && std::ldexp(most, shift + 1) <= kWordLimit)
      ++shift;
    if (std::ldexp(most, shift) > kWordLimit ||
        std::ldexp(least, shift) < double(1 << kLeastBits))
      return false;
    for (double &factor : factors)
      factor = std::min(std::round(std::ldexp(factor, shift)), kWordLimit);
    terms.factorShift = shift;
    terms.factor = constant(factors, ElementType::I16, 1, context);
    return true;
  }

  static GlobalTensor constant(ArrayRef<double> values, ElementType type,
                               int64_t rows, KernelContext &context) {
    int64_t width = byteWidth(type);
    std::vector<char> bytes(values.size() * width);
    for (auto [i, value] : llvm::enumerate(values)) {
      uint32_t bits = constantBits(value, type);
      std::memcpy(&bytes[i * width], &bits, width);
    }
    return context.addConstant(std::move(bytes), type,
                               {1, 1, rows, int64_t(values.size()) / rows});
  }

  QuantParams input, result;
  SmallVector<Column> columns;
};

} // namespace

LogicalResult tpuc::setQuantColumns(tpu::MatMulOp op, KernelContext &context,
                                    MatmulParams &params) {
  ArrayRef<char> weights = context.constantBytes(op.getRight());
  ArrayRef<char> biasBytes;
  if (op.getBias())
    biasBytes = context.constantBytes(op.getBias());
  if (weights.empty() || (op.getBias() && biasBytes.empty()))
    return op.emitOpError()
           << "multiplies INT8 by what is computed at run time; give it the "
              "precision F16 in the quantize table";
  ArrayRef<float> bias(reinterpret_cast<const float *>(biasBytes.data()),
                       biasBytes.size() / sizeof(float));
  Columns columns(op, weights, bias);
  ElementType type = *elementTypeOf(op.getOutput().getType());
  params.narrow = columns.narrow(type, context);
  if (!params.narrow)
    params.columns = columns.wide(context);
  return success();
}
