//===- Compile.cpp - the compiler for Python ------------------------------===//
//
// Binds the driver: from a module at any phase to a later one or to a compiled
// model.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"
#include "Bindings.h"
#include "BmodelHandle.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Errors.h"
#include "ModuleHandle.h"
#include <map>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

static Precision parsePrecision(const std::string &name) {
  for (Precision precision :
       {Precision::F32, Precision::F16, Precision::BF16, Precision::INT8})
    if (stringifyPrecision(precision) == name)
      return precision;
  throw UserError("precision '" + name + "' is not known");
}

static std::shared_ptr<BmodelHandle>
compile(const std::shared_ptr<ModuleHandle> &module,
        const std::string &precision, const std::string &quantizeTable,
        const std::string &stopAfter, const std::string &calibrationTable,
        unsigned optLevel, bool quantInput, bool quantOutput, bool asymmetric,
        const std::vector<int64_t> &quantInputs,
        const std::vector<int64_t> &quantOutputs, const std::string &chip) {
  CompileOptions options;
  options.precision = parsePrecision(precision);
  options.quantizeTable = quantizeTable;
  options.calibrationTable = calibrationTable;
  options.optLevel = optLevel;
  options.asymmetric = asymmetric;
  options.quantInput = quantInput;
  options.quantOutput = quantOutput;
  options.quantInputs = quantInputs;
  options.quantOutputs = quantOutputs;
  options.chip = chip;
  DiagnosticCollector diagnostics(module->getModule().getContext());
  if (!stopAfter.empty()) {
    std::optional<Phase> phase = findPhase(stopAfter);
    if (!phase)
      throw UserError("phase '" + stopAfter + "' is not known");
    options.last = *phase;
    if (failed(compileModule(module->getModule(), options)))
      diagnostics.raise("the module cannot be compiled");
    return nullptr;
  }
  mlir::FailureOr<target::Bmodel> model =
      compileToBmodel(module->getModule(), options);
  if (failed(model))
    diagnostics.raise("the module cannot be compiled");
  // The container's weights are views of the module's.
  return std::make_shared<BmodelHandle>(std::move(*model), "the model", module);
}

void bindCompile(py::module_ &m) {
  m.def(
      "read_quantize_table",
      [](const std::string &path) {
        std::map<std::string, std::string> table;
        for (const auto &entry : unwrap(readQuantizeTable(path)))
          table[entry.first().str()] = stringifyPrecision(entry.second).str();
        return table;
      },
      py::arg("path"), "The names and precisions of a quantize table.");
  m.def(
      "check_calibration_table",
      [](const std::string &path) { unwrap(top::readCalibrationTable(path)); },
      py::arg("path"), "Refuses a broken calibration table.");
  m.def(
      "phase_of",
      [](const ModuleHandle &module) {
        return phaseNames()[unsigned(phaseOf(module.getModule()))].str();
      },
      py::arg("module"), "The name of the phase that a module is at.");
  m.def(
      "phases",
      [] {
        std::vector<std::string> names;
        for (llvm::StringRef name : phaseNames())
          names.push_back(name.str());
        return names;
      },
      "The names of all phases, in order.");
  m.def("compile", &compile, py::arg("module"), py::arg("precision"),
        py::arg("quantize_table") = "", py::arg("stop_after") = "",
        py::arg("calibration_table") = "", py::arg("opt") = 2,
        py::arg("quant_input") = false, py::arg("quant_output") = false,
        py::arg("asymmetric") = true,
        py::arg("quant_inputs") = std::vector<int64_t>(),
        py::arg("quant_outputs") = std::vector<int64_t>(), py::arg("chip") = "",
        py::call_guard<py::gil_scoped_release>(),
        "Compiles a module, or brings it to the end of a phase and returns "
        "nothing.");
}

} // namespace tpuc::python
