//===- FoldChannelMoves.cpp - Moves of channels as products ---------------===//
//
// Channels lie across lanes, so that a shuffle or an unaligned slice of
// channels moves data between lanes. Instead, the filter of a convolution that
// reads them is permuted, or a 1x1 convolution with a filter of zeros and ones
// (a selection matrix) replaces the copy. Handles moves of whole channels only.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "ChannelFilters.h"

#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-fold-channel-moves"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFOLDCHANNELMOVES
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

//===----------------------------------------------------------------------===//
// Tracing
//===----------------------------------------------------------------------===//

/// Records the source channel of each plane of a box.
static void fillPlanes(MutableArrayRef<int64_t> planes, const StridedMap &box,
                       int64_t to, int64_t from, size_t axis) {
  if (axis == box.axes.size()) {
    planes[to] = from;
    return;
  }
  for (int64_t i = 0; i < box.axes[axis].size; ++i)
    fillPlanes(planes, box, to + i * box.axes[axis].resultStride,
               from + i * box.axes[axis].sourceStride, axis + 1);
}

namespace {

/// A value whose channel i is channel `channels`[i] of `source`.
struct ChannelMove {
  Value source;
  SmallVector<int64_t> channels;
};

} // namespace

/// `value` as channels of the source of the data movements before it, if they
/// move whole channels.
static std::optional<ChannelMove> traceChannels(Value value) {
  ArrayRef<int64_t> to = tpu::getShape(value);
  Value source = value;
  std::optional<ElementMap> map =
      ElementMap::identity(ShapedType::getNumElements(to));
  while (auto op = source.getDefiningOp<DataMovementOpInterface>()) {
    std::optional<ElementMap> step = map ? op.getElementMap() : std::nullopt;
    map = step ? map->then(*step) : std::nullopt;
    if (!map)
      return std::nullopt;
    source = op->getOperand(0);
  }
  ArrayRef<int64_t> from = tpu::getShape(source);
  if (!map || from.size() != 4 || from[0] != to[0] ||
      from.take_back(2) != to.take_back(2))
    return std::nullopt;
  map = map->unscaled(planeOf(value));
  if (!map)
    return std::nullopt;
  // The channels of the first image; all images must agree.
  ChannelMove move{source, SmallVector<int64_t>(to[1])};
  SmallVector<int64_t> planes(to[0] * to[1]);
  for (const StridedMap &box : map->getBoxes())
    fillPlanes(planes, box, box.resultOffset, box.sourceOffset, 0);
  for (auto [index, plane] : llvm::enumerate(planes)) {
    int64_t n = int64_t(index) / to[1], channel = plane - n * from[1];
    if (n == 0)
      move.channels[index] = channel;
    if (channel != move.channels[int64_t(index) % to[1]])
      return std::nullopt;
  }
  return move;
}

/// Whether the channels are aligned to lanes, so that no copy is needed.
static bool isView(const Arch &arch, ArrayRef<int64_t> channels) {
  for (auto [index, channel] : llvm::enumerate(channels))
    if (channel != channels.front() + int64_t(index))
      return false;
  return channels.front() % arch.lanes == 0;
}

