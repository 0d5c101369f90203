//===- TopToTpu.cpp - Lowers a network to what the chip computes ----------===//
//
// The pass: a dialect conversion with one pattern an op, which hands it to the
// lowering of its family. It decides nothing about single ops.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Conversion/TopToTpu/LowerToTpu.h"
#include "Conversion/TopToTpu/Passes.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Lowering.h"
#include "PrecisionAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "convert-top-to-tpu"

using namespace mlir;
using namespace tpuc;

namespace tpuc {
#define GEN_PASS_DEF_CONVERTTOPTOTPU
#include "Conversion/TopToTpu/Passes.h.inc"
} // namespace tpuc

namespace {

/// Frees the data of top's constants as soon as nothing refers to it.
class WeightReleaser {
public:
  WeightReleaser(func::FuncOp function) {
    function.walk([&](top::WeightOp weight) {
      if (auto resource = getResource(weight))
        for (Operation *user : weight->getUsers()) {
          (void)user;
          ++uses[resource.getRawHandle().getKey()];
        }
    });
  }

  /// To be called when `op` is lowered; `kept` holds the keys of resources that
  /// the lowered network refers to.
  void release(Operation *op, const llvm::StringSet<> &kept) {
    for (Value operand : op->getOperands()) {
      auto weight = operand.getDefiningOp<top::WeightOp>();
      auto resource = weight ? getResource(weight) : nullptr;
      if (!resource)
        continue;
      StringRef key = resource.getRawHandle().getKey();
      if (--uses[key] == 0 && !kept.contains(key))
        resource.getRawHandle().getResource()->setBlob({});
    }
  }

private:
  static DenseResourceElementsAttr getResource(top::WeightOp weight) {
    return dyn_cast<DenseResourceElementsAttr>(weight.getValue());
  }

  llvm::StringMap<int64_t> uses;
};

/// The types with which a network meets its caller.
class InterfaceTypeConverter : public TypeConverter {
public:
  InterfaceTypeConverter() {
    addConversion([](RankedTensorType tensor) -> std::optional<Type> {
      if (!tensor.hasStaticShape())
        return std::nullopt;
      Type element = tensor.getElementType();
      if (element.isF32())
        return tensor;
      if (element.isInteger(64) || element.isInteger(32) ||
          element.isInteger(1))
        return tensor.clone(IntegerType::get(tensor.getContext(), 32));
      return std::nullopt;
    });
  }
};

/// Lowers the ops of one function.
class FunctionConversion {
public:
  FunctionConversion(func::FuncOp function, const LoweringSet &set,
                     bool releaseWeights)
      : function(function), set(set),
        lowering(archOf(function), function, set) {
    if (releaseWeights)
      releaser.emplace(function);
  }

  LogicalResult run();

  /// Lowers `op` by `entry`; null when the chip has no form of it. The error
  /// of an op that cannot be lowered is noted, and stand-ins take its place, so
  /// that the conversion goes on and finds more.
  void lower(Operation *op, const LoweringSet::Entry *entry,
             ConversionPatternRewriter &rewriter);
  /// Returns the lowered forms of the network's results.
  void lower(func::ReturnOp op, ConversionPatternRewriter &rewriter);

private:
  LogicalResult lowerBy(const LoweringSet::Entry *entry, Operation *op);
  FailureOr<SmallVector<Type>> getArgumentTypes();
  FailureOr<SmallVector<Type>> getResultTypes();
  LogicalResult convertOps();
  void removeAttributes();

  func::FuncOp function;
  const LoweringSet &set;
  Lowering lowering;
  InterfaceTypeConverter converter;
  SmallVector<Type> results;
  std::optional<WeightReleaser> releaser;
  llvm::StringSet<> kept;    ///< resources that the lowered network refers to
  Operation *last = nullptr; ///< the op that was lowered last
  Operation *terminator = nullptr; ///< the lowered one
};

/// Lowers the ops of one name.
class LowerByName : public ConversionPattern {
public:
  LowerByName(StringRef name, const LoweringSet::Entry &entry,
              FunctionConversion &conversion, MLIRContext *context)
      : ConversionPattern(name, /*benefit=*/2, context), entry(entry),
        conversion(conversion) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value>,
                  ConversionPatternRewriter &rewriter) const override {
    conversion.lower(op, &entry, rewriter);
    return success();
  }

private:
  const LoweringSet::Entry &entry;
  FunctionConversion &conversion;
};

