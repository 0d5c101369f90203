//===- RunHandle.cpp - a run that stops where one wants -------------------===//

#include "RunHandle.h"
#include "Bindings.h"
#include "Errors.h"
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

RunHandle::RunHandle(std::shared_ptr<BmodelHandle> handle, sim::Simulator &chip)
    : model(std::move(handle)), simulator(chip) {
  const target::CommandGroup &first = model->stage().groups.front();
  stepper = std::make_unique<sim::Stepper>(simulator, first.tiu, first.gdma);
}

std::shared_ptr<RunHandle>
RunHandle::start(std::shared_ptr<BmodelHandle> model,
                 const std::vector<py::array> &arrays, unsigned threads) {
  sim::Simulator &simulator = model->prepare(arrays, threads);
  return std::make_shared<RunHandle>(std::move(model), simulator);
}

void RunHandle::check(std::optional<sim::Failure> failure) const {
  if (failure)
    throw UserError(model->name() + ": " + failure->str());
}

void RunHandle::enter(uint32_t wanted) {
  const std::vector<target::CommandGroup> &groups = model->stage().groups;
  if (wanted >= groups.size())
    throw UserError(model->name() + ": has " + std::to_string(groups.size()) +
                    " command groups, there is no group " +
                    std::to_string(wanted));
  for (; group < wanted; ++group) {
    check(stepper->runToEnd());
    const target::CommandGroup &next = groups[group + 1];
    stepper = std::make_unique<sim::Stepper>(simulator, next.tiu, next.gdma);
  }
}

void RunHandle::runUntil(uint32_t wanted, uint32_t engine, uint32_t id) {
  if (engine > 1)
    throw UserError("there is no queue " + std::to_string(engine));
  py::gil_scoped_release release;
  if (wanted < group)
    return;
  enter(wanted);
  check(stepper->runUntil(codec::Engine(engine), id));
}

void RunHandle::runToEnd() {
  py::gil_scoped_release release;
  enter(uint32_t(model->stage().groups.size()) - 1);
  check(stepper->runToEnd());
}

std::tuple<uint32_t, uint32_t, uint32_t> RunHandle::position() const {
  return {group, stepper->completed(codec::Engine::Tiu),
          stepper->completed(codec::Engine::Gdma)};
}

py::bytes RunHandle::read(uint64_t address, uint64_t size) const {
  std::span<uint8_t> memory = simulator.memory(address, size);
  if (memory.size() != size)
    throw UserError(model->name() + ": " + std::to_string(size) +
                    " bytes at address " + std::to_string(address) +
                    " are not all in a memory that the model uses");
  return py::bytes(reinterpret_cast<const char *>(memory.data()), size);
}

std::vector<py::dict> BmodelHandle::tensors() const {
  std::vector<py::dict> list;
  if (!stage().sideTable)
    return list;
  for (const target::SideTable::Tensor &tensor : stage().sideTable->tensors) {
    py::dict entry;
    entry["name"] = tensor.name;
    entry["dtype"] = target::dataTypeName(tensor.type);
    entry["shape"] = tensor.shape;
    entry["scale"] = tensor.scale;
    entry["zero_point"] = tensor.zeroPoint;
    entry["local"] = tensor.memory == target::SideTable::Memory::Local;
    entry["address"] = tensor.address;
    entry["lane"] = tensor.lane;
    entry["dims"] = tensor.dims;
    entry["strides"] = tensor.strides;
    entry["group"] = tensor.group;
    entry["engine"] = tensor.engine;
    entry["command"] = tensor.command;
    entry["other_command"] = tensor.otherCommand;
    list.push_back(std::move(entry));
  }
  return list;
}

void BmodelHandle::attachLayers(
    const std::vector<std::pair<std::string, std::string>> &names,
    const py::array_t<int32_t> &layers) {
  target::Stage &network = model.networks[networkIndex].stages[stageIndex];
  target::SideTable table;
  for (const auto &[name, kind] : names)
    table.layers.push_back({name, kind});
  auto values = layers.unchecked<1>();
  py::ssize_t next = 0;
  table.groups.resize(network.groups.size());
  for (codec::Engine engine : {codec::Engine::Tiu, codec::Engine::Gdma})
    for (auto [group, owners] : llvm::zip_equal(network.groups, table.groups)) {
      bool isTiu = engine == codec::Engine::Tiu;
      std::vector<uint32_t> &list = isTiu ? owners.tiu : owners.gdma;
      raiseOnError(target::forEachCommand(
          engine, isTiu ? group.tiu : group.gdma,
          [&](size_t, size_t, codec::Layout layout, const codec::Registers &) {
            bool isSystem = layout == codec::Layout::Sysid ||
                            layout == codec::Layout::SDmaSys;
            int32_t layer =
                isSystem || next >= values.shape(0) ? -1 : values(next++);
            bool known = layer >= 0 && size_t(layer) < names.size();
            list.push_back(known ? uint32_t(layer) : target::SideTable::kNone);
            return llvm::Error::success();
          }));
    }
  network.sideTable = std::move(table);
}

void bindRun(py::module_ &m) {
  py::class_<RunHandle, std::shared_ptr<RunHandle>>(
      m, "Run", "A compiled model in the middle of its commands.")
      .def("run_until", &RunHandle::runUntil, py::arg("group"),
           py::arg("engine"), py::arg("command"),
           "Runs until a command is complete; nothing when it is.")
      .def("run_to_end", &RunHandle::runToEnd, "Runs what is left.")
      .def("position", &RunHandle::position,
           "The command group and the commands of its two queues that ran.")
      .def("read", &RunHandle::read, py::arg("address"), py::arg("size"),
           "Bytes of any memory.")
      .def("results", &RunHandle::results, "The outputs as they are now.");
}

} // namespace tpuc::python
