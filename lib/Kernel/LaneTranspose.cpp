//===- LaneTranspose.cpp - Transposing lanes and rows ---------------------===//
//
// The vector units never see another lane's data, but a matrix product does:
// I * X^T has a row of X^T in each lane. Rows and columns are taken in blocks
// of 64, so that no row pitch is implied and every block is an address.
//
//===----------------------------------------------------------------------===//

#include "LaneTranspose.h"
#include "Support/IntMath.h"

#include <algorithm>
#include <numeric>
#include <utility>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

class LaneTransposeKernel : public TiledKernel {
public:
  LaneTransposeKernel(const Arch &arch, const LaneTransposeParams &params)
      : TiledKernel(arch), params(params) {}

  Shape4 space() const override { return params.result.shape; }

  /// Cuts leave blocks of 64 whole on both sides, and of two axes the inner
  /// one.
  Shape4 granularity() const override {
    bool hasTwoLaneAxes = params.source.shape[H] > 1;
    bool hasTwoRowAxes = params.result.shape[H] > 1;
    int64_t lanes = arch.lanes;
    return {1, hasTwoLaneAxes ? std::lcm(lanes, params.source.shape[W]) : lanes,
            hasTwoRowAxes ? lanes / std::gcd(lanes, params.result.shape[W]) : 0,
            hasTwoRowAxes ? 0 : lanes};
  }

  unsigned numInputs() const override { return 1 + (usesIdentity() ? 1 : 0); }

  Box inputBox(unsigned index, const Box &tile) const override {
    if (index == 1)
      return {{0, 0, 0, 0}, {1, arch.lanes, 1, arch.lanes}};
    Box box;
    box.offset[N] = tile.offset[N];
    box.size[N] = tile.size[N];
    box.offset[C] = tile.offset[H] * params.result.shape[W] + tile.offset[W];
    box.size[C] = rows(tile);
    bool hasTwoLaneAxes = params.source.shape[H] > 1;
    int64_t inner = hasTwoLaneAxes ? params.source.shape[W] : 1;
    Axis cut = hasTwoLaneAxes ? H : W, whole = hasTwoLaneAxes ? W : H;
    box.offset[cut] = tile.offset[C] / inner;
    box.size[cut] = tile.size[C] / inner;
    box.size[whole] = params.source.shape[whole];
    return box;
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return index == 1 ? alignedTensor(arch, 0, box.size, params.identity->type)
                      : place(params.source, box);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return place(params.result, tile);
  }
  bool acceptsStrides(unsigned index) const override { return index == 0; }
  bool acceptsResultStrides() const override { return true; }

  int64_t scratchBytes(const Box &tile) const override {
    int64_t sums = isInt8(type()) ? sumsOf(rows(tile), 0).laneBytes() : 0;
    return 2 * packedBytes(tile) + sums;
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (index == 1)
      return loadIdentity(builder, local);
    GlobalTensor source = params.source.slice(box);
    if (hasRunsOnN(source))
      builder.load(withRunsLast(local), withRunsLast(source));
    else
      builder.load(local, source);
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    LocalTensor source = buffers.inputs[0];
    int64_t lanes = tile.size[C];
    LocalTensor packed = packedSource(tile, buffers.scratch);
    LocalTensor merged = merge(source, lanes);
    bool isReady = isDense(source) && (usesIdentity() || isAligned(merged));
    if (!isReady) {
      LocalTensor target = packed.viewed(source.shape, packed.strides);
      target.strides[H] = source.shape[W];
      builder.copy(target, source);
      merged = packed;
    }
    LocalTensor result = buffers.result;
    bool isDirect = isDense(result) &&
                    (usesIdentity() || isAligned(merge(result, rows(tile))));
    LocalTensor turned = merge(result, rows(tile));
    if (!isDirect)
      turned =
          packedResult(tile, uint32_t(buffers.scratch + packedBytes(tile)));
    if (isInt8(type()))
      multiplyInt8(builder, turned, merged, buffers.inputs[1],
                   sumsOf(rows(tile),
                          uint32_t(buffers.scratch + 2 * packedBytes(tile))));
    else if (usesIdentity())
      multiply(builder, turned, merged, buffers.inputs[1]);
    else
      for (int64_t n = 0; n < tile.size[N]; ++n)
        builder.transpose(turned.slice(N, n, 1), merged.slice(N, n, 1));
    if (!isDirect) {
      LocalTensor unpacked = turned.viewed(result.shape, turned.strides);
      unpacked.strides[H] = result.shape[W];
      builder.copy(result, unpacked);
    }
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    GlobalTensor result = params.result.slice(tile);
    if (hasRunsOnN(result))
      builder.store(withRunsLast(result), withRunsLast(local));
    else
      builder.store(result, local);
  }

private:
  ElementType type() const { return params.result.type; }

  /// As one row: a tensor of so few bytes lies in too few pages of memory.
  void loadIdentity(CommandBuilder &builder, const LocalTensor &local) const {
    int64_t words = arch.lanes * byteWidth(local.type) / 4;
    LocalTensor target = local.as(ElementType::I32);
    target.shape = {1, arch.lanes, 1, words};
    target.strides = {words, words, words, 1};
    GlobalTensor source = *params.identity;
    source.type = ElementType::I32;
    builder.loadBlocks(target, source, 1, arch.lanes * words,
                       arch.lanes * words);
  }

  /// Whether neighbours on n follow each other in global memory, so that rows
  /// of w would be transfers of single elements.
  static bool hasRunsOnN(const GlobalTensor &side) {
    return side.strides[N] == 1 && side.shape[N] > 1;
  }

