//===- RowConcat.cpp - Joining the columns of rows ------------------------===//
//
// The parts of a row are short runs in global memory, down to single elements.
// Each part is moved as it is and put into its columns within the lanes; whole
// rows leave.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Copy.h"

#include "Kernel/Tiling.h"
#include "LocalCopy.h"

#include <numeric>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// The tile axes: n, c of the result's layout, h the rows of a lane, w columns.
class RowConcatKernel : public TiledKernel {
public:
  RowConcatKernel(const Arch &arch, const GlobalTensor &result,
                  llvm::ArrayRef<RowPart> parts, const LaneLayout &layout,
                  int64_t rows, int64_t columns)
      : TiledKernel(arch), parts(parts.begin(), parts.end()), columns(columns),
        shape{layout.n, layout.c, rows / (layout.n * layout.c), columns},
        result(result.viewed(shape, contiguousStrides(shape))) {
    for (auto [i, part] : llvm::enumerate(parts))
      if (part.source)
        moved.push_back(i);
    // Tiles of all parts start at vectors, if such fit.
    int64_t vector = arch.vectorBytes / byteWidth(result.type);
    auto align = [&](int64_t columns) {
      unit = std::lcm(unit, vector / std::gcd(vector, columns));
    };
    align(columns);
    for (unsigned i : moved)
      align(parts[i].columns);
    if (!fits())
      unit = 1;
  }

  /// Whether two of the smallest tiles fit into a lane.
  bool fits() const {
    int64_t bytes =
        2 * arch.wholeVectors(unit * columns * byteWidth(result.type));
    for (unsigned i : moved)
      bytes += 2 * arch.wholeVectors(unit * parts[i].columns *
                                     byteWidth(result.type));
    return columns <= arch.maxSize && bytes <= arch.laneBytes;
  }

  Shape4 space() const override { return shape; }
  Shape4 granularity() const override { return {1, arch.lanes, unit, 0}; }
  unsigned numInputs() const override { return moved.size(); }
  Box inputBox(unsigned index, const Box &tile) const override {
    Box box = tile;
    box.size[W] = partOf(index).columns;
    return box;
  }
  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(arch, 0, box.size, result.type);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, result.type);
  }
  bool acceptsStrides(unsigned) const override { return true; }
  bool acceptsResultStrides() const override { return true; }
  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    Shape4 whole = shape;
    whole[W] = partOf(index).columns;
    builder.load(local, partOf(index)
                            .source->viewed(whole, contiguousStrides(whole))
                            .slice(box));
  }
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

  void compute(CommandBuilder &builder, const Box &, const TileBuffers &buffers,
               uint32_t) const override {
    int64_t first = 0;
    llvm::ArrayRef<LocalTensor> sources = buffers.inputs;
    for (const RowPart &part : parts) {
      LocalTensor target = buffers.result.slice(W, first, part.columns);
      first += part.columns;
      if (!part.source) {
        Operand element = Operand::ofBits(part.bits, target.type);
        builder.arith(Arith::Max, target, element, element);
        continue;
      }
      const LocalTensor &source = sources.front();
      sources = sources.drop_front();
      StridedAxes axes;
      for (Axis axis : {N, H, W})
        axes.push_back(
            {source.shape[axis], target.strides[axis], source.strides[axis]});
      copyWithinLanes(builder, target, source, axes);
    }
  }

private:
  const RowPart &partOf(unsigned input) const { return parts[moved[input]]; }

  llvm::SmallVector<RowPart> parts;
  llvm::SmallVector<unsigned> moved; ///< the parts that are inputs
  int64_t columns;
  Shape4 shape;
  GlobalTensor result;
  int64_t unit = 1; ///< of the rows
};

/// The layout of the result, if it leaves rows whole; else one of rows.
LaneLayout rowLayout(const Arch &arch, const GlobalTensor &result,
                     int64_t rows) {
  const LaneLayout &layout = result.layout;
  if (layout.isKnown() && rows % (layout.n * layout.c) == 0)
    return layout;
  int64_t lanes = rows <= arch.maxSize ? rows : arch.laneDivisor(rows);
  return {1, lanes};
}

} // namespace

bool kernel::makeRowConcat(const Arch &arch, const GlobalTensor &result,
                           llvm::ArrayRef<RowPart> parts, int64_t rows,
                           KernelList &kernels) {
  int64_t columns = 0;
  for (const RowPart &part : parts)
    columns += part.columns;
  LaneLayout layout = rowLayout(arch, result, rows);
  auto kernel = std::make_unique<RowConcatKernel>(arch, result, parts, layout,
                                                  rows, columns);
  if (!kernel->fits())
    return false;
  kernels.push_back(std::move(kernel));
  return true;
}
