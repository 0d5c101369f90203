//===- FusedKernel.cpp - Two kernels as one -------------------------------===//
//
// The inputs of the pair are the producer's, then the consumer's others that
// the producer does not read as well. One side may see an image as rows where
// the other sees rows and columns.
//
//===----------------------------------------------------------------------===//

#include "FusedKernel.h"
#include "Support/IntMath.h"

#include "Kernel/Tiling.h"
#include "TransferProbe.h"

#include <numeric>

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// How the consumer's view of the value relates to the producer's.
enum class Views : uint8_t {
  Equal,
  ConsumerFlat, ///< the producer's [h, w] is the consumer's w
  ProducerFlat, ///< the consumer's [h, w] is the producer's w
  ProducerWide  ///< a row of the producer is several of the consumer
};

/// The tensor that a kernel transfers by one plain load or store, or nothing.
std::optional<GlobalTensor> onlyTransfer(const TransferProbe &probe) {
  if (probe.transfers.size() != 1 || !probe.others.empty() || probe.hasFills)
    return std::nullopt;
  return probe.transfers[0].global;
}

class FusedKernel : public TiledKernel {
public:
  FusedKernel(const TiledKernel &producer, const TiledKernel &consumer,
              unsigned input, Views views, int64_t width)
      : TiledKernel(producer.arch), producer(producer), consumer(consumer),
        input(input), views(views), width(width) {
    unit = consumer.granularity();
    // Whole rows where one side has no finer granularity.
    if (views == Views::ConsumerFlat && unit[W] != 0)
      unit[W] = std::lcm(unit[W], width);
    if (views == Views::ProducerFlat || views == Views::ProducerWide)
      unit[W] = 0;
    for (unsigned axis = 0; axis < 4; ++axis)
      adaptUnit(axis);
    for (unsigned i = 0; i < consumer.numInputs(); ++i) {
      shared.push_back(i == input ? std::nullopt : findShared(i));
      if (i != input && !shared.back())
        own.push_back(i);
    }
  }

  Shape4 space() const override { return consumer.space(); }

  Shape4 granularity() const override { return unit; }

  unsigned numInputs() const override {
    return producer.numInputs() + own.size();
  }

  Box inputBox(unsigned index, const Box &tile) const override {
    return isOfProducer(index) ? producer.inputBox(index, produced(tile))
                               : consumer.inputBox(ofConsumer(index), tile);
  }
  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return isOfProducer(index) ? producer.placeInput(index, box)
                               : consumer.placeInput(ofConsumer(index), box);
  }
  bool acceptsStrides(unsigned index) const override {
    if (!isOfProducer(index))
      return consumer.acceptsStrides(ofConsumer(index));
    bool accepts = producer.acceptsStrides(index);
    for (auto [i, other] : llvm::enumerate(shared))
      if (other == index)
        accepts &= consumer.acceptsStrides(i);
    return accepts;
  }
  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (isOfProducer(index))
      producer.load(builder, index, box, local);
    else
      consumer.load(builder, ofConsumer(index), box, local);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return consumer.placeResult(tile);
  }
  bool acceptsResultStrides() const override {
    return consumer.acceptsResultStrides();
  }
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    consumer.store(builder, tile, local);
  }

  int64_t scratchBytes(const Box &tile) const override {
    Between between = planBetween(tile, 0);
    return between.end + std::max(producer.scratchBytes(produced(tile)),
                                  consumer.scratchBytes(tile));
  }
  int64_t constantBytes() const override {
    return arch.wholeVectors(producer.constantBytes()) +
           consumer.constantBytes();
  }
  void setUp(CommandBuilder &builder, uint32_t address) const override {
    producer.setUp(builder, address);
    consumer.setUp(builder, address + ownConstants());
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    Between between = planBetween(tile, buffers.scratch);
    unsigned split = producer.numInputs();
    producer.compute(
        builder, produced(tile),
        {buffers.inputs.take_front(split), between.written, between.end},
        constants);
    if (between.isCopied)
      builder.copy(between.read, between.offered);
    llvm::SmallVector<LocalTensor, 3> inputs;
    llvm::ArrayRef<LocalTensor> others = buffers.inputs.drop_front(split);
    for (unsigned i = 0; i < consumer.numInputs(); ++i) {
      if (i == input) {
        inputs.push_back(between.read);
      } else if (shared[i]) {
        inputs.push_back(buffers.inputs[*shared[i]]);
      } else {
        inputs.push_back(others.front());
        others = others.drop_front();
      }
    }
    consumer.compute(builder, tile, {inputs, buffers.result, between.end},
                     constants + ownConstants());
  }

