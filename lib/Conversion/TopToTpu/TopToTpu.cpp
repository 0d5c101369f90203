//===- TopToTpu.cpp - Lowers a network to what the chip computes ----------===//
//
// The pass: walks the network once, in order, and hands every op to the
// lowering of its family. It decides nothing about single ops.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TopToTpu/Passes.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Lowering.h"
#include "PrecisionAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
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

struct ConvertTopToTpu : tpuc::impl::ConvertTopToTpuBase<ConvertTopToTpu> {
  using Base::Base;

  void runOnOperation() override {
    lowerings = makeLoweringSet(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(lowerFunction(function)))
        signalPassFailure();
  }

private:
  LogicalResult lowerFunction(func::FuncOp function);
  LogicalResult lowerOps(func::FuncOp function, Lowering &lowering);
  LogicalResult lowerOp(Operation *op, Lowering &lowering);

  LoweringSet lowerings;
};

} // namespace

/// The type of an argument or result of a lowered network, or null when it
/// cannot have one.
static Type getInterfaceType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return nullptr;
  Type element = tensor.getElementType();
  if (element.isF32())
    return tensor;
  if (element.isInteger(64) || element.isInteger(32) || element.isInteger(1))
    return tensor.clone(IntegerType::get(type.getContext(), 32));
  return nullptr;
}

LogicalResult ConvertTopToTpu::lowerOp(Operation *op, Lowering &lowering) {
  const LoweringSet::Entry *entry = lowerings.find(op);
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

LogicalResult ConvertTopToTpu::lowerOps(func::FuncOp function,
                                        Lowering &lowering) {
  WeightReleaser releaser(function);
  llvm::StringSet<> kept;
  Block &body = function.front();
  Operation *before = nullptr; // the last op that is none of those emitted
  for (Operation &op : llvm::make_early_inc_range(body)) {
    Operation *previous = std::exchange(before, &op);
    if (isa<top::WeightOp>(op) || op.hasTrait<OpTrait::IsTerminator>())
      continue;
    lowering.begin(&op);
    LDBG() << op.getName() << " at " << op.getLoc();
    if (failed(lowerOp(&op, lowering)))
      lowering.abandon(&op);
    if (!releaseWeights)
      continue;
    // A constant in f32 shares its data with the one that it comes from.
    for (Operation *step = op.getPrevNode(); step != previous;
         step = step->getPrevNode())
      if (auto weight = dyn_cast<tpu::WeightOp>(step))
        if (auto resource =
                dyn_cast<DenseResourceElementsAttr>(weight.getValue()))
          kept.insert(resource.getRawHandle().getKey());
    releaser.release(&op, kept);
  }
  return failure(lowering.hasFailed());
}

static FailureOr<SmallVector<Type>> getArgumentTypes(func::FuncOp function) {
  SmallVector<Type> types;
  for (BlockArgument argument : function.getArguments()) {
    Type type = getInterfaceType(argument.getType());
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

LogicalResult ConvertTopToTpu::lowerFunction(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("has ") << function.getBody().getBlocks().size()
                                        << " blocks, expected a network with 1";
  if (failed(verifyPrecision(function)))
    return failure();
  Block &body = function.front();
  Lowering lowering(function, lowerings);

  Operation *terminator = body.getTerminator();
  lowering.begin(terminator);
  FailureOr<SmallVector<Type>> inputs = getArgumentTypes(function);
  if (failed(inputs))
    return failure();
  SmallVector<Type> results;
  for (Value operand : terminator->getOperands()) {
    Type type = getInterfaceType(operand.getType());
    if (!type)
      return function.emitOpError("has a result of type ")
             << operand.getType() << ", expected static f32 or an integer";
    results.push_back(type);
  }

  // The new arguments stand behind the old ones until those have no users.
  unsigned count = inputs->size();
  for (unsigned i = 0; i < count; ++i)
    lowering.setArgument(
        body.getArgument(i),
        body.addArgument((*inputs)[i], body.getArgument(i).getLoc()));

  SmallVector<Operation *> originals;
  for (Operation &op : body.without_terminator())
    originals.push_back(&op);
  LogicalResult status = lowerOps(function, lowering);
  lowering.begin(terminator);
  SmallVector<Value> values;
  for (auto [index, operand, type] :
       llvm::enumerate(terminator->getOperands(), results)) {
    Type element = cast<RankedTensorType>(type).getElementType();
    if (element.isF32() && function.getResultAttr(index, top::kPortAttrName))
      element = lowering.getPortElement(operand);
    values.push_back(lowering.get(operand, element));
    type = values.back().getType();
  }
  if (failed(status) || lowering.hasFailed())
    return failure();
  terminator->setOperands(values);
  for (BlockArgument argument : body.getArguments().drop_front(count))
    shareInputCasts(argument);

  for (Operation *op : llvm::reverse(originals))
    op->erase();
  body.eraseArguments(0, count);
  for (unsigned i = 0; i < count; ++i)
    for (StringRef name :
         {top::kRangeAttrName, top::kNotFiniteAttrName, top::kPortAttrName,
          kPrefersInt8AttrName, kQuantTypeAttrName, kSaturatesAttrName})
      function.removeArgAttr(i, StringAttr::get(&getContext(), name));
  for (unsigned i = 0; i < results.size(); ++i)
    function.removeResultAttr(
        i, StringAttr::get(&getContext(), top::kPortAttrName));
  function->removeDiscardableAttr(kElementAttrName);
  function->removeDiscardableAttr(kQuantizesResultsAttrName);
  function.setType(FunctionType::get(&getContext(), *inputs, results));
  return success();
}
