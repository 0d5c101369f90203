//===- Profile.h - Where the time of a compiled model goes ----*- C++ -*-===//
//
// Replays the command queues of a stage and says of every command when it ran,
// for which operation, what it waited for and what it moved. Figures only: it
// draws nothing and runs no command.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SIMULATOR_TIMING_PROFILE_H
#define TPUC_SIMULATOR_TIMING_PROFILE_H

#include "Simulator/Timing/Timing.h"
#include "Target/BM1684X/Bmodel.h"

#include <string>
#include <vector>

namespace tpuc::timing {

/// Why bytes cross the memory interface. Activations are what operations leave
/// for others. Spills are read back by the operation, or the group of
/// operations scheduled together, that wrote them. Permutes are moved from
/// global to global memory, at once or by operations that compute nothing.
enum class Cause : uint8_t {
  None,
  Weights,
  Inputs,
  Outputs,
  Activations,
  Spills,
  Permutes,
  Other
};
constexpr unsigned kNumCauses = 8;

/// The cause in small letters, e.g. "weights".
const char *causeName(Cause cause);

/// A command and what it took. Cycles count from the start of the stage.
struct CommandProfile {
  codec::Engine engine;
  codec::Layout layout;
  uint32_t function; ///< tsk_eu_typ or cmd_special_function
  uint32_t number;   ///< in its queue and group, from 1
  uint32_t layer;    ///< index into the side table, or SideTable::kNone
  int64_t start;
  int64_t cycles;
  /// Index of the command of the other queue that its id dependency names, or
  /// -1.
  int64_t dependency;
  /// True for the commands of a chain that leaves no gap from the first to the
  /// last cycle: their cycles sum up to the total.
  bool critical;
  uint64_t macs;                    ///< multiply-accumulates of its dimensions
  uint64_t readBytes, writtenBytes; ///< of global memory
  Cause readCause, writeCause;
};

/// What a stage takes. The commands of the TIU come first, then those of the
/// GDMA, each in the order of its queue; system commands are left out.
struct Profile {
  Totals totals;
  std::vector<CommandProfile> commands;
  uint64_t macs = 0;
  uint64_t coefficientBytes = 0;
  uint64_t inputBytes = 0;
  uint64_t outputBytes = 0;
  /// Cycles that the stage takes at least: of its multiply-accumulates at the
  /// peak rate of their precision, or of its coefficients, inputs and outputs
  /// at 64 bytes a cycle, whichever is more. Of tables whose rows are gathered
  /// these rows count.
  double rooflineCycles = 0;
};

/// Multiply-accumulates that the chip does at most in a cycle, by the code of
/// the operands' precision.
double peakMacsPerCycle(uint32_t precision);

/// Multiply-accumulates of one command; 0 for other than contractions.
uint64_t countMacs(codec::Layout layout, const codec::Registers &registers);

/// Profiles a stage. Fails on bytes that are no commands and on a dependency
/// that is never met.
llvm::Expected<Profile> profile(const target::Stage &stage,
                                const TimingParameters &parameters);

/// Bytes of a lane that a residency counts in.
constexpr uint32_t kResidencyBytes = 64;

/// A value that a part of every lane held: lines [begin, end) of
/// kResidencyBytes, from the first cycle of the command that wrote it to the
/// last of those that read it.
struct Residency {
  uint16_t begin, end;
  int64_t firstCycle, lastCycle; ///< both included
  uint32_t command;              ///< index of the writer in Profile::commands
};

/// What local memory holds when, a lane standing for all: lines are held when
/// any lane holds something in them. Reads of what no command wrote are left
/// out. `unknown`, when given, receives the number of commands whose accesses
/// could not be computed.
llvm::Expected<std::vector<Residency>>
findResidencies(const target::Stage &stage, const Profile &profile,
                uint64_t *unknown = nullptr);

/// A line of text for each command of the profile: layout, function, ids and
/// the fields that are not zero.
llvm::Expected<std::vector<std::string>>
commandTexts(const target::Stage &stage);

} // namespace tpuc::timing

#endif // TPUC_SIMULATOR_TIMING_PROFILE_H