private:
  bool isOfProducer(unsigned index) const {
    return index < producer.numInputs();
  }
  unsigned ofConsumer(unsigned index) const {
    return own[index - producer.numInputs()];
  }

  /// The input of the producer that is always the consumer's `index`.
  std::optional<unsigned> findShared(unsigned index) const {
    Box whole{{0, 0, 0, 0}, consumer.space()}, part = whole;
    for (unsigned axis = 0; axis < 4; ++axis)
      if (unit[axis] != 0 && unit[axis] < whole.size[axis]) {
        part.offset[axis] = unit[axis];
        part.size[axis] = std::min(unit[axis], whole.size[axis] - unit[axis]);
      }
    for (unsigned i = 0; i < producer.numInputs(); ++i)
      if (isSameInput(i, index, whole) && isSameInput(i, index, part))
        return i;
    return std::nullopt;
  }

  /// Whether both sides read the same in the same way for `tile`.
  bool isSameInput(unsigned ofProducer, unsigned ofConsumer,
                   const Box &tile) const {
    Box first = producer.inputBox(ofProducer, produced(tile));
    Box second = consumer.inputBox(ofConsumer, tile);
    LocalTensor a = producer.placeInput(ofProducer, first);
    LocalTensor b = consumer.placeInput(ofConsumer, second);
    NoSink sink(arch);
    TransferProbe loadsA(sink), loadsB(sink);
    producer.load(loadsA, ofProducer, first, a);
    consumer.load(loadsB, ofConsumer, second, b);
    std::optional<GlobalTensor> from = onlyTransfer(loadsA),
                                other = onlyTransfer(loadsB);
    return first == second && from && other && a.type == b.type &&
           a.address == b.address && isCongruent(a, b) &&
           from->region == other->region &&
           from->offsetBytes == other->offsetBytes &&
           from->type == other->type && from->shape == other->shape &&
           from->strides == other->strides &&
           loadsA.transfers[0].local.shape == loadsB.transfers[0].local.shape;
  }

  uint32_t ownConstants() const {
    return uint32_t(arch.wholeVectors(producer.constantBytes()));
  }

  /// Rounds tile sizes along `axis` to the producer's granularity, too.
  void adaptUnit(unsigned axis) {
    Shape4 allowed = producer.granularity(), whole = producer.space();
    // With the consumer's own unit, then with the least common multiple.
    for (bool isLast : {false, true}) {
      if (unit[axis] == 0 || unit[axis] >= consumer.space()[axis])
        return;
      Box tile{{0, 0, 0, 0}, consumer.space()};
      tile.size[axis] = unit[axis];
      Box first = produced(tile);
      tile.offset[axis] = unit[axis];
      tile.size[axis] =
          std::min(unit[axis], consumer.space()[axis] - unit[axis]);
      Box second = produced(tile);
      int64_t multiple = 1;
      for (unsigned k = 0; k < 4; ++k) {
        bool isCut = first.size[k] != whole[k] || second.size[k] != whole[k];
        if (!isCut)
          continue;
        if (allowed[k] == 0)
          multiple = 0;
        else if (first.size[k] % allowed[k] != 0 ||
                 second.offset[k] % allowed[k] != 0)
          multiple = std::lcm(multiple, allowed[k]);
      }
      if (multiple == 1)
        return;
      unit[axis] = isLast ? 0 : std::lcm(unit[axis], multiple);
    }
  }

  /// The producer's tile that the consumer's tile needs.
  Box produced(const Box &tile) const {
    Box box = consumer.inputBox(input, tile);
    if (views == Views::ConsumerFlat) {
      // Whole rows of the producer, which may be more than is read.
      int64_t end = ceilDiv(box.offset[W] + box.size[W], width);
      box.offset[H] = box.offset[W] / width;
      box.size[H] = end - box.offset[H];
      box.offset[W] = 0;
      box.size[W] = width;
    } else if (views == Views::ProducerFlat) {
      box.offset[W] = box.offset[H] * width;
      box.size[W] = box.size[H] * width;
      box.offset[H] = 0;
      box.size[H] = 1;
    } else if (views == Views::ProducerWide) {
      // Whole rows of the producer, which may be more than is read.
      int64_t rows = rowsOfProducer();
      int64_t end = ceilDiv(box.offset[H] + box.size[H], rows);
      box.offset[H] /= rows;
      box.size[H] = end - box.offset[H];
      box.offset[W] = 0;
      box.size[W] = producer.space()[W];
    }
    return box;
  }

  /// Rows of the consumer in one of the producer.
  int64_t rowsOfProducer() const { return producer.space()[W] / width; }

  /// Elements of the produced rows before the first one of `box`. A consumer
  /// that transposes cuts the columns of what it reads.
  int64_t skipped(const Box &box) const {
    switch (views) {
    case Views::Equal:
      return 0;
    case Views::ConsumerFlat:
      return box.offset[W] % width;
    case Views::ProducerFlat:
      return box.offset[W];
    case Views::ProducerWide:
      return box.offset[H] % rowsOfProducer() * width + box.offset[W];
    }
    return 0;
  }

  /// The value between the two, as written and as read.
  struct Between {
    LocalTensor written, offered, read; ///< offered: as read, before a copy
    bool isCopied = false;
    uint32_t end = 0;
  };

  /// The written value in the consumer's axes; `box` of it is read.
  LocalTensor asRead(const LocalTensor &written, const Shape4 &shape,
                     const Box &box) const {
    Shape4 strides = written.strides;
    if (views == Views::ProducerFlat || views == Views::ProducerWide)
      strides[H] = width;
    LocalTensor read = written.viewed(shape, strides);
    read.address += uint32_t(skipped(box) * byteWidth(read.type));
    return read;
  }

  Between planBetween(const Box &tile, uint32_t address) const {
    Between between;
    auto take = [&](const LocalTensor &tensor) {
      LocalTensor placed = tensor.at(address);
      address += uint32_t(arch.wholeVectors(tensor.laneBytes()));
      return placed;
    };
    between.written = take(producer.placeResult(produced(tile)));
    Box box = consumer.inputBox(input, tile);
    LocalTensor wanted = consumer.placeInput(input, box);
    between.offered = asRead(between.written, wanted.shape, box);
    bool isAligned = between.offered.address % arch.vectorBytes == 0;
    if (isAligned && (isCongruent(wanted, between.offered) ||
                      consumer.acceptsStrides(input))) {
      between.read = between.offered;
    } else {
      between.read = take(wanted);
      between.isCopied = true;
    }
    between.end = address;
    return between;
  }

  const TiledKernel &producer, &consumer;
  unsigned input;
  Views views;
  int64_t width;
  Shape4 unit; ///< the granularity
  /// The inputs of the consumer that are loaded for it alone, and for each of
  /// its inputs the one of the producer that it is.
  llvm::SmallVector<unsigned> own;
  llvm::SmallVector<std::optional<unsigned>> shared;
};

