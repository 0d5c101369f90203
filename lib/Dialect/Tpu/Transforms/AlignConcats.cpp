//===- AlignConcats.cpp - Concatenations of channels without copies -------===//
//
// Channels lie across lanes: an operand of a concatenation that does not begin
// in lane 0 has to be copied. Operands that are padded with zero channels up to
// the last lane are computed in place.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "ChannelFilters.h"
#include "Support/IntMath.h"

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-align-concats"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUALIGNCONCATS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

/// One concatenation of channels, all of whose readers are convolutions.
class Alignment {
public:
  explicit Alignment(const Arch &arch) : arch(arch) {}

  static std::optional<Alignment> match(const Arch &arch,
                                        tpu::ConcatOp concat) {
    ArrayRef<int64_t> shape = tpu::getShape(concat.getOutput());
    if (concat.getAxis() != 1 || shape.size() != 4 || shape[0] != 1 ||
        concat->use_empty() || concat.getInputs().size() < 2)
      return std::nullopt;
    Alignment alignment(arch);
    alignment.concat = concat;
    for (Operation *user : concat->getUsers()) {
      tpu::ConvOp conv = asDenseConv(user);
      if (!conv)
        return std::nullopt;
      alignment.readers.push_back(conv);
    }
    int64_t count = 0;
    for (Value part : concat.getInputs()) {
      int64_t channels = tpu::getShape(part)[1];
      std::optional<int64_t> padded = alignment.sizeOf(part);
      if (!padded)
        return std::nullopt;
      alignment.sizes.push_back(*padded);
      for (int64_t i = 0; i < channels; ++i)
        alignment.channels.push_back(count + i);
      count += *padded;
    }
    alignment.count = count;
    return alignment;
  }

  /// Whether the saved copies cost more than the added computation.
  bool pays() {
    int64_t bytes = elementBytesOf(concat.getOutput());
    int64_t plane = planeOf(concat.getOutput()), start = 0, copies = 0;
    EngineCycles added;
    auto add = [&](const EngineCycles &after, const EngineCycles &before) {
      added.tiu += after.tiu - before.tiu;
      added.gdma += after.gdma - before.gdma;
    };
    for (auto [part, size] : llvm::zip(concat.getInputs(), sizes)) {
      int64_t channels = tpu::getShape(part)[1];
      if (start % arch.lanes != 0)
        copies += shiftCycles(arch, channels, plane * bytes);
      start += channels;
      if (size == channels)
        continue;
      auto conv = cast<tpu::ConvOp>(part.getDefiningOp());
      // The cost of a depthwise convolution does not change.
      if (conv.getGroup() > 1)
        continue;
      int64_t taps = planeOf(conv.getFilter());
      int64_t depth = tpu::getShape(conv.getFilter())[1];
      int64_t width = elementBytesOf(conv.getInput());
      add(convolutionCycles(arch, size, depth, taps, plane, width),
          convolutionCycles(arch, channels, depth, taps, plane, width));
    }
    for (tpu::ConvOp conv : readers) {
      int64_t taps = planeOf(conv.getFilter());
      int64_t results = tpu::getShape(conv.getOutput())[1];
      int64_t pixels = planeOf(conv.getOutput());
      add(convolutionCycles(arch, results, count, taps, pixels, bytes),
          convolutionCycles(arch, results, start, taps, pixels, bytes));
    }
    return added.together() < copies;
  }

  void apply() {
    OpBuilder builder(concat);
    SmallVector<Value> parts;
    for (auto [part, size] : llvm::zip(concat.getInputs(), sizes))
      parts.push_back(tpu::getShape(part)[1] == size ? Value(part)
                                                     : pad(part, size));
    Location loc = tpu::withoutTensorName(concat.getLoc());
    Value joined = tpu::ConcatOp::create(builder, loc, parts, concat.getAxis());
    for (tpu::ConvOp conv : readers) {
      builder.setInsertionPoint(conv);
      conv.getFilterMutable().assign(
          scatterInputChannels(builder, conv.getFilter(), channels, count));
      conv.getInputMutable().assign(joined);
    }
    concat.erase();
  }

private:
  /// The depthwise convolution that makes `part` of another part of the
  /// concatenation alone; null for others.
  tpu::ConvOp asDepthwise(Value part) {
    auto conv = part.getDefiningOp<tpu::ConvOp>();
    bool isDepthwise =
        conv && part.hasOneUse() && conv.getGroup() > 1 &&
        int64_t(conv.getGroup()) == tpu::getShape(conv.getInput())[1] &&
        int64_t(conv.getGroup()) == tpu::getShape(part)[1] && hasData(conv) &&
        llvm::is_contained(concat->getOperands(), conv.getInput());
    return isDepthwise ? conv : tpu::ConvOp();
  }

  /// The channels that `part` is to have, or nothing when it cannot get more.
  std::optional<int64_t> sizeOf(Value part) {
    int64_t channels = tpu::getShape(part)[1];
    int64_t padded = alignUp(channels, arch.lanes);
    bool isLast = part == concat.getInputs().back();
    if (padded == channels)
      return channels;
    if (tpu::ConvOp conv = asDepthwise(part))
      return sizeOf(conv.getInput());
    // Only the channels of a convolution can be padded unseen.
    bool isRead = false;
    for (Operation *user : part.getUsers()) {
      if (user == concat)
        continue;
      if (user->getNumResults() != 1 ||
          !llvm::is_contained(concat->getOperands(), user->getResult(0)) ||
          !asDepthwise(user->getResult(0)))
        return isLast ? std::optional(channels) : std::nullopt;
      isRead = true;
    }
    if (isLast && !isRead)
      return channels;
    Operation *producer = part.getDefiningOp();
    if (!producer || !asDenseConv(producer) ||
        llvm::count(concat->getOperands(), part) != 1)
      return std::nullopt;
    return padded;
  }

  /// Gives the convolution that computes `part` results up to `size`, which
  /// are zero.
  Value pad(Value part, int64_t size) {
    auto conv = cast<tpu::ConvOp>(part.getDefiningOp());
    OpBuilder builder(conv);
    if (conv.getGroup() > 1)
      conv.setGroup(size);
    conv.getFilterMutable().assign(
        padFirstAxis(builder, conv.getFilter(), size));
    if (conv.getBias())
      conv.getBiasMutable().assign(padFirstAxis(builder, conv.getBias(), size));
    ArrayRef<int64_t> shape = tpu::getShape(part);
    auto type = cast<RankedTensorType>(part.getType());
    part.setType(type.clone({shape[0], size, shape[2], shape[3]}));
    // It is not a tensor of the user's model any more.
    conv->setLoc(tpu::withoutTensorName(conv.getLoc()));
    return part;
  }

  const Arch &arch;
  tpu::ConcatOp concat;
  SmallVector<tpu::ConvOp> readers;
  /// Channels of each part, and where those of the concatenation go.
  SmallVector<int64_t> sizes, channels;
  int64_t count = 0;
};

struct TpuAlignConcats
    : public tpuc::tpu::impl::TpuAlignConcatsBase<TpuAlignConcats> {
  using TpuAlignConcatsBase::TpuAlignConcatsBase;

  void runOnOperation() override {
    const Arch &arch = archOf(getOperation());
    SmallVector<tpu::ConcatOp> concats(getOperation().getOps<tpu::ConcatOp>());
    for (tpu::ConcatOp concat : concats) {
      std::optional<Alignment> alignment = Alignment::match(arch, concat);
      if (!alignment || !alignment->pays())
        continue;
      LDBG() << "aligns " << concat;
      alignment->apply();
      ++numAligned;
    }
  }
};

} // namespace
