//===- Simulator.cpp - Two queues of commands -----------------------------===//
//
// Decodes both streams up front, then runs their commands in an order that the
// ids allow. One thread runs the commands; a command may use several.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Target/BM1684X/CommandRules.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::sim;
using codec::Engine;
using codec::Layout;

std::string Failure::str() const {
  std::string text = engine == Engine::Tiu ? "tiu" : "gdma";
  if (number)
    text += " command " + std::to_string(number) + " at byte " +
            std::to_string(offset);
  return text + ": " + reason;
}

Simulator::Simulator(unsigned threads)
    : machine(std::make_unique<Machine>(
          threads ? threads
                  : std::clamp(std::thread::hardware_concurrency(), 1u, 8u))) {}

Simulator::~Simulator() = default;

bool Simulator::mapGlobal(uint64_t address, std::span<uint8_t> storage) {
  return machine->map(address, storage.data(), storage.size(), nullptr);
}

std::span<uint8_t> Simulator::allocateGlobal(uint64_t address, uint64_t bytes) {
  uint64_t handedOut = 0;
  for (const Machine::Region &region : machine->regions)
    if (region.owned)
      handedOut += region.bytes;
  if (bytes == 0 || handedOut > machine->limits.globalBytes ||
      bytes > machine->limits.globalBytes - handedOut)
    return {};
  OwnedMemory owned(static_cast<uint8_t *>(std::calloc(bytes, 1)));
  uint8_t *data = owned.get();
  if (!data || !machine->map(address, data, bytes, std::move(owned)))
    return {};
  return {data, size_t(bytes)};
}

void Simulator::unmapGlobal() { machine->regions.clear(); }

std::span<uint8_t> Simulator::localMemory() {
  return {machine->local, size_t(kLanes) * kLaneBytes};
}
std::span<uint8_t> Simulator::staticMemory() { return machine->staticMemory; }
std::span<uint8_t> Simulator::l2Memory() { return machine->l2; }

std::span<uint8_t> Simulator::memory(uint64_t address, uint64_t bytes) {
  uint8_t *data = machine->resolve(address, bytes);
  if (!data)
    return {};
  return {data, size_t(bytes)};
}

void Simulator::setLimits(const Limits &limits) { machine->limits = limits; }

void Simulator::useReferenceCode(bool reference) {
  machine->reference = reference;
}

namespace {

/// One queue: where each command lies, and how far it has run.
class Queue {
public:
  Queue(Engine engine, std::span<const uint8_t> bytes)
      : engine(engine), bytes(bytes) {}

  /// Decodes the next command; false at the end of the stream.
  bool next(std::optional<Failure> &failure) {
    offset += length;
    length = 0;
    if (ended || offset >= bytes.size())
      return false;
    ++number;
    std::span<const uint8_t> rest = bytes.subspan(offset);
    std::optional<Layout> found = codec::peekLayout(engine, rest);
    if (!found) {
      failure = fail("the bytes are not a command");
      return false;
    }
    layout = *found;
    std::string error;
    if (!codec::decode(layout, rest, registers, error)) {
      failure = fail(error);
      return false;
    }
    length = codec::layoutInfo(layout).bytes;
    ended = codec::isEnd(layout, registers);
    return true;
  }

  Failure fail(std::string reason) const {
    return {engine, number, offset, std::move(reason)};
  }
  bool isSystem() const {
    return layout == Layout::Sysid || layout == Layout::SDmaSys;
  }
  bool atEnd() const { return ended; }

