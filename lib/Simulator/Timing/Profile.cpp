//===- Profile.cpp - Where the time of a compiled model goes --------------===//
//
// Replays every group of a stage, joins the commands with the side table, and
// finds the chain of commands that determines the total.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "ProfileInternal.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::timing;
using codec::Engine;
using codec::Layout;
using codec::Registers;
using llvm::Error;
using llvm::Expected;

namespace {

bool isSystem(Layout layout) {
  return layout == Layout::Sysid || layout == Layout::SDmaSys;
}

/// A queue of a group, and where its commands are in the profile.
struct Queue {
  std::vector<TimedCommand> commands;
  size_t first = 0;
};

struct Group {
  Queue queues[2];
  /// Index of the command that ends last.
  int64_t last = -1;
};

void addTraffic(const Registers &r, CommandProfile &command) {
  DdrTraffic traffic = ddrTraffic(command.layout, r);
  command.readBytes = traffic.readBytes;
  command.writtenBytes = traffic.writtenBytes;
}

uint32_t layerOf(const target::Stage &stage, Engine engine, size_t group,
                 size_t index) {
  if (!stage.sideTable || group >= stage.sideTable->groups.size())
    return target::SideTable::kNone;
  const target::SideTable::Group &table = stage.sideTable->groups[group];
  const std::vector<uint32_t> &layers =
      engine == Engine::Tiu ? table.tiu : table.gdma;
  return index < layers.size() ? layers[index] : target::SideTable::kNone;
}

/// Walks back from the command that ends last: what it started right after is
/// critical, and so on.
void markCritical(const std::vector<Group> &groups,
                  std::vector<CommandProfile> &commands) {
  auto endOf = [&](int64_t i) {
    return commands[i].start + commands[i].cycles;
  };
  for (const Group &group : groups) {
    int64_t at = group.last;
    while (at >= 0) {
      CommandProfile &command = commands[at];
      command.critical = true;
      // A command without a predecessor in its group starts the group.
      int64_t next = command.number > 1 ? at - 1 : -1;
      if (next < 0 || endOf(next) != command.start)
        next = command.dependency;
      if (next >= 0 && endOf(next) != command.start)
        next = -1;
      at = next;
    }
  }
}

void add(Totals &sum, const Totals &group) {
  sum.cycles += group.cycles;
  sum.tiuBusyCycles += group.tiuBusyCycles;
  sum.gdmaBusyCycles += group.gdmaBusyCycles;
  sum.tiuCommands += group.tiuCommands;
  sum.gdmaCommands += group.gdmaCommands;
  sum.ddrReadBytes += group.ddrReadBytes;
  sum.ddrWrittenBytes += group.ddrWrittenBytes;
}

} // namespace

const char *tpuc::timing::causeName(Cause cause) {
  static constexpr const char *names[kNumCauses] = {
      "none",        "weights", "inputs",   "outputs",
      "activations", "spills",  "permutes", "other"};
  return names[unsigned(cause)];
}

double tpuc::timing::peakMacsPerCycle(uint32_t precision) {
  constexpr uint32_t kI8 = 0, kF32 = 2;
  if (precision == kI8)
    return 16384;
  return precision == kF32 ? 1024 : 8192;
}

uint64_t tpuc::timing::countMacs(Layout layout, const Registers &r) {
  double macs = 0;
  double results = double(r.res0_n) * r.res0_c * r.res0_h * r.res0_w;
  switch (layout) {
  case Layout::Conv:
  case Layout::SConv:
    macs = results * r.opd0_c * r.opd1_h * r.opd1_w;
    break;
  case Layout::Pord:
  case Layout::SPord: {
    constexpr uint32_t kDepthwise = 0, kDepthwiseRelu = 2;
    if (r.tsk_eu_typ == kDepthwise || r.tsk_eu_typ == kDepthwiseRelu)
      macs = results * r.opd1_h * r.opd1_w;
    break;
  }
  case Layout::Mm:
  case Layout::SMm: {
    // The last column block may be narrower than the others.
    double inner =
        r.opd0_c == 0 ? r.opd1_w : (double(r.opd0_c) - 1) * r.opd0_w + r.opd1_w;
    macs = double(r.opd0_n) * inner * r.res0_w * r.res0_c;
    break;
  }
  case Layout::Mm2:
  case Layout::SMm2: {
    constexpr uint32_t kNotTransposed = 4;
    double inner = r.tsk_eu_typ == kNotTransposed ? r.opd1_c : r.opd1_w;
    macs = double(r.res0_c) * r.res0_w * inner;
    break;
  }
  default:
    break;
  }
  // Hostile sizes stay representable.
  return uint64_t(std::min(macs, double(uint64_t(1) << 53)));
}