/// Reports the ops that have no lowering.
class ReportUnsupported : public ConversionPattern {
public:
  ReportUnsupported(FunctionConversion &conversion, MLIRContext *context)
      : ConversionPattern(MatchAnyOpTypeTag(), /*benefit=*/1, context),
        conversion(conversion) {}

  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value>,
                  ConversionPatternRewriter &rewriter) const override {
    conversion.lower(op, nullptr, rewriter);
    return success();
  }

private:
  FunctionConversion &conversion;
};

class LowerReturn : public OpConversionPattern<func::ReturnOp> {
public:
  LowerReturn(FunctionConversion &conversion, MLIRContext *context)
      : OpConversionPattern(context, /*benefit=*/2), conversion(conversion) {}

  LogicalResult
  matchAndRewrite(func::ReturnOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    conversion.lower(op, rewriter);
    return success();
  }

private:
  FunctionConversion &conversion;
};

struct ConvertTopToTpu : tpuc::impl::ConvertTopToTpuBase<ConvertTopToTpu> {
  using Base::Base;

  void runOnOperation() override {
    LoweringSet lowerings = makeLoweringSet(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(check(function)) ||
          failed(FunctionConversion(function, lowerings, releaseWeights).run()))
        signalPassFailure();
  }

private:
  static LogicalResult check(func::FuncOp function) {
    size_t count = function.getBody().getBlocks().size();
    if (count != 1)
      return function.emitOpError("has ")
             << count << " blocks, expected a network with 1";
    return verifyPrecision(function);
  }
};

} // namespace

LogicalResult FunctionConversion::lowerBy(const LoweringSet::Entry *entry,
                                          Operation *op) {
  if (!entry || !entry->lower)
    return lowering.fail(op, "the chip has no form of it; compute it outside "
                             "of the network");
  if (entry->lowerInt8 && (!entry->hasInt8 || entry->hasInt8(op)) &&
      lowering.isInt8(op)) {
    FailureOr<bool> isLowered = entry->lowerInt8(op, lowering);
    if (failed(isLowered) || *isLowered)
      return success(succeeded(isLowered));
  }
  return entry->lower(op, lowering);
}

void FunctionConversion::lower(Operation *op, const LoweringSet::Entry *entry,
                               ConversionPatternRewriter &rewriter) {
  LDBG() << op->getName() << " at " << op->getLoc();
  lowering.begin(op, rewriter);
  if (failed(lowerBy(entry, op)))
    lowering.abandon(op);
  if (releaser) {
    // A constant in f32 shares its data with the one that it comes from.
    for (Operation *step = op->getPrevNode(); step && step != last;
         step = step->getPrevNode())
      if (auto weight = dyn_cast<tpu::WeightOp>(step))
        if (auto resource =
                dyn_cast<DenseResourceElementsAttr>(weight.getValue()))
          kept.insert(resource.getRawHandle().getKey());
    releaser->release(op, kept);
  }
  last = op;
  lowering.end();
}

void FunctionConversion::lower(func::ReturnOp op,
                               ConversionPatternRewriter &rewriter) {
  lowering.begin(op, rewriter);
  SmallVector<Value> values;
  for (auto [index, operand, type] :
       llvm::enumerate(op.getOperands(), results)) {
    Type element = cast<RankedTensorType>(type).getElementType();
    if (element.isF32() && function.getResultAttr(index, top::kPortAttrName))
      element = lowering.getPortElement(operand);
    values.push_back(lowering.get(operand, element));
    type = values.back().getType();
  }
  terminator = rewriter.replaceOpWithNewOp<func::ReturnOp>(op, values);
}

FailureOr<SmallVector<Type>> FunctionConversion::getArgumentTypes() {
  SmallVector<Type> types;
  for (BlockArgument argument : function.getArguments()) {
    Type type = converter.convertType(argument.getType());
    if (!type)
      return function.emitOpError("has argument ")
             << argument.getArgNumber() << " of type " << argument.getType()
             << ", expected static f32 or an integer";
    auto tensor = cast<RankedTensorType>(type);
    if (Attribute port =
            function.getArgAttr(argument.getArgNumber(), top::kPortAttrName)) {
      auto element = dyn_cast<TypeAttr>(port);
      if (!element || !tensor.getElementType().isF32() ||
          !(tpu::isQuantized(element.getValue()) ||
            isa<Float16Type, BFloat16Type, Float32Type>(element.getValue())))
        return function.emitOpError("has argument ")
               << argument.getArgNumber() << " with " << top::kPortAttrName
               << " " << port
               << ", expected a float type or !quant.uniform of 8 bits for an "
                  "argument of f32";
      type = tensor.clone(element.getValue());
    }
    types.push_back(type);
  }
  return types;
}