  Engine engine;
  Layout layout = Layout::Sysid;
  codec::Registers registers;
  uint32_t number = 0;
  /// Id of the last command that ran.
  uint32_t completed = 0;

private:
  std::span<const uint8_t> bytes;
  uint64_t offset = 0;
  unsigned length = 0;
  bool ended = false;
};

Status executeSystem(const Queue &queue) {
  if (queue.atEnd())
    return Status();
  if (queue.layout == Layout::Sysid &&
      queue.registers.tsk_eu_typ == codec::SysidFunction::Nop)
    return Status();
  if (queue.layout == Layout::SDmaSys)
    return Status();
  return Status::error(
      "system function " +
      std::to_string(codec::functionCode(queue.engine, queue.registers)) +
      " is not supported");
}

/// Takes the work of a command from what is left of the run's operations.
Status spend(const Machine &machine, Layout layout,
             const codec::Registers &registers, uint64_t &left) {
  uint64_t work = commandWork(layout, registers);
  if (work <= left) {
    left -= work;
    return Status();
  }
  return Status::error("the run would pass its limit of " +
                       std::to_string(machine.limits.operations) +
                       " operations; raise the limit if the stream is sound");
}

/// The name of the command for messages.
std::string describe(Layout layout, Engine engine,
                     const codec::Registers &registers) {
  std::string text = codec::layoutInfo(layout).name;
  if (const char *keyword = codec::functionKeyword(
          layout, codec::functionCode(engine, registers)))
    text += std::string(" (") + keyword + ")";
  return text + ": ";
}

Status executeCommand(Machine &machine, Layout layout, Engine engine,
                      const codec::Registers &registers) {
  const char *rule = codec::brokenRule(layout, registers);
  Status status = rule ? Status::error(rule)
                  : engine == Engine::Tiu
                      ? executeTiu(machine, layout, registers)
                      : executeGdma(machine, layout, registers);
  if (!status.failed())
    return status;
  return Status::error(describe(layout, engine, registers) + status.message());
}

} // namespace

std::optional<Failure> Simulator::execute(Layout layout,
                                          const codec::Registers &registers) {
  FlushDenormals flush;
  Engine engine = codec::layoutInfo(layout).engine;
  if (layout == Layout::Sysid || layout == Layout::SDmaSys)
    return std::nullopt;
  uint64_t left = machine->limits.operations;
  Status status = spend(*machine, layout, registers, left);
  if (!status.failed())
    status = executeCommand(*machine, layout, engine, registers);
  if (!status.failed())
    return std::nullopt;
  return Failure{engine, 0, 0, status.message()};
}

std::optional<Failure> Simulator::run(std::span<const uint8_t> tiu,
                                      std::span<const uint8_t> gdma,
                                      RunCounts *counts) {
  FlushDenormals flush;
  Queue queues[2] = {{Engine::Tiu, tiu}, {Engine::Gdma, gdma}};
  bool live[2];
  std::optional<Failure> failure;
  for (unsigned q : {0, 1}) {
    live[q] = queues[q].next(failure);
    if (failure)
      return failure;
  }
  RunCounts ran;
  uint64_t left = machine->limits.operations;
  uint64_t *counters[2] = {&ran.tiuCommands, &ran.gdmaCommands};
  while (live[0] || live[1]) {
    bool progress = false;
    for (unsigned q : {0, 1}) {
      Queue &queue = queues[q];
      const Queue &other = queues[1 - q];
      while (live[q]) {
        bool isSystem = queue.isSystem();
        if (!isSystem && queue.registers.cmd_id_dep > other.completed)
          break;
        if (!isSystem && queue.registers.cmd_id != queue.completed + 1)
          return queue.fail(
              "its id is " + std::to_string(queue.registers.cmd_id) +
              ", expected " + std::to_string(queue.completed + 1));
        Status status = spend(*machine, queue.layout, queue.registers, left);
        if (!status.failed())
          status = isSystem ? executeSystem(queue)
                            : executeCommand(*machine, queue.layout,
                                             queue.engine, queue.registers);
        if (status.failed())
          return queue.fail(status.message());
        if (!isSystem) {
          ++queue.completed;
          ++*counters[q];
        }
        progress = true;
        live[q] = queue.next(failure);
        if (failure)
          return failure;
      }
    }
    if (!progress) {
      const Queue &stuck = live[0] ? queues[0] : queues[1];
      return stuck.fail("it waits for command " +
                        std::to_string(stuck.registers.cmd_id_dep) +
                        " of the other queue, "
                        "which never completes");
    }
  }
  if (counts)
    *counts = ran;
  return std::nullopt;
}
