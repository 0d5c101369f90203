//===- Stepper.cpp - Runs two queues up to a command ----------------------===//
//
// Keeps the next command of each queue decoded; a blocked queue lets the other
// one advance.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Functional/Stepper.h"

using namespace tpuc;
using namespace tpuc::sim;
using codec::Engine;
using codec::Layout;

Stepper::Stepper(Simulator &simulator, std::span<const uint8_t> tiu,
                 std::span<const uint8_t> gdma)
    : simulator(simulator),
      queues{Queue{Engine::Tiu, tiu, Layout::Sysid, {}},
             Queue{Engine::Gdma, gdma, Layout::SDmaSys, {}}} {}

std::optional<Failure> Stepper::fetch(Queue &queue) {
  while (true) {
    queue.offset += queue.size;
    queue.size = 0;
    if (queue.offset >= queue.bytes.size())
      return std::nullopt;
    ++queue.number;
    std::span<const uint8_t> rest = queue.bytes.subspan(queue.offset);
    std::optional<Layout> layout = codec::peekLayout(queue.engine, rest);
    if (!layout)
      return fail(queue, "the bytes are not a command");
    queue.layout = *layout;
    std::string error;
    if (!codec::decode(*layout, rest, queue.registers, error))
      return fail(queue, error);
    if (codec::isEnd(*layout, queue.registers)) {
      queue.bytes = queue.bytes.first(queue.offset);
      return std::nullopt;
    }
    queue.size = codec::layoutInfo(*layout).bytes;
    if (!queue.isSystem())
      return std::nullopt;
    if (*layout == Layout::Sysid &&
        queue.registers.tsk_eu_typ != codec::SysidFunction::Nop)
      return fail(queue, "this system command is not supported");
  }
}

bool Stepper::isBlocked(unsigned queue) const {
  return queues[queue].size != 0 &&
         queues[queue].registers.cmd_id_dep > queues[1 - queue].completed;
}

std::optional<Failure> Stepper::runNext(unsigned number) {
  Queue &queue = queues[number];
  if (queue.registers.cmd_id != queue.completed + 1)
    return fail(queue, "its id is " + std::to_string(queue.registers.cmd_id) +
                           ", expected " + std::to_string(queue.completed + 1));
  if (auto failure = simulator.execute(queue.layout, queue.registers))
    return fail(queue, failure->reason);
  ++queue.completed;
  return fetch(queue);
}

std::optional<Failure> Stepper::runUntil(Engine engine, uint32_t id) {
  if (!started) {
    started = true;
    for (Queue &queue : queues)
      if (auto failure = fetch(queue))
        return failure;
  }
  unsigned wanted = unsigned(engine);
  while (queues[wanted].completed < id) {
    if (queues[wanted].size == 0)
      return fail(queues[wanted], "there is no command " + std::to_string(id) +
                                      ", the queue ends after " +
                                      std::to_string(queues[wanted].completed));
    unsigned next = isBlocked(wanted) ? 1 - wanted : wanted;
    if (queues[next].size == 0 || isBlocked(next))
      return fail(queues[wanted],
                  "it waits for command " +
                      std::to_string(queues[wanted].registers.cmd_id_dep) +
                      " of the other queue, which never completes");
    if (auto failure = runNext(next))
      return failure;
  }
  return std::nullopt;
}

std::optional<Failure> Stepper::runToEnd() {
  if (auto failure = runUntil(Engine::Tiu, 0))
    return failure;
  for (Engine engine : {Engine::Tiu, Engine::Gdma})
    while (queues[unsigned(engine)].size != 0)
      if (auto failure =
              runUntil(engine, queues[unsigned(engine)].completed + 1))
        return failure;
  return std::nullopt;
}
