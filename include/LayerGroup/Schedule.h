//===- Schedule.h - From kernels to one command stream ----------*- C++ -*-===//
//
// Decides which values stay in local memory, the tiles of every kernel, the
// address of every buffer and the order of all commands; and, apart from that,
// emits the commands of a program whose plan is made.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LAYERGROUP_SCHEDULE_H
#define TPUC_LAYERGROUP_SCHEDULE_H

#include "LayerGroup/Explanation.h"
#include "Target/BM1684X/Codec.h"

namespace tpuc::group {

/// Cost function of tile sizes: cycles of the commands on both engines, and
/// estimates of their effect on the commands around them.
struct CostWeights {
  /// Cycles charged for each command, so that of two plans of equal cycles the
  /// one with fewer commands is taken.
  double tiuIssue = 8, gdmaIssue = 64;
  /// Relative penalty of a plan that takes all of local memory: what a kernel
  /// leaves free holds the next one's weights.
  double memoryShare = 0.05;
  /// 0: the engines take turns. 1: they overlap, but for one tile of the engine
  /// with less work.
  double overlap = 0;
  /// Number of tile sizes that are compared.
  unsigned numSizes = 8;

  bool operator==(const CostWeights &) const = default;
};

struct Options {
  explicit Options(const Arch &arch) : localBytes(arch.laneBytes) {}

  /// Local bytes of a lane that the program may use, from address 0.
  int64_t localBytes;
  /// Keep values in local memory between operators.
  bool keepResident = true;
  /// Fuse kernels whose value between does not fit into local memory.
  bool fuse = true;
  /// Overlap of the engines that is assumed when separate and fused kernels are
  /// compared: 0 none, 1 full.
  double fusionOverlap = 0;
  /// Load weights before the operator that needs them starts.
  bool prefetch = true;
  /// Issue stores, and prefetches whose buffer is free, while the GDMA queue
  /// would stall; off, transfers are issued beside their computation.
  bool fillWaits = true;
  /// Prefetch only what is there before the TIU queue is idle, so that
  /// transfers of values do not wait behind weights.
  bool prefetchShort = false;
  /// Placement of prefetched weights.
  enum class Weights : uint8_t {
    Between, ///< lowest gap between all live buffers
    Above,   ///< highest gap, above activations
    Ring     ///< ring buffer: each below the one before
  };
  Weights weights = Weights::Between;
  /// How many command streams are compared; the fastest is taken.
  enum class Search : uint8_t {
    None,
    Network, ///< of one setting for all operators
    Parts    ///< and of mixed settings: many times slower
  };
  Search search = Search::Network;
  /// Memoise costs of tiles; changes compile time only.
  bool rememberCosts = true;
  /// The cost weights of each operator's tiles, by index; empty for the
  /// usual ones.
  std::vector<CostWeights> costWeights;
};

/// Where coefficients and activations start in global memory.
struct GlobalBases {
  uint64_t coefficients, activations;

  /// Half of it each, which is enough while nobody runs the commands.
  static GlobalBases halves(const Arch &arch) {
    return {arch.globalBase, arch.globalBase + arch.globalBytes / 2};
  }
};

/// A command of the stream.
struct Command {
  codec::Layout layout;
  codec::Registers registers;
  /// Number, in the other queue, of the command that it waits for; 0: none.
  uint32_t dependency;
  unsigned op; ///< index of the operator
};

/// The result of emitting a plan.
struct Schedule {
  std::vector<Command> commands;
  std::vector<Allocation> allocations; ///< by value
  int64_t globalBytes = 0;             ///< of all activations
  uint64_t cycles = 0;                 ///< on the timing model
  Explanation explanation;
};

/// Why a program cannot be planned, or a plan not be emitted.
struct Failure {
  unsigned op;
  std::string reason;
};

/// Plans `program`, deterministically, and leaves it unchanged. Inputs and
/// outputs get global memory that nothing else uses. Returns false
/// and fills `failure` when an operator does not fit.
bool makePlan(Program &program, const Options &options, Plan &plan,
              Failure &failure);

/// Emits the commands of `program` by `plan`, which verifyPlan() accepts, and
/// leaves the program unchanged. Takes no decision. Returns false and fills
/// `failure` when the plan does not match the program.
bool emitPlan(Program &program, const Plan &plan, const GlobalBases &bases,
              Schedule &result, Failure &failure);

/// Plans and emits.
bool schedule(Program &program, const Options &options,
              const GlobalBases &bases, Schedule &result, Failure &failure);

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_SCHEDULE_H
