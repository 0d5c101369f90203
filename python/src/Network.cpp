//===- Network.cpp - the operators of a module for Python -----------------===//
//
// Shows @main of a top or tpu module as operators over numbered values, without
// constants. It knows nothing of what operators mean.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "Errors.h"
#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/JSON.h"
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

/// The names of a location, in order, each once; as Python's texts, which a
/// file's names need not be.
static std::vector<std::string> getNames(Location location) {
  std::vector<std::string> names;
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      for (std::string &name : getNames(part))
        if (!llvm::is_contained(names, name))
          names.push_back(std::move(name));
  } else if (auto name = dyn_cast<NameLoc>(location)) {
    names.push_back(llvm::json::fixUTF8(name.getName()));
  }
  return names;
}

static std::string getTypeName(Type type) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(type))
    return (quantized.isSigned() ? "i" : "u") +
           std::to_string(quantized.getStorageTypeIntegralWidth());
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// A dictionary of `values` (element type and shape), `inputs` and `outputs`
/// (numbers of values) and `operators` (dictionaries of kind, names, inputs
/// and results).
static py::dict readNetwork(const ModuleHandle &module) {
  auto main = module.getModule().lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    throw UserError("the module has no function @main");
  py::list values, inputs, outputs, operators;
  llvm::DenseMap<Value, int64_t> numbers;
  auto add = [&](Value value, py::list &list) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return;
    numbers[value] = int64_t(values.size());
    list.append(values.size());
    values.append(py::make_tuple(getTypeName(type.getElementType()),
                                 type.getShape().vec()));
  };
  auto refer = [&](ValueRange range, py::list &list) {
    for (Value value : range)
      if (auto found = numbers.find(value); found != numbers.end())
        list.append(found->second);
  };
  Block &body = main.getBody().front();
  for (BlockArgument argument : body.getArguments())
    add(argument, inputs);
  for (Operation &op : body.without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      continue;
    py::list operands, results;
    refer(op.getOperands(), operands);
    for (Value result : op.getResults())
      add(result, results);
    py::dict entry;
    entry["kind"] = op.getName().getStringRef().str();
    entry["names"] = getNames(op.getLoc());
    entry["inputs"] = operands;
    entry["results"] = results;
    operators.append(entry);
  }
  refer(body.getTerminator()->getOperands(), outputs);
  py::dict network;
  network["values"] = values;
  network["inputs"] = inputs;
  network["outputs"] = outputs;
  network["operators"] = operators;
  return network;
}

void bindNetwork(py::module_ &m) {
  m.def("read_network", &readNetwork, py::arg("module"),
        "The operators of a module without its constants: a dictionary of "
        "values (element type and shape), inputs and outputs (numbers of "
        "values) and operators (dictionaries of kind, names, inputs and "
        "results).");
}

} // namespace tpuc::python
