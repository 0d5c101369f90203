//===- ReadModule.cpp - Modules that others hand in ----------------------===//

#include "Driver/ReadModule.h"

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tpuc;

/// Whether a dialect is one of the compiler's.
static bool isOwn(StringRef dialect) {
  return dialect == top::TopDialect::getDialectNamespace() ||
         dialect == tpu::TpuDialect::getDialectNamespace() ||
         dialect == bm1684x::BM1684XDialect::getDialectNamespace();
}

static bool isElementType(Type type) {
  if (auto quantised = dyn_cast<quant::QuantizedType>(type))
    return isElementType(quantised.getExpressedType());
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() == 1 ||
           (integer.getWidth() % 8 == 0 && integer.getWidth() <= 64);
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
}

static bool isKnownType(Type type) {
  if (auto function = dyn_cast<FunctionType>(type))
    return llvm::all_of(function.getInputs(), isKnownType) &&
           llvm::all_of(function.getResults(), isKnownType);
  if (isOwn(type.getDialect().getNamespace()) || isa<NoneType>(type))
    return true;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape() || tensor.getEncoding() ||
      !isElementType(tensor.getElementType()))
    return false;
  // No number of elements, and no sum of a few, may leave 64 bits.
  constexpr int64_t most = int64_t(1) << 40;
  int64_t count = 1;
  for (int64_t size : tensor.getShape()) {
    if (size > most / count)
      return false;
    count *= std::max<int64_t>(size, 1);
  }
  return true;
}

static LogicalResult checkTypes(Operation *op) {
  auto check = [&](Type type) -> LogicalResult {
    if (isKnownType(type))
      return success();
    return op->emitError()
           << "'" << op->getName() << "' has the type " << type
           << ", expected tensors of a static shape and of at most 2^40 "
              "numbers";
  };
  for (Type type : op->getResultTypes())
    if (failed(check(type)))
      return failure();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        if (failed(check(type)))
          return failure();
  // Function types, element types and whatever else an attribute names.
  for (NamedAttribute attribute : op->getAttrs())
    if (auto type = dyn_cast<TypeAttr>(attribute.getValue());
        type && isa<FunctionType, ShapedType>(type.getValue()) &&
        failed(check(type.getValue())))
      return failure();
  return success();
}

/// Refuses weights whose numbers are not in the file, as in text that was
/// written without them.
static LogicalResult checkResources(Operation *op) {
  for (NamedAttribute attribute : op->getAttrs()) {
    WalkResult walked =
        attribute.getValue().walk([&](DenseResourceElementsAttr resource) {
          if (resource.getRawHandle().getBlob())
            return WalkResult::advance();
          op->emitError() << "the numbers of the resource '"
                          << resource.getRawHandle().getKey()
                          << "' are not in the file; write it as bytecode, or "
                             "as text with all weights";
          return WalkResult::interrupt();
        });
    if (walked.wasInterrupted())
      return failure();
  }
  return success();
}

LogicalResult tpuc::checkVocabulary(ModuleOp module) {
  WalkResult walked = module.walk([&](Operation *op) {
    bool isPlace =
        op == module || (isa<func::FuncOp>(op) && op->getParentOp() == module);
    if (!isPlace && !isa<func::ReturnOp>(op) &&
        (!isOwn(op->getName().getDialectNamespace()) ||
         op->getParentOp() == module || !op->isRegistered())) {
      op->emitError() << "'" << op->getName()
                      << "' is no operation of a module that tpuc writes";
      return WalkResult::interrupt();
    }
    auto function = dyn_cast<func::FuncOp>(op);
    if (function && !llvm::hasSingleElement(function.getBody())) {
      function.emitError() << "'" << function.getName()
                           << "' has no body of one block";
      return WalkResult::interrupt();
    }
    return failed(checkTypes(op)) || failed(checkResources(op))
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

OwningOpRef<ModuleOp>
tpuc::readModule(const std::shared_ptr<llvm::SourceMgr> &sources,
                 MLIRContext *context) {
  ParserConfig config(context, /*verifyAfterParse=*/false);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, config);
  if (!module || failed(checkVocabulary(*module)) || failed(verify(*module)))
    return nullptr;
  return module;
}
