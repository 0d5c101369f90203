//===- Int8Profitability.cpp - Whether INT8 is faster ---------------------===//
//
// Counts the cycles of both forms by the shapes alone: products, the load of
// the weights, and the cast that only INT8 needs.
//
//===----------------------------------------------------------------------===//

#include "Int8Profitability.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Support/IntMath.h"

using namespace mlir;
using namespace tpuc;
using tpu::getShape;

namespace {

/// A contraction as products of [results, depth] with [depth, positions].
struct Products {
  const Arch &arch;
  int64_t results = 0, depth = 0, positions = 0, taps = 1;
  int64_t operandElements = 0, weights = 0;
  /// Each result has one channel of its own.
  bool isDepthwise = false;

  /// Cycles in which the products are computed, of `bytes` an element.
  int64_t compute(int64_t bytes) const {
    int64_t vector = arch.vectorBytes / bytes;
    int64_t passes = ceilDiv(results, arch.lanes) * taps;
    return isDepthwise ? passes * ceilDiv(positions, vector)
                       : passes * ceilDiv(depth, vector) *
                             ceilDiv(positions, arch.productPositions);
  }
  int64_t load(int64_t bytes) const {
    return int64_t(double(weights * bytes) / arch.loadBytesPerCycle);
  }
  /// A product with the scale and a conversion, in 16 bits.
  int64_t cast() const {
    return 2 * ceilDiv(operandElements, arch.lanes * arch.vectorBytes / 2);
  }
};

} // namespace

static std::optional<Products> getProducts(const Arch &arch, Operation *op) {
  Products products{arch};
  if (auto conv = dyn_cast<top::ConvOp>(op)) {
    ArrayRef<int64_t> filter = getShape(conv.getFilter());
    ArrayRef<int64_t> shape = getShape(conv.getOutput());
    products.results = shape[1];
    products.depth = filter[1];
    products.isDepthwise = conv.getGroup() > 1 && filter[1] == 1;
    products.taps = ShapedType::getNumElements(filter.drop_front(2));
    products.positions =
        ShapedType::getNumElements(shape) / std::max<int64_t>(1, shape[1]);
    products.operandElements =
        ShapedType::getNumElements(getShape(conv.getInput()));
    products.weights = ShapedType::getNumElements(filter);
    // How groups are packed is not known here.
    if (conv.getGroup() > 1 && !products.isDepthwise)
      return std::nullopt;
    return products;
  }
  if (auto matmul = dyn_cast<top::MatMulOp>(op)) {
    ArrayRef<int64_t> shape = getShape(matmul.getOutput());
    products.positions = shape.back();
    products.depth = getShape(matmul.getLhs()).back();
    products.results =
        ShapedType::getNumElements(shape) / std::max<int64_t>(1, shape.back());
    products.operandElements =
        ShapedType::getNumElements(getShape(matmul.getLhs()));
    products.weights = ShapedType::getNumElements(getShape(matmul.getRhs()));
    return products;
  }
  return std::nullopt;
}

bool tpuc::isInt8Profitable(const Arch &arch, Operation *op) {
  std::optional<Products> products = getProducts(arch, op);
  if (!products)
    return true;
  int64_t inBytes = products->compute(1) + products->cast();
  int64_t inFloats = products->compute(2);
  // Loads may or may not hide behind other ops.
  return inBytes < inFloats ||
         inBytes + products->load(1) < inFloats + products->load(2);
}
