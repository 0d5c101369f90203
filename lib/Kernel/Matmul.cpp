//===- Matmul.cpp - Matrix products ---------------------------------------===//
//
// Rows of the left operand and of the result lie across lanes, columns within a
// lane. In 16 bit a product is one MM2 a batch; MM2 implies the row pitch of
// each operand's own width, which every operand here has because it is loaded
// into a buffer of its own. In f32, for which MM2 does not exist, the product
// is a 1x1 convolution: the left operand takes the place of the weights (its
// rows are output channels), the right one of the image (its rows are input
// channels and its columns pixels). That fills all lanes and all 16 columns of
// a vector, where the MM command would fill one column block a lane. Products
// of INT8 are MM2 with i32 sums; their factors follow the columns, which lie
// within a lane, so that the requantisation's tables do not fit. They are
// applied to sums rounded to 16 bits where these are precise enough, which
// takes half as long as f32.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Matmul.h"
#include "Support/IntMath.h"

#include "RequantEpilogue.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

enum Input : unsigned { kLeft = 0, kRight = 1, kBias = 2 };
/// With `narrow` the summand takes the place of the bias.
enum NarrowInput : unsigned { kSummand = kBias, kFactor = 3, kOffset = 4 };

class MatmulKernel : public TiledKernel {
public:
  MatmulKernel(const Arch &arch, const MatmulParams &params)
      : TiledKernel(arch), params(params) {}

  Shape4 space() const override { return params.result.shape; }

  Shape4 granularity() const override {
    int64_t vector = arch.vectorBytes / byteWidth(type());
    return {1, arch.lanes, 0, params.panels ? params.panels.columns : vector};
  }

  unsigned numInputs() const override {
    if (params.narrow)
      return params.narrow->offset ? 5 : 4;
    return params.bias || params.columns ? 3 : 2;
  }

  Box inputBox(unsigned index, const Box &tile) const override {
    if (index >= kBias)
      return {{0, 0, 0, tile.offset[W]},
              {1, 1, params.columns ? 2 : 1, tile.size[W]}};
    Box box{{tile.offset[N], 0, 0, 0}, {tile.size[N], 1, 1, depth()}};
    if (index == kLeft) {
      box.offset[C] = tile.offset[C];
      box.size[C] = tile.size[C];
    } else if (params.rightTransposed) {
      box.offset[C] = tile.offset[W];
      box.size[C] = tile.size[W];
    } else {
      box.size[C] = depth();
      box.offset[W] = tile.offset[W];
      box.size[W] = tile.size[W];
    }
    if (index == kRight && isShared(params.right)) {
      box.offset[N] = 0;
      box.size[N] = 1;
    }
    return box;
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    switch (index) {
    case kLeft:
      // Convolution weights are packed: no padding between rows of a lane.
      return isF32() ? compactTensor(arch, 0, box.size, type())
                     : alignedTensor(arch, 0, box.size, type());
    case kRight:
      // Beside uint8 the right operand is signed.
      return params.panels
                 ? params.panels.place(arch, box.size[C], box.size[W],
                                       params.right.type)
                 : alignedTensor(arch, 0, box.size, params.right.type);
    default:
      return {&arch,
              0,
              columnOperand(index).type,
              box.size,
              {0, 0, box.size[W], 1}};
    }
  }

  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, params.result.type);
  }

  int64_t scratchBytes(const Box &tile) const override {
    if (params.narrow)
      return sumBytes(tile) + wordBytes(tile);
    if (params.columns)
      return 2 * sumBytes(tile);
    return planScratch(tile, 0).end;
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (index >= kBias) {
      LocalTensor copies = local;
      copies.shape[C] = arch.lanes;
      builder.loadBroadcast(copies, columnOperand(index).slice(box));
      return;
    }
    if (index == kRight && params.panels)
      return params.panels.load(builder, params.right, box.offset[W], local);
    builder.load(local,
                 (index == kLeft ? params.left : params.right).slice(box));
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    if (params.narrow)
      return computeNarrow(builder, tile, buffers);
    if (params.columns)
      return computeInt8(builder, tile, buffers);
    Scratch scratch = planScratch(tile, buffers.scratch);
    scratch.stages.push_back(buffers.result);
    LocalTensor sum = scratch.stages.front();
    LocalTensor bias;
    if (params.bias) {
      bias = buffers.inputs[kBias];
      if (scratch.bias) {
        builder.cast(*scratch.bias, bias);
        bias = *scratch.bias;
        bias.shape[C] = 1;
        bias.strides = {0, 0, 0, 1};
      }
      // MM2 accumulates; a convolution in f32 cannot.
      if (!isF32())
        builder.copy(sum, bias);
    }
    forEachProduct(tile, sum, buffers,
                   [&](const LocalTensor &part, const LocalTensor &left,
                       const LocalTensor &right) {
                     multiply(builder, part, left, right, scratch);
                   });
    const LocalTensor *stage = scratch.stages.begin();
    if (params.bias && isF32()) {
      builder.arith(Arith::Add, stage[1], stage[0], bias);
      ++stage;
    }
    if (sumType() != params.result.type) {
      builder.cast(stage[1], stage[0]);
      ++stage;
    }
    if (params.relu) {
      builder.arith(Arith::Max, stage[1], stage[0], Operand(0.0, stage->type));
      ++stage;
    }
    if (params.upperLimit)
      builder.arith(Arith::Min, stage[1], stage[0],
                    Operand(*params.upperLimit, stage->type));
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(params.result.slice(tile), local);
  }