/// Whether all channels are different.
static bool isInjective(ArrayRef<int64_t> channels) {
  llvm::SmallDenseSet<int64_t> found;
  return llvm::all_of(
      channels, [&](int64_t channel) { return found.insert(channel).second; });
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

namespace {

/// Rewrites the users of one moved value.
class Folding {
public:
  Folding(const Arch &arch, Value value, ChannelMove move)
      : arch(arch), value(value), move(std::move(move)) {}

  /// Replaces the value where that is faster.
  bool run() {
    int64_t bytes = elementBytesOf(value);
    ArrayRef<int64_t> shape = tpu::getShape(value);
    int64_t numChannels = tpu::getShape(move.source)[1];
    EngineCycles selection =
        convolutionCycles(arch, shape[1], numChannels, /*taps=*/1,
                          shape[0] * planeOf(value), bytes);
    EngineCycles folded;
    SmallVector<tpu::ConvOp> readers;
    bool selects = false;
    for (Operation *user : value.getUsers()) {
      tpu::ConvOp conv = asDenseConv(user);
      if (!conv || !isInjective(move.channels)) {
        selects = true;
        continue;
      }
      readers.push_back(conv);
      EngineCycles after = cyclesOf(conv, numChannels, bytes);
      EngineCycles before = cyclesOf(conv, shape[1], bytes);
      folded.tiu += after.tiu - before.tiu;
      folded.gdma += after.gdma - before.gdma;
    }
    if (selects || folded.together() > selection.together()) {
      folded.tiu += selects ? selection.tiu : 0;
      folded.gdma += selects ? selection.gdma : 0;
      if (folded.together() > selection.together()) {
        readers.clear();
        folded = selection;
      }
      selects = true;
    }
    int64_t copy =
        copyCycles(arch, shape[0] * shape[1], planeOf(value) * bytes);
    if (folded.together() >= copy)
      return false;
    for (tpu::ConvOp conv : readers)
      fold(conv);
    if (!value.use_empty())
      select();
    return true;
  }

private:
  EngineCycles cyclesOf(tpu::ConvOp conv, int64_t channels,
                        int64_t bytes) const {
    ArrayRef<int64_t> shape = tpu::getShape(conv.getOutput());
    return convolutionCycles(arch, shape[1], channels,
                             planeOf(conv.getFilter()),
                             shape[0] * planeOf(conv.getOutput()), bytes);
  }

  void fold(tpu::ConvOp conv) {
    OpBuilder builder(conv);
    Value filter =
        scatterInputChannels(builder, conv.getFilter(), move.channels,
                             tpu::getShape(move.source)[1]);
    if (!filter)
      return;
    conv.getFilterMutable().assign(filter);
    conv.getInputMutable().assign(move.source);
  }

  void select() {
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    Value filter =
        makeSelection(builder, value.getLoc(), move.channels,
                      tpu::getShape(move.source)[1], tpu::getElement(value));
    Value selected = tpu::ConvOp::create(
        builder, value.getLoc(), value.getType(), move.source, filter,
        /*bias=*/Value(), ArrayRef<int64_t>{1, 1},
        ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1}, /*group=*/1,
        /*do_relu=*/false, APFloat(-1.0), tpu::GateKind::None);
    value.replaceAllUsesWith(selected);
  }

  const Arch &arch;
  Value value;
  ChannelMove move;
};

struct TpuFoldChannelMoves
    : public tpuc::tpu::impl::TpuFoldChannelMovesBase<TpuFoldChannelMoves> {
  using TpuFoldChannelMovesBase::TpuFoldChannelMovesBase;

  void runOnOperation() override {
    const Arch &arch = archOf(getOperation());
    SmallVector<Operation *> moves;
    for (Operation &op : getOperation().getBody().front())
      if (isa<DataMovementOpInterface>(op))
        moves.push_back(&op);
    for (Operation *op : moves)
      numFolded += foldMove(arch, op);
    for (Operation *op : llvm::reverse(moves))
      if (op->use_empty())
        op->erase();
    LDBG() << "folded " << numFolded.getValue() << " of " << moves.size();
  }

private:
  static bool foldMove(const Arch &arch, Operation *op) {
    Value value = op->getResult(0);
    bool isEnd = !value.use_empty() &&
                 llvm::none_of(value.getUsers(), [](Operation *user) {
                   return isa<DataMovementOpInterface>(user) ||
                          user->hasTrait<OpTrait::IsTerminator>();
                 });
    Type element = tpu::getElement(value);
    bool hasProduct = element.isF16() || element.isBF16() ||
                      isa<quant::UniformQuantizedType>(element);
    if (!isEnd || !hasProduct || tpu::getShape(value).size() != 4)
      return false;
    std::optional<ChannelMove> move = traceChannels(value);
    if (!move || isView(arch, move->channels) ||
        move->source.getDefiningOp<tpu::WeightOp>())
      return false;
    return Folding(arch, value, std::move(*move)).run();
  }
};

} // namespace
