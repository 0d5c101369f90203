//===- Core.cpp - the extension module tpuc._core -------------------------===//
//
// Binds the C++ libraries for Python. No logic of its own: argument
// conversion, exceptions and the interpreter lock.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "Errors.h"
#include "ModuleBuilder.h"
#include <cstring>
#include <pybind11/stl.h>

namespace py = pybind11;
using namespace tpuc::python;

static void bindModule(py::module_ &m) {
  py::class_<Port>(m, "Port", "A named tensor of the network's interface.")
      .def_readonly("name", &Port::name)
      .def_readonly("dtype", &Port::dtype)
      .def_readonly("shape", &Port::shape);

  py::class_<ModuleHandle, std::shared_ptr<ModuleHandle>>(
      m, "Module", "An MLIR module at any stage.")
      .def_static("read", &ModuleHandle::read, py::arg("path"),
                  py::call_guard<py::gil_scoped_release>(),
                  "Reads bytecode or text.")
      .def("clone", &ModuleHandle::clone, "A copy; weights are shared.")
      .def("write", &ModuleHandle::write, py::arg("path"),
           py::arg("text") = false, py::arg("elide_above") = -1,
           py::call_guard<py::gil_scoped_release>(),
           "Writes bytecode, or text; the file appears complete or not at all.")
      .def("verify", &ModuleHandle::verify, "Checks every operation.")
      .def("run_pipeline", &ModuleHandle::runPipeline, py::arg("pipeline"),
           py::call_guard<py::gil_scoped_release>(),
           "Runs a textual pass pipeline.")
      .def("count_ops", &ModuleHandle::countOps,
           "How many operations of each name there are.")
      .def_property_readonly(
          "inputs", [](const ModuleHandle &self) { return self.ports().first; },
          "Inputs of the network, in order.")
      .def_property_readonly(
          "outputs",
          [](const ModuleHandle &self) { return self.ports().second; },
          "Outputs of the network, in order.")
      .def("set_input_attribute", &ModuleHandle::setInputAttribute,
           py::arg("index"), py::arg("name"), py::arg("value"),
           "Gives an input an attribute.")
      .def("set_attribute", &ModuleHandle::setAttribute, py::arg("name"),
           py::arg("text"), "Gives @main a text as an attribute.")
      .def("operations", &ModuleHandle::operations,
           "The operations in order: name, node of the source model, text.")
      .def("attribute", &ModuleHandle::attribute, py::arg("name"),
           "A text attribute of @main, or empty.")
      .def("input_attribute", &ModuleHandle::inputAttribute, py::arg("index"),
           py::arg("name"), "An input's attribute, or None.")
      .def("__str__", &ModuleHandle::toText);
}

static void bindBuilder(py::module_ &m) {
  py::class_<BuiltValue>(m, "Value", "A value of a module under construction.")
      .def_readonly("id", &BuiltValue::id)
      .def_readonly("dtype", &BuiltValue::dtype)
      .def_readonly("shape", &BuiltValue::shape);

  py::class_<ModuleBuilder>(m, "ModuleBuilder", "Builds a top module.")
      .def(py::init<const std::string &>(), py::arg("name"))
      .def("add_input", &ModuleBuilder::addInput, py::arg("name"),
           py::arg("shape"), py::arg("dtype"), "Adds an argument of @main.")
      .def("add_weight", &ModuleBuilder::addWeight, py::arg("name"),
           py::arg("array"), py::arg("dtype"),
           "Adds a constant over the array's own memory.")
      .def("add_op", &ModuleBuilder::addOp, py::arg("name"),
           py::arg("operands"), py::arg("attributes"),
           py::arg("result_types") = py::none(), py::arg("location") = "",
           "Adds an operation; result types are inferred unless given.")
      .def("name_tensor", &ModuleBuilder::nameTensor, py::arg("value"),
           py::arg("node"), py::arg("tensor"),
           "Says which tensor of the source model a value is.")
      .def("set_range", &ModuleBuilder::setRange, py::arg("value"),
           py::arg("low"), py::arg("high"),
           "Gives a value the range of numbers that it is quantised to.")
      .def("add_output", &ModuleBuilder::addOutput, py::arg("name"),
           py::arg("value"), "Makes a value a result of @main.")
      .def("finish", &ModuleBuilder::finish,
           "Ends @main, verifies and returns the module.");
}

PYBIND11_MODULE(_core, m) {
  m.doc() = "The C++ side of tpuc: modules, passes, simulator.";
  static py::handle userError =
      py::object(py::module_::import("tpuc.errors").attr("UserError"))
          .release();
  // NOLINTNEXTLINE(performance-unnecessary-value-param): pybind11's signature.
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer)
        std::rethrow_exception(pointer);
    } catch (const UserError &error) {
      // Files of any bytes are quoted in messages.
      py::object text = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
          error.what(), std::strlen(error.what()), "backslashreplace"));
      PyErr_SetObject(userError.ptr(), text.ptr());
    }
  });
  bindModule(m);
  bindBuilder(m);
  bindGraph(m);
  bindNetwork(m);
  bindQuantizedOperations(m);
  bindRanges(m);
  bindHistogram(m);
  bindEvaluate(m);
  // Before bindBmodel, one of whose signatures names the class.
  bindRun(m);
  bindBmodel(m);
  bindCompile(m);
}
