//===- Graph.cpp - the operations of a top module for Python --------------===//
//
// Shows @main as a list of operations over numbered values. Constants are views
// of the module's memory. Only constants can be changed.
//
//===----------------------------------------------------------------------===//

#include "Attributes.h"
#include "Bindings.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Dialect/Tpu/IR/TensorNames.h"
#include "Errors.h"
#include "Interfaces/Evaluable.h"
#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/DenseMap.h"
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

namespace {

/// A value of @main: the name by which calibration knows it (empty for
/// constants and for parts of results), element type and shape.
struct GraphValue {
  std::string name, dtype;
  std::vector<int64_t> shape;
};

/// An operation over values by number. `name` is that by which quantize tables
/// know it, `tensor` that of its result in the source model, if it has one.
/// `reorders` says that the result has all elements of the operand and no
/// others.
struct GraphOperation {
  std::string kind, location, name, tensor;
  std::vector<int64_t> operands, results;
  py::dict attributes;
  py::object constant = py::none();
  bool reorders = false;
};

/// Lists are made once: a vector would become a new one whenever it is read.
struct Graph {
  py::list values, inputs, outputs, operations;
};

} // namespace

static std::string getElementName(Type element) {
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

/// The data of a constant. That of a resource is not copied; the array keeps
/// the module alive.
static py::array getData(top::WeightOp op,
                         const std::shared_ptr<ModuleHandle> &module) {
  RankedTensorType type = op.getOutput().getType();
  Type element = type.getElementType();
  std::vector<py::ssize_t> shape(type.getShape());
  auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (blob) {
    auto kind = llvm::StringSwitch<const char *>(getElementName(element))
                    .Case("f32", "f4")
                    .Case("i64", "i8")
                    .Case("i32", "i4")
                    .Case("i1", "?")
                    .Default(nullptr);
    if (kind) {
      auto *keep = new std::shared_ptr<ModuleHandle>(module);
      py::capsule owner(keep, [](void *pointer) {
        delete static_cast<std::shared_ptr<ModuleHandle> *>(pointer);
      });
      py::array view(py::dtype(kind), shape, blob->getData().data(), owner);
      view.attr("flags").attr("writeable") = false;
      return view;
    }
  }
  FailureOr<Buffer> buffer = bufferFromAttr(op.getValue());
  if (failed(buffer))
    throw UserError(describeLocation(op.getLoc()) +
                    ": the constant has no data, write the module again "
                    "without leaving weights out");
  if (buffer->isF32())
    return py::array_t<float>(shape, buffer->getF32().data());
  py::array_t<int64_t> wide(shape, buffer->getInts().data());
  if (element.isInteger(1))
    return wide.attr("astype")("bool");
  if (element.isInteger(32))
    return wide.attr("astype")("int32");
  return std::move(wide);
}

static Graph readGraph(const std::shared_ptr<ModuleHandle> &module) {
  auto main = module->getModule().lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    throw UserError("the module has no function @main");
  Graph graph;
  std::vector<GraphValue> values;
  llvm::DenseMap<Value, int64_t> numbers;
  auto number = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      throw UserError(describeLocation(value.getLoc()) + ": is no tensor");
    numbers[value] = values.size();
    values.push_back(
        {"", getElementName(type.getElementType()), type.getShape().vec()});
    return numbers[value];
  };
  Block &body = main.getBody().front();
  for (BlockArgument argument : body.getArguments())
    graph.inputs.append(number(argument));
  for (Operation &op : body.without_terminator()) {
    auto [dialect, kind] = op.getName().getStringRef().split('.');
    if (dialect != "top")
      throw UserError("operation '" + op.getName().getStringRef().str() +
                      "' is not of the top dialect, give the .mlir file that "
                      "model_transform wrote");
    GraphOperation view;
    view.kind = kind.str();
    view.location = describeLocation(op.getLoc());
    if (op.getNumResults() != 0)
      view.name = top::getTensorName(op.getResult(0)).str();
    view.tensor = tpu::getTensorName(op.getLoc()).str();
    for (Value operand : op.getOperands())
      view.operands.push_back(numbers.lookup(operand));
    for (Value result : op.getResults())
      view.results.push_back(number(result));
    view.reorders =
        isa<DataMovementOpInterface>(op) &&
        cast<ShapedType>(op.getResult(0).getType()).getNumElements() ==
            cast<ShapedType>(op.getOperand(0).getType()).getNumElements();
    auto weight = dyn_cast<top::WeightOp>(op);
    if (weight)
      view.constant = getData(weight, module);
    // Properties are attributes only together with the discardable ones.
    for (NamedAttribute entry : op.getAttrDictionary())
      if (!weight)
        view.attributes[py::str(entry.getName().str())] =
            toPython(entry.getValue());
    graph.operations.append(std::move(view));
  }
  for (Value value : body.getTerminator()->getOperands())
    graph.outputs.append(numbers.lookup(value));
  for (const top::NamedTensor &tensor : top::getNamedTensors(main))
    values[numbers.lookup(tensor.value)].name = tensor.name;
  for (GraphValue &value : values)
    graph.values.append(std::move(value));
  return graph;
}

