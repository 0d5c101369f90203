//===- ModuleHandle.h - a module and its context for Python -----*- C++ -*-===//
//
// Owns a context and one module in it, reads and writes the files between the
// stages, and runs passes. It knows nothing of any dialect's meaning.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_MODULEHANDLE_H
#define TPUC_PYTHON_MODULEHANDLE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include <map>
#include <memory>
#include <pybind11/pybind11.h>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tpuc::python {

/// A context with every dialect of tpuc.
std::shared_ptr<mlir::MLIRContext>
makeContext(mlir::MLIRContext::Threading threading =
                mlir::MLIRContext::Threading::ENABLED);

/// A named tensor of the network's interface: name, element type, shape.
struct Port {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
};

/// A module together with the context that it lives in.
class ModuleHandle {
public:
  ModuleHandle(std::shared_ptr<mlir::MLIRContext> context,
               mlir::OwningOpRef<mlir::ModuleOp> module);

  /// Reads bytecode or text; weights stay mapped from the file.
  /// Throws UserError naming the file when it is missing or broken.
  static std::shared_ptr<ModuleHandle> read(const std::string &path);

  /// A copy in the same context; weights are shared.
  std::shared_ptr<ModuleHandle> clone() const;

  /// Writes bytecode, or text when `text`; the file appears complete or not
  /// at all. Text elides weights of more than `elideAbove` elements when that
  /// is not negative.
  void write(const std::string &path, bool text, int64_t elideAbove) const;

  /// The module as text, weights of more than 16 elements elided.
  std::string toText() const;

  /// The operations of @main in order: name, node of the source model, text.
  std::vector<std::tuple<std::string, std::string, std::string>>
  operations() const;

  /// Checks every operation.
  void verify() const;

  /// Runs a textual pass pipeline over the module.
  void runPipeline(const std::string &pipeline);

  /// How many operations of each name the module has.
  std::map<std::string, int64_t> countOps() const;

  /// Inputs and outputs of @main, in order.
  std::pair<std::vector<Port>, std::vector<Port>> ports() const;

  /// Gives input `index` of @main an attribute, see `toAttribute`.
  void setInputAttribute(size_t index, const std::string &name,
                         pybind11::handle value);

  /// An attribute of input `index` of @main; None when it has none.
  pybind11::object inputAttribute(size_t index, const std::string &name) const;

  /// Gives @main a text as an attribute.
  void setAttribute(const std::string &name, const std::string &text);

  /// A text attribute of @main; empty when it has none.
  std::string attribute(const std::string &name) const;

  mlir::ModuleOp getModule() const { return *module; }

private:
  std::shared_ptr<mlir::MLIRContext> context;
  // `module` after `context`: it must be destroyed first.
  mutable mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace tpuc::python

#endif // TPUC_PYTHON_MODULEHANDLE_H
