//===- Traffic.cpp - Why bytes cross the memory interface -----------------===//
//
// Follows what global memory holds through the commands in the order of their
// start: who wrote the bytes that a command reads decides what they are. An
// address alone does not: activations reuse the memory of inputs and outputs.
//
//===----------------------------------------------------------------------===//

#include "ProfileInternal.h"
#include "Target/BM1684X/Access.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <map>

using namespace tpuc;
using namespace tpuc::timing;
using codec::Engine;
using codec::Layout;
using codec::Registers;
using llvm::Error;

namespace {

/// Global memory that a command touches.
struct Touch {
  uint64_t begin, end;
  bool isWrite;
};

/// The last writer of each byte of global memory.
class Writers {
public:
  void write(uint64_t begin, uint64_t end, uint32_t command) {
    auto it = findFirst(begin);
    while (it != ranges.end() && it->first < end) {
      auto [first, range] = *it;
      it = ranges.erase(it);
      if (first < begin)
        ranges.emplace(first, Range{begin, range.command});
      if (range.end > end)
        it = ranges.emplace(end, Range{range.end, range.command}).first;
    }
    ranges.emplace(begin, Range{end, command});
  }

  /// Calls `visit(command)` for every writer of a part of [begin, end).
  template <typename Visit>
  void visit(uint64_t begin, uint64_t end, Visit visit) {
    for (auto it = findFirst(begin); it != ranges.end() && it->first < end;
         ++it)
      visit(it->second.command);
  }

private:
  struct Range {
    uint64_t end;
    uint32_t command;
  };

  /// The first range that ends behind `address`.
  std::map<uint64_t, Range>::iterator findFirst(uint64_t address) {
    auto it = ranges.upper_bound(address);
    if (it != ranges.begin() && std::prev(it)->second.end > address)
      --it;
    return it;
  }

  std::map<uint64_t, Range> ranges;
};

bool contains(uint64_t address, uint64_t begin, uint64_t size) {
  return address >= begin && address - begin < size;
}

/// What lies at an address that no command has written.
Cause regionOf(const target::Stage &stage, uint64_t address) {
  if (contains(address, stage.coefficients.address,
               stage.coefficients.bytes.size()))
    return Cause::Weights;
  for (const target::TensorInfo &tensor : stage.inputs)
    if (contains(address, tensor.address, tensor.size))
      return Cause::Inputs;
  for (const target::TensorInfo &tensor : stage.outputs)
    if (contains(address, tensor.address, tensor.size))
      return Cause::Activations;
  return contains(address, stage.contextAddress, stage.contextSize)
             ? Cause::Activations
             : Cause::Other;
}

/// The operations that commands are scheduled with: a fused group, or an
/// operation of its own. None have none.
uint64_t scopeOf(const target::Stage &stage, uint32_t layer) {
  if (!stage.sideTable || layer >= stage.sideTable->layers.size())
    return target::SideTable::kNone;
  uint32_t group = stage.sideTable->layers[layer].fusedGroup;
  constexpr uint64_t kFused = uint64_t(1) << 32;
  return group == target::SideTable::kNone ? layer : kFused | group;
}

bool movesOnly(Layout layout) {
  return layout == Layout::TransBc || layout == Layout::STransBc;
}

/// The operations that move data from global to global memory and compute
/// nothing, whatever way the data takes.
llvm::DenseMap<uint32_t, bool>
findMoves(const std::vector<CommandProfile> &commands) {
  struct Seen {
    bool computes = false, reads = false, writes = false;
  };
  llvm::DenseMap<uint32_t, Seen> layers;
  for (const CommandProfile &command : commands) {
    if (command.layer == target::SideTable::kNone)
      continue;
    Seen &seen = layers[command.layer];
    seen.computes |=
        command.engine == Engine::Tiu && !movesOnly(command.layout);
    seen.reads |= command.readBytes && command.readCause == Cause::Activations;
    seen.writes |= command.writtenBytes != 0;
  }
  llvm::DenseMap<uint32_t, bool> moves;
  for (const auto &[layer, seen] : layers)
    moves[layer] = !seen.computes && seen.reads && seen.writes;
  return moves;
}

} // namespace

