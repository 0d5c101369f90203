//===- Profile.cpp - the timing model's answer for Python -----------------===//
//
// Hands the profile of a compiled model to Python: figures of the whole, and
// an array a property of the commands.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Timing/Profile.h"
#include "BmodelHandle.h"
#include "Errors.h"
#include <map>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

namespace {

/// Cycles of the chip, at 1 GHz, in a millisecond.
constexpr double cyclesPerMs = 1e6;

/// An array of a property of each record.
template <typename T, typename Records, typename Getter>
py::array_t<T> column(const Records &records, Getter get) {
  py::array_t<T> array(static_cast<py::ssize_t>(records.size()));
  T *out = array.mutable_data();
  for (const auto &record : records)
    *out++ = static_cast<T>(get(record));
  return array;
}

/// Numbers the functions of commands; the short and the long form of a command
/// share a name, e.g. "conv.normal".
class FunctionNames {
public:
  uint32_t number(const timing::CommandProfile &command) {
    auto [it, isNew] = numbers.try_emplace({command.layout, command.function},
                                           uint32_t(names.size()));
    if (!isNew)
      return it->second;
    const codec::LayoutInfo &info = codec::layoutInfo(command.layout);
    const char *keyword =
        codec::functionKeyword(command.layout, command.function);
    std::string name = info.mnemonic;
    if (info.form == codec::Form::Short && name.starts_with("s"))
      name.erase(0, 1);
    name += "." +
            (keyword ? std::string(keyword) : std::to_string(command.function));
    for (uint32_t i = 0; i < names.size(); ++i)
      if (names[i] == name)
        return it->second = i;
    names.push_back(std::move(name));
    return it->second;
  }

  std::vector<std::string> names;

private:
  std::map<std::pair<codec::Layout, uint32_t>, uint32_t> numbers;
};

py::dict commandArrays(const std::vector<timing::CommandProfile> &commands,
                       FunctionNames &functions) {
  using Command = timing::CommandProfile;
  py::dict arrays;
  arrays["engine"] = column<uint8_t>(
      commands, [](const Command &c) { return uint8_t(c.engine); });
  arrays["function"] = column<uint16_t>(
      commands, [&](const Command &c) { return functions.number(c); });
  arrays["layer"] = column<int32_t>(commands, [](const Command &c) {
    return c.layer == target::SideTable::kNone ? -1 : int32_t(c.layer);
  });
  arrays["start"] =
      column<int64_t>(commands, [](const Command &c) { return c.start; });
  arrays["cycles"] =
      column<int64_t>(commands, [](const Command &c) { return c.cycles; });
  arrays["dependency"] =
      column<int32_t>(commands, [](const Command &c) { return c.dependency; });
  arrays["critical"] =
      column<uint8_t>(commands, [](const Command &c) { return c.critical; });
  arrays["macs"] =
      column<uint64_t>(commands, [](const Command &c) { return c.macs; });
  arrays["read_bytes"] =
      column<uint64_t>(commands, [](const Command &c) { return c.readBytes; });
  arrays["write_bytes"] = column<uint64_t>(
      commands, [](const Command &c) { return c.writtenBytes; });
  arrays["read_cause"] = column<uint8_t>(
      commands, [](const Command &c) { return uint8_t(c.readCause); });
  arrays["write_cause"] = column<uint8_t>(
      commands, [](const Command &c) { return uint8_t(c.writeCause); });
  return arrays;
}

timing::TimingParameters parametersOf(const std::string &name) {
  if (name == "vendor")
    return timing::TimingParameters::vendor();
  if (name == "silicon")
    return timing::TimingParameters::silicon();
  throw UserError("timing profile '" + name +
                  "' is not known, choose vendor or silicon");
}

/// Throws the text of an error, with the model's name before it.
template <typename T>
T unwrapOf(const std::string &source, llvm::Expected<T> expected) {
  if (!expected)
    throw UserError(source + ": " + llvm::toString(expected.takeError()));
  return std::move(*expected);
}

} // namespace

