//===- Attention.cpp - Attention in one kernel ----------------------------===//
//
// Query rows lie across lanes in blocks of at most 64, so that the row pitch
// that MM2 implies is never used and heads side by side in a row are columns
// that an address selects. Key and value rows beyond 64 need the pitch of their
// own width: then every head has a buffer of its own. In f32 both products are
// 1x1 convolutions (Matmul.cpp): queries and weights take the place of filters,
// transposed keys and values that of images.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Attention.h"
#include "Support/IntMath.h"

#include "Kernel/Functions.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <numbers>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

enum Input : unsigned { kQuery, kKey, kValue, kFirstAddend };

/// Space: batches, 1, blocks of query rows, heads. Either a batch is one block,
/// or there is one batch.
class AttentionKernel : public TiledKernel {
public:
  AttentionKernel(const Arch &arch, const AttentionParams &params)
      : TiledKernel(arch), params(params), program(arch) {
    VectorValue x = program.input(type());
    llvm::SmallVector<VectorValue, 2> addends;
    for (const GlobalTensor &addend : params.addends)
      addends.push_back(program.input(addend.type));
    for (const VectorValue &addend : addends)
      x = program.add(x, addend);
    x = program.fillPadding(x, -std::numeric_limits<double>::infinity());
    x = program.sub(x, program.rowMax(x));
    program.setResult(appendNormalizedPowers(program, x, pitch()));
  }

  Shape4 space() const override {
    return {batches(), 1, ceilDiv(queryRows(), arch.lanes), heads()};
  }
  Shape4 granularity() const override { return {1, 0, 1, 1}; }
  unsigned numInputs() const override {
    return kFirstAddend + params.addends.size();
  }

  Box inputBox(unsigned index, const Box &tile) const override {
    Box box = tile;
    if (index == kKey || index == kValue) {
      box.offset[H] = 0;
      box.size[H] = 1;
    } else if (index >= kFirstAddend) {
      const GlobalTensor &addend = params.addends[index - kFirstAddend];
      if (isRepeated(addend, N)) {
        box.offset[N] = 0;
        box.size[N] = 1;
      }
      if (isRepeated(addend, C)) {
        box.offset[H] = 0;
        box.size[H] = 1;
      }
      if (isRepeated(addend, H)) {
        box.offset[W] = 0;
        box.size[W] = 1;
      }
    }
    return box;
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    int64_t blocks = box.size[N] * box.size[H];
    switch (index) {
    case kQuery:
      return headTensor(blocks, blockRows(), box.size[W], depth());
    case kKey:
    case kValue: {
      int64_t columns = index == kKey ? depth() : valueDepth();
      if (isPacked())
        return headTensor(box.size[N], keyRows(), box.size[W], columns);
      return alignedTensor(
          arch, 0, {box.size[N] * box.size[W], keyRows(), 1, columns}, type());
    }
    default: {
      const GlobalTensor &addend = params.addends[index - kFirstAddend];
      int64_t rows = isRepeated(addend, C) ? 1 : blockRows();
      LocalTensor tensor = alignedTensor(
          arch, 0, {blocks, rows, box.size[W], pitch()}, addend.type);
      if (rows == 1)
        tensor.strides[C] = 0;
      return tensor;
    }
    }
  }

  LocalTensor placeResult(const Box &tile) const override {
    return headTensor(tile.size[N] * tile.size[H], blockRows(), tile.size[W],
                      valueDepth());
  }

  int64_t scratchBytes(const Box &tile) const override {
    return planScratch(tile, 0).program +
           program.scratchBytes(vectorTile(tile));
  }
  int64_t constantBytes() const override { return program.constantBytes(); }
  void setUp(CommandBuilder &builder, uint32_t address) const override {
    program.setUp(builder, address);
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (index == kKey || index == kValue)
      return loadKeys(builder, index == kKey ? params.key : params.value, box,
                      local);
    const GlobalTensor &source =
        index == kQuery ? params.query : params.addends[index - kFirstAddend];
    forEachRowBlock(box, isRepeated(source, C), local, source,
                    [&](LocalTensor part, const GlobalTensor &global) {
                      if (index != kQuery && part.shape[C] == 1 &&
                          isRepeated(source, C)) {
                        part.shape[C] = arch.lanes;
                        builder.loadBroadcast(part, global);
                      } else {
                        builder.load(part, global);
                      }
                    });
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    Scratch scratch = planScratch(tile, buffers.scratch);
    int64_t blocks = tile.size[N] * tile.size[H];
    // Scores in units of log 2, so that their powers need no other scale.
    const LocalTensor &query = scratch.query;
    builder.arith(Arith::Mul, query, buffers.inputs[kQuery],
                  Operand(params.scale * std::numbers::log2e, type()));
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t head = 0; head < tile.size[W]; ++head)
        multiply(builder,
                 matrix(scratch.scores, block, head, blockRows(), keyRows()),
                 matrix(query, block, head, blockRows(), depth()),
                 keyMatrix(buffers.inputs[kKey], tile, block, head, depth()),
                 scratch.turnedKeys);

