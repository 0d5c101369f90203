//===- AssignGlobalMemory.cpp - Places of activations in DDR --------------===//
//
// Gives every activation an offset in the activation area, with reuse by
// lifetime. It moves nothing; only what the caller would otherwise see twice
// gets a copy.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TpuToBM1684X/KernelContext.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace tpuc {
#define GEN_PASS_DEF_ASSIGNGLOBALMEMORY
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace mlir;
using namespace tpuc;

namespace {

/// The elements before a slice that is one run of its input, or nothing when
/// it is not: all axes but the first longer than 1 must be whole.
std::optional<int64_t> contiguousStart(tpu::SliceOp slice) {
  ArrayRef<int64_t> shape = slice.getInput().getType().getShape();
  SmallVector<int64_t> strides = computeStrides(shape);
  int64_t start = 0;
  bool mustBeWhole = false;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    int64_t taken = slice.getSizes()[axis];
    if (taken != 1 && slice.getSteps()[axis] != 1)
      return std::nullopt;
    if (mustBeWhole && taken != size)
      return std::nullopt;
    mustBeWhole |= taken != 1;
    start += slice.getOffsets()[axis] * strides[axis];
  }
  return start;
}

/// Memory of one value and of all that lies in it.
struct Storage {
  int64_t bytes = 0;
  /// First and last operation, by position, at which it holds data.
  int64_t first = 0, last = 0;
  int64_t offset = 0;
};

int64_t storageBytes(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  int64_t bits = tensor.getNumElements() * tensor.getElementTypeBitWidth();
  return arch::alignUp(arch::ceilDiv(bits, 8), arch::kGlobalAlignBytes);
}

bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

/// Whether `value` is memory of the caller or a constant: nothing that a
/// result may share.
bool isForeign(Value value) {
  return isa<BlockArgument>(value) || isConstant(value);
}

class MemoryPlan {
public:
  explicit MemoryPlan(func::FuncOp function) : function(function) {}

  void run() {
    separateResults();
    collect();
    place();
    annotate();
  }

private:
  /// Where a value lies: in the memory of another, or its own.
  struct Place {
    Value root;
    int64_t offset = 0; ///< bytes from the root's start
  };

  /// A reshape lies in its operand, and so does a slice that is one run of it.
  Place placeOf(Value value) const {
    Place place{value};
    while (Operation *op = place.root.getDefiningOp()) {
      if (separate.contains(op))
        break;
      if (auto reshape = dyn_cast<tpu::ReshapeOp>(op)) {
        place.root = reshape.getInput();
        continue;
      }
      auto slice = dyn_cast<tpu::SliceOp>(op);
      std::optional<int64_t> start;
      if (slice && !isConstant(rootOf(slice.getInput())))
        start = contiguousStart(slice);
      if (!start)
        break;
      Type type = slice.getInput().getType().getElementType();
      place.offset += *start * int64_t(type.getIntOrFloatBitWidth()) / 8;
      place.root = slice.getInput();
    }
    return place;
  }

  Value rootOf(Value value) const { return placeOf(value).root; }

  /// A result that would lie in an argument, a constant or another result is
  /// copied by a reshape that does not share memory.
  void separateResults() {
    auto terminator =
        cast<func::ReturnOp>(function.getBody().front().getTerminator());
    OpBuilder builder(terminator);
    llvm::SmallDenseSet<Value> taken;
    for (OpOperand &operand : terminator->getOpOperands()) {
      Value value = operand.get();
      if (!isForeign(rootOf(value)) && taken.insert(rootOf(value)).second)
        continue;
      auto copy = tpu::ReshapeOp::create(builder, value.getLoc(),
                                         value.getType(), value);
      separate.insert(copy);
      operand.set(copy);
      taken.insert(copy);
    }
  }

  void collect() {
    constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();
    for (BlockArgument argument : function.getArguments())
      storages[argument] = {storageBytes(argument.getType()), -1, kAlways, 0};
    int64_t position = 0;
    for (Operation &op : function.getBody().front()) {
      ++position;
      for (Value operand : op.getOperands()) {
        Value root = rootOf(operand);
        if (auto it = storages.find(root); it != storages.end()) {
          it->second.last = std::max(it->second.last, position);
          if (isa<func::ReturnOp>(op)) {
            it->second.first = -1;
            it->second.last = kAlways;
          }
        }
      }
      for (Value result : op.getResults())
        if (!isConstant(result) && rootOf(result) == result)
          storages[result] = {storageBytes(result.getType()), position,
                              position, 0};
    }
  }

  /// Largest first, each at the lowest offset that is free while it lives.
  void place() {
    SmallVector<Storage *> order;
    for (auto &entry : storages)
      order.push_back(&entry.second);
    llvm::stable_sort(order, [](const Storage *a, const Storage *b) {
      return a->bytes > b->bytes;
    });
    SmallVector<Storage *> placed; // by offset
    for (Storage *storage : order) {
      int64_t offset = 0;
      for (Storage *other : placed) {
        if (other->last < storage->first || storage->last < other->first)
          continue;
        if (other->offset >= offset + storage->bytes)
          break;
        offset = std::max(offset, other->offset + other->bytes);
      }
      storage->offset = offset;
      totalBytes = std::max(totalBytes, offset + storage->bytes);
      placed.insert(llvm::upper_bound(placed, storage,
                                      [](const Storage *a, const Storage *b) {
                                        return a->offset < b->offset;
                                      }),
                    storage);
    }
  }

  void annotate() {
    OpBuilder builder(function.getContext());
    for (BlockArgument argument : function.getArguments())
      function.setArgAttr(
          argument.getArgNumber(), "tpu.global_offset",
          builder.getI64IntegerAttr(storages[argument].offset));
    for (Operation &op : function.getBody().front()) {
      SmallVector<int64_t> offsets;
      for (Value result : op.getResults()) {
        Place place = placeOf(result);
        if (auto it = storages.find(place.root); it != storages.end())
          offsets.push_back(it->second.offset + place.offset);
      }
      // A reshape of a constant lies where the constant lies.
      if (!offsets.empty())
        op.setAttr("tpu.global_offsets", builder.getDenseI64ArrayAttr(offsets));
    }
    function->setAttr("tpu.activation_bytes",
                      builder.getI64IntegerAttr(totalBytes));
  }

  func::FuncOp function;
  llvm::SmallDenseSet<Operation *> separate;
  llvm::MapVector<Value, Storage> storages;
  int64_t totalBytes = 0;
};

struct AssignGlobalMemory
    : public tpuc::impl::AssignGlobalMemoryBase<AssignGlobalMemory> {
  void runOnOperation() override {
    if (!getOperation().isDeclaration())
      MemoryPlan(getOperation()).run();
  }
};

} // namespace