py::dict BmodelHandle::profile(const std::string &name,
                               bool freeZeroRowStride) const {
  const target::Stage &network = stage();
  timing::TimingParameters parameters = parametersOf(name);
  parameters.freeZeroRowStride |= freeZeroRowStride;
  timing::Profile profile =
      unwrapOf(source, timing::profile(network, parameters));
  const timing::Totals &totals = profile.totals;
  double cycles = std::max<double>(1, double(totals.cycles));
  py::dict result;
  result["cycles"] = totals.cycles;
  result["ms"] = double(totals.cycles) / cyclesPerMs;
  result["tiu_busy"] = double(totals.tiuBusyCycles) / cycles;
  result["gdma_busy"] = double(totals.gdmaBusyCycles) / cycles;
  result["tiu_commands"] = totals.tiuCommands;
  result["gdma_commands"] = totals.gdmaCommands;
  result["ddr_read_bytes"] = totals.ddrReadBytes;
  result["ddr_write_bytes"] = totals.ddrWrittenBytes;
  for (const char *each : {"vendor", "silicon"}) {
    int64_t total = totals.cycles;
    if (name != each)
      total = unwrapOf(source, timing::profile(network, parametersOf(each)))
                  .totals.cycles;
    result[py::str(std::string(each) + "_ms")] = double(total) / cyclesPerMs;
  }
  result["roofline_ms"] = profile.rooflineCycles / cyclesPerMs;
  result["macs"] = profile.macs;
  result["weight_bytes"] = profile.coefficientBytes;
  result["parameters"] = name;
  FunctionNames functions;
  result["commands"] = commandArrays(profile.commands, functions);
  result["functions"] = functions.names;
  std::vector<std::string> causes;
  for (unsigned i = 0; i < timing::kNumCauses; ++i)
    causes.push_back(timing::causeName(timing::Cause(i)));
  result["causes"] = causes;
  std::vector<std::pair<std::string, std::string>> layers;
  std::vector<std::string> fusedGroups;
  std::vector<int64_t> fusedGroupOfLayers;
  std::string explanation;
  if (const auto &table = network.sideTable) {
    for (const target::SideTable::Layer &layer : table->layers) {
      layers.push_back({layer.name, layer.kind});
      bool isFused = layer.fusedGroup != target::SideTable::kNone;
      fusedGroupOfLayers.push_back(isFused ? int64_t(layer.fusedGroup) : -1);
    }
    fusedGroups = table->fusedGroups;
    explanation = table->explanation;
  }
  result["layers"] = layers;
  result["fused_groups"] = fusedGroups;
  result["fused_group_of_layers"] = fusedGroupOfLayers;
  result["explanation"] = explanation;
  return result;
}

py::dict BmodelHandle::residencies(const std::string &name) const {
  using timing::Residency;
  timing::Profile profile =
      unwrapOf(source, timing::profile(stage(), parametersOf(name)));
  uint64_t unknown = 0;
  std::vector<Residency> list =
      unwrapOf(source, timing::findResidencies(stage(), profile, &unknown));
  py::dict result;
  result["begin"] =
      column<uint16_t>(list, [](const Residency &r) { return r.begin; });
  result["end"] =
      column<uint16_t>(list, [](const Residency &r) { return r.end; });
  result["first_cycle"] =
      column<int64_t>(list, [](const Residency &r) { return r.firstCycle; });
  result["last_cycle"] =
      column<int64_t>(list, [](const Residency &r) { return r.lastCycle; });
  result["command"] =
      column<int32_t>(list, [](const Residency &r) { return r.command; });
  result["unknown"] = unknown;
  return result;
}

std::vector<std::string> BmodelHandle::commandTexts() const {
  return unwrapOf(source, timing::commandTexts(stage()));
}

} // namespace tpuc::python
