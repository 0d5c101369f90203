//===- ModuleBuilder.h - builds a top module from Python --------*- C++ -*-===//
//
// Makes operations by name, attributes from plain Python values and weights
// over numpy's own memory. It knows the dialect only through ODS: types are
// inferred by the operations themselves, and what they report is raised.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_MODULEBUILDER_H
#define TPUC_PYTHON_MODULEBUILDER_H

#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include <optional>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace tpuc::python {

/// Tensor types as (element type, shape).
using NamedTypes = std::vector<std::pair<std::string, std::vector<int64_t>>>;

/// A value of the module under construction: its number, element type, shape.
struct BuiltValue {
  int64_t id;
  std::string dtype;
  std::vector<int64_t> shape;
};

/// Builds func.func @main of one module, operation after operation.
class ModuleBuilder {
public:
  explicit ModuleBuilder(const std::string &name);

  /// Appends an argument to @main that carries `name` as top.name.
  BuiltValue addInput(const std::string &name,
                      const std::vector<int64_t> &shape,
                      const std::string &dtype);

  /// Adds a top.weight over the array's memory, which stays alive as long as
  /// the module; the array must be contiguous, aligned and of `dtype`.
  BuiltValue addWeight(const std::string &name, pybind11::array array,
                       const std::string &dtype);

  /// Adds an operation. Result types are inferred unless given as
  /// (element type, shape) pairs. Throws UserError with what the operation
  /// reports about its operands or attributes.
  std::vector<BuiltValue> addOp(const std::string &opName,
                                const std::vector<int64_t> &operands,
                                const pybind11::dict &attributes,
                                const std::optional<NamedTypes> &resultTypes,
                                const std::string &location);

  /// Says in the location of the operation that made `value` which tensor of
  /// the source model it is, if that operation stands for the node `node` and
  /// says nothing yet.
  void nameTensor(int64_t value, const std::string &node,
                  const std::string &tensor);

  /// Gives a value the range of numbers that it is quantised to.
  void setRange(int64_t value, double low, double high);

  /// Makes a value a result of @main under the given name.
  void addOutput(const std::string &name, int64_t value);

  /// Ends @main, verifies, and hands the module out; call once.
  std::shared_ptr<ModuleHandle> finish();

private:
  mlir::Type parseElementType(const std::string &dtype);
  mlir::RankedTensorType makeType(const std::string &dtype,
                                  llvm::ArrayRef<int64_t> shape);
  BuiltValue record(mlir::Value value);
  mlir::Value lookUp(int64_t id) const;
  mlir::Location nameLocation(const std::string &name);

  std::shared_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp main;
  mlir::OpBuilder builder;
  std::vector<mlir::Value> values;
  std::vector<mlir::DictionaryAttr> inputAttributes;
  std::vector<std::tuple<mlir::Value, double, double>> inputRanges;
  std::vector<std::string> outputNames;
  std::vector<mlir::Value> outputs;
};

} // namespace tpuc::python

#endif // TPUC_PYTHON_MODULEBUILDER_H
