//===- Timing.h - Cycles of BM1684X commands ------------------*- C++ -*-===//
//
// What each command costs and how the two command queues overlap. Works on
// decoded registers alone: it reads no data, and knows neither containers nor
// MLIR, so that it can serve as the cost of a candidate tile as well as replay
// a finished stream.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SIMULATOR_TIMING_TIMING_H
#define TPUC_SIMULATOR_TIMING_TIMING_H

#include "Target/BM1684X/Codec.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tpuc::timing {

/// What the cost of a command depends on beside its registers. One cycle is
/// one nanosecond: the chip runs at 1 GHz.
struct TimingParameters {
  /// Cycles added to every TIU command.
  uint32_t tiuIssueCycles = 0;
  /// Cycles added to every GDMA command.
  uint32_t gdmaLatencyCycles = 0;
  /// Factor on every GDMA rate; 1 is the vendor's model.
  double gdmaEfficiency = 1.0;
  /// Multiply-accumulates a cycle of an f32 CONV; 1024 is the vendor's model.
  double f32ConvMacsPerCycle = 1024.0;
  /// The vendor's model charges nothing for a tensor move whose DDR side has a
  /// row stride of 0. Off by default: rows that move are charged. On only to
  /// compare with the vendor's figures.
  bool freeZeroRowStride = false;

  /// The vendor's printed cycle model, without its quirk.
  static TimingParameters vendor() { return {}; }

  /// The vendor's model with estimates of what it leaves out: issue cost,
  /// latency, DDR efficiency and the measured rate of f32 convolutions. The
  /// values are estimates fitted to published end-to-end times, not data of the
  /// chip's maker.
  static TimingParameters silicon();
};

/// The cycles of one command. System commands cost 0. Functions that no stream
/// was seen to use are charged one pass of 4-byte elements over the result.
uint64_t cycles(codec::Layout layout, const codec::Registers &registers,
                const TimingParameters &parameters);

/// The bytes of global memory that one GDMA command reads and writes. Commands
/// whose length depends on the data count their upper bound.
struct DdrTraffic {
  uint64_t readBytes = 0;
  uint64_t writtenBytes = 0;
};
DdrTraffic ddrTraffic(codec::Layout layout, const codec::Registers &registers);

/// When a command ran: first and last cycle, both included. A command of 0
/// cycles ends one before it starts.
struct Interval {
  int64_t start = 0;
  int64_t end = -1;
};

/// Sums over the commands of a timeline.
struct Totals {
  uint64_t cycles = 0;
  uint64_t tiuBusyCycles = 0;
  uint64_t gdmaBusyCycles = 0;
  uint64_t tiuCommands = 0;
  uint64_t gdmaCommands = 0;
  uint64_t ddrReadBytes = 0;
  uint64_t ddrWrittenBytes = 0;
};

/// Replays two in-order queues: a command starts when its predecessor in the
/// queue and the command of the other queue that it names have ended. The
/// commands of a queue are added in order, numbered from 1; the queues may be
/// interleaved in any way in which a dependency comes first.
class Timeline {
public:
  explicit Timeline(TimingParameters parameters = TimingParameters::vendor())
      : parameters(parameters) {}

  /// Appends a command that waits for command `dependency` (0: for none) of the
  /// other queue. System commands take no time and no number. Returns nothing,
  /// and changes nothing, when the dependency has not been added yet.
  std::optional<Interval> add(codec::Layout layout,
                              const codec::Registers &registers,
                              uint32_t dependency);

  /// The same with the dependency that the registers hold.
  std::optional<Interval> add(codec::Layout layout,
                              const codec::Registers &registers) {
    return add(layout, registers, registers.cmd_id_dep);
  }

  const Totals &totals() const { return sums; }

  /// Forgets every command; keeps the parameters and the memory.
  void clear();

private:
  TimingParameters parameters;
  Totals sums;
  /// End of each command of the TIU and of the GDMA; index 0 is "none".
  std::vector<int64_t> ends[2] = {{-1}, {-1}};
};

/// One command of a stream and when it ran.
struct CommandTiming {
  codec::Engine engine;
  codec::Layout layout;
  uint32_t id;       ///< number in its queue
  uint32_t function; ///< tsk_eu_typ or cmd_special_function
  uint64_t cycles;
  Interval interval;
};

/// A decoded command.
struct TimedCommand {
  codec::Layout layout;
  codec::Registers registers;
};

/// Replays two decoded queues. Fails, with a reason, on a dependency that is
/// never met. `records`, when given, receives the commands in start order of
/// the replay.
bool replay(std::span<const TimedCommand> tiu,
            std::span<const TimedCommand> gdma,
            const TimingParameters &parameters, Totals &totals,
            std::vector<CommandTiming> *records, std::string &error);

} // namespace tpuc::timing

#endif // TPUC_SIMULATOR_TIMING_TIMING_H
