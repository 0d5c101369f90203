//===- SimulatorC.cpp - C interface of the simulator ----------------------===//
//
// Forwards to the C++ simulator and turns failures into messages.
//
//===----------------------------------------------------------------------===//

#include "Simulator/CApi/SimulatorC.h"
#include "Simulator/Functional/Simulator.h"
#include "Simulator/Timing/Timing.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>

using namespace tpuc;

struct TpucSimulator {
  explicit TpucSimulator(unsigned threads) : simulator(threads) {}
  sim::Simulator simulator;
};

namespace {

int report(const std::string &text, char *message, uint64_t capacity) {
  if (message && capacity) {
    size_t count = std::min<size_t>(text.size(), capacity - 1);
    std::memcpy(message, text.data(), count);
    message[count] = 0;
  }
  return 1;
}

/// Decodes the command at the start of `bytes`, if there is one.
std::optional<codec::Layout> decodeCommand(int engine,
                                           std::span<const uint8_t> bytes,
                                           codec::Registers &registers) {
  std::optional<codec::Layout> layout = codec::peekLayout(
      engine ? codec::Engine::Gdma : codec::Engine::Tiu, bytes);
  std::string error;
  if (layout && !codec::decode(*layout, bytes, registers, error))
    return std::nullopt;
  return layout;
}

/// Decodes a queue up to its end command or its last byte.
bool decodeQueue(codec::Engine engine, std::span<const uint8_t> bytes,
                 std::vector<timing::TimedCommand> &commands,
                 std::string &error) {
  while (!bytes.empty()) {
    auto layout = codec::peekLayout(engine, bytes);
    if (!layout) {
      error = "the bytes are not a command";
      return false;
    }
    timing::TimedCommand command{*layout, {}};
    if (!codec::decode(*layout, bytes, command.registers, error))
      return false;
    commands.push_back(command);
    if (codec::isEnd(*layout, command.registers))
      return true;
    bytes = bytes.subspan(codec::layoutInfo(*layout).bytes);
  }
  return true;
}

} // namespace

extern "C" {

TpucSimulator *tpuc_simulator_create(unsigned threads) {
  return new TpucSimulator(threads);
}

void tpuc_simulator_destroy(TpucSimulator *simulator) { delete simulator; }

uint8_t *tpuc_simulator_local(TpucSimulator *simulator) {
  return simulator->simulator.localMemory().data();
}
uint8_t *tpuc_simulator_static(TpucSimulator *simulator) {
  return simulator->simulator.staticMemory().data();
}
uint8_t *tpuc_simulator_l2(TpucSimulator *simulator) {
  return simulator->simulator.l2Memory().data();
}

uint8_t *tpuc_simulator_global(TpucSimulator *simulator, uint64_t address,
                               uint64_t bytes) {
  return simulator->simulator.allocateGlobal(address, bytes).data();
}

void tpuc_simulator_reference(TpucSimulator *simulator, int reference) {
  simulator->simulator.useReferenceCode(reference != 0);
}

int tpuc_simulator_run(TpucSimulator *simulator, const uint8_t *tiu,
                       uint64_t tiuBytes, const uint8_t *gdma,
                       uint64_t gdmaBytes, char *message, uint64_t capacity) {
  auto failure = simulator->simulator.run({tiu, size_t(tiuBytes)},
                                          {gdma, size_t(gdmaBytes)});
  return failure ? report(failure->str(), message, capacity) : 0;
}

int tpuc_simulator_execute(TpucSimulator *simulator, int engine,
                           const uint8_t *bytes, uint64_t count, char *message,
                           uint64_t capacity) {
  auto queue = engine == 0 ? codec::Engine::Tiu : codec::Engine::Gdma;
  auto layout = codec::peekLayout(queue, {bytes, size_t(count)});
  if (!layout)
    return report("the bytes are not a command", message, capacity);
  codec::Registers registers;
  std::string error;
  if (!codec::decode(*layout, {bytes, size_t(count)}, registers, error))
    return report(error, message, capacity);
  auto failure = simulator->simulator.execute(*layout, registers);
  return failure ? report(failure->str(), message, capacity) : 0;
}

unsigned tpuc_encode(const char *layout, const char *const *names,
                     const uint64_t *values, unsigned count, uint8_t *bytes,
                     char *message, uint64_t capacity) {
  for (unsigned i = 0; i < codec::kNumLayouts; ++i) {
    const codec::LayoutInfo &info = codec::layoutInfo(codec::Layout(i));
    if (std::strcmp(info.name, layout) != 0)
      continue;
    codec::Registers registers;
    for (unsigned f = 0; f < count; ++f) {
      auto field = codec::findField(names[f]);
      if (!field) {
        report(std::string("no field is named ") + names[f], message, capacity);
        return 0;
      }
      codec::setField(registers, *field, values[f]);
    }
    std::string error;
    if (codec::encode(codec::Layout(i), registers, {bytes, info.bytes}, error))
      return info.bytes;
    report(error, message, capacity);
    return 0;
  }
  report(std::string("no layout is named ") + layout, message, capacity);
  return 0;
}

unsigned tpuc_decode(int engine, const uint8_t *bytes, uint64_t count,
                     const char **layout, const char **names, uint64_t *values,
                     unsigned *widths, unsigned capacity) {
  codec::Registers registers;
  std::optional<codec::Layout> found =
      decodeCommand(engine, {bytes, size_t(count)}, registers);
  if (!found)
    return 0;
  const codec::LayoutInfo &info = codec::layoutInfo(*found);
  *layout = info.name;
  unsigned fields = 0;
  for (const codec::FieldInfo &field : info.fields) {
    if (fields == capacity)
      break;
    names[fields] = codec::fieldName(field.id);
    values[fields] = codec::getField(registers, field.id);
    widths[fields++] = field.width;
  }
  return fields;
}

unsigned tpuc_command_head(int engine, const uint8_t *bytes, uint64_t count,
                           TpucCommandHead *head) {
  codec::Registers registers;
  std::optional<codec::Layout> layout =
      decodeCommand(engine, {bytes, size_t(count)}, registers);
  if (!layout)
    return 0;
  bool isSystem =
      *layout == codec::Layout::Sysid || *layout == codec::Layout::SDmaSys;
  *head = {uint32_t(registers.cmd_id), uint32_t(registers.cmd_id_dep), isSystem,
           codec::isEnd(*layout, registers)};
  return codec::layoutInfo(*layout).bytes;
}

int tpuc_timing_replay(const uint8_t *tiu, uint64_t tiuBytes,
                       const uint8_t *gdma, uint64_t gdmaBytes,
                       unsigned repetitions, TpucReplay *result, char *message,
                       uint64_t capacity) {
  std::vector<timing::TimedCommand> queues[2];
  std::string error;
  if (!decodeQueue(codec::Engine::Tiu, {tiu, size_t(tiuBytes)}, queues[0],
                   error) ||
      !decodeQueue(codec::Engine::Gdma, {gdma, size_t(gdmaBytes)}, queues[1],
                   error))
    return report(error, message, capacity);
  timing::Totals totals;
  auto start = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < repetitions; ++i)
    if (!timing::replay(queues[0], queues[1],
                        timing::TimingParameters::vendor(), totals, nullptr,
                        error))
      return report(error, message, capacity);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  *result = {totals.cycles, totals.tiuCommands + totals.gdmaCommands,
             seconds.count()};
  return 0;
}

} // extern "C"