using FloatArray =
    py::array_t<float, py::array::c_style | py::array::forcecast>;

/// An operation as `readGraph` counts them, its operand, the new constant.
using ConstantChange = std::tuple<size_t, size_t, FloatArray>;

/// Gives an operand a constant of its own; one after the last is added.
static void setConstant(Operation *op, size_t operand,
                        const FloatArray &array) {
  if (operand > op->getNumOperands())
    throw UserError(describeLocation(op->getLoc()) + ": has no operand " +
                    std::to_string(operand));
  OpBuilder builder(op);
  SmallVector<int64_t> shape(array.shape(), array.shape() + array.ndim());
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  ElementsAttr value = attrFromBuffer(
      Buffer::f32(
          shape, std::vector<float>(array.data(), array.data() + array.size())),
      type);
  auto weight = top::WeightOp::create(builder, op->getLoc(), value);
  if (operand == op->getNumOperands())
    op->insertOperands(operand, weight.getResult());
  else
    op->setOperand(operand, weight.getResult());
  DiagnosticCollector diagnostics(op->getContext());
  if (failed(mlir::verify(op)))
    diagnostics.raise("the constant does not fit");
}

static void setConstants(ModuleHandle &module,
                         const std::vector<ConstantChange> &changes) {
  auto main = module.getModule().lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    throw UserError("the module has no function @main");
  std::vector<Operation *> operations;
  for (Operation &op : main.getBody().front().without_terminator())
    operations.push_back(&op);
  for (const auto &[operation, operand, array] : changes) {
    if (operation >= operations.size())
      throw UserError("the module has no operation " +
                      std::to_string(operation));
    setConstant(operations[operation], operand, array);
  }
}

void bindGraph(py::module_ &m) {
  py::class_<GraphValue>(m, "GraphValue", "A value of a module.")
      .def_readonly("name", &GraphValue::name)
      .def_readonly("dtype", &GraphValue::dtype)
      .def_readonly("shape", &GraphValue::shape);
  py::class_<GraphOperation>(m, "GraphOperation", "An operation of a module.")
      .def_readonly("kind", &GraphOperation::kind)
      .def_readonly("location", &GraphOperation::location)
      .def_readonly("name", &GraphOperation::name)
      .def_readonly("tensor", &GraphOperation::tensor)
      .def_readonly("operands", &GraphOperation::operands)
      .def_readonly("results", &GraphOperation::results)
      .def_readonly("attributes", &GraphOperation::attributes)
      .def_readonly("constant", &GraphOperation::constant)
      .def_readonly("reorders", &GraphOperation::reorders);
  py::class_<Graph>(m, "Graph", "The operations of a module.")
      .def_readonly("values", &Graph::values)
      .def_readonly("inputs", &Graph::inputs)
      .def_readonly("outputs", &Graph::outputs)
      .def_readonly("operations", &Graph::operations);
  m.def("read_graph", &readGraph, py::arg("module"),
        "The operations of a top module.");
  m.def("set_constants", &setConstants, py::arg("module"), py::arg("changes"),
        "Gives operands constants of their own: a list of operation, operand "
        "and array; an operand after the last is added.");
}

} // namespace tpuc::python
