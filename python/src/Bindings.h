//===- Bindings.h - the parts of tpuc._core ---------------------*- C++ -*-===//
//
// One function a library that is bound; Core.cpp calls them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_BINDINGS_H
#define TPUC_PYTHON_BINDINGS_H

#include <memory>
#include <pybind11/pybind11.h>

namespace tpuc::python {

class BmodelHandle;

/// Binds the reference evaluation: function `evaluate`.
void bindEvaluate(pybind11::module_ &m);

/// Binds compiled models: class `Bmodel`.
void bindBmodel(pybind11::module_ &m);

/// Binds what concerns containers as a whole to class `Bmodel`.
void bindContainers(
    pybind11::class_<BmodelHandle, std::shared_ptr<BmodelHandle>> &bmodel);

/// Binds runs that can be stopped: class `Run`.
void bindRun(pybind11::module_ &m);

/// Binds the operations of a module: function `read_graph`.
void bindGraph(pybind11::module_ &m);

/// Binds the operators of a module of any phase: function `read_network`.
void bindNetwork(pybind11::module_ &m);

/// Binds what a tpu module computes in INT8: function `quantized_operations`.
void bindQuantizedOperations(pybind11::module_ &m);

/// Binds ranges that come with a network: functions `get_ranges`,
/// `set_ranges`, `mark_own_ranges` and `has_own_ranges`.
void bindRanges(pybind11::module_ &m);

/// Binds histograms of tensors: class `Histogram`.
void bindHistogram(pybind11::module_ &m);

/// Binds the driver: function `compile`.
void bindCompile(pybind11::module_ &m);

} // namespace tpuc::python

#endif // TPUC_PYTHON_BINDINGS_H
