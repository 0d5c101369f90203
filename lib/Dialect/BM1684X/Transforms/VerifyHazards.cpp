//===- VerifyHazards.cpp - Are all memory hazards waited for? -------------===//
//
// Goes through the commands in order. A queue runs in order, so that what a
// command may rely on is one number: the last command of the other queue that
// it or an earlier command of its queue waited for. Whatever the other queue
// touched after that command may still be under way.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/Transforms/Passes.h"
#include "Target/BM1684X/AccessMap.h"
#include "Target/BM1684X/CommandRules.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "bm1684x-verify-hazards"

namespace tpuc::bm1684x {
#define GEN_PASS_DEF_BM1684XVERIFYHAZARDS
#include "Dialect/BM1684X/Transforms/Passes.h.inc"
} // namespace tpuc::bm1684x

using namespace mlir;
using namespace tpuc;
using namespace tpuc::bm1684x;
using target::Access;

namespace {

/// What happened so far in one queue of a command group. Commands are numbered
/// from 1.
struct Queue {
  struct Command {
    Operation *op;
    size_t accessBegin, accessEnd; ///< into `accesses`
  };

  std::vector<Command> commands;
  std::vector<Access> accesses;
  target::AccessMap reads, writes;
  /// The last command of the other queue that has finished when the next
  /// command starts.
  uint32_t waited = 0;
  bool ended = false;

  llvm::ArrayRef<Access> accessesOf(uint32_t number) const {
    const Command &command = commands[number - 1];
    return llvm::ArrayRef(accesses).slice(
        command.accessBegin, command.accessEnd - command.accessBegin);
  }
};

class HazardVerifier {
public:
  HazardVerifier(bool allowUnknown, unsigned maxReports)
      : allowUnknown(allowUnknown), maxReports(maxReports) {}

  /// Checks the next command; failure after a diagnostic that ends the check.
  LogicalResult visit(CommandOpInterface command);

  bool foundHazard() const { return reports != 0; }
  uint64_t numCommands = 0, numUnknown = 0;

private:
  struct Position {
    unsigned engine;
    uint32_t group, number;
  };

  LogicalResult enterGroup(CommandOpInterface command, unsigned engine);
  LogicalResult findAccesses(CommandOpInterface command, codec::Layout layout,
                             Queue &queue);
  void applyWaits(CommandOpInterface command, unsigned engine);
  bool mayConflict(const Queue &other, const Access &access,
                   uint32_t waited) const;
  LogicalResult reportConflicts(Operation *op, const Access &access,
                                const Queue &other, uint32_t waited);

