//===- A16Matmul.cpp - Products with weights of few bits ------------------===//
//
// Codes become 16-bit floats in the lanes that hold their rows: unpacked, less
// their zero point, times their scale. Rows of weights lie across the lanes. Of
// many rows of the left operand these are the left side of the product, and the
// weights its transposed right side. One row alone would leave all lanes but
// one without work: it is the right side, so that the sums lie across the
// lanes, and a product with ones brings them back into one: of a matrix that
// has each sum on its diagonal, which makes columns of the lanes.
//
//===----------------------------------------------------------------------===//

#include "Kernel/A16Matmul.h"
#include "Arch/Arch.h"
#include "Support/IntMath.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

enum Input : unsigned { kLeft = 0, kWeights = 1 };

class A16MatmulKernel : public TiledKernel {
public:
  A16MatmulKernel(const A16Layout &layout, const A16MatmulParams &params)
      : TiledKernel(layout.arch), layout(layout), params(params) {}

  Shape4 space() const override { return params.result.shape; }
  Shape4 granularity() const override { return {1, arch.lanes, 0, arch.lanes}; }
  unsigned numInputs() const override { return 2; }

  Box inputBox(unsigned index, const Box &tile) const override {
    if (index == kLeft)
      return {{tile.offset[N], tile.offset[C], 0, 0},
              {tile.size[N], tile.size[C], 1, layout.depth}};
    return {{0, tile.offset[W], 0, 0},
            {1, wholeRows(tile), 1, layout.rowBytes()}};
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return index == kLeft ? alignedTensor(arch, 0, box.size, type())
                          : compactTensor(arch, 0, box.size, ElementType::U8);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, params.result.type);
  }

  int64_t scratchBytes(const Box &tile) const override {
    return planScratch(tile, 0).end;
  }
  int64_t constantBytes() const override {
    return isOneRow() ? 3 * matrixBytes() : 0;
  }
  void setUp(CommandBuilder &builder, uint32_t address) const override {
    if (!isOneRow())
      return;
    LocalTensor identity = maskAt(uint32_t(address + 2 * matrixBytes()));
    identity.type = type();
    builder.load(identity, params.identity);
    builder.select(Compare::SelectEqual, maskAt(address), identity,
                   Operand(1.0, type()), Operand(-1, ElementType::I16),
                   Operand(0, ElementType::I16));
    builder.arith(Arith::Max, onesAt(address), identity.slice(C, 0, 1),
                  Operand(1.0, type()));
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (index == kLeft)
      return builder.load(local, params.left.slice(box));
    layout.load(builder, params.weights, box.offset[C], local);
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    Scratch scratch = planScratch(tile, buffers.scratch);
    dequantize(builder, buffers.inputs[kWeights], scratch);
    const LocalTensor &left = buffers.inputs[kLeft];
    if (!isOneRow()) {
      LocalTensor weights = scratch.weights;
      weights.shape[C] = tile.size[W];
      for (int64_t n = 0; n < tile.size[N]; ++n)
        builder.matmulRows(buffers.result.slice(N, n, 1), left.slice(N, n, 1),
                           weights, /*rightTransposed=*/true);
      return;
    }
    builder.matmulRows(scratch.sums, scratch.weights, left,
                       /*rightTransposed=*/true);
    int64_t blocks = wholeRows(tile) / arch.lanes;
    // The bits of each lane's sum in its column, and zeros beside them.
    constexpr ElementType kBits = ElementType::I16;
    LocalTensor diagonal = scratch.diagonal.as(kBits).viewed(
        {1, arch.lanes, blocks, arch.lanes},
        {0, blocks * arch.lanes, arch.lanes, 1});
    LocalTensor sums = scratch.sums.as(kBits).viewed(
        {1, arch.lanes, blocks, 1}, {0, 1, scratch.sums.strides[C], 1});
    LocalTensor mask = maskAt(constants);
    builder.arith(Arith::And, diagonal, mask, sums);
    builder.matmulRows(buffers.result, onesAt(constants),
                       scratch.diagonal.slice(W, 0, tile.size[W]),
                       /*rightTransposed=*/false);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(params.result.slice(tile), local);
  }

