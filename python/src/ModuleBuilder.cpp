//===- ModuleBuilder.cpp - builds a top module from Python ----------------===//

#include "ModuleBuilder.h"
#include "Attributes.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Errors.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSwitch.h"
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

/// Constants of at most so many elements are written out in the attribute.
static constexpr int64_t maxInlineElements = 16;

ModuleBuilder::ModuleBuilder(const std::string &name)
    : context(makeContext()), builder(context.get()) {
  Location loc = nameLocation(name);
  module = ModuleOp::create(loc, name);
  builder.setInsertionPointToEnd(module->getBody());
  main = func::FuncOp::create(builder, loc, "main",
                              builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(main.addEntryBlock());
}

Location ModuleBuilder::nameLocation(const std::string &name) {
  return NameLoc::get(StringAttr::get(context.get(), name));
}

Type ModuleBuilder::parseElementType(const std::string &dtype) {
  Type type = llvm::StringSwitch<Type>(dtype)
                  .Case("f32", builder.getF32Type())
                  .Case("f16", builder.getF16Type())
                  .Case("bf16", builder.getBF16Type())
                  .Case("i64", builder.getI64Type())
                  .Case("i32", builder.getI32Type())
                  .Case("i16", builder.getI16Type())
                  .Case("i8", builder.getI8Type())
                  .Case("i1", builder.getI1Type())
                  .Default(Type());
  if (!type)
    throw UserError("element type '" + dtype + "' is not one of the module's");
  return type;
}

RankedTensorType ModuleBuilder::makeType(const std::string &dtype,
                                         ArrayRef<int64_t> shape) {
  for (int64_t size : shape)
    if (size < 0)
      throw UserError("a shape has a negative size");
  return RankedTensorType::get(shape, parseElementType(dtype));
}

BuiltValue ModuleBuilder::record(Value value) {
  BuiltValue built;
  built.id = static_cast<int64_t>(values.size());
  auto type = cast<RankedTensorType>(value.getType());
  built.shape = type.getShape().vec();
  llvm::raw_string_ostream os(built.dtype);
  os << type.getElementType();
  values.push_back(value);
  return built;
}

Value ModuleBuilder::lookUp(int64_t id) const {
  if (id < 0 || id >= static_cast<int64_t>(values.size()))
    throw UserError("value " + std::to_string(id) + " does not exist");
  return values[id];
}

BuiltValue ModuleBuilder::addInput(const std::string &name,
                                   const std::vector<int64_t> &shape,
                                   const std::string &dtype) {
  // The function's type and attributes follow once, when it is finished: each
  // of thousands of inputs would make them anew.
  NamedAttribute attribute(builder.getStringAttr("top.name"),
                           builder.getStringAttr(name));
  inputAttributes.push_back(builder.getDictionaryAttr(attribute));
  return record(
      main.front().addArgument(makeType(dtype, shape), nameLocation(name)));
}

BuiltValue ModuleBuilder::addWeight(const std::string &name, py::array array,
                                    const std::string &dtype) {
  std::vector<int64_t> shape(array.shape(), array.shape() + array.ndim());
  RankedTensorType type = makeType(dtype, shape);
  unsigned elementBytes =
      std::max(1u, type.getElementType().getIntOrFloatBitWidth() / 8);
  if (!(array.flags() & py::array::c_style) ||
      static_cast<int64_t>(array.itemsize()) != elementBytes ||
      reinterpret_cast<uintptr_t>(array.data()) % elementBytes != 0)
    throw UserError("weight '" + name + "' is not a contiguous array of " +
                    dtype);
  ArrayRef<char> bytes(static_cast<const char *>(array.data()),
                       static_cast<size_t>(array.nbytes()));
  ElementsAttr value;
  if (array.size() <= maxInlineElements) {
    if (type.getElementType().isInteger(1)) {
      SmallVector<bool> bits(
          llvm::map_range(bytes, [](char c) { return c != 0; }));
      value = DenseElementsAttr::get(type, bits);
    } else {
      value = DenseElementsAttr::getFromRawBuffer(type, bytes);
    }
  } else {
    // The blob shares the array's memory and holds a reference to it.
    auto *keep = new py::array(std::move(array));
    AsmResourceBlob blob(
        bytes, elementBytes,
        [keep](void *, size_t, size_t) {
          py::gil_scoped_acquire gil;
          delete keep;
        },
        /*dataIsMutable=*/false);
    value = DenseResourceElementsAttr::get(type, name, std::move(blob));
  }
  OperationState state(nameLocation(name), "top.weight");
  state.addAttribute("value", value);
  state.addTypes(type);
  return record(builder.create(state)->getResult(0));
}

std::vector<BuiltValue> ModuleBuilder::addOp(
    const std::string &opName, const std::vector<int64_t> &operandIds,
    const py::dict &attributes, const std::optional<NamedTypes> &resultTypes,
    const std::string &location) {
  Location loc = nameLocation(location);
  SmallVector<Value> operands;
  for (int64_t id : operandIds)
    operands.push_back(lookUp(id));
  SmallVector<NamedAttribute> named;
  for (auto [key, value] : attributes) {
    auto text = key.cast<std::string>();
    named.emplace_back(builder.getStringAttr(text),
                       toAttribute(builder, text, value));
  }
  SmallVector<Type> types;
  for (const auto &[dtype, shape] : resultTypes.value_or(NamedTypes()))
    types.push_back(makeType(dtype, shape));
  DiagnosticCollector diagnostics(context.get());
  FailureOr<Operation *> op =
      top::buildOp(builder, loc, opName, operands, named, types);
  if (failed(op))
    diagnostics.raise("the operation cannot be built");
  std::vector<BuiltValue> built;
  for (Value result : (*op)->getResults())
    built.push_back(record(result));
  return built;
}

void ModuleBuilder::nameTensor(int64_t value, const std::string &node,
                               const std::string &tensor) {
  Operation *op = lookUp(value).getDefiningOp();
  auto location = op ? dyn_cast<NameLoc>(op->getLoc()) : nullptr;
  if (location && location.getName() == node &&
      isa<UnknownLoc>(location.getChildLoc()))
    op->setLoc(NameLoc::get(location.getName(), nameLocation(tensor)));
}

void ModuleBuilder::setRange(int64_t value, double low, double high) {
  // Those of inputs are attributes of the function, which follow.
  if (isa<BlockArgument>(lookUp(value)))
    inputRanges.push_back({lookUp(value), low, high});
  else
    top::setCalibratedRange(lookUp(value), low, high);
}

void ModuleBuilder::addOutput(const std::string &name, int64_t value) {
  outputs.push_back(lookUp(value));
  outputNames.push_back(name);
}

std::shared_ptr<ModuleHandle> ModuleBuilder::finish() {
  if (!module)
    throw UserError("the module was already finished");
  func::ReturnOp::create(builder, module->getLoc(), outputs);
  main.setFunctionType(builder.getFunctionType(main.front().getArgumentTypes(),
                                               ValueRange(outputs).getTypes()));
  main.setAllArgAttrs(inputAttributes);
  for (auto [input, low, high] : inputRanges)
    top::setCalibratedRange(input, low, high);
  for (auto [index, name] : llvm::enumerate(outputNames))
    main.setResultAttr(index, "top.name", builder.getStringAttr(name));
  auto handle = std::make_shared<ModuleHandle>(context, std::move(module));
  handle->verify();
  return handle;
}

} // namespace tpuc::python
