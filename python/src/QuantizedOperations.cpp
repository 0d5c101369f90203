//===- QuantizedOperations.cpp - INT8 operations, for Python -------------===//
//
// Lists the operations of a tpu module that compute in INT8, and what their
// integers stand for. Changes nothing.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Errors.h"
#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include <pybind11/stl.h>

using namespace mlir;
namespace py = pybind11;

namespace tpuc::python {

namespace {

/// What integers stand for: (integer - zero point) * scale, `low` to `high`.
struct QuantType {
  double scale;
  int64_t zeroPoint, low, high;
};

/// An operation, the name of its location, and the types of its operands and
/// results, nothing where they are not 8-bit integers of one scale.
struct QuantizedOperation {
  std::string kind, name;
  std::vector<std::optional<QuantType>> operands, results;
};

} // namespace

static std::optional<QuantType> getQuantType(Value value) {
  auto type =
      dyn_cast<quant::UniformQuantizedType>(getElementTypeOrSelf(value));
  if (!type)
    return std::nullopt;
  return QuantType{type.getScale(), type.getZeroPoint(),
                   type.getStorageTypeMin(), type.getStorageTypeMax()};
}

static std::vector<QuantizedOperation>
listQuantizedOperations(const std::shared_ptr<ModuleHandle> &module) {
  std::vector<QuantizedOperation> found;
  module->getModule().walk([&](Operation *op) {
    if (op->getNumResults() == 0 || isa<tpu::WeightOp>(op))
      return;
    QuantizedOperation view;
    view.kind = op->getName().stripDialect().str();
    view.name = top::getTensorName(op->getResult(0)).str();
    bool any = false;
    for (auto [values, types] :
         {std::pair(ValueRange(op->getOperands()), &view.operands),
          std::pair(ValueRange(op->getResults()), &view.results)})
      for (Value value : values) {
        types->push_back(getQuantType(value));
        any |= types->back().has_value();
      }
    if (any)
      found.push_back(std::move(view));
  });
  return found;
}

void bindQuantizedOperations(py::module_ &m) {
  py::class_<QuantType>(m, "QuantType", "What 8-bit integers stand for.")
      .def_readonly("scale", &QuantType::scale)
      .def_readonly("zero_point", &QuantType::zeroPoint)
      .def_readonly("low", &QuantType::low)
      .def_readonly("high", &QuantType::high);
  py::class_<QuantizedOperation>(m, "QuantizedOperation",
                                 "An operation that reads or gives INT8.")
      .def_readonly("kind", &QuantizedOperation::kind)
      .def_readonly("name", &QuantizedOperation::name)
      .def_readonly("operands", &QuantizedOperation::operands)
      .def_readonly("results", &QuantizedOperation::results);
  m.def("quantized_operations", &listQuantizedOperations, py::arg("module"),
        "The operations of a tpu module that read or give INT8.");
}

} // namespace tpuc::python