  bool allowUnknown;
  unsigned maxReports, reports = 0;
  uint32_t group = 0;
  Queue queues[2];
  llvm::DenseMap<Value, Position> positions;
};

std::string range(const Access &a, const Access &b) {
  std::string text = target::spaceName(a.space);
  text += " bytes " + std::to_string(std::max(a.begin, b.begin)) + " to " +
          std::to_string(std::min(a.end, b.end));
  if (a.space == target::Space::Local)
    text += " of lane " + std::to_string(llvm::countr_zero(a.lanes & b.lanes)) +
            (llvm::popcount(a.lanes & b.lanes) > 1 ? " and others" : "");
  return text;
}

/// What the later command does to what the earlier one did.
const char *hazardName(bool laterWrites, bool earlierWrites) {
  if (!laterWrites)
    return "read-after-write";
  return earlierWrites ? "write-after-write" : "write-after-read";
}

LogicalResult HazardVerifier::enterGroup(CommandOpInterface command,
                                         unsigned engine) {
  if (!queues[engine].ended)
    return success();
  // The next group starts when both queues have ended this one.
  if (!queues[1 - engine].ended)
    return command->emitOpError()
           << "follows its queue's end command, but the other queue has not "
              "ended; a command group runs to both end commands first";
  for (Queue &queue : queues)
    queue = Queue();
  ++group;
  return success();
}

void HazardVerifier::applyWaits(CommandOpInterface command, unsigned engine) {
  uint32_t &waited = queues[engine].waited;
  for (Value token : command.getWaitedTokens()) {
    auto found = positions.find(token);
    if (found != positions.end() && found->second.engine != engine &&
        found->second.group == group)
      waited = std::max(waited, found->second.number);
  }
}

LogicalResult HazardVerifier::findAccesses(CommandOpInterface command,
                                           codec::Layout layout, Queue &queue) {
  codec::Registers registers;
  command.getRegisters(registers);
  if (const char *rule = codec::brokenRule(layout, registers))
    return command->emitOpError()
           << "is not executed by the vendor's model: " << rule;
  size_t begin = queue.accesses.size();
  std::string reason;
  if (!target::findAccesses(layout, registers, queue.accesses, reason)) {
    if (!allowUnknown)
      return command->emitOpError()
             << "touches memory that is not known, so that hazards cannot be "
                "excluded: "
             << reason;
    queue.accesses.resize(begin);
    ++numUnknown;
  }
  queue.commands.push_back({command, begin, queue.accesses.size()});
  queue.ended |= codec::isEnd(layout, registers);
  return success();
}

bool HazardVerifier::mayConflict(const Queue &other, const Access &access,
                                 uint32_t waited) const {
  return other.writes.lastIn(access) > waited ||
         (access.isWrite && other.reads.lastIn(access) > waited);
}

LogicalResult HazardVerifier::reportConflicts(Operation *op,
                                              const Access &access,
                                              const Queue &other,
                                              uint32_t waited) {
  for (uint32_t number = other.commands.size(); number > waited; --number)
    for (const Access &earlier : other.accessesOf(number)) {
      if (!(access.isWrite || earlier.isWrite) || !overlaps(access, earlier))
        continue;
      InFlightDiagnostic diagnostic =
          op->emitOpError()
          << hazardName(access.isWrite, earlier.isWrite)
          << " hazard: " << (access.isWrite ? "writes " : "reads ")
          << range(access, earlier) << ", which '"
          << other.commands[number - 1].op->getName() << "' "
          << (earlier.isWrite ? "writes" : "reads")
          << "; add its token to the waits";
      diagnostic.attachNote(other.commands[number - 1].op->getLoc())
          << "the command that must have finished";
      diagnostic.report();
      // A later command covers the earlier ones of its queue.
      return ++reports < maxReports ? success() : failure();
    }
  return success();
}

LogicalResult HazardVerifier::visit(CommandOpInterface command) {
  codec::Layout layout = command.getLayout();
  unsigned engine = unsigned(codec::layoutInfo(layout).engine);
  if (failed(enterGroup(command, engine)))
    return failure();
  ++numCommands;
  Queue &queue = queues[engine];
  const Queue &other = queues[1 - engine];
  applyWaits(command, engine);
  if (failed(findAccesses(command, layout, queue)))
    return failure();
  uint32_t number = queue.commands.size();
  positions.try_emplace(command.getCompletion(),
                        Position{engine, group, number});
  llvm::ArrayRef<Access> accesses = queue.accessesOf(number);
  for (const Access &access : accesses)
    if (mayConflict(other, access, queue.waited)) {
      unsigned before = reports;
      if (failed(reportConflicts(command, access, other, queue.waited)))
        return failure();
      if (reports != before)
        break; // One wait may settle them all.
    }
  for (const Access &access : accesses)
    (access.isWrite ? queue.writes : queue.reads).assign(access, number);
  return success();
}

struct VerifyHazards
    : public tpuc::bm1684x::impl::BM1684XVerifyHazardsBase<VerifyHazards> {
  using Base::Base;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    if (getOperation().isDeclaration())
      return;
    HazardVerifier verifier(allowUnknown, maxReports);
    for (auto command :
         getOperation().getBody().front().getOps<CommandOpInterface>())
      if (failed(verifier.visit(command)))
        return signalPassFailure();
    numCommands += verifier.numCommands;
    numUnknown += verifier.numUnknown;
    LDBG() << "checked " << verifier.numCommands << " commands, "
           << verifier.numUnknown << " of unknown accesses";
    if (verifier.foundHazard())
      signalPassFailure();
  }
};

} // namespace