Error tpuc::timing::detail::findCauses(const target::Stage &stage,
                                       std::vector<CommandProfile> &commands) {
  // The touches of command i are [begins[i - first], begins[i - first + 1]).
  std::vector<Touch> touches;
  std::vector<size_t> begins;
  std::vector<target::Access> accesses;
  auto collect = [&](size_t, size_t, Layout layout, const Registers &r) {
    begins.push_back(touches.size());
    accesses.clear();
    std::string reason;
    if (target::findAccesses(layout, r, accesses, reason)) {
      for (const target::Access &access : accesses)
        if (access.space == target::Space::Global && access.begin < access.end)
          touches.push_back({access.begin, access.end, access.isWrite});
      return;
    }
    // What is not understood counts by where it begins.
    uint64_t source =
        uint64_t(r.src_start_addr_h8) << 32 | r.src_start_addr_l32;
    uint64_t target =
        uint64_t(r.dst_start_addr_h8) << 32 | r.dst_start_addr_l32;
    touches.push_back({source, source + 1, false});
    touches.push_back({target, target + 1, true});
  };
  if (Error error = visitQueue(stage, Engine::Gdma, collect))
    return error;
  begins.push_back(touches.size());
  uint32_t first = uint32_t(commands.size() - (begins.size() - 1));

  std::vector<uint32_t> order(begins.size() - 1);
  for (uint32_t i = 0; i < order.size(); ++i)
    order[i] = first + i;
  llvm::stable_sort(order, [&](uint32_t a, uint32_t b) {
    return commands[a].start < commands[b].start;
  });
  Writers writers;
  for (uint32_t index : order) {
    CommandProfile &command = commands[index];
    uint64_t scope = scopeOf(stage, command.layer);
    auto mine = llvm::ArrayRef(touches).slice(begins[index - first],
                                              begins[index - first + 1] -
                                                  begins[index - first]);
    if (command.readBytes)
      command.readCause = Cause::Other;
    bool known = false;
    for (const Touch &touch : mine) {
      if (touch.isWrite || !command.readBytes)
        continue;
      bool written = false;
      writers.visit(touch.begin, touch.end, [&](uint32_t writer) {
        written = known = true;
        if (command.readCause != Cause::Spills)
          command.readCause = Cause::Activations;
        if (scope != target::SideTable::kNone &&
            scopeOf(stage, commands[writer].layer) == scope) {
          command.readCause = Cause::Spills;
          commands[writer].writeCause = Cause::Spills;
        }
      });
      if (!written && !known) {
        command.readCause = regionOf(stage, touch.begin);
        known = true;
      }
    }
    for (const Touch &touch : mine)
      if (touch.isWrite && command.writtenBytes) {
        if (command.writeCause == Cause::None)
          command.writeCause = regionOf(stage, touch.begin) == Cause::Other
                                   ? Cause::Other
                                   : Cause::Activations;
        writers.write(touch.begin, touch.end, index);
      }
  }

  llvm::DenseMap<uint32_t, bool> moves = findMoves(commands);
  for (uint32_t index : order) {
    CommandProfile &command = commands[index];
    if (!moves.lookup(command.layer) &&
        !(command.readBytes && command.writtenBytes))
      continue;
    for (Cause *cause : {&command.readCause, &command.writeCause})
      if (*cause == Cause::Activations || *cause == Cause::Spills)
        *cause = Cause::Permutes;
  }
  for (const target::TensorInfo &tensor : stage.outputs)
    writers.visit(
        tensor.address, tensor.address + tensor.size,
        [&](uint32_t writer) { commands[writer].writeCause = Cause::Outputs; });
  return Error::success();
}