  /// The same elements as [h, c, w, n].
  template <typename Tensor> static Tensor withRunsLast(const Tensor &tensor) {
    const auto &[shape, strides] = std::pair(tensor.shape, tensor.strides);
    return tensor.viewed({shape[H], shape[C], shape[W], shape[N]},
                         {strides[H], strides[C], strides[W], strides[N]});
  }

  /// A tile's buffer, with the elements in the order of `side`.
  LocalTensor place(const GlobalTensor &side, const Box &box) const {
    if (!hasRunsOnN(side.slice(box)))
      return alignedTensor(arch, 0, box.size, type());
    const Shape4 &size = box.size;
    LocalTensor runs = alignedTensor(
        arch, 0, {1, size[C], size[H] * size[W], size[N]}, type());
    return runs.viewed(size, {1, runs.strides[C], size[W] * size[N], size[N]});
  }
  bool usesIdentity() const { return params.identity.has_value(); }

  /// Elements of the tile that lie across the source's lanes.
  static int64_t rows(const Box &tile) { return tile.size[H] * tile.size[W]; }

  LocalTensor packedSource(const Box &tile, uint32_t address) const {
    return alignedTensor(arch, address,
                         {tile.size[N], rows(tile), 1, tile.size[C]}, type());
  }
  LocalTensor packedResult(const Box &tile, uint32_t address) const {
    return alignedTensor(arch, address,
                         {tile.size[N], tile.size[C], 1, rows(tile)}, type());
  }

  /// Of the larger side, packed.
  int64_t packedBytes(const Box &tile) const {
    return alignUp(std::max(packedSource(tile, 0).laneBytes(),
                            packedResult(tile, 0).laneBytes()),
                   arch.vectorBytes);
  }

  /// INT8 products for all lanes with `columns` elements each.
  LocalTensor sumsOf(int64_t columns, uint32_t address) const {
    return alignedTensor(arch, address, {1, arch.lanes, 1, columns},
                         ElementType::I32);
  }

  /// Whether h and w follow each other without gaps from an aligned start on.
  bool isDense(const LocalTensor &tensor) const {
    bool isRow = tensor.shape[W] == 1 || tensor.strides[W] == 1;
    bool isImage = tensor.shape[H] == 1 || tensor.strides[H] == tensor.shape[W];
    int64_t pitchBytes = tensor.strides[N] * byteWidth(tensor.type);
    int64_t rowBytes = tensor.strides[C] * byteWidth(tensor.type);
    return isRow && isImage &&
           (tensor.shape[N] == 1 || pitchBytes % arch.vectorBytes == 0) &&
           (tensor.channelRows() == 1 || rowBytes % arch.vectorBytes == 0);
  }

  /// A dense tensor with h and w as one row of `columns`.
  static LocalTensor merge(const LocalTensor &tensor, int64_t columns) {
    Shape4 shape = tensor.shape, strides = tensor.strides;
    shape[H] = 1;
    shape[W] = columns;
    strides[H] = columns;
    strides[W] = 1;
    return tensor.viewed(shape, strides);
  }

  /// Whether the transposer finds the layout that it implies.
  bool isAligned(const LocalTensor &tensor) const {
    Shape4 strides = alignedStrides(arch, tensor.shape, tensor.type);
    return tensor.channelRows() == 1 || tensor.strides[C] == strides[C];
  }

  /// Blocks of lanes x lanes: lanes b of the result from columns b of the
  /// source.
  void multiply(CommandBuilder &builder, const LocalTensor &result,
                const LocalTensor &source, const LocalTensor &identity) const {
    for (int64_t n = 0; n < result.shape[N]; ++n)
      for (int64_t b = 0; b < result.shape[C]; b += arch.lanes)
        for (int64_t a = 0; a < source.shape[C]; a += arch.lanes) {
          int64_t columns = std::min(arch.lanes, result.shape[C] - b);
          int64_t lanes = std::min(arch.lanes, source.shape[C] - a);
          LocalTensor unit = identity.slice(C, 0, columns).slice(W, 0, columns);
          builder.matmulRows(
              result.slice(N, n, 1).slice(C, b, columns).slice(W, a, lanes),
              unit,
              source.slice(N, n, 1).slice(C, a, lanes).slice(W, b, columns),
              /*rightTransposed=*/true);
        }
  }

  /// The same for INT8, of which only products of 32 bits exist.
  void multiplyInt8(CommandBuilder &builder, const LocalTensor &result,
                    const LocalTensor &source, const LocalTensor &identity,
                    const LocalTensor &sums) const {
    LocalTensor to = result.as(ElementType::I8);
    for (int64_t n = 0; n < result.shape[N]; ++n)
      for (int64_t b = 0; b < result.shape[C]; b += arch.lanes) {
        int64_t columns = std::min(arch.lanes, result.shape[C] - b);
        LocalTensor block = sums.slice(C, 0, columns);
        multiply(builder, block,
                 source.as(ElementType::I8).slice(N, n, 1).slice(W, b, columns),
                 identity);
        builder.cast(to.slice(N, n, 1).slice(C, b, columns), block);
      }
  }

  LaneTransposeParams params;
};

} // namespace

void kernel::makeLaneTransposeKernel(const Arch &arch,
                                     const LaneTransposeParams &params,
                                     KernelList &kernels) {
  kernels.push_back(std::make_unique<LaneTransposeKernel>(arch, params));
}
