//===- Containers.cpp - what lies in a .bmodel, for Python ----------------===//
//
// Describes a container as a whole, joins several and takes single networks
// out.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "BmodelHandle.h"
#include "Errors.h"
#include "Target/BM1684X/ReservedCommands.h"
#include "llvm/ADT/STLExtras.h"
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

static py::list describeTensors(const std::vector<target::TensorInfo> &list) {
  py::list result;
  for (const target::TensorInfo &tensor : list) {
    py::dict entry;
    entry["name"] = tensor.name;
    entry["dtype"] = target::dataTypeName(tensor.type);
    entry["shape"] = py::tuple(py::cast(tensor.shape));
    entry["scale"] = tensor.scale;
    entry["zero_point"] = tensor.zeroPoint;
    entry["address"] = tensor.address;
    entry["bytes"] = tensor.size;
    result.append(entry);
  }
  return result;
}

static py::dict describeStage(const target::Stage &stage) {
  py::dict result;
  result["inputs"] = describeTensors(stage.inputs);
  result["outputs"] = describeTensors(stage.outputs);
  result["coefficient_address"] = stage.coefficients.address;
  result["coefficient_bytes"] = stage.coefficients.bytes.size();
  py::list ranges;
  for (const target::CoefficientRange &range : stage.coefficients.ranges)
    ranges.append(py::make_tuple(range.name, range.offset, range.size));
  result["weights"] = ranges;
  result["memory_address"] = stage.contextAddress;
  result["memory_bytes"] = stage.contextSize;
  uint64_t tiu = 0, gdma = 0, reserved = 0;
  for (const target::CommandGroup &group : stage.groups) {
    tiu += group.tiuCount;
    gdma += group.gdmaCount;
    reserved += target::countReserved(group);
  }
  result["groups"] = stage.groups.size();
  result["tiu_commands"] = tiu;
  result["gdma_commands"] = gdma;
  result["reserved_commands"] = reserved;
  std::vector<std::string> kinds;
  if (stage.sideTable)
    for (const target::SideTable::Layer &layer : stage.sideTable->layers)
      kinds.push_back(layer.kind);
  result["layers"] = kinds;
  result["preprocess"] = stage.sideTable ? stage.sideTable->preprocess : "";
  return result;
}

py::dict BmodelHandle::describe() const {
  py::dict result;
  result["chip"] = model.chip;
  result["version"] = model.version;
  result["time"] = model.time;
  result["firmware"] = model.kernelModule ? model.kernelModule->fileName : "";
  py::list networks;
  for (const target::Network &network : model.networks) {
    py::list stages;
    for (const target::Stage &stage : network.stages)
      stages.append(describeStage(stage));
    networks.append(py::make_tuple(network.name, stages));
  }
  result["networks"] = networks;
  return result;
}

std::shared_ptr<BmodelHandle>
BmodelHandle::combine(const std::vector<std::shared_ptr<BmodelHandle>> &parts,
                      bool sharesAll) {
  std::vector<target::Bmodel> models;
  models.reserve(parts.size());
  for (const std::shared_ptr<BmodelHandle> &part : parts)
    models.push_back(part->model);
  target::Bmodel whole = unwrap(target::combineBmodels(models, sharesAll));
  // Weights of a model that was not read from a file lie in its module.
  for (const std::shared_ptr<BmodelHandle> &part : parts)
    whole.storage.push_back(part->owner);
  return std::make_shared<BmodelHandle>(std::move(whole), "the model");
}

bool BmodelHandle::hasCoefficientsOf(const BmodelHandle &other) const {
  auto first = [](const target::Bmodel &bmodel) {
    return bmodel.networks.front().stages.front().coefficients.bytes;
  };
  return llvm::equal(first(model), first(other.model));
}

std::shared_ptr<BmodelHandle> BmodelHandle::extract(size_t network) const {
  if (network >= model.networks.size())
    throw UserError(source + ": has no network " + std::to_string(network));
  target::Bmodel part = model;
  part.networks = {model.networks[network]};
  return std::make_shared<BmodelHandle>(std::move(part), source, owner);
}

void bindContainers(
    py::class_<BmodelHandle, std::shared_ptr<BmodelHandle>> &c) {
  c.def("describe", &BmodelHandle::describe,
        "What lies in the container, as dictionaries.")
      .def_property_readonly(
          "preprocess", &BmodelHandle::preprocess,
          "How the selected stage's inputs are made from pictures: a JSON "
          "text, or empty.")
      .def_static("combine", &BmodelHandle::combine, py::arg("models"),
                  py::arg("shares_all") = false,
                  "All networks of several models as one; stages of the same "
                  "name are joined and share equal weights, with `shares_all` "
                  "other networks do, too.")
      .def("has_coefficients_of", &BmodelHandle::hasCoefficientsOf,
           py::arg("other"),
           "Whether the first stages of two models have equal coefficients.")
      .def("extract", &BmodelHandle::extract, py::arg("network"),
           "A model of one of the networks, by number.");
}

} // namespace tpuc::python