/// Whether rows follow each other without gaps.
bool isDense(const GlobalTensor &tensor) {
  return tensor.strides[W] == 1 &&
         (tensor.shape[H] == 1 || tensor.strides[H] == tensor.shape[W]);
}

std::optional<Views> compareViews(const GlobalTensor &written,
                                  const GlobalTensor &read) {
  if (written.offsetBytes != read.offsetBytes || written.type != read.type)
    return std::nullopt;
  for (unsigned axis : {N, C})
    if (written.shape[axis] != read.shape[axis] ||
        (written.shape[axis] > 1 &&
         written.strides[axis] != read.strides[axis]))
      return std::nullopt;
  if (!isDense(written) || !isDense(read) ||
      written.shape[H] * written.shape[W] != read.shape[H] * read.shape[W])
    return std::nullopt;
  if (written.shape[W] == read.shape[W])
    return Views::Equal;
  if (read.shape[H] == 1)
    return Views::ConsumerFlat;
  if (written.shape[H] == 1)
    return Views::ProducerFlat;
  if (written.shape[W] % read.shape[W] == 0)
    return Views::ProducerWide;
  return std::nullopt;
}

/// Whether the transfer of all that `axes` count has these axes. Kernels that
/// deal rows to lanes by themselves count rows: a box of lanes is none of
/// theirs. The columns of rows are not counted.
bool hasAxes(const GlobalTensor &tensor, const Shape4 &axes) {
  return tensor.shape[N] == axes[N] && tensor.shape[C] == axes[C] &&
         (tensor.shape[H] == axes[H] ||
          tensor.shape[H] * tensor.shape[W] == axes[H] * axes[W]);
}

} // namespace

std::unique_ptr<TiledKernel>
group::fuseKernels(const TiledKernel &producer, const TiledKernel &consumer,
                   const AllocationMap &allocations, unsigned value) {
  NoSink sink(producer.arch);
  Box whole{{0, 0, 0, 0}, producer.space()};
  TransferProbe stores(sink);
  producer.store(stores, whole, producer.placeResult(whole));
  std::optional<GlobalTensor> written = onlyTransfer(stores);
  if (!written || !hasAxes(*written, producer.space()))
    return nullptr;
  Box all{{0, 0, 0, 0}, consumer.space()};
  std::unique_ptr<TiledKernel> fused;
  for (unsigned i = 0; i < consumer.numInputs(); ++i) {
    Box box = consumer.inputBox(i, all);
    TransferProbe loads(sink);
    consumer.load(loads, i, box, consumer.placeInput(i, box));
    auto readsValue = [&](const GlobalTensor &part) {
      return allocations.valueOf(part) == value;
    };
    bool reads = llvm::any_of(loads.others, readsValue) ||
                 llvm::any_of(loads.transfers, [&](const auto &transfer) {
                   return readsValue(transfer.global);
                 });
    if (!reads)
      continue;
    std::optional<GlobalTensor> read = onlyTransfer(loads);
    std::optional<Views> views;
    if (read && hasAxes(*read, box.size))
      views = compareViews(*written, *read);
    // Read twice, or by an incompatible view.
    if (!views || fused)
      return nullptr;
    int64_t width =
        *views == Views::ConsumerFlat ? written->shape[W] : read->shape[W];
    fused = std::make_unique<FusedKernel>(producer, consumer, i, *views, width);
  }
  return fused;
}
