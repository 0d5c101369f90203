//===- PrecisionAttributes.cpp - The precision of ops in the IR -----------===//
//
// Checks attributes that may come from a person's hand.
//
//===----------------------------------------------------------------------===//

#include "PrecisionAttributes.h"
#include "Dialect/Tpu/IR/Tpu.h"

using namespace mlir;
using namespace tpuc;

/// Emits an error unless `attribute` is missing or a type that `isValid` takes.
static LogicalResult verifyType(Operation *op, StringRef name,
                                Attribute attribute,
                                function_ref<bool(Type)> isValid,
                                StringRef expected) {
  if (!attribute)
    return success();
  auto type = dyn_cast<TypeAttr>(attribute);
  if (type && isValid(type.getValue()))
    return success();
  return op->emitOpError("has ")
         << name << " = " << attribute << ", expected " << expected
         << "; run top-assign-precision again or correct it";
}

static bool isFloat(Type type) {
  return isa<Float32Type, Float16Type, BFloat16Type>(type);
}

static LogicalResult verifyQuantType(Operation *op, Attribute attribute) {
  return verifyType(op, kQuantTypeAttrName, attribute, tpu::isQuantized,
                    "!quant.uniform of 8 bits with one scale");
}

LogicalResult tpuc::verifyPrecision(func::FuncOp function) {
  constexpr StringLiteral kFloats = "f32, f16 or bf16";
  if (!function->hasAttr(kElementAttrName))
    return function.emitOpError("has ops without a precision; run "
                                "top-assign-precision first");
  auto verifyOp = [&](Operation *op) {
    for (StringRef name : {kElementAttrName, kFilterAttrName, kResultAttrName})
      if (failed(verifyType(op, name, op->getDiscardableAttr(name), isFloat,
                            kFloats)))
        return WalkResult::interrupt();
    if (failed(verifyQuantType(op, op->getDiscardableAttr(kQuantTypeAttrName))))
      return WalkResult::interrupt();
    return WalkResult::advance();
  };
  if (function.walk(verifyOp).wasInterrupted())
    return failure();
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (failed(verifyQuantType(function,
                               function.getArgAttr(i, kQuantTypeAttrName))))
      return failure();
  return success();
}
