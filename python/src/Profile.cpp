//===- Profile.cpp - the timing model's answer for Python -----------------===//
//
// Replays a compiled model's queues and adds up, for the whole and for every
// layer of the source model. The roofline is what the multiply-accumulates at
// peak rate or the bytes that must cross the memory interface take, whichever
// is longer.
//
//===----------------------------------------------------------------------===//

#include "BmodelHandle.h"
#include "Errors.h"
#include "Simulator/Timing/Timing.h"
#include "llvm/ADT/STLExtras.h"
#include <limits>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace tpuc::python {

namespace {

/// Cycles of the chip, at 1 GHz, in a millisecond.
constexpr double cyclesPerMs = 1e6;
/// DDR bandwidth: four 32-bit channels of LPDDR4X at 4 GT/s.
constexpr double ddrBytesPerCycle = 64.0;

/// Multiply-accumulates a cycle at the given operand precision.
double peakMacsPerCycle(uint32_t precision) {
  constexpr uint32_t codeI8 = 0, codeF32 = 2;
  if (precision == codeI8)
    return 16384;
  return precision == codeF32 ? 1024 : 8192;
}

/// Multiply-accumulates of a command.
double countMacs(codec::Layout layout, const codec::Registers &r) {
  double results = double(r.res0_n) * r.res0_c * r.res0_h * r.res0_w;
  switch (layout) {
  case codec::Layout::Conv:
  case codec::Layout::SConv:
    return results * r.opd0_c * r.opd1_h * r.opd1_w;
  case codec::Layout::Pord:
  case codec::Layout::SPord: {
    constexpr uint32_t depthwise = 0;
    return r.tsk_eu_typ == depthwise ? results * r.opd1_h * r.opd1_w : 0;
  }
  case codec::Layout::Mm:
  case codec::Layout::SMm: {
    double inner = (double(r.opd0_c) - 1) * r.opd0_w + r.opd1_w;
    return double(r.opd0_n) * inner * r.res0_w * r.res0_c;
  }
  case codec::Layout::Mm2:
  case codec::Layout::SMm2: {
    constexpr uint32_t rightNotTransposed = 4;
    double inner =
        r.tsk_eu_typ == rightNotTransposed ? r.opd1_c : r.opd1_w;
    return double(r.res0_c) * r.res0_w * inner;
  }
  default:
    return 0;
  }
}

/// What the commands of one layer took.
struct LayerSum {
  uint64_t tiuCycles = 0;
  uint64_t gdmaCycles = 0;
  int64_t start = std::numeric_limits<int64_t>::max();
  int64_t end = -1;
  uint64_t commands = 0;
};

/// A queue's commands without system commands, and where they were in it.
struct Queue {
  std::vector<timing::TimedCommand> commands;
  std::vector<size_t> places;
};

Queue decodeQueue(codec::Engine engine, target::Bytes stream) {
  Queue queue;
  raiseOnError(target::forEachCommand(
      engine, stream,
      [&](size_t index, size_t, codec::Layout layout,
          const codec::Registers &registers) {
        queue.commands.push_back({layout, registers});
        if (layout != codec::Layout::Sysid && layout != codec::Layout::SDmaSys)
          queue.places.push_back(index);
        return llvm::Error::success();
      }));
  return queue;
}

} // namespace

py::dict BmodelHandle::profile(const std::string &name) const {
  if (name != "vendor" && name != "silicon")
    throw UserError("timing profile '" + name +
                    "' is not known, choose vendor or silicon");
  auto parameters = name == "vendor" ? timing::TimingParameters::vendor()
                                     : timing::TimingParameters::silicon();
  const target::Stage &network = stage();
  const target::SideTable *table =
      network.sideTable ? &*network.sideTable : nullptr;
  std::vector<LayerSum> layers(table ? table->layers.size() : 0);
  timing::Totals sum;
  double macs = 0, macCycles = 0;
  for (auto [number, group] : llvm::enumerate(network.groups)) {
    Queue tiu = decodeQueue(codec::Engine::Tiu, group.tiu);
    Queue gdma = decodeQueue(codec::Engine::Gdma, group.gdma);
    for (const timing::TimedCommand &command : tiu.commands) {
      double count = countMacs(command.layout, command.registers);
      macs += count;
      macCycles += count / peakMacsPerCycle(command.registers.opd0_prec);
    }
    timing::Totals totals;
    std::vector<timing::CommandTiming> records;
    std::string error;
    if (!timing::replay(tiu.commands, gdma.commands, parameters, totals,
                        &records, error))
      throw UserError(source + ": " + error);
    for (const timing::CommandTiming &record : records) {
      if (!table || number >= table->groups.size())
        break;
      bool isTiu = record.engine == codec::Engine::Tiu;
      const auto &places = isTiu ? tiu.places : gdma.places;
      const auto &owners =
          isTiu ? table->groups[number].tiu : table->groups[number].gdma;
      // System commands take no number, so numbers count what was kept.
      if (record.id == 0 || record.id > places.size() ||
          places[record.id - 1] >= owners.size())
        continue;
      uint32_t owner = owners[places[record.id - 1]];
      if (owner >= layers.size())
        continue;
      LayerSum &layer = layers[owner];
      (isTiu ? layer.tiuCycles : layer.gdmaCycles) += record.cycles;
      layer.start =
          std::min(layer.start, record.interval.start + int64_t(sum.cycles));
      layer.end = std::max(layer.end, record.interval.end + int64_t(sum.cycles));
      ++layer.commands;
    }
    sum.cycles += totals.cycles;
    sum.tiuBusyCycles += totals.tiuBusyCycles;
    sum.gdmaBusyCycles += totals.gdmaBusyCycles;
    sum.tiuCommands += totals.tiuCommands;
    sum.gdmaCommands += totals.gdmaCommands;
    sum.ddrReadBytes += totals.ddrReadBytes;
    sum.ddrWrittenBytes += totals.ddrWrittenBytes;
  }
  uint64_t mustMove = network.coefficients.bytes.size();
  for (const target::TensorInfo &tensor : network.inputs)
    mustMove += tensor.size;
  for (const target::TensorInfo &tensor : network.outputs)
    mustMove += tensor.size;
  double cycles = std::max<double>(1, sum.cycles);
  py::dict result;
  result["cycles"] = sum.cycles;
  result["ms"] = sum.cycles / cyclesPerMs;
  result["tiu_busy"] = sum.tiuBusyCycles / cycles;
  result["gdma_busy"] = sum.gdmaBusyCycles / cycles;
  result["tiu_commands"] = sum.tiuCommands;
  result["gdma_commands"] = sum.gdmaCommands;
  result["ddr_read_bytes"] = sum.ddrReadBytes;
  result["ddr_write_bytes"] = sum.ddrWrittenBytes;
  result["roofline_ms"] =
      std::max(macCycles, double(mustMove) / ddrBytesPerCycle) / cyclesPerMs;
  result["macs"] = static_cast<uint64_t>(macs);
  result["weight_bytes"] = network.coefficients.bytes.size();
  py::list rows;
  for (size_t i = 0; i < layers.size(); ++i) {
    const LayerSum &layer = layers[i];
    if (!layer.commands)
      continue;
    py::dict row;
    row["name"] = table->layers[i].name;
    row["kind"] = table->layers[i].kind;
    row["start"] = layer.start;
    row["end"] = layer.end;
    row["tiu_cycles"] = layer.tiuCycles;
    row["gdma_cycles"] = layer.gdmaCycles;
    row["commands"] = layer.commands;
    rows.append(row);
  }
  result["layers"] = rows;
  return result;
}

} // namespace tpuc::python
