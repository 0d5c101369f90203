//===- Simulator.h - Functional BM1684X simulator -------------*- C++ -*-===//
//
// Executes BM1684X command streams bit for bit on memories of its own. Input is
// bytes or decoded registers; containers, tensors by name and time are not its
// business. A stream can be hostile: every command is checked before it touches
// memory, and what the command set leaves unknown is refused.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SIMULATOR_FUNCTIONAL_SIMULATOR_H
#define TPUC_SIMULATOR_FUNCTIONAL_SIMULATOR_H

#include "Target/BM1684X/Codec.h"

#include "Arch/BM1684X.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tpuc::sim {

constexpr unsigned kLanes = kBM1684X.lanes;
constexpr uint32_t kLaneBytes = kBM1684X.laneBytes;
constexpr uint32_t kStaticBytes = kBM1684X.staticBytes;
constexpr uint32_t kL2Bytes = kBM1684X.l2Bytes;

/// Addresses as the GDMA sees them.
constexpr uint64_t kLocalBase = kBM1684X.localBase;
constexpr uint64_t kStaticBase = kBM1684X.staticBase;
constexpr uint64_t kL2Base = kBM1684X.l2Base;
constexpr uint64_t kGlobalBase = kBM1684X.globalBase;
constexpr uint64_t kGlobalEnd = kBM1684X.globalEnd();

/// Why a stream could not be executed.
struct Failure {
  codec::Engine engine = codec::Engine::Tiu;
  /// Position of the command in its queue, from 1.
  uint32_t number = 0;
  /// First byte of the command in its queue's stream.
  uint64_t offset = 0;
  std::string reason;

  /// One line: engine, command and reason.
  std::string str() const;
};

/// How many commands ran.
struct RunCounts {
  uint64_t tiuCommands = 0;
  uint64_t gdmaCommands = 0;
};

/// Bounds for streams from outside. A run that would pass one of them fails
/// before it does.
struct Limits {
  /// Element operations of a run: elements moved or written, and products of
  /// CONV, MM, MM2 and pooling. A command counts at least 1, even when it does
  /// nothing.
  uint64_t operations = ~uint64_t(0);
  /// Bytes of global memory that allocateGlobal may hand out in all. They cost
  /// host memory only where they are touched.
  uint64_t globalBytes = kGlobalEnd - kGlobalBase;
};

class Machine;

/// The chip: 64 lanes of local memory, static memory with the coefficient
/// tables, L2 memory and the regions of global memory that were mapped. Not
/// thread-safe; results do not depend on the number of threads.
class Simulator {
public:
  /// `threads` 0 uses what the host offers. Memories start as zeros, static
  /// memory with the tables that the firmware writes at start-up.
  explicit Simulator(unsigned threads = 0);
  ~Simulator();
  Simulator(const Simulator &) = delete;
  Simulator &operator=(const Simulator &) = delete;

  /// Makes `storage`, owned by the caller, the global memory from `address`.
  /// False when it leaves the global window or overlaps another region.
  bool mapGlobal(uint64_t address, std::span<uint8_t> storage);

  /// The same with zeroed memory of the simulator; empty on failure, also
  /// when the limit on global memory would be passed.
  std::span<uint8_t> allocateGlobal(uint64_t address, uint64_t bytes);

  /// Forgets all regions of global memory.
  void unmapGlobal();

  /// The 16 MiB of local memory, lane after lane.
  std::span<uint8_t> localMemory();
  std::span<uint8_t> staticMemory();
  std::span<uint8_t> l2Memory();

  /// `bytes` of any memory from a GDMA address; empty when not all mapped.
  std::span<uint8_t> memory(uint64_t address, uint64_t bytes);

  /// Runs two queues to their ends, in the order that the ids demand. A stream
  /// ends at its end command or with its bytes.
  std::optional<Failure> run(std::span<const uint8_t> tiu,
                             std::span<const uint8_t> gdma,
                             RunCounts *counts = nullptr);

  /// Executes one decoded command and looks at no id.
  std::optional<Failure> execute(codec::Layout layout,
                                 const codec::Registers &registers);

  /// Replaces the limits; no limit is the default. The operations count anew
  /// with every run.
  void setLimits(const Limits &limits);

  /// Chooses plain scalar code instead of the vectorised forms, to compare the
  /// two; the results are the same bits.
  void useReferenceCode(bool reference);

private:
  std::unique_ptr<Machine> machine;
};

} // namespace tpuc::sim

#endif // TPUC_SIMULATOR_FUNCTIONAL_SIMULATOR_H
