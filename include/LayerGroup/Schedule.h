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

/// What the sizes of a kernel's tiles are ranked by: cycles of its commands on
/// both engines, and estimates of what those do to the commands around them.
struct CostWeights {
  /// Cycles charged for each command, so that of two plans of equal cycles the
  /// one with fewer commands is taken.
  double tiuIssue = 8, gdmaIssue = 64;
  /// How much dearer a plan is that takes all of a lane: memory that a kernel
  /// leaves is room for the next one's weights.
  double memoryShare = 0.05;
  /// 0: the engines take turns. 1: they work at the same time, but for one tile
  /// of the one that has less to do.
  double overlap = 0;
  /// How many sizes are compared.
  unsigned numSizes = 8;

  bool operator==(const CostWeights &) const = default;
};

struct Options {
  /// Local bytes of a lane that the program may use, from address 0.
  int64_t localBytes = arch::kLaneBytes;
  /// Keep values in local memory between operators.
  bool keepResident = true;
  /// Fuse kernels whose value between does not fit into local memory.
  bool fuse = true;
  /// How far the engines work at the same time when it is compared what kernels
  /// cost apart and fused: 0 not at all, 1 fully.
  double fusionOverlap = 0;
  /// Load weights before the operator that needs them starts.
  bool prefetch = true;
  /// Issue stores, and loads of weights that have a place, while the transfer
  /// engine would wait; off, transfers are issued beside their computation.
  bool fillWaits = true;
  /// Where weights lie that are loaded ahead.
  enum class Weights : uint8_t {
    Between, ///< in the lowest gap of all that lives meanwhile
    Above,   ///< in the highest gap, above activations that keep low
    Ring     ///< each below the one before, as long as there is room
  };
  Weights weights = Weights::Between;
  /// How many command streams are compared, of which the fastest counts.
  enum class Search : uint8_t {
    None,
    Network, ///< one set of cost weights and place of the weights
    Parts    ///< and of mixtures: takes many times as long
  };
  Search search = Search::Network;
  /// Remember what tiles cost; off, the same schedule takes longer to find.
  bool rememberCosts = true;
  /// The cost weights of each operator's tiles, by index; empty for the
  /// usual ones.
  std::vector<CostWeights> costWeights;
};

/// Where coefficients and activations start in global memory.
struct GlobalBases {
  uint64_t coefficients = arch::kGlobalBase;
  uint64_t activations = arch::kGlobalBase + arch::kGlobalBytes / 2;
};

/// A command in its place.
struct Command {
  codec::Layout layout;
  codec::Registers registers;
  /// Number, in the other queue, of the command that it waits for; 0: none.
  uint32_t dependency;
  unsigned op; ///< index of the operator
};

/// A plan carried out.
struct Schedule {
  std::vector<Command> commands;
  std::vector<Allocation> allocations; ///< by value
  int64_t globalBytes = 0;             ///< of all activations
  uint64_t cycles = 0;                 ///< on the timing model
  Explanation explanation;
};

/// Why a program cannot be planned, or a plan not be carried out.
struct Failure {
  unsigned op;
  std::string reason;
};

/// Plans `program`, deterministically; it is afterwards as it was. Inputs and
/// outputs get places in global memory that nothing else uses. Returns false
/// and fills `failure` when an operator does not fit.
bool makePlan(Program &program, const Options &options, Plan &plan,
              Failure &failure);

/// Emits the commands of `program` by `plan`, which must be one of it
/// (verifyPlan() knows); the program is afterwards as it was. Decides nothing.
/// Returns false and fills `failure` when the plan is not one of the program.
bool emitPlan(Program &program, const Plan &plan, const GlobalBases &bases,
              Schedule &result, Failure &failure);

/// Both, one after the other.
bool schedule(Program &program, const Options &options,
              const GlobalBases &bases, Schedule &result, Failure &failure);

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_SCHEDULE_H
