//===- Stepper.h - Runs two queues up to a command ------------*- C++ -*-===//
//
// Runs the two queues of a command group piece by piece, so that memory can be
// looked at in between. It runs as little as it can: of the other queue only
// what is waited for. What commands do is the simulator's business.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SIMULATOR_FUNCTIONAL_STEPPER_H
#define TPUC_SIMULATOR_FUNCTIONAL_STEPPER_H

#include "Simulator/Functional/Simulator.h"

#include <array>

namespace tpuc::sim {

class Stepper {
public:
  /// The simulator and the streams must outlive the stepper.
  Stepper(Simulator &simulator, std::span<const uint8_t> tiu,
          std::span<const uint8_t> gdma);

  /// Runs until the command `id` of `engine` is complete; does nothing when it
  /// is already. Fails when a command is refused and when the queue ends
  /// before.
  std::optional<Failure> runUntil(codec::Engine engine, uint32_t id);

  /// Runs both queues to their ends.
  std::optional<Failure> runToEnd();

  /// Id of the last command of the queue that ran.
  uint32_t completed(codec::Engine engine) const {
    return queues[unsigned(engine)].completed;
  }

private:
  struct Queue {
    codec::Engine engine;
    std::span<const uint8_t> bytes;
    codec::Layout layout;
    codec::Registers registers;
    uint64_t offset = 0; ///< of the next command
    uint32_t size = 0;   ///< bytes of the next command, 0 when there is none
    uint32_t number = 0;
    uint32_t completed = 0;

    bool isSystem() const {
      return layout == codec::Layout::Sysid || layout == codec::Layout::SDmaSys;
    }
  };

  /// Decodes the next command of a queue that counts, stepping over those that
  /// do nothing.
  std::optional<Failure> fetch(Queue &queue);
  /// Whether the next command of the queue waits for the other queue.
  bool isBlocked(unsigned queue) const;
  std::optional<Failure> runNext(unsigned queue);
  static Failure fail(const Queue &queue, std::string reason) {
    return {queue.engine, queue.number, queue.offset, std::move(reason)};
  }

  Simulator &simulator;
  std::array<Queue, 2> queues;
  bool started = false;
};

} // namespace tpuc::sim

#endif // TPUC_SIMULATOR_FUNCTIONAL_STEPPER_H
