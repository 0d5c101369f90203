//===- ScheduleReport.cpp - A schedule's explanation as text --------------===//
//
// Translates LayerGroup's notes, which use indices, into names. Takes no
// decision.
//
//===----------------------------------------------------------------------===//

#include "ScheduleReport.h"

#include "Dialect/Tpu/IR/TensorNames.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tpuc;
using llvm::json::OStream;

static llvm::StringRef accessName(group::Access access) {
  switch (access) {
  case group::Access::InPlace:
    return "in place";
  case group::Access::Copied:
    return "copied within lanes";
  case group::Access::Moved:
    return "global memory";
  }
  return "";
}

static void writeShape(OStream &out, llvm::StringRef key,
                       const kernel::Shape4 &shape) {
  out.attributeArray(key, [&] {
    for (int64_t size : shape)
      out.value(size);
  });
}

static std::string shapeText(const kernel::Shape4 &shape) {
  std::string text = "[";
  for (auto [axis, size] : llvm::enumerate(shape))
    text += (axis ? ", " : "") + std::to_string(size);
  return text + "]";
}

static void writeCycles(OStream &out, int64_t start, int64_t end) {
  if (end < 0)
    return;
  out.attribute("start", start);
  out.attribute("end", end);
}

static void writeKernel(OStream &out, const group::KernelNote &kernel) {
  out.attribute("tiles", kernel.numTiles);
  if (kernel.numTiles == 0)
    return;
  writeShape(out, "space", kernel.space);
  writeShape(out, "tile", kernel.tile);
  out.attribute("lane_bytes", kernel.laneBytes);
  out.attributeArray("inputs", [&] {
    for (group::Access access : kernel.inputs)
      out.value(accessName(access));
  });
  out.attribute("result", accessName(kernel.result));
  out.attribute("cost", int64_t(kernel.cost));
  if (kernel.nextCost == 0)
    return;
  out.attributeObject("next_best", [&] {
    writeShape(out, "tile", kernel.nextTile);
    out.attribute("cost", int64_t(kernel.nextCost));
  });
}

std::string ScheduleReport::operatorName(unsigned op) const {
  StringAttr name = tpu::getSourceName(operators[op]);
  return llvm::json::fixUTF8(name ? name.getValue()
                                  : operators[op]->getName().getStringRef());
}

std::string ScheduleReport::valueName(unsigned value) const {
  if (auto argument = dyn_cast<BlockArgument>(values[value]))
    return "argument " + std::to_string(argument.getArgNumber());
  Operation *op = values[value].getDefiningOp();
  StringRef name = tpu::getTensorName(op->getLoc());
  if (name.empty())
    if (StringAttr source = tpu::getSourceName(op))
      name = source;
  return llvm::json::fixUTF8(name.empty() ? op->getName().getStringRef()
                                          : name);
}

std::string ScheduleReport::groupName(unsigned op) const {
  std::optional<unsigned> group = explanation.operators[op].group;
  return group ? "group " + std::to_string(*group + 1) : "";
}

llvm::StringRef ScheduleReport::placeName(unsigned value) const {
  const group::Allocation &allocation = schedule.allocations[value];
  if (explanation.values[value].isFused)
    return "within a tile";
  if (!allocation.isResident)
    return "global memory";
  return allocation.isGlobal ? "local and global memory" : "local memory";
}

std::string ScheduleReport::reason(unsigned value) const {
  const group::Allocation &allocation = schedule.allocations[value];
  if (explanation.values[value].isFused)
    return "its operator and its only reader are computed tile by tile";
  auto because = [&](llvm::StringRef what) {
    return what.str() + " " + operatorName(allocation.causeOp);
  };
  switch (allocation.cause) {
  case group::Cause::Fits:
    return "there is room as long as it lives";
  case group::Cause::Caller:
    return "it belongs to the caller";
  case group::Cause::Off:
    return "nothing is kept in local memory, by option";
  case group::Cause::NoLanes:
    return "no lanes were assigned to it, or none that commands can address";
  case group::Cause::TooLarge:
    return "it is larger than local memory";
  case group::Cause::NoRoom:
    return because("it makes room for");
  case group::Cause::ReadByMove:
    return because("it is also read from there by the transfers of");
  case group::Cause::WrittenByMove:
    return because("it is written by the transfers of");
  }
  return "";
}

