//===- FoldSignals.cpp - Phases of signals as channels --------------------===//
//
// The polyphase decomposition of convolutions along one axis. A position of a
// signal is factor * block + phase; blocks stay an axis, phases are channels.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "ChannelFilters.h"
#include "Support/IntMath.h"

#include "Dialect/Tpu/IR/ConvLimits.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-fold-signals"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFOLDSIGNALS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

/// More phases than lanes take gain nothing.
constexpr int64_t kMaxResults = 64;

/// A convolution along `axis` on phases. Tap k of result phase q reads position
/// factor * block + stride * q + k - begin of the signal.
struct PhaseConv {
  unsigned axis;
  int64_t factor, results; // phases of the signal, and of the result
  int64_t blocks;          // of the signal, the last one filled up
  int64_t firstTap, taps;  // in blocks, from the result's own
  int64_t begin, end;      // padding in blocks

  int64_t resultBlocks() const { return begin + blocks + end - taps + 1; }
};

/// Sizes of [N, C, 1, L] whatever the axis of the signal.
struct Signal {
  int64_t batch, channels, length;
};

} // namespace

static Signal signalOf(Value value, unsigned axis) {
  ArrayRef<int64_t> shape = tpu::getShape(value);
  return {shape[0], shape[1], shape[2 + axis]};
}

/// The axis along which `conv` is one of signals.
static std::optional<unsigned> axisOf(tpu::ConvOp conv) {
  for (unsigned axis : {1, 0}) {
    unsigned other = 1 - axis;
    if (tpu::getShape(conv.getInput())[2 + other] == 1 &&
        tpu::getShape(conv.getOutput())[2 + other] == 1 &&
        tpu::getShape(conv.getFilter())[2 + other] == 1 &&
        conv.getPads()[other] == 0 && conv.getDilations()[axis] == 1)
      return axis;
  }
  return std::nullopt;
}

static std::optional<PhaseConv> makePhases(tpu::ConvOp conv, unsigned axis,
                                           int64_t results) {
  int64_t stride = conv.getStrides()[axis],
          kernel = tpu::getShape(conv.getFilter())[2 + axis],
          pad = conv.getPads()[axis],
          length = signalOf(conv.getInput(), axis).length,
          size = signalOf(conv.getOutput(), axis).length;
  PhaseConv made{axis, stride * results, results};
  made.blocks = ceilDiv(length, made.factor);
  made.begin = ceilDiv(pad, made.factor);
  made.firstTap = -made.begin;
  int64_t lastTap = llvm::divideFloorSigned(
      stride * (results - 1) + kernel - 1 - pad, made.factor);
  made.taps = lastTap - made.firstTap + 1;
  made.end = std::max<int64_t>(0, ceilDiv(size, results) - 1 + lastTap -
                                      (made.blocks - 1));
  if (made.begin > tpu::kMaxPad || made.end > tpu::kMaxPad)
    return std::nullopt;
  return made;
}

static EngineCycles cyclesOf(const Arch &arch, tpu::ConvOp conv,
                             const PhaseConv &made) {
  Signal input = signalOf(conv.getInput(), made.axis),
         result = signalOf(conv.getOutput(), made.axis);
  return convolutionCycles(arch, result.channels * made.results,
                           input.channels * made.factor, made.taps,
                           result.batch * made.resultBlocks(),
                           elementBytesOf(conv.getFilter()));
}

static std::optional<PhaseConv> choosePhases(const Arch &arch,
                                             tpu::ConvOp conv) {
  std::optional<unsigned> axis = axisOf(conv);
  if (!axis ||
      elementBytesOf(conv.getFilter()) != elementBytesOf(conv.getInput()))
    return std::nullopt;
  Signal input = signalOf(conv.getInput(), *axis),
         result = signalOf(conv.getOutput(), *axis);
  int64_t kernel = tpu::getShape(conv.getFilter())[2 + *axis],
          bytes = elementBytesOf(conv.getInput());
  int64_t before =
      convolutionCycles(arch, result.channels, input.channels, kernel,
                        result.batch * result.length, bytes)
          .together();
  // Of few channels several taps are multiplied at once.
  if (bytes < 4)
    before = std::min(before,
                      4 * convolutionCycles(arch, result.channels,
                                            input.channels * kernel, /*taps=*/1,
                                            result.batch * result.length, bytes)
                              .together());
  int64_t sorting =
      copyCycles(arch, input.batch * input.channels, input.length * bytes) +
      copyCycles(arch, result.batch * result.channels,
                 result.length * elementBytesOf(conv.getOutput()));
  int64_t least = std::min(before - 2 * sorting, before / 2);
  std::optional<PhaseConv> best;
  for (int64_t results = 2; results <= kMaxResults; results *= 2) {
    std::optional<PhaseConv> made = makePhases(conv, *axis, results);
    if (!made || made->factor > input.length)
      continue;
    int64_t cycles = cyclesOf(arch, conv, *made).together();
    if (cycles < least) {
      least = cycles;
      best = made;
    }
  }
  return best;
}

