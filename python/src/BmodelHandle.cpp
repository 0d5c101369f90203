//===- BmodelHandle.cpp - a compiled model for Python ---------------------===//

#include "BmodelHandle.h"
#include "Bindings.h"
#include "Errors.h"
#include "RunHandle.h"
#include "llvm/Support/raw_ostream.h"
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

BmodelHandle::BmodelHandle(target::Bmodel bmodel, std::string name,
                           std::shared_ptr<ModuleHandle> module)
    : owner(std::move(module)), model(std::move(bmodel)),
      source(std::move(name)) {}

std::shared_ptr<BmodelHandle> BmodelHandle::load(const std::string &path) {
  target::ReadOptions options;
  options.checkDigest = true;
  return std::make_shared<BmodelHandle>(
      unwrap(target::readBmodel(path, options)), path);
}

std::shared_ptr<BmodelHandle> BmodelHandle::parse(const py::bytes &data) {
  std::string_view view = data;
  std::shared_ptr<llvm::MemoryBuffer> buffer =
      llvm::MemoryBuffer::getMemBufferCopy(
          llvm::StringRef(view.data(), view.size()), "the model");
  return std::make_shared<BmodelHandle>(
      unwrap(target::parseBmodel(std::move(buffer))), "the model");
}

void BmodelHandle::save(const std::string &path) const {
  raiseOnError(target::writeBmodel(model, path));
}

std::vector<std::pair<std::string, size_t>> BmodelHandle::networks() const {
  std::vector<std::pair<std::string, size_t>> list;
  for (const target::Network &network : model.networks)
    list.emplace_back(network.name, network.stages.size());
  return list;
}

void BmodelHandle::select(size_t network, size_t stage) {
  if (network >= model.networks.size() ||
      stage >= model.networks[network].stages.size())
    throw UserError(source + ": has no stage " + std::to_string(stage) +
                    " of network " + std::to_string(network));
  if (network == networkIndex && stage == stageIndex)
    return;
  networkIndex = network;
  stageIndex = stage;
  // Stages have memory of their own.
  simulator.reset();
}

static BmodelHandle::Quantisation
quantisation(const std::vector<target::TensorInfo> &list) {
  BmodelHandle::Quantisation result;
  for (const target::TensorInfo &tensor : list)
    result.emplace_back(tensor.scale, tensor.zeroPoint);
  return result;
}

BmodelHandle::Quantisation BmodelHandle::inputQuantisation() const {
  return quantisation(stage().inputs);
}

BmodelHandle::Quantisation BmodelHandle::outputQuantisation() const {
  return quantisation(stage().outputs);
}

static std::vector<Port>
makePorts(const std::vector<target::TensorInfo> &list) {
  std::vector<Port> ports;
  for (const target::TensorInfo &tensor : list)
    ports.push_back({tensor.name,
                     target::dataTypeName(tensor.type),
                     {tensor.shape.begin(), tensor.shape.end()}});
  return ports;
}

std::vector<Port> BmodelHandle::inputs() const {
  return makePorts(stage().inputs);
}

std::vector<Port> BmodelHandle::outputs() const {
  return makePorts(stage().outputs);
}

/// numpy's name of an element type, or null for the narrow ones.
static const char *numpyName(target::DataType type) {
  using target::DataType;
  switch (type) {
  case DataType::F32:
    return "float32";
  case DataType::F16:
    return "float16";
  case DataType::I8:
    return "int8";
  case DataType::U8:
    return "uint8";
  case DataType::I16:
    return "int16";
  case DataType::U16:
  case DataType::BF16:
    // numpy has no bf16: its bits.
    return "uint16";
  case DataType::I32:
    return "int32";
  case DataType::U32:
    return "uint32";
  default:
    return nullptr;
  }
}

sim::Simulator &BmodelHandle::prepare(const std::vector<py::array> &arrays,
                                      unsigned threads) {
  const target::Stage &network = stage();
  if (!simulator || simulatorThreads != threads) {
    simulator = std::make_unique<sim::Simulator>(threads);
    // Far beyond any network of these sizes; a damaged stream ends in minutes.
    constexpr uint64_t kOperations = 20'000'000'000'000;
    sim::Limits limits;
    limits.operations = kOperations;
    simulator->setLimits(limits);
    simulatorThreads = threads;
    const target::Coefficients &weights = network.coefficients;
    if (!weights.bytes.empty()) {
      auto memory =
          simulator->allocateGlobal(weights.address, weights.bytes.size());
      if (memory.empty())
        throw UserError(source + ": the weights do not lie in global memory");
      std::copy(weights.bytes.begin(), weights.bytes.end(), memory.begin());
    }
    if (network.contextSize &&
        simulator->allocateGlobal(network.contextAddress, network.contextSize)
            .empty())
      throw UserError(source + ": the activations do not lie in global memory");
  }
  if (arrays.size() != network.inputs.size())
    throw UserError(source + ": expected " +
                    std::to_string(network.inputs.size()) + " inputs");
  for (auto [array, tensor] : llvm::zip_equal(arrays, network.inputs)) {
    uint64_t bytes = array.nbytes();
    auto memory = simulator->memory(tensor.address, bytes);
    if (memory.empty() || bytes > tensor.size ||
        !(array.flags() & py::array::c_style))
      throw UserError(source + ": input '" + tensor.name +
                      "' does not fit its place in memory");
    std::copy_n(static_cast<const uint8_t *>(array.data()), bytes,
                memory.begin());
  }
  return *simulator;
}