Error tpuc::timing::detail::visitQueue(
    const target::Stage &stage, Engine engine,
    llvm::function_ref<void(size_t, size_t, Layout, const Registers &)> visit) {
  for (const auto &[number, group] : llvm::enumerate(stage.groups)) {
    size_t groupNumber = number;
    if (Error error = target::forEachCommand(
            engine, engine == Engine::Tiu ? group.tiu : group.gdma,
            [&](size_t index, size_t, Layout layout, const Registers &r) {
              if (!isSystem(layout))
                visit(groupNumber, index, layout, r);
              return Error::success();
            }))
      return error;
  }
  return Error::success();
}

Expected<Profile> tpuc::timing::profile(const target::Stage &stage,
                                        const TimingParameters &parameters) {
  Profile result;
  std::vector<CommandProfile> &commands = result.commands;
  std::vector<Group> groups(stage.groups.size());
  double macCycles = 0;
  for (Engine engine : {Engine::Tiu, Engine::Gdma}) {
    unsigned queueNumber = unsigned(engine);
    for (Group &group : groups)
      group.queues[queueNumber].first = commands.size();
    auto visit = [&](size_t number, size_t index, Layout layout,
                     const Registers &r) {
      Queue &queue = groups[number].queues[queueNumber];
      if (queue.commands.empty())
        queue.first = commands.size();
      queue.commands.push_back({layout, r});
      CommandProfile command = {};
      command.engine = engine;
      command.layout = layout;
      command.function = codec::functionCode(engine, r);
      command.number = uint32_t(queue.commands.size());
      command.layer = layerOf(stage, engine, number, index);
      if (engine == Engine::Gdma)
        addTraffic(r, command);
      else
        command.macs = countMacs(layout, r);
      result.macs += command.macs;
      macCycles += double(command.macs) / peakMacsPerCycle(r.opd0_prec);
      commands.push_back(command);
    };
    if (Error error = detail::visitQueue(stage, engine, visit))
      return std::move(error);
  }

  for (Group &group : groups) {
    Totals totals;
    std::vector<CommandTiming> records;
    std::string reason;
    if (!replay(group.queues[0].commands, group.queues[1].commands, parameters,
                totals, &records, reason))
      return llvm::createStringError(reason);
    int64_t base = int64_t(result.totals.cycles), lastEnd = -1;
    for (const CommandTiming &record : records) {
      unsigned own = unsigned(record.engine);
      const Queue &queue = group.queues[own];
      size_t index = queue.first + record.id - 1;
      commands[index].start = base + record.interval.start;
      commands[index].cycles = int64_t(record.cycles);
      uint32_t waitsFor = queue.commands[record.id - 1].registers.cmd_id_dep;
      commands[index].dependency =
          waitsFor ? int64_t(group.queues[1 - own].first + waitsFor - 1) : -1;
      if (record.interval.end >= lastEnd) {
        lastEnd = record.interval.end;
        group.last = int64_t(index);
      }
    }
    add(result.totals, totals);
  }
  markCritical(groups, commands);
  if (Error error = detail::findCauses(stage, commands))
    return std::move(error);

  result.coefficientBytes = stage.coefficients.bytes.size();
  for (const target::TensorInfo &tensor : stage.inputs)
    result.inputBytes += tensor.size;
  for (const target::TensorInfo &tensor : stage.outputs)
    result.outputBytes += tensor.size;
  Expected<uint64_t> needed = detail::neededCoefficientBytes(stage);
  if (!needed)
    return needed.takeError();
  result.rooflineCycles = std::max(
      macCycles, double(*needed + result.inputBytes + result.outputBytes) /
                     kBM1684X.ddrBytesPerCycle);
  return result;
}

Expected<std::vector<std::string>>
tpuc::timing::commandTexts(const target::Stage &stage) {
  std::vector<std::string> texts;
  for (Engine engine : {Engine::Tiu, Engine::Gdma}) {
    auto visit = [&](size_t, size_t, Layout layout, const Registers &r) {
      const codec::LayoutInfo &info = codec::layoutInfo(layout);
      const char *keyword =
          codec::functionKeyword(layout, codec::functionCode(engine, r));
      std::string text =
          llvm::formatv("{0}.{1} id={2} dep={3}", info.mnemonic,
                        keyword ? keyword : "?", r.cmd_id, r.cmd_id_dep);
      for (const codec::FieldInfo &field : info.fields)
        if (uint64_t value = codec::getField(r, field.id);
            value != 0 && !field.derived)
          text += llvm::formatv(" {0}={1}", codec::fieldName(field.id), value);
      texts.push_back(std::move(text));
    };
    if (Error error = detail::visitQueue(stage, engine, visit))
      return std::move(error);
  }
  return texts;
}
