//===- Elementwise.cpp - Maps over tensors with broadcasting --------------===//
//
// Maps any element-wise computation to n, c, h, w: axes on which all operands
// are equally dense or broadcast are merged, one is laid across the lanes, the
// others follow. The caller supplies the function.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Elementwise.h"
#include "Support/IntMath.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <tuple>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Adjacent axes of the result on which each operand is either dense or
/// broadcast throughout.
struct Group {
  int64_t size;
  /// Distance of neighbours in the result and in each operand, in elements;
  /// 0 where the operand is broadcast.
  int64_t resultStride;
  llvm::SmallVector<int64_t, 2> operandStrides;
};

/// An operand as a kernel reads it.
struct KernelOperand {
  GlobalTensor tensor;
  /// A constant with one element a channel, in the order of the lanes: row l of
  /// `tensor`, [1, lanes, 1, rows], has those of channels l, l + 64, ... Each
  /// row of a transfer counts as many bytes, so that 64 are better than one a
  /// channel.
  bool isPacked = false;
};

class ElementwiseKernel : public TiledKernel {
public:
  ElementwiseKernel(const Arch &arch, const ElementwiseParams &params,
                    const Shape4 &space, const GlobalTensor &result,
                    llvm::ArrayRef<KernelOperand> operands)
      : TiledKernel(arch), params(params), shape(space), result(result),
        operands(operands.begin(), operands.end()) {}

  Shape4 space() const override { return shape; }

  Shape4 granularity() const override {
    int64_t width = byteWidth(result.type);
    for (const KernelOperand &operand : operands)
      width = std::min(width, byteWidth(operand.tensor.type));
    // A cut row should stay whole vectors of the narrowest type.
    return {1, arch.lanes, 1, arch.vectorBytes / width};
  }

  unsigned numInputs() const override { return operands.size(); }

  Box inputBox(unsigned index, const Box &tile) const override {
    Box box = tile;
    for (unsigned axis = 0; axis < 4; ++axis)
      if (isBroadcast(index, axis)) {
        box.offset[axis] = 0;
        box.size[axis] = 1;
      }
    return box;
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    const KernelOperand &operand = operands[index];
    return operand.isPacked
               ? compactTensor(arch, 0, box.size, operand.tensor.type)
               : alignedTensor(arch, 0, box.size, operand.tensor.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, result.type);
  }

  bool acceptsStrides(unsigned) const override { return params.takesStrides; }
  bool acceptsResultStrides() const override { return params.takesStrides; }

  int64_t scratchBytes(const Box &tile) const override {
    int64_t bytes = 0;
    for (const LocalTensor &tensor : scratchTensors(tile, 0))
      bytes = alignUp(tensor.address + tensor.laneBytes(), arch.vectorBytes);
    return bytes;
  }

  int64_t constantBytes() const override { return params.constantBytes; }

