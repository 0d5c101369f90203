//===- Ranges.cpp - ranges that come with a network, for Python -----------===//
//
// Reads and writes the ranges that tensors of a top module carry. Finds none.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Errors.h"
#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

using Ranges = std::map<std::string, std::pair<double, double>>;

static func::FuncOp getMain(ModuleHandle &module) {
  auto main = module.getModule().lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    throw UserError("the module has no function @main");
  return main;
}

static Ranges getRanges(ModuleHandle &module) {
  Ranges ranges;
  for (const top::NamedTensor &tensor : top::getNamedTensors(getMain(module)))
    if (auto type = top::getCalibratedType(tensor.value))
      ranges[tensor.name] = {type.getMin(), type.getMax()};
  return ranges;
}

static void setRanges(ModuleHandle &module, const Ranges &ranges) {
  for (const top::NamedTensor &tensor : top::getNamedTensors(getMain(module)))
    if (auto it = ranges.find(tensor.name); it != ranges.end())
      top::setCalibratedRange(tensor.value, it->second.first,
                              it->second.second);
}

static void markOwnRanges(ModuleHandle &module,
                          const std::vector<std::string> &floats) {
  func::FuncOp main = getMain(module);
  SmallVector<Attribute> names;
  for (const std::string &name : floats)
    names.push_back(StringAttr::get(main.getContext(), name));
  main->setAttr(top::kOwnRangesAttrName,
                ArrayAttr::get(main.getContext(), names));
}

static bool hasOwnRanges(ModuleHandle &module) {
  return getMain(module)->hasAttr(top::kOwnRangesAttrName);
}

void bindRanges(py::module_ &m) {
  m.def("get_ranges", &getRanges, py::arg("module"),
        "The ranges of a top module's tensors, by name.");
  m.def("set_ranges", &setRanges, py::arg("module"), py::arg("ranges"),
        "Gives tensors of a top module ranges, by name; names that it does not "
        "have are left out.");
  m.def("mark_own_ranges", &markOwnRanges, py::arg("module"), py::arg("floats"),
        "Says that a module's ranges came with the network: what has none, and "
        "operations of these names, compute in floats.");
  m.def("has_own_ranges", &hasOwnRanges, py::arg("module"),
        "Whether a module's ranges came with the network.");
}

} // namespace tpuc::python