std::string ScheduleReport::json() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OStream out(stream);
  auto writeOperator = [&](unsigned op) {
    const group::OperatorNote &note = explanation.operators[op];
    out.attribute("name", operatorName(op));
    out.attribute("kind", operators[op]->getName().getStringRef());
    if (note.group)
      out.attribute("group", groupName(op));
    out.attribute("first_load_step", note.firstLoadStep);
    out.attribute("first_step", note.firstStep);
    out.attribute("last_step", note.lastStep);
    writeCycles(out, note.start, note.end);
    out.attribute("tiu_cycles", note.tiuCycles);
    out.attribute("gdma_cycles", note.gdmaCycles);
    if (const std::optional<group::ProducerFusion> &fusion =
            explanation.operators[op].fusion) {
      out.attribute("fused_into", operatorName(fusion->into));
      out.attribute("fused_cost", int64_t(fusion->cycles));
      if (fusion->apartCycles != 0)
        out.attribute("apart_cost", int64_t(fusion->apartCycles));
    }
    out.attributeArray("kernels", [&] {
      for (const group::KernelNote &kernel : note.kernels)
        out.object([&] { writeKernel(out, kernel); });
    });
  };
  auto writeValue = [&](unsigned value) {
    const group::Allocation &allocation = schedule.allocations[value];
    const group::ValueNote &note = explanation.values[value];
    out.attribute("name", valueName(value));
    out.attribute("bytes", program.values[value].bytes);
    out.attribute("place", placeName(value));
    out.attribute("why", reason(value));
    if (allocation.isResident) {
      out.attribute("address", allocation.address);
      out.attribute("lane_bytes", note.laneBytes);
      out.attributeArray("lanes", [&] {
        out.value(program.values[value].layout.n);
        out.value(program.values[value].layout.c);
      });
    }
    if (!explanation.values[value].isFused) {
      out.attribute("first_step", allocation.firstStep);
      out.attribute("last_step", allocation.lastStep);
    }
    writeCycles(out, note.start, note.end);
    if (allocation.isGlobal)
      out.attribute("transfer_cycles", note.transferCycles);
  };
  out.object([&] {
    out.attribute("cycles", schedule.cycles);
    out.attribute("local_bytes", localBytes);
    out.attribute("global_bytes", schedule.globalBytes);
    out.attributeArray("groups", [&] {
      for (const group::GroupNote &group : explanation.groups)
        out.object([&] {
          out.attribute("name", groupName(group.operators.front()));
          out.attribute("operators", int64_t(group.operators.size()));
          out.attribute("first", operatorName(group.operators.front()));
          out.attribute("last", operatorName(group.operators.back()));
          out.attribute("lane_bytes", group.laneBytes);
        });
    });
    out.attributeArray("operators", [&] {
      for (unsigned op = 0; op < operators.size(); ++op)
        out.object([&] { writeOperator(op); });
    });
    out.attributeArray("values", [&] {
      for (unsigned value = 0; value < values.size(); ++value)
        out.object([&] { writeValue(value); });
    });
  });
  return text;
}

void ScheduleReport::emitRemarks() const {
  auto options = [](llvm::StringRef name) {
    return remark::RemarkOpts::name(name).category("layer-group");
  };
  for (unsigned op = 0; op < operators.size(); ++op) {
    Location location = operators[op]->getLoc();
    if (const std::optional<group::ProducerFusion> &fusion =
            explanation.operators[op].fusion)
      remark::passed(location, options("fused")) << remark::reason(
          "computed tile by tile with {0}: {1} cycles instead "
          "of {2}",
          operatorName(fusion->into), int64_t(fusion->cycles),
          int64_t(fusion->apartCycles));
    for (const group::KernelNote &kernel : explanation.operators[op].kernels) {
      if (kernel.numTiles == 0)
        continue;
      std::string next = kernel.nextCost == 0
                             ? "no other size fits"
                             : llvm::formatv("next best {0} at {1}",
                                             shapeText(kernel.nextTile),
                                             int64_t(kernel.nextCost))
                                   .str();
      remark::analysis(location, options("tiles"))
          << remark::reason("{0} tiles of {1} in {2} bytes of a lane, cost "
                            "{3}; {4}",
                            kernel.numTiles, shapeText(kernel.tile),
                            kernel.laneBytes, int64_t(kernel.cost), next);
    }
  }
  for (unsigned value = 0; value < values.size(); ++value) {
    Operation *op = values[value].getDefiningOp();
    if (!op)
      continue;
    const group::Allocation &allocation = schedule.allocations[value];
    if (allocation.isResident)
      remark::passed(op->getLoc(), options("resident")) << remark::reason(
          "at {0} of every lane, {1} bytes, in steps {2} to "
          "{3}: {4}",
          allocation.address, explanation.values[value].laneBytes,
          allocation.firstStep, allocation.lastStep, reason(value));
    else if (allocation.isGlobal && allocation.cause != group::Cause::Caller)
      remark::missed(op->getLoc(), options("resident")) << remark::reason(
          "passes through global memory at {0} cycles of "
          "transfers: {1}",
          explanation.values[value].transferCycles, reason(value));
  }
}