private:
  /// Buffers beside operands and result.
  struct Scratch {
    /// The sum, its rounding and so on; the result comes after the last.
    llvm::SmallVector<LocalTensor, 4> stages;
    std::optional<LocalTensor> bias, right;
    uint32_t end = 0;
  };

  const GlobalTensor &columnOperand(unsigned index) const {
    if (!params.narrow)
      return params.columns ? *params.columns : *params.bias;
    return index == kSummand  ? params.narrow->summand
           : index == kFactor ? params.narrow->factor
                              : *params.narrow->offset;
  }

  int64_t bytesOf(const Box &tile, ElementType type) const {
    return arch.wholeVectors(
        alignedTensor(arch, 0, tile.size, type).laneBytes());
  }
  int64_t sumBytes(const Box &tile) const {
    return bytesOf(tile, ElementType::I32);
  }
  int64_t wordBytes(const Box &tile) const {
    return bytesOf(tile, ElementType::I16);
  }

  /// Calls `action` with the sum, left and right operand of each product: one
  /// for each batch and each panel that lies apart.
  void forEachProduct(
      const Box &tile, const LocalTensor &sums, const TileBuffers &buffers,
      llvm::function_ref<void(const LocalTensor &, const LocalTensor &,
                              const LocalTensor &)>
          action) const {
    const LocalTensor &right = buffers.inputs[kRight];
    int64_t width =
        params.panels.areApart() ? params.panels.columns : tile.size[W];
    for (int64_t n = 0; n < tile.size[N]; ++n)
      for (int64_t begin = 0; begin < tile.size[W]; begin += width) {
        int64_t columns = std::min(width, tile.size[W] - begin);
        LocalTensor left = buffers.inputs[kLeft].slice(N, n, 1);
        if (!params.panels.areApart()) {
          action(sums.slice(N, n, 1), left,
                 right.slice(N, isShared(params.right) ? 0 : n, 1));
          continue;
        }
        action(sums.slice(N, n, 1).slice(W, begin, columns), left,
               params.panels.panelOf(right, begin, columns));
      }
  }

  /// The exact sums of INT8 products, in scratch.
  LocalTensor multiplyInt8(CommandBuilder &builder, const Box &tile,
                           const TileBuffers &buffers) const {
    LocalTensor sums =
        alignedTensor(arch, buffers.scratch, tile.size, ElementType::I32);
    forEachProduct(tile, sums, buffers,
                   [&](const LocalTensor &sum, const LocalTensor &left,
                       const LocalTensor &right) {
                     builder.matmulRows(sum, left, right,
                                        params.rightTransposed);
                   });
    return sums;
  }

  void computeNarrow(CommandBuilder &builder, const Box &tile,
                     const TileBuffers &buffers) const {
    const MatmulParams::Narrow &narrow = *params.narrow;
    LocalTensor sums = multiplyInt8(builder, tile, buffers);
    uint32_t first = sums.address;
    uint32_t second = uint32_t(first + sumBytes(tile));
    auto column = [&](unsigned index) {
      LocalTensor values = buffers.inputs[index];
      values.strides = {0, 0, 0, 1};
      return values;
    };
    auto shiftedRight = [](int64_t shift) {
      return Operand(double(-shift), ElementType::I8);
    };
    LocalTensor words =
        alignedTensor(arch, second, tile.size, ElementType::I16);
    builder.arithShifted(Arith::AddSat, words, sums, column(kSummand),
                         shiftedRight(narrow.shift),
                         Rounding::HalfAwayFromZero);
    if (isInt8(params.result.type)) {
      bool isDirect =
          params.result.type == ElementType::I8 && narrow.zeroPoint == 0;
      LocalTensor scaled = isDirect ? buffers.result : words.at(first);
      builder.arithShifted(Arith::MulSat, scaled, words, column(kFactor),
                           shiftedRight(narrow.factorShift),
                           Rounding::HalfAwayFromZero);
      if (isDirect)
        return;
      if (narrow.zeroPoint) {
        builder.arith(Arith::AddSat, words, scaled,
                      Operand(double(narrow.zeroPoint), ElementType::I16));
        scaled = words;
      }
      return builder.cast(buffers.result, scaled);
    }
    LocalTensor stage = words.as(ElementType::F16).at(first);
    builder.cast(stage, words);
    // Each step reads one buffer and writes the other, the last the result.
    unsigned steps = 1 + narrow.offset.has_value() + params.relu +
                     params.upperLimit.has_value();
    auto apply = [&](Arith function, const Operand &operand) {
      LocalTensor target =
          --steps == 0 ? buffers.result
                       : stage.at(stage.address == first ? second : first);
      builder.arith(function, target, stage, operand);
      stage = target;
    };
    apply(Arith::Mul, column(kFactor));
    if (narrow.offset)
      apply(Arith::Add, column(kOffset));
    if (params.relu)
      apply(Arith::Max, Operand(0.0, ElementType::F16));
    if (params.upperLimit)
      apply(Arith::Min, Operand(*params.upperLimit, ElementType::F16));
  }

  void computeInt8(CommandBuilder &builder, const Box &tile,
                   const TileBuffers &buffers) const {
    LocalTensor sums = multiplyInt8(builder, tile, buffers);
    LocalTensor second = sums.as(ElementType::F32)
                             .at(uint32_t(buffers.scratch + sumBytes(tile)));
    LocalTensor first = sums.as(ElementType::F32);
    auto column = [&](int64_t row) {
      LocalTensor values = buffers.inputs[kBias].slice(H, row, 1);
      values.strides = {0, 0, 0, 1};
      return values;
    };
    builder.cast(second, sums);
    builder.arith(Arith::Mul, first, second, column(0));
    Activation activation{params.relu, params.upperLimit.value_or(-1)};
    bool isDone = params.result.type == ElementType::F32 && !params.relu;
    builder.arith(Arith::Add, isDone ? buffers.result : second, first,
                  column(1));
    if (isDone)
      return;
    if (isInt8(params.result.type))
      return builder.cast(buffers.result, second);
    emitFloatResult(builder, activation, buffers.result, second, first.address);
  }

  /// Of the operands.
  ElementType type() const { return params.left.type; }
  /// With a bias the sum stays in f32 until the bias is in it.
  ElementType sumType() const {
    return params.bias ? ElementType::F32 : params.result.type;
  }
  bool isF32() const { return type() == ElementType::F32; }
  int64_t depth() const { return params.left.shape[W]; }
  /// One right operand serves all batches.
  static bool isShared(const GlobalTensor &right) {
    return right.shape[N] == 1 || right.strides[N] == 0;
  }

  Scratch planScratch(const Box &tile, uint32_t address) const {
    Scratch scratch;
    scratch.end = address;
    auto take = [&](const Shape4 &shape, ElementType elementType) {
      LocalTensor tensor = alignedTensor(arch, scratch.end, shape, elementType);
      scratch.end += uint32_t(alignUp(tensor.laneBytes(), arch.vectorBytes));
      return tensor;
    };
    if (params.bias && params.bias->type != ElementType::F32)
      scratch.bias = take({1, arch.lanes, 1, tile.size[W]}, ElementType::F32);
    int rounding = sumType() != params.result.type;
    int addition = params.bias && isF32();
    int numStages =
        addition + rounding + params.relu + params.upperLimit.has_value();
    for (int stage = 0; stage < numStages; ++stage)
      scratch.stages.push_back(
          take(tile.size, stage < rounding ? sumType() : params.result.type));
    if (isF32() && params.rightTransposed)
      scratch.right = take({1, depth(), 1, tile.size[W]}, type());
    return scratch;
  }

  /// One product; in 16 bit `sum` holds the bias already when there is one.
  void multiply(CommandBuilder &builder, const LocalTensor &sum,
                const LocalTensor &left, const LocalTensor &right,
                const Scratch &scratch) const {
    if (!isF32()) {
      builder.matmulRows(sum, left, right, params.rightTransposed,
                         /*accumulate=*/params.bias.has_value());
      return;
    }
    LocalTensor image = right;
    if (scratch.right) {
      builder.transpose(*scratch.right, right);
      image = *scratch.right;
    }
    builder.convolve(sum, image, left.address, std::nullopt, Window());
  }

  MatmulParams params;
};