std::vector<py::array> BmodelHandle::run(const std::vector<py::array> &arrays,
                                         unsigned threads) {
  const target::Stage &network = stage();
  prepare(arrays, threads);
  {
    py::gil_scoped_release release;
    for (const target::CommandGroup &group : network.groups)
      if (auto failure = simulator->run(group.tiu, group.gdma))
        throw UserError(source + ": " + failure->str());
  }
  return results();
}

std::vector<py::array> BmodelHandle::results() {
  std::vector<py::array> results;
  for (const target::TensorInfo &tensor : stage().outputs) {
    const char *name = numpyName(tensor.type);
    auto memory = simulator->memory(tensor.address, tensor.size);
    if (!name || memory.empty())
      throw UserError(source + ": output '" + tensor.name +
                      "' cannot be read from memory");
    std::vector<py::ssize_t> shape(tensor.shape.begin(), tensor.shape.end());
    py::array array(py::dtype(name), shape);
    if (static_cast<uint64_t>(array.nbytes()) > memory.size())
      throw UserError(source + ": output '" + tensor.name +
                      "' is larger than its place in memory");
    std::copy_n(memory.begin(), array.nbytes(),
                static_cast<uint8_t *>(array.mutable_data()));
    results.push_back(std::move(array));
  }
  return results;
}

std::string BmodelHandle::disassemble() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  raiseOnError(target::disassemble(model, os));
  return text;
}

std::vector<std::pair<py::bytes, py::bytes>> BmodelHandle::streams() const {
  auto toBytes = [](target::Bytes bytes) {
    return py::bytes(reinterpret_cast<const char *>(bytes.data()),
                     bytes.size());
  };
  std::vector<std::pair<py::bytes, py::bytes>> streams;
  for (const target::CommandGroup &group : stage().groups)
    streams.emplace_back(toBytes(group.tiu), toBytes(group.gdma));
  return streams;
}

void BmodelHandle::setExplanation(const std::string &text) {
  target::Stage &stage = model.networks[networkIndex].stages[stageIndex];
  if (stage.sideTable)
    stage.sideTable->explanation = text;
}

void bindBmodel(py::module_ &m) {
  py::class_<BmodelHandle, std::shared_ptr<BmodelHandle>> bmodel(
      m, "Bmodel", "A compiled model with a simulated chip.");
  bindContainers(bmodel);
  bmodel
      .def_static("load", &BmodelHandle::load, py::arg("path"),
                  py::call_guard<py::gil_scoped_release>(), "Reads a file.")
      .def_static("parse", &BmodelHandle::parse, py::arg("data"),
                  "Takes the contents of a file.")
      .def_property_readonly("networks", &BmodelHandle::networks,
                             "Names of the networks, with their stages' count.")
      .def("select", &BmodelHandle::select, py::arg("network"),
           py::arg("stage"), "Makes a stage the one that is run and described.")
      .def_property_readonly("input_quantisation",
                             &BmodelHandle::inputQuantisation,
                             "Scale and zero point of each input.")
      .def_property_readonly("output_quantisation",
                             &BmodelHandle::outputQuantisation,
                             "Scale and zero point of each output.")
      .def("save", &BmodelHandle::save, py::arg("path"),
           py::call_guard<py::gil_scoped_release>(), "Writes the file.")
      .def_property_readonly("inputs", &BmodelHandle::inputs,
                             "The network's inputs, in order.")
      .def_property_readonly("outputs", &BmodelHandle::outputs,
                             "The network's outputs, in order.")
      .def("run", &BmodelHandle::run, py::arg("arrays"), py::arg("threads") = 0,
           "Runs the network in the functional simulator.")
      .def("start", &RunHandle::start, py::arg("arrays"),
           py::arg("threads") = 0,
           "Begins a run that can be stopped after any command.")
      .def("tensors", &BmodelHandle::tensors,
           "Where tensors of the source model lie, a dictionary each.")
      .def("attach_layers", &BmodelHandle::attachLayers, py::arg("names"),
           py::arg("layers"),
           "Says which operation each command belongs to, for models that do "
           "not.")
      .def_property("explanation", &BmodelHandle::explanation,
                    &BmodelHandle::setExplanation,
                    "Why the compiler chose what it chose: a JSON text, or "
                    "empty.")
      .def("profile", &BmodelHandle::profile, py::arg("parameters") = "vendor",
           py::arg("free_zero_row_stride") = false,
           "Runs the network in the timing model.")
      .def("residencies", &BmodelHandle::residencies,
           py::arg("parameters") = "vendor",
           "What local memory holds when, as arrays.")
      .def("command_texts", &BmodelHandle::commandTexts,
           "A line for each command, in the order of the profile.")
      .def("disassemble", &BmodelHandle::disassemble,
           py::call_guard<py::gil_scoped_release>(),
           "Every command as a line of text.")
      .def_property_readonly("precision", &BmodelHandle::precision,
                             "The least precise in which it computes.")
      .def("streams", &BmodelHandle::streams,
           "The streams of the TIU and the GDMA, a pair for each group.");
}

} // namespace tpuc::python