    llvm::SmallVector<LocalTensor, 3> operands{scratch.scores};
    for (auto [scaled, addend] :
         llvm::zip(scratch.addends, buffers.inputs.drop_front(kFirstAddend))) {
      builder.arith(Arith::Mul, scaled,
                    addend.viewed(scaled.shape, addend.strides),
                    Operand(std::numbers::log2e, addend.type));
      operands.push_back(repeated(addend.at(scaled.address)));
    }
    VectorTile rows = vectorTile(tile);
    program.emit(builder, rows, scratch.weights, operands,
                 program.bufferAddresses(rows, scratch.program), constants);

    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t head = 0; head < tile.size[W]; ++head)
        multiply(
            builder,
            matrix(buffers.result, block, head, blockRows(), valueDepth()),
            matrix(scratch.weights, block, head, blockRows(), keyRows()),
            keyMatrix(buffers.inputs[kValue], tile, block, head, valueDepth()));
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    forEachRowBlock(tile, /*isOneRow=*/false, local, params.result,
                    [&](const LocalTensor &part, const GlobalTensor &global) {
                      builder.store(global, part);
                    });
  }

private:
  struct Scratch {
    LocalTensor query, scores, weights;
    llvm::SmallVector<LocalTensor, 2> addends;
    /// Of one head, where the product needs them.
    LocalTensor turnedKeys;
    uint32_t program; ///< start of the vector program's buffers
  };

  ElementType type() const { return params.result.type; }
  bool isF32() const { return type() == ElementType::F32; }
  int64_t batches() const { return params.result.shape[N]; }
  int64_t queryRows() const { return params.result.shape[C]; }
  int64_t heads() const { return params.result.shape[H]; }
  int64_t valueDepth() const { return params.result.shape[W]; }
  int64_t keyRows() const { return params.key.shape[C]; }
  int64_t depth() const { return params.key.shape[W]; }
  int64_t blockRows() const { return std::min(queryRows(), arch.lanes); }
  /// Heads side by side in the rows of keys and values.
  bool isPacked() const { return keyRows() <= arch.lanes; }

  /// Columns of a row of scores: whole vectors in 16 bit, and reducible.
  int64_t pitch() const {
    constexpr int64_t kVector = 32;
    return reducibleColumns(keyRows(), kVector);
  }

  /// Heads side by side in each row, each from an aligned address on.
  LocalTensor headTensor(int64_t blocks, int64_t rows, int64_t numHeads,
                         int64_t columns) const {
    int64_t vector = arch.vectorBytes / byteWidth(type());
    LocalTensor tensor = alignedTensor(
        arch, 0, {blocks, rows, numHeads, alignUp(columns, vector)}, type());
    tensor.shape[W] = columns;
    return tensor;
  }

  static bool isRepeated(const GlobalTensor &tensor, unsigned axis) {
    return tensor.shape[axis] == 1 || tensor.strides[axis] == 0;
  }

  VectorTile vectorTile(const Box &tile) const {
    return {{tile.size[N] * tile.size[H], blockRows(), tile.size[W], pitch()},
            keyRows()};
  }

  Scratch planScratch(const Box &tile, uint32_t address) const {
    Scratch scratch;
    auto take = [&](const LocalTensor &tensor) {
      LocalTensor taken = tensor.at(address);
      address += uint32_t(alignUp(tensor.laneBytes(), arch.vectorBytes));
      return taken;
    };
    Shape4 shape = vectorTile(tile).shape;
    scratch.query = take(placeInput(kQuery, inputBox(kQuery, tile)));
    scratch.scores = take(alignedTensor(arch, 0, shape, type()));
    scratch.weights = take(alignedTensor(arch, 0, shape, type()));
    for (unsigned index = kFirstAddend; index < numInputs(); ++index) {
      LocalTensor addend = placeInput(index, inputBox(index, tile));
      // One row is replicated in all lanes.
      Shape4 copies = addend.shape;
      if (copies[C] == 1)
        copies[C] = blockRows();
      scratch.addends.push_back(
          take(alignedTensor(arch, 0, copies, addend.type)));
    }
    scratch.turnedKeys =
        alignedTensor(arch, 0, {1, depth(), 1, keyRows()}, type());
    if (isF32())
      scratch.turnedKeys = take(scratch.turnedKeys);
    scratch.program = address;
    return scratch;
  }

  /// The matrix of a head in rows that hold the heads side by side. At most 64
  /// rows, so that no pitch is implied.
  static LocalTensor matrix(const LocalTensor &packed, int64_t block,
                            int64_t head, int64_t rows, int64_t columns) {
    LocalTensor part = packed.slice(N, block, 1).slice(H, head, 1);
    part.shape = {1, rows, 1, columns};
    return part;
  }

  LocalTensor keyMatrix(const LocalTensor &keys, const Box &tile, int64_t block,
                        int64_t head, int64_t columns) const {
    int64_t batch = tile.size[N] > 1 ? block : 0;
    if (isPacked())
      return matrix(keys, batch, head, keyRows(), columns);
    return keys.slice(N, batch * tile.size[W] + head, 1);
  }

  /// result = left * right, or left * right^T where `turned` has room for
  /// right^T.
  void multiply(CommandBuilder &builder, const LocalTensor &result,
                const LocalTensor &left, const LocalTensor &right,
                std::optional<LocalTensor> turned = std::nullopt) const {
    if (!isF32())
      return builder.matmulRows(result, left, right,
                                /*rightTransposed=*/turned.has_value());
    if (turned)
      builder.transpose(*turned, right);
    builder.convolve(result, turned.value_or(right), left.address, std::nullopt,
                     Window());
  }

  void loadKeys(CommandBuilder &builder, const GlobalTensor &source,
                const Box &box, const LocalTensor &local) const {
    GlobalTensor part =
        source.slice({{box.offset[N], 0, box.offset[W], 0},
                      {box.size[N], keyRows(), box.size[W], source.shape[W]}});
    if (isPacked())
      return builder.load(local, part);
    for (int64_t batch = 0; batch < box.size[N]; ++batch) {
      // Heads take the place of batches.
      GlobalTensor perHead =
          part.advanced(batch * part.strides[N])
              .viewed({box.size[W], keyRows(), 1, source.shape[W]},
                      {part.strides[H], part.strides[C], 1, 1});
      builder.load(local.slice(N, batch * box.size[W], box.size[W]), perHead);
    }
  }

  /// Calls `transfer` with the rows of each block; all batches at once where a
  /// batch is one block.
  template <typename Transfer>
  void forEachRowBlock(const Box &box, bool isOneRow, const LocalTensor &local,
                       const GlobalTensor &global, Transfer transfer) const {
    int64_t columns = global.shape[W];
    auto move = [&](int64_t batch, int64_t count, int64_t row, int64_t rows,
                    int64_t block) {
      LocalTensor part = local.slice(N, block, count);
      part.shape = {count, rows, box.size[W], columns};
      transfer(part, global.slice({{batch, row, box.offset[W], 0},
                                   {count, rows, box.size[W], columns}}));
    };
    if (isOneRow)
      return move(box.offset[N], box.size[N], 0, 1, 0);
    if (queryRows() <= arch.lanes)
      return move(box.offset[N], box.size[N], 0, queryRows(), 0);
    for (int64_t block = 0; block < box.size[H]; ++block) {
      int64_t row = (box.offset[H] + block) * arch.lanes;
      move(0, 1, row, std::min(arch.lanes, queryRows() - row), block);
    }
  }

  /// An addend, broadcast to the shape of the scores.
  static LocalTensor repeated(const LocalTensor &addend) {
    LocalTensor tensor = addend;
    for (unsigned axis : {N, C, H})
      if (tensor.shape[axis] == 1)
        tensor.strides[axis] = 0;
    return tensor;
  }

  AttentionParams params;
  VectorProgram program;
};

} // namespace

void kernel::makeAttentionKernels(const Arch &arch,
                                  const AttentionParams &params,
                                  KernelList &kernels) {
  if (params.result.shape[C] <= arch.lanes) {
    kernels.push_back(std::make_unique<AttentionKernel>(arch, params));
    return;
  }
  // Several blocks of rows a batch: the batches one after the other.
  for (int64_t batch = 0; batch < params.result.shape[N]; ++batch) {
    auto only = [&](const GlobalTensor &tensor) {
      Box box{{tensor.shape[N] == 1 ? 0 : batch, 0, 0, 0}, tensor.shape};
      box.size[N] = 1;
      return tensor.slice(box);
    };
    AttentionParams one = params;
    one.query = only(params.query);
    one.key = only(params.key);
    one.value = only(params.value);
    one.result = only(params.result);
    for (GlobalTensor &addend : one.addends)
      addend = only(addend);
    kernels.push_back(std::make_unique<AttentionKernel>(arch, one));
  }
}
