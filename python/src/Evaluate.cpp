//===- Evaluate.cpp - runs a top module on the host -----------------------===//
//
// Binds the reference semantics: every operation of @main evaluates itself, in
// order. Results are dropped after their last use, unless all are wanted.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "Errors.h"
#include "Interfaces/Evaluable.h"
#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseMap.h"
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

static Buffer toBuffer(const py::array &array) {
  SmallVector<int64_t> shape(array.shape(), array.shape() + array.ndim());
  if (array.dtype().kind() == 'f') {
    auto values =
        py::array_t<float, py::array::c_style | py::array::forcecast>::ensure(
            array);
    return Buffer::f32(
        shape,
        std::vector<float>(values.data(), values.data() + values.size()));
  }
  if (!StringRef("iub").contains(array.dtype().kind()))
    throw UserError("an input's element type is neither float nor integer");
  auto values =
      py::array_t<int64_t, py::array::c_style | py::array::forcecast>::ensure(
          array);
  return Buffer::ints(shape, std::vector<int64_t>(
                                 values.data(), values.data() + values.size()));
}

static py::array toArray(const Buffer &buffer, Type type) {
  std::vector<py::ssize_t> shape(buffer.getShape().begin(),
                                 buffer.getShape().end());
  if (buffer.isF32())
    return py::array_t<float>(shape, buffer.getF32().data());
  py::array_t<int64_t> wide(shape, buffer.getInts().data());
  Type element = cast<RankedTensorType>(type).getElementType();
  if (element.isInteger(1))
    return wide.attr("astype")("bool");
  if (element.isInteger(32))
    return wide.attr("astype")("int32");
  return wide;
}

static std::string locationName(Operation *op) {
  if (auto name = dyn_cast<NameLoc>(op->getLoc()))
    return name.getName().str();
  return describeLocation(op->getLoc());
}

static py::dict evaluate(const ModuleHandle &handle,
                         const std::vector<py::array> &inputs, bool all) {
  auto main = handle.getModule().lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    throw UserError("the module has no function @main to evaluate");
  Block &body = main.getBody().front();
  if (inputs.size() != body.getNumArguments())
    throw UserError("the module has " + std::to_string(body.getNumArguments()) +
                    " inputs, " + std::to_string(inputs.size()) +
                    " were given");
  llvm::DenseMap<Value, Buffer> values;
  llvm::DenseMap<Value, unsigned> uses;
  for (auto [argument, array] : llvm::zip_equal(body.getArguments(), inputs)) {
    values[argument] = toBuffer(array);
    uses[argument] = std::distance(argument.use_begin(), argument.use_end());
  }
  py::dict results;
  for (Operation &op : body.without_terminator()) {
    auto evaluable = dyn_cast<EvaluableOp>(op);
    if (!evaluable)
      throw UserError("operation '" + op.getName().getStringRef().str() +
                      "' cannot be evaluated on the host");
    SmallVector<Buffer> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    SmallVector<Buffer> outcome;
    {
      py::gil_scoped_release release;
      llvm::Expected<SmallVector<Buffer>> expected =
          evaluable.evaluate(operands);
      if (!expected)
        throw UserError(describeLocation(op.getLoc()) + ": " +
                        llvm::toString(expected.takeError()));
      outcome = std::move(*expected);
    }
    for (auto [value, buffer] : llvm::zip_equal(op.getResults(), outcome)) {
      if (all && !op.hasTrait<OpTrait::ConstantLike>())
        results[py::str(locationName(&op))] = toArray(buffer, value.getType());
      uses[value] = std::distance(value.use_begin(), value.use_end());
      values[value] = std::move(buffer);
    }
    for (Value operand : op.getOperands())
      if (--uses[operand] == 0)
        values.erase(operand);
  }
  auto ports = handle.ports().second;
  for (auto [port, value] :
       llvm::zip_equal(ports, body.getTerminator()->getOperands()))
    results[py::str(port.name)] =
        toArray(values.lookup(value), value.getType());
  return results;
}

void bindEvaluate(py::module_ &m) {
  m.def("evaluate", &evaluate, py::arg("module"), py::arg("inputs"),
        py::arg("all") = false,
        "Runs a top module on the host: the outputs by name, and with `all` "
        "every operation's result by its location.");
}

} // namespace tpuc::python