/// Where an input is cast to a 16-bit float and to INT8, makes the INT8 from
/// the float: the input lies in global memory in f32, so that each cast of its
/// own would load all of it again.
static void shareInputCasts(Value input) {
  tpu::CastOp first;
  SmallVector<tpu::CastOp> bytes;
  for (Operation *user : input.getUsers()) {
    auto toOther = dyn_cast<tpu::CastOp>(user);
    if (!toOther)
      continue;
    Type element = getElement(toOther.getOutput());
    if (tpu::isQuantized(element))
      bytes.push_back(toOther);
    else if (element.isF16() && (!first || toOther->isBeforeInBlock(first)))
      first = toOther;
  }
  if (!first || bytes.empty())
    return;
  for (tpu::CastOp toInt8 : bytes) {
    if (toInt8->isBeforeInBlock(first))
      first->moveBefore(toInt8);
    toInt8.getInputMutable().assign(first.getOutput());
  }
}

FailureOr<SmallVector<Type>> FunctionConversion::getResultTypes() {
  SmallVector<Type> types;
  for (Type operand : function.front().getTerminator()->getOperandTypes()) {
    Type type = converter.convertType(operand);
    if (!type)
      return function.emitOpError("has a result of type ")
             << operand << ", expected static f32 or an integer";
    types.push_back(type);
  }
  return types;
}

LogicalResult FunctionConversion::convertOps() {
  MLIRContext *context = function.getContext();
  RewritePatternSet patterns(context);
  for (const auto &entry : set.getEntries())
    patterns.add<LowerByName>(entry.first(), entry.second, *this, context);
  patterns.add<ReportUnsupported, LowerReturn>(*this, context);

  ConversionTarget target(*context);
  target.addLegalDialect<tpu::TpuDialect>();
  // Its signature follows its ops, and constants are read as they are used.
  target.addLegalOp<func::FuncOp, top::WeightOp, UnrealizedConversionCastOp>();
  for (Dialect *dialect : context->getLoadedDialects())
    if (const auto *other =
            dialect->getRegisteredInterface<LowerToTpuDialectInterface>())
      other->addLegalOps(target);
  target.addDynamicallyLegalOp<func::ReturnOp>(
      [this](Operation *op) { return op == terminator; });
  // What a file has of them was not lowered, and nothing stands for it.
  for (Operation &op : function.front().without_terminator())
    if (!isa<top::WeightOp>(op) && target.isLegal(&op))
      return op.emitOpError("is in a network of the top dialect, whose ops are "
                            "all lowered; remove it");
  ConversionConfig config;
  config.foldingMode = DialectConversionFoldingMode::Never;
  return applyFullConversion(function, target, std::move(patterns), config);
}

void FunctionConversion::removeAttributes() {
  auto nameOf = [&](StringRef name) {
    return StringAttr::get(function.getContext(), name);
  };
  for (unsigned i = 0, count = function.getNumArguments(); i < count; ++i)
    for (StringRef name :
         {top::kRangeAttrName, top::kNotFiniteAttrName, top::kPortAttrName,
          kPrefersInt8AttrName, kQuantTypeAttrName, kSaturatesAttrName})
      function.removeArgAttr(i, nameOf(name));
  for (unsigned i = 0; i < results.size(); ++i)
    function.removeResultAttr(i, nameOf(top::kPortAttrName));
  function->removeDiscardableAttr(kElementAttrName);
  function->removeDiscardableAttr(kQuantizesResultsAttrName);
}

LogicalResult FunctionConversion::run() {
  FailureOr<SmallVector<Type>> inputs = getArgumentTypes();
  if (failed(inputs))
    return failure();
  FailureOr<SmallVector<Type>> outputs = getResultTypes();
  if (failed(outputs))
    return failure();
  results = std::move(*outputs);

  // The new arguments stand behind the old ones, whose attributes the ops ask
  // for until they are lowered.
  Block &body = function.front();
  unsigned count = inputs->size();
  for (unsigned i = 0; i < count; ++i)
    lowering.setArgument(
        body.getArgument(i),
        body.addArgument((*inputs)[i], body.getArgument(i).getLoc()));
  if (failed(convertOps()) || lowering.hasFailed())
    return failure();
  for (BlockArgument argument : body.getArguments().drop_front(count))
    shareInputCasts(argument);
  for (auto weight :
       llvm::make_early_inc_range(function.getOps<top::WeightOp>()))
    weight.erase();
  body.eraseArguments(0, count);
  removeAttributes();
  function.setType(FunctionType::get(function.getContext(), *inputs, results));
  return success();
}