/// True when the batches of a matrix follow each other like rows.
bool batchesAreRows(const GlobalTensor &matrix) {
  return matrix.strides[N] == matrix.shape[C] * matrix.strides[C];
}

/// The rows of all batches, in the given lane layout or one after the other.
GlobalTensor withBatchesAsRows(const GlobalTensor &matrix, LaneLayout layout) {
  int64_t rows = matrix.shape[N] * matrix.shape[C];
  if (!layout.isKnown() || layout.n * layout.c != rows)
    layout = {1, rows};
  Shape4 strides = matrix.strides;
  strides[N] = layout.c * strides[C];
  return matrix.viewed({layout.n, layout.c, 1, matrix.shape[W]}, strides);
}

} // namespace

void kernel::makeMatmulKernels(const Arch &arch, const MatmulParams &params,
                               KernelList &kernels) {
  MatmulParams folded = params;
  bool isRightShared =
      params.right.shape[N] == 1 || params.right.strides[N] == 0;
  if (isRightShared && batchesAreRows(params.left) &&
      batchesAreRows(params.result)) {
    folded.left = withBatchesAsRows(params.left, params.result.layout);
    folded.result = withBatchesAsRows(params.result, params.result.layout);
  }
  kernels.push_back(std::make_unique<MatmulKernel>(arch, folded));
}