/// [N, C, 1, L] with the last block filled up, as [N, C * factor, 1, blocks].
static Value sortPhases(OpBuilder &builder, Value value,
                        const PhaseConv &made) {
  Location loc = value.getLoc();
  Signal signal = signalOf(value, made.axis);
  Value row = tpu::ReshapeOp::create(
      builder, loc, value,
      ArrayRef<int64_t>{signal.batch, signal.channels, signal.length});
  int64_t whole = made.blocks * made.factor;
  if (whole > signal.length)
    row = tpu::PadOp::create(
        builder, loc, row,
        ArrayRef<int64_t>{0, 0, 0, 0, 0, whole - signal.length});
  Value split =
      tpu::ReshapeOp::create(builder, loc, row,
                             ArrayRef<int64_t>{signal.batch, signal.channels,
                                               made.blocks, made.factor});
  Value sorted = tpu::PermuteOp::create(builder, loc, split,
                                        ArrayRef<int64_t>{0, 1, 3, 2});
  return tpu::ReshapeOp::create(builder, loc, sorted,
                                ArrayRef<int64_t>{signal.batch,
                                                  signal.channels * made.factor,
                                                  1, made.blocks});
}

/// The reverse for the result, without what filled up its last block.
static Value joinPhases(OpBuilder &builder, Value value,
                        ArrayRef<int64_t> shape, const PhaseConv &made) {
  Location loc = value.getLoc();
  int64_t blocks = made.resultBlocks(), length = shape[2 + made.axis];
  Value split = tpu::ReshapeOp::create(
      builder, loc, value,
      ArrayRef<int64_t>{shape[0], shape[1], made.results, blocks});
  Value sorted = tpu::PermuteOp::create(builder, loc, split,
                                        ArrayRef<int64_t>{0, 1, 3, 2});
  Value row = tpu::ReshapeOp::create(
      builder, loc, sorted,
      ArrayRef<int64_t>{shape[0], shape[1], blocks * made.results});
  if (blocks * made.results > length)
    row = tpu::SliceOp::create(builder, loc, row, ArrayRef<int64_t>{0, 0, 0},
                               ArrayRef<int64_t>{shape[0], shape[1], length},
                               ArrayRef<int64_t>{1, 1, 1});
  return tpu::ReshapeOp::create(builder, loc, row, shape);
}

static bool foldSignal(const Arch &arch, tpu::ConvOp conv) {
  std::optional<PhaseConv> made = choosePhases(arch, conv);
  if (!made)
    return false;
  OpBuilder builder(conv);
  ArrayRef<int64_t> taps = tpu::getShape(conv.getFilter());
  int64_t stride = conv.getStrides()[made->axis],
          pad = conv.getPads()[made->axis];
  Value filter = spreadFilter(
      builder, conv.getFilter(),
      {taps[0] * made->results, taps[1] * made->factor, 1, made->taps},
      made->results, [&](int64_t phase, int64_t row, int64_t column) {
        int64_t place =
            stride * phase + row + column - pad - made->firstTap * made->factor;
        return TapPlace{place % made->factor, 0, place / made->factor};
      });
  Value bias = conv.getBias();
  if (bias)
    bias = repeatEntries(builder, bias, made->results);
  if (!filter || (conv.getBias() && !bias))
    return false;
  SmallVector<int64_t> shape(tpu::getShape(conv.getOutput()));
  auto type = RankedTensorType::get(
      {shape[0], shape[1] * made->results, 1, made->resultBlocks()},
      tpu::getElement(conv.getOutput()));
  Value phases = tpu::ConvOp::create(
      builder, conv.getLoc(), type, sortPhases(builder, conv.getInput(), *made),
      filter, bias, ArrayRef<int64_t>{1, 1},
      ArrayRef<int64_t>{0, made->begin, 0, made->end}, ArrayRef<int64_t>{1, 1},
      /*group=*/1, conv.getDoRelu(), conv.getReluLimit(), conv.getGate());
  LDBG() << made->factor << " phases at " << conv.getLoc();
  conv.getOutput().replaceAllUsesWith(
      joinPhases(builder, phases, shape, *made));
  conv.erase();
  return true;
}

namespace {

struct TpuFoldSignals
    : public tpuc::tpu::impl::TpuFoldSignalsBase<TpuFoldSignals> {
  using TpuFoldSignalsBase::TpuFoldSignalsBase;

  void runOnOperation() override {
    const Arch &arch = archOf(getOperation());
    for (tpu::ConvOp conv : denseConvs(getOperation()))
      numFolded += foldSignal(arch, conv);
  }
};

} // namespace