  void setUp(CommandBuilder &builder, uint32_t address) const override {
    if (params.setUp)
      params.setUp(builder, address);
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (operands[index].isPacked) {
      loadPacked(builder, operands[index].tensor, box, local);
      return;
    }
    GlobalTensor source = operands[index].tensor.slice(box);
    if (!isBroadcast(index, C)) {
      builder.load(local, source);
      return;
    }
    LocalTensor copies = local;
    copies.shape[C] = std::min(shape[C], arch.lanes);
    builder.loadBroadcast(copies, source);
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    params.compute(builder, buffers.result, buffers.inputs,
                   scratchTensors(tile, buffers.scratch), constants);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  bool isBroadcast(unsigned index, unsigned axis) const {
    if (operands[index].isPacked)
      return axis != C && shape[axis] > 1;
    return operands[index].tensor.shape[axis] == 1 && shape[axis] > 1;
  }

  void loadPacked(CommandBuilder &builder, const GlobalTensor &source,
                  const Box &box, const LocalTensor &local) const {
    int64_t lanes = std::min(box.size[C], arch.lanes);
    int64_t rows = ceilDiv(box.size[C], arch.lanes);
    Shape4 size{1, lanes, 1, rows};
    builder.load(local.viewed(size, contiguousStrides(size)),
                 source.slice({{0, 0, 0, box.offset[C] / arch.lanes}, size}));
  }

  llvm::SmallVector<LocalTensor, 4> scratchTensors(const Box &tile,
                                                   uint32_t address) const {
    llvm::SmallVector<LocalTensor, 4> tensors;
    for (ElementType type : params.scratch) {
      tensors.push_back(alignedTensor(arch, address, tile.size, type));
      address = uint32_t(
          alignUp(address + tensors.back().laneBytes(), arch.vectorBytes));
    }
    return tensors;
  }

  ElementwiseParams params;
  Shape4 shape;
  GlobalTensor result;
  llvm::SmallVector<KernelOperand, 2> operands;
};

llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

llvm::SmallVector<Group> mergeAxes(const ElementwiseParams &params) {
  llvm::ArrayRef<int64_t> shape = params.result.shape;
  auto resultStrides = rowMajorStrides(shape);
  llvm::SmallVector<llvm::SmallVector<int64_t>> operandStrides;
  for (const ShapedTensor &operand : params.operands)
    operandStrides.push_back(rowMajorStrides(operand.shape));

  llvm::SmallVector<Group> groups;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1)
      continue;
    Group group{shape[axis], resultStrides[axis], {}};
    for (auto [operand, strides] : llvm::zip(params.operands, operandStrides))
      group.operandStrides.push_back(operand.shape[axis] == 1 ? 0
                                                              : strides[axis]);
    bool canMerge = !groups.empty();
    if (canMerge)
      for (auto [outer, inner] :
           llvm::zip(groups.back().operandStrides, group.operandStrides))
        canMerge &= outer == inner * group.size;
    if (canMerge) {
      group.size *= groups.back().size;
      groups.back() = group;
    } else {
      groups.push_back(group);
    }
  }
  if (groups.empty())
    groups.push_back(
        {1, 1, llvm::SmallVector<int64_t, 2>(params.operands.size(), 0)});
  return groups;
}

Group outerPart(const Group &group, int64_t size, int64_t inner) {
  Group part = group;
  part.size = size;
  part.resultStride *= inner;
  for (int64_t &stride : part.operandStrides)
    stride *= inner;
  return part;
}

class ElementwiseMaker {
public:
  ElementwiseMaker(const Arch &arch, const ElementwiseParams &params,
                   KernelList &kernels)
      : arch(arch), params(params), kernels(kernels) {}

  void make() {
    llvm::SmallVector<Group> groups = mergeAxes(params);
    Offsets offsets{0, llvm::SmallVector<int64_t, 2>(params.operands.size())};
    if (makeSplit(groups, offsets))
      return;
    if (groups.size() == 1)
      makeFlat(groups.front(), offsets);
    else
      makeStrided(groups, offsets);
  }

private:
  /// Elements from the start of the result and of each operand.
  struct Offsets {
    int64_t result;
    llvm::SmallVector<int64_t, 2> operands;

    Offsets advanced(const Group &group, int64_t count) const {
      Offsets moved = *this;
      moved.result += count * group.resultStride;
      for (auto [offset, stride] :
           llvm::zip(moved.operands, group.operandStrides))
        offset += count * stride;
      return moved;
    }
  };

