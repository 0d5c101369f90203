//===- LocalCopy.cpp - Rearranging what a lane holds ----------------------===//
//
// The vector unit reads and writes with any strides, but what a row costs
// depends on them; so the timing model is asked for each order of the axes.
//
//===----------------------------------------------------------------------===//

#include "LocalCopy.h"

#include "Simulator/Timing/Timing.h"

#include "llvm/ADT/STLExtras.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Axes of the commands; those beyond are positions with a command each.
struct Order {
  unsigned n, h, w;
};

/// Adds up the cycles of commands.
class CycleSink : public CommandSink {
public:
  explicit CycleSink(const Arch &arch) : arch(arch) {}

  void emit(codec::Layout layout, const codec::Registers &registers) override {
    cycles += timing::cycles(layout, registers, parameters);
  }
  uint64_t coefficientBase() const override { return arch.globalBase; }
  uint64_t activationBase() const override { return arch.globalBase; }

  uint64_t cycles = 0;

private:
  const Arch &arch;
  timing::TimingParameters parameters = timing::TimingParameters::vendor();
};

class LocalCopy {
public:
  LocalCopy(const LocalTensor &result, const LocalTensor &source,
            StridedAxes axes)
      : result(result), source(source), axes(std::move(axes)) {
    while (this->axes.size() < 3)
      this->axes.push_back({1, 0, 0});
  }

  void emit(CommandBuilder &builder) const {
    Order order = bestOrder();
    StridedAxes outer;
    for (auto [i, axis] : llvm::enumerate(axes))
      if (i != order.n && i != order.h && i != order.w)
        outer.push_back(axis);
    emitAll(builder, order, outer, 0, 0);
  }

private:
  /// Strides of n have 16 bits.
  bool fitsN(const StridedAxis &axis) const {
    return axis.size == 1 || std::max(axis.resultStride, axis.sourceStride) <=
                                 result.arch->maxSize;
  }

  Order bestOrder() const {
    Order best{0, 0, 0};
    double bestCost = 0;
    for (unsigned w = 0; w < axes.size(); ++w)
      for (unsigned h = 0; h < axes.size(); ++h)
        for (unsigned n = 0; n < axes.size(); ++n) {
          if (h == w || n == w || n == h || !fitsN(axes[n]))
            continue;
          Order order{n, h, w};
          double orderCost = cost(order);
          if (bestCost == 0 || orderCost < bestCost) {
            best = order;
            bestCost = orderCost;
          }
        }
    return best;
  }

  double cost(const Order &order) const {
    CycleSink sink(*result.arch);
    CommandBuilder builder(*result.arch, sink);
    emitOne(builder, order, 0, 0);
    double commands = 1;
    for (auto [i, axis] : llvm::enumerate(axes))
      if (i != order.n && i != order.h && i != order.w)
        commands *= double(axis.size);
    // A command is work for whoever issues it, too.
    return (double(sink.cycles) + 1) * commands;
  }

  void emitAll(CommandBuilder &builder, const Order &order,
               llvm::ArrayRef<StridedAxis> outer, int64_t resultOffset,
               int64_t sourceOffset) const {
    if (outer.empty())
      return emitOne(builder, order, resultOffset, sourceOffset);
    for (int64_t i = 0; i < outer.front().size; ++i)
      emitAll(builder, order, outer.drop_front(),
              resultOffset + i * outer.front().resultStride,
              sourceOffset + i * outer.front().sourceStride);
  }

  void emitOne(CommandBuilder &builder, const Order &order,
               int64_t resultOffset, int64_t sourceOffset) const {
    const StridedAxis &n = axes[order.n], &h = axes[order.h],
                      &w = axes[order.w];
    Shape4 shape{n.size, result.shape[C], h.size, w.size};
    LocalTensor to = result.viewed(shape, {n.size == 1 ? 0 : n.resultStride,
                                           result.strides[C], h.resultStride,
                                           w.resultStride});
    LocalTensor from = source.viewed(shape, {n.size == 1 ? 0 : n.sourceStride,
                                             source.strides[C], h.sourceStride,
                                             w.sourceStride});
    to.address += uint32_t(resultOffset * byteWidth(to.type));
    from.address += uint32_t(sourceOffset * byteWidth(from.type));
    builder.copy(to, from);
  }

  const LocalTensor &result, &source;
  StridedAxes axes;
};

} // namespace

void kernel::copyWithinLanes(CommandBuilder &builder, const LocalTensor &result,
                             const LocalTensor &source,
                             llvm::ArrayRef<StridedAxis> axes) {
  const Arch &arch = builder.arch;
  // Strides of channel rows have 16 bits.
  bool hasRows = result.channelRows() > 1 || source.channelRows() > 1;
  if (hasRows &&
      std::max(result.strides[C], source.strides[C]) > arch.maxSize) {
    for (int64_t c = 0; c < result.shape[C]; c += arch.lanes) {
      int64_t count = std::min(arch.lanes, result.shape[C] - c);
      copyWithinLanes(builder, result.slice(C, c, count),
                      source.slice(C, c, count), axes);
    }
    return;
  }
  cutSizes(arch, joinAxes(axes), 0, 0,
           [&](llvm::ArrayRef<StridedAxis> cut, int64_t resultOffset,
               int64_t sourceOffset) {
             LocalTensor to = result, from = source;
             to.address += uint32_t(resultOffset * byteWidth(to.type));
             from.address += uint32_t(sourceOffset * byteWidth(from.type));
             LocalCopy(to, from, StridedAxes(cut)).emit(builder);
           });
}