private:
  struct Scratch {
    LocalTensor codes;   ///< u8 [1, rows, 1, K], the planes apart
    LocalTensor weights; ///< [1, rows, 1, K]
    LocalTensor sums, diagonal;
    uint32_t end = 0;
  };

  ElementType type() const { return params.left.type; }
  /// One row, whose sums are rounded to the type of the operands.
  bool isOneRow() const {
    return params.result.shape[N] * params.result.shape[C] == 1 &&
           params.result.type == type();
  }
  int64_t wholeRows(const Box &tile) const {
    return alignUp(tile.size[W], arch.lanes);
  }
  /// Bytes from the low plane to the high one.
  int64_t planeBytes() const {
    return alignUp(layout.codeBytes(), arch.vectorBytes);
  }
  int64_t planes() const { return layout.bits == 4 ? 2 : 1; }

  /// Of a lane's row of a matrix with as many columns as lanes.
  int64_t matrixBytes() const { return arch.wholeVectors(arch.lanes * 2); }
  /// All bits on the diagonal.
  LocalTensor maskAt(uint32_t address) const {
    return alignedTensor(arch, address, {1, arch.lanes, 1, arch.lanes},
                         ElementType::I16);
  }
  LocalTensor onesAt(uint32_t address) const {
    return alignedTensor(arch, uint32_t(address + matrixBytes()),
                         {1, 1, 1, arch.lanes}, type());
  }

  Scratch planScratch(const Box &tile, uint32_t address) const {
    Scratch scratch;
    scratch.end = address;
    auto take = [&](const Shape4 &shape, ElementType elementType) {
      LocalTensor tensor = alignedTensor(arch, scratch.end, shape, elementType);
      scratch.end += uint32_t(arch.wholeVectors(tensor.laneBytes()));
      return tensor;
    };
    int64_t rows = wholeRows(tile);
    if (layout.bits == 4 || layout.zeros != A16Layout::Zeros::Floats)
      scratch.codes =
          take({1, rows, 1, planes() * planeBytes()}, ElementType::U8);
    scratch.weights = take({1, rows, 1, layout.depth}, type());
    if (isOneRow()) {
      scratch.sums = take({1, rows, 1, 1}, type());
      scratch.diagonal = take({1, arch.lanes, 1, rows}, type());
    }
    return scratch;
  }

  /// Part of each row of `tensor`: `groups` groups from byte `offset` on, as
  /// [1, rows, groups, columns] with `columns` of each group.
  LocalTensor groupsOf(const LocalTensor &tensor, int64_t offset,
                       ElementType elementType, int64_t groups,
                       int64_t columns) const {
    LocalTensor part = tensor.at(uint32_t(tensor.address + offset));
    int64_t scale = byteWidth(elementType);
    int64_t row = tensor.strides[C] * byteWidth(tensor.type) / scale;
    part.type = elementType;
    part.shape[H] = groups;
    part.shape[W] = columns;
    part.strides = {0, row, columns, 1};
    return part;
  }

  /// Makes the codes of a tile numbers, plane by plane.
  void dequantize(CommandBuilder &builder, const LocalTensor &raw,
                  const Scratch &scratch) const {
    int64_t low = layout.lowGroups();
    // The planes follow each other: one command for both.
    bool areJoined = planes() == 2 && planeBytes() == layout.codeBytes();
    LocalTensor codes = raw;
    codes.shape[W] = layout.codeBytes();
    if (planes() == 2) {
      LocalTensor plane = scratch.codes;
      plane.shape[W] = layout.codeBytes();
      builder.arith(Arith::And, plane, codes, Operand(15, ElementType::U8));
      plane.shape[W] = (layout.groups - low) * layout.group();
      codes.shape[W] = plane.shape[W];
      if (plane.shape[W])
        builder.arith(Arith::LogicShift,
                      plane.at(uint32_t(plane.address + planeBytes())), codes,
                      Operand(-4, ElementType::I8), Rounding::Down);
      codes = scratch.codes;
    }
    if (planes() == 1 || areJoined)
      return scaleGroups(builder, raw, codes, scratch, 0, 0, layout.groups);
    scaleGroups(builder, raw, codes, scratch, 0, 0, low);
    if (layout.groups > low)
      scaleGroups(builder, raw, codes, scratch, planeBytes(), low,
                  layout.groups - low);
  }

  /// (codes - zero points) * scales, of `groups` groups from `first` on, whose
  /// codes begin at byte `offset` of each row of `bytes`.
  void scaleGroups(CommandBuilder &builder, const LocalTensor &raw,
                   const LocalTensor &bytes, const Scratch &scratch,
                   int64_t offset, int64_t first, int64_t groups) const {
    int64_t columns = layout.group();
    LocalTensor codes =
        groupsOf(bytes, offset, ElementType::U8, groups, columns);
    LocalTensor weights =
        groupsOf(scratch.weights, 2 * first * columns, type(), groups, columns);
    LocalTensor scales =
        groupsOf(raw, layout.scaleOffset() + 2 * first, type(), groups, 1);
    bool isFloat = layout.zeros == A16Layout::Zeros::Floats;
    if (!isFloat) {
      LocalTensor target =
          groupsOf(scratch.codes, offset, ElementType::I8, groups, columns);
      Operand zero(double(layout.commonZero), ElementType::U8);
      if (layout.zeros == A16Layout::Zeros::Bytes)
        zero = Operand(groupsOf(raw, layout.zeroOffset() + first,
                                ElementType::U8, groups, 1));
      builder.arith(Arith::SubSat, target, codes, zero);
      codes = target;
    }
    builder.cast(weights, codes);
    if (isFloat) {
      LocalTensor zeros =
          groupsOf(raw, layout.zeroOffset() + 2 * first, type(), groups, 1);
      builder.arith(Arith::Sub, weights, weights, zeros);
    }
    builder.arith(Arith::Mul, weights, weights, scales);
  }

  A16Layout layout;
  A16MatmulParams params;
};

} // namespace

void kernel::makeA16MatmulKernels(const A16Layout &layout,
                                  const A16MatmulParams &params,
                                  KernelList &kernels) {
  kernels.push_back(std::make_unique<A16MatmulKernel>(layout, params));
}