  /// Follows the lane layout of the result. False when an axis on which
  /// operands are broadcast crosses lanes.
  bool makeSplit(llvm::ArrayRef<Group> groups, const Offsets &offsets) {
    const LaneLayout &layout = params.result.tensor.layout;
    if (!layout.isKnown())
      return false;
    int64_t total = 1;
    for (int64_t size : params.result.shape)
      total *= size;
    int64_t rest = total / (layout.n * layout.c);
    llvm::SmallVector<Group> outer, lanes, inner;
    for (Group group : groups) {
      for (int64_t boundary : {layout.c * rest, rest}) {
        int64_t end = group.resultStride * group.size;
        if (group.resultStride >= boundary || boundary >= end)
          continue;
        if (boundary % group.resultStride != 0 || end % boundary != 0)
          return false;
        int64_t size = boundary / group.resultStride;
        Group above = outerPart(group, group.size / size, size);
        (boundary == rest ? lanes : outer).push_back(above);
        group.size = size;
      }
      if (group.size == 1)
        continue;
      (group.resultStride >= layout.c * rest ? outer
       : group.resultStride >= rest          ? lanes
                                             : inner)
          .push_back(group);
    }
    if (lanes.size() > 1 || inner.size() > 2)
      return false;
    Group one = outerPart(groups.front(), 1, 0);
    std::array<Group, 4> axes{one, one, one, one};
    if (!outer.empty())
      axes[N] = outer.pop_back_val();
    if (!lanes.empty())
      axes[C] = lanes.front();
    if (!inner.empty())
      axes[W] = inner.pop_back_val();
    if (!inner.empty()) {
      axes[H] = inner.front();
    } else if (layout.w > 1 && axes[W].size == rest && rest % layout.w == 0) {
      // Rows as windows see them, so that tiles of both fit together.
      axes[H] = outerPart(axes[W], rest / layout.w, layout.w);
      axes[W].size = layout.w;
    }
    makeEach(outer, axes, offsets);
    return true;
  }

  /// One run of elements: rows of `kRow` over all lanes, then what is left.
  void makeFlat(const Group &group, Offsets offsets) {
    constexpr int64_t kRow = 2048;
    Group unit = group;
    auto emit = [&](int64_t n, int64_t c, int64_t w) {
      if (n * c * w == 0)
        return;
      append({outerPart(group, n, c * w), outerPart(group, c, w),
              outerPart(group, 1, 1), outerPart(group, w, 1)},
             offsets);
      offsets = offsets.advanced(unit, n * c * w);
    };
    int64_t left = group.size;
    int64_t blocks = left / (arch.lanes * kRow);
    emit(blocks, arch.lanes, kRow);
    left -= blocks * arch.lanes * kRow;
    emit(1, arch.lanes, left / arch.lanes);
    emit(1, 1, left % arch.lanes);
  }

  /// Several groups: one across lanes, the last along w.
  void makeStrided(llvm::SmallVector<Group> groups, const Offsets &offsets) {
    Group last = groups.pop_back_val();
    auto widest = std::max_element(
        groups.begin(), groups.end(), [&](const Group &a, const Group &b) {
          return std::min(a.size, arch.lanes) < std::min(b.size, arch.lanes);
        });
    int64_t divisor = arch.laneDivisor(last.size);
    Group lanes;
    if (divisor > widest->size) {
      lanes = outerPart(last, divisor, last.size / divisor);
      last.size /= divisor;
    } else {
      lanes = *widest;
      groups.erase(widest);
    }
    Group rest[2] = {outerPart(lanes, 1, 1), outerPart(lanes, 1, 1)};
    for (unsigned i = 0; i < 2 && !groups.empty(); ++i)
      rest[1 - i] = groups.pop_back_val();
    makeEach(groups, {rest[0], lanes, rest[1], last}, offsets);
  }

  /// A kernel for each position on the axes beyond four.
  void makeEach(llvm::ArrayRef<Group> outer, const std::array<Group, 4> &inner,
                const Offsets &offsets) {
    if (outer.empty()) {
      append(inner, offsets);
      return;
    }
    for (int64_t i = 0; i < outer.front().size; ++i)
      makeEach(outer.drop_front(), inner, offsets.advanced(outer.front(), i));
  }

