//===- Attributes.h - attributes and Python objects -------------*- C++ -*-===//
//
// Converts between attributes and plain Python objects. It knows no operation.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_ATTRIBUTES_H
#define TPUC_PYTHON_ATTRIBUTES_H

#include "mlir/IR/Builders.h"
#include <pybind11/pybind11.h>
#include <string>

namespace tpuc::python {

/// The attribute for a bool, an enumeration (i32), a number (i64, f64), text, a
/// list of numbers of one kind, or a dictionary of such. Throws UserError
/// naming `name` for anything else.
mlir::Attribute toAttribute(mlir::Builder &builder, const std::string &name,
                            pybind11::handle value);

/// The Python object for an attribute of those kinds; None for others.
pybind11::object toPython(mlir::Attribute attribute);

} // namespace tpuc::python

#endif // TPUC_PYTHON_ATTRIBUTES_H
