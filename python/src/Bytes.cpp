//===- Bytes.cpp - which operations compute in INT8, for Python -----------===//
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
struct ByteType {
  double scale;
  int64_t zero, low, high;
};

/// An operation, the name of its location, and the types of its operands and
/// results, nothing where they are not 8-bit integers of one scale.
struct ByteOperation {
  std::string kind, name;
  std::vector<std::optional<ByteType>> operands, results;
};

} // namespace

static std::optional<ByteType> getByteType(Value value) {
  auto type =
      dyn_cast<quant::UniformQuantizedType>(getElementTypeOrSelf(value));
  if (!type)
    return std::nullopt;
  return ByteType{type.getScale(), type.getZeroPoint(),
                  type.getStorageTypeMin(), type.getStorageTypeMax()};
}

static std::vector<ByteOperation>
listBytes(const std::shared_ptr<ModuleHandle> &module) {
  std::vector<ByteOperation> found;
  module->getModule().walk([&](Operation *op) {
    if (op->getNumResults() == 0 || isa<tpu::WeightOp>(op))
      return;
    ByteOperation view;
    view.kind = op->getName().stripDialect().str();
    view.name = top::getTensorName(op->getResult(0)).str();
    bool any = false;
    for (auto [values, types] :
         {std::pair(ValueRange(op->getOperands()), &view.operands),
          std::pair(ValueRange(op->getResults()), &view.results)})
      for (Value value : values) {
        types->push_back(getByteType(value));
        any |= types->back().has_value();
      }
    if (any)
      found.push_back(std::move(view));
  });
  return found;
}

void bindBytes(py::module_ &m) {
  py::class_<ByteType>(m, "ByteType", "What 8-bit integers stand for.")
      .def_readonly("scale", &ByteType::scale)
      .def_readonly("zero", &ByteType::zero)
      .def_readonly("low", &ByteType::low)
      .def_readonly("high", &ByteType::high);
  py::class_<ByteOperation>(m, "ByteOperation",
                            "An operation that reads or gives INT8.")
      .def_readonly("kind", &ByteOperation::kind)
      .def_readonly("name", &ByteOperation::name)
      .def_readonly("operands", &ByteOperation::operands)
      .def_readonly("results", &ByteOperation::results);
  m.def("byte_operations", &listBytes, py::arg("module"),
        "The operations of a tpu module that read or give INT8.");
}

} // namespace tpuc::python