  void append(const std::array<Group, 4> &axes, const Offsets &offsets) {
    // Sizes beyond the 16-bit fields are cut here; the tiler sees the rest.
    for (unsigned axis = 0; axis < 4; ++axis)
      if (axes[axis].size > arch.maxSize) {
        std::array<Group, 4> part = axes;
        int64_t step = arch.maxSize / arch.lanes * arch.lanes;
        for (int64_t begin = 0; begin < axes[axis].size; begin += step) {
          part[axis].size = std::min(step, axes[axis].size - begin);
          append(part, offsets.advanced(axes[axis], begin));
        }
        return;
      }
    Shape4 space, strides;
    for (unsigned axis = 0; axis < 4; ++axis) {
      space[axis] = axes[axis].size;
      strides[axis] = axes[axis].resultStride;
    }
    GlobalTensor result =
        params.result.tensor.viewed(space, strides).advanced(offsets.result);
    llvm::SmallVector<KernelOperand, 2> operands;
    for (auto [i, operand] : llvm::enumerate(params.operands)) {
      if (std::optional<GlobalTensor> packed =
              pack(unsigned(i), axes, offsets.operands[i])) {
        operands.push_back({*packed, /*isPacked=*/true});
        continue;
      }
      Shape4 shape = space;
      for (unsigned axis = 0; axis < 4; ++axis) {
        strides[axis] = axes[axis].operandStrides[i];
        if (strides[axis] == 0) {
          shape[axis] = 1;
          strides[axis] = 1;
        }
      }
      operands.push_back({operand.tensor.viewed(shape, strides)
                              .advanced(offsets.operands[i])});
    }
    kernels.push_back(std::make_unique<ElementwiseKernel>(arch, params, space,
                                                          result, operands));
  }

  /// A copy of a constant operand with one element a channel, in the order of
  /// the lanes; nothing for other operands.
  std::optional<GlobalTensor>
  pack(unsigned index, const std::array<Group, 4> &axes, int64_t offset) {
    auto isBroadcast = [&](unsigned axis) {
      return axes[axis].size == 1 || axes[axis].operandStrides[index] == 0;
    };
    // What is repeated is read with strides in any case.
    bool takesRows = params.takesStrides || axes[H].size * axes[W].size > 1;
    int64_t stride = axes[C].operandStrides[index], count = axes[C].size;
    if (!params.addConstant || params.constants[index].empty() || !takesRows ||
        !isBroadcast(N) || !isBroadcast(H) || !isBroadcast(W) || stride == 0 ||
        count == 1)
      return std::nullopt;
    auto [found, isNew] = packed.try_emplace({index, offset, count});
    if (!isNew)
      return found->second;
    // Rows of this length are spread over all channels of the memory.
    constexpr int64_t kRowBytes = 256;
    ElementType type = params.operands[index].tensor.type;
    int64_t width = byteWidth(type);
    int64_t lanes = std::min(count, arch.lanes);
    int64_t row = alignUp(ceilDiv(count, arch.lanes) * width, kRowBytes);
    std::vector<char> bytes(lanes * row);
    for (int64_t channel = 0; channel < count; ++channel)
      std::memcpy(bytes.data() + channel % arch.lanes * row +
                      channel / arch.lanes * width,
                  params.constants[index].data() +
                      (offset + channel * stride) * width,
                  width);
    found->second =
        params.addConstant(std::move(bytes), type, {1, lanes, 1, row / width});
    return found->second;
  }

  const Arch &arch;
  const ElementwiseParams &params;
  KernelList &kernels;
  /// Packed constants by operand, first element and number of elements.
  std::map<std::tuple<unsigned, int64_t, int64_t>, GlobalTensor> packed;
};

} // namespace

void kernel::makeElementwiseKernels(const Arch &arch,
                                    const ElementwiseParams &params,
                                    KernelList &kernels) {
  ElementwiseMaker(arch, params, kernels).make();
}
