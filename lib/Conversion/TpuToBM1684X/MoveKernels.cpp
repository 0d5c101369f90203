//===- MoveKernels.cpp - Kernels of operators that only move data ---------===//
//
// Expresses reshapes, permutations, slices, concatenations, padding,
// broadcasts and gathers as strided copies, fills and row gathers.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"
#include "QuantElementwise.h"

#include "Arch/BM1684X.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Analysis/CopyBoxes.h"
#include "Kernel/Copy.h"
#include "Kernel/LanePermute.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

#include <cmath>
#include <numeric>
#include <vector>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

namespace {

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

SmallVector<int64_t> stridesOf(Value value) {
  return computeStrides(shapeOf(value));
}

int64_t product(ArrayRef<int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                         std::multiplies<>());
}

/// A copy of a box of `sizes` between the given strides.
struct BoxCopy {
  CopyParams params;
  SmallVector<CopyAxis> axes;

  BoxCopy(KernelContext &context, const GlobalTensor &result,
          ArrayRef<int64_t> resultStrides, const GlobalTensor &source,
          ArrayRef<int64_t> sourceStrides, ArrayRef<int64_t> sizes)
      : params{result, source, std::nullopt} {
    for (auto [size, to, from] : llvm::zip(sizes, resultStrides, sourceStrides))
      axes.push_back({size, to, from});
    // The bits of INT8 values move, whatever their scale.
    bool isHalf = isFloat(result.type) && byteWidth(result.type) == 2;
    if (result.layout.isKnown() && (isHalf || isInt8(result.type)))
      params.identity =
          context.identityMatrix(isHalf ? result.type : ElementType::I8);
  }
};

void copyBox(KernelContext &context, const GlobalTensor &result,
             ArrayRef<int64_t> resultStrides, const GlobalTensor &source,
             ArrayRef<int64_t> sourceStrides, ArrayRef<int64_t> sizes,
             KernelList &kernels) {
  BoxCopy copy(context, result, resultStrides, source, sourceStrides, sizes);
  makeCopyKernels(copy.params, copy.axes, kernels);
}

/// Elements before the first of a box that starts at `offsets`.
int64_t boxStart(ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides) {
  int64_t start = 0;
  for (auto [offset, stride] : llvm::zip(offsets, strides))
    start += offset * stride;
  return start;
}

struct ReshapeModel
    : LowerToCommandsOpInterface::ExternalModel<ReshapeModel, tpu::ReshapeOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto reshape = cast<tpu::ReshapeOp>(op);
    if (!context.hasAllocation(reshape.getOutput())) {
      // The reshape of a constant is the constant.
      context.alias(reshape.getOutput(), reshape.getInput());
      return success();
    }
    GlobalTensor result = context.globalTensor(reshape.getOutput());
    GlobalTensor source = context.globalTensor(reshape.getInput());
    if (result.region != source.region ||
        result.offsetBytes != source.offsetBytes)
      copyBox(context, result, 1, source, 1, numElements(result.shape),
              kernels);
    return success();
  }
};

/// Whether a value is an input or an output of the function, or a view of one:
/// it is transferred anyway, in any order.
bool isTransferred(Value value) {
  Value root = value;
  while (auto reshape = root.getDefiningOp<tpu::ReshapeOp>())
    root = reshape.getInput();
  while (value.hasOneUse() && isa<tpu::ReshapeOp>(*value.user_begin()))
    value = value.user_begin()->getResult(0);
  return isa<BlockArgument>(root) ||
         llvm::any_of(value.getUsers(), [](Operation *user) {
           return user->hasTrait<OpTrait::IsTerminator>();
         });
}

/// The boxes of a permute or relayout.
class Movement {
public:
  Movement(KernelContext &context, Operation *op)
      : op(op), allowsProducts(context.allowsLaneProducts()),
        result(context.globalTensor(op->getResult(0))),
        source(context.globalTensor(op->getOperand(0))) {
    if (auto permute = dyn_cast<tpu::PermuteOp>(op)) {
      CopyBox &box = boxes.emplace_back();
      SmallVector<int64_t> strides = stridesOf(permute.getInput());
      for (int64_t axis : permute.getOrder())
        box.fromStrides.push_back(strides[axis]);
      llvm::append_range(box.sizes, shapeOf(permute.getOutput()));
      llvm::append_range(box.toStrides, stridesOf(permute.getOutput()));
    } else {
      auto relayout = cast<tpu::RelayoutOp>(op);
      boxes = unpackCopyBoxes(relayout.getBoxes(), relayout.getAxes());
    }
    for (const CopyBox &box : boxes)
      copies.emplace_back(context, result.advanced(box.to), box.toStrides,
                          source.advanced(box.from), box.fromStrides,
                          box.sizes);
  }

  /// The movement as products between lanes, unless copies do without global
  /// memory.
  std::optional<LanePermutation> planProducts() const {
    if (!allowsProducts || isTransferred(op->getOperand(0)) ||
        isTransferred(op->getResult(0)) || llvm::all_of(copies, isLocal))
      return std::nullopt;
    return planLanePermutation(result, source, boxes);
  }

  /// Whether the source's lane layout is of any use.
  bool staysLocal() const {
    return llvm::any_of(copies, isLocal) || planProducts();
  }

  Operation *op;
  bool allowsProducts;
  GlobalTensor result, source;
  SmallVector<CopyBox> boxes;
  std::vector<BoxCopy> copies;

private:
  static bool isLocal(const BoxCopy &copy) {
    return kernel::staysLocal(copy.params, copy.axes);
  }
};

/// Whether all readers of `value` are data movements to which its lane layout
/// is of no use.
bool isOnlyMovedOn(KernelContext &context, Value value) {
  return !value.use_empty() &&
         llvm::all_of(value.getUsers(), [&](Operation *user) {
           if (isa<tpu::ReshapeOp>(user) &&
               context.hasAllocation(user->getResult(0)))
             return isOnlyMovedOn(context, user->getResult(0));
           return isa<tpu::PermuteOp, tpu::RelayoutOp>(user) &&
                  context.hasAllocation(user->getResult(0)) &&
                  !Movement(context, user).staysLocal();
         });
}

LogicalResult buildMove(Operation *op, KernelContext &context,
                        KernelList &kernels) {
  Movement movement(context, op);
  if (std::optional<LanePermutation> products = movement.planProducts()) {
    GlobalTensor matrices = context.addConstant(
        std::exchange(products->matrices, {}), ElementType::I8,
        {1, products->resultLanes, 1,
         products->numMatrices * LanePermutation::kDepth});
    makeLanePermuteKernel(movement.result, movement.source, matrices,
                          std::move(*products), kernels);
    return success();
  }
  bool passesGlobal = isOnlyMovedOn(context, op->getResult(0));
  for (BoxCopy &copy : movement.copies) {
    copy.params.passesGlobal = passesGlobal;
    makeCopyKernels(copy.params, copy.axes, kernels);
  }
  return success();
}

struct PermuteModel
    : LowerToCommandsOpInterface::ExternalModel<PermuteModel, tpu::PermuteOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    return buildMove(op, context, kernels);
  }
};

struct RelayoutModel
    : LowerToCommandsOpInterface::ExternalModel<RelayoutModel,
                                                tpu::RelayoutOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    return buildMove(op, context, kernels);
  }
};

struct SliceModel
    : LowerToCommandsOpInterface::ExternalModel<SliceModel, tpu::SliceOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto slice = cast<tpu::SliceOp>(op);
    SmallVector<int64_t> strides = stridesOf(slice.getInput());
    GlobalTensor source = context.globalTensor(slice.getInput())
                              .advanced(boxStart(slice.getOffsets(), strides));
    GlobalTensor result = context.globalTensor(slice.getOutput());
    if (result.region == source.region &&
        result.offsetBytes == source.offsetBytes)
      return success(); // a view of its input
    for (auto [stride, step] : llvm::zip(strides, slice.getSteps()))
      stride *= step;
    copyBox(context, result, stridesOf(slice.getOutput()), source, strides,
            slice.getSizes(), kernels);
    return success();
  }
};

struct ConcatModel
    : LowerToCommandsOpInterface::ExternalModel<ConcatModel, tpu::ConcatOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto concat = cast<tpu::ConcatOp>(op);
    SmallVector<int64_t> strides = stridesOf(concat.getOutput());
    GlobalTensor result = context.globalTensor(concat.getOutput());
    if (makeOfShortRows(concat, context, kernels))
      return success();
    for (Value input : concat.getInputs()) {
      GlobalTensor source = context.globalTensor(input);
      bool isInPlace = result.region == source.region &&
                       result.offsetBytes == source.offsetBytes;
      if (!isInPlace)
        copyBox(context, result, strides, source, stridesOf(input),
                shapeOf(input), kernels);
      result = result.advanced(shapeOf(input)[concat.getAxis()] *
                               strides[concat.getAxis()]);
    }
    return success();
  }

  /// Rows of which some part is a short run.
  static bool makeOfShortRows(tpu::ConcatOp concat, KernelContext &context,
                              KernelList &kernels) {
    size_t axis = concat.getAxis();
    GlobalTensor result = context.globalTensor(concat.getOutput());
    int64_t rows = product(shapeOf(concat.getOutput()).take_front(axis));
    bool hasShort = false;
    SmallVector<RowPart> parts;
    for (Value input : concat.getInputs()) {
      int64_t columns = product(shapeOf(input).drop_front(axis));
      parts.push_back({context.globalTensor(input), columns});
      hasShort |= columns * byteWidth(result.type) < arch::kShortestRowBytes;
    }
    return hasShort && rows > 1 && makeRowConcat(result, parts, rows, kernels);
  }
};

struct PadModel
    : LowerToCommandsOpInterface::ExternalModel<PadModel, tpu::PadOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto pad = cast<tpu::PadOp>(op);
    GlobalTensor result = context.globalTensor(pad.getOutput());
    double value = pad.getValue().convertToDouble();
    if (isInt8(result.type)) {
      QuantParams bytes = quantParamsOf(pad.getOutput());
      double least = isSigned(result.type) ? -128 : 0;
      double step = std::round(value / bytes.scale) + double(bytes.zeroPoint);
      // What pads for a maximum is minus infinity: the least byte.
      value = std::clamp(step, least, least + 255);
    }
    uint32_t bits = constantBits(value, result.type);
    if (makeOfShortRows(pad, context, bits, kernels))
      return success();
    makeFillKernels(result, numElements(result.shape), bits, kernels);
    SmallVector<int64_t> strides = stridesOf(pad.getOutput());
    ArrayRef<int64_t> begins = pad.getPads().take_front(strides.size());
    copyBox(context, result.advanced(boxStart(begins, strides)), strides,
            context.globalTensor(pad.getInput()), stridesOf(pad.getInput()),
            shapeOf(pad.getInput()), kernels);
    return success();
  }

  /// One axis is padded, and what lies between its pads is a short run.
  static bool makeOfShortRows(tpu::PadOp pad, KernelContext &context,
                              uint32_t bits, KernelList &kernels) {
    ArrayRef<int64_t> from = shapeOf(pad.getInput()), pads = pad.getPads();
    ArrayRef<int64_t> to = shapeOf(pad.getOutput());
    size_t rank = from.size(), axis = 0;
    while (axis < rank && from[axis] == to[axis])
      ++axis;
    if (axis == rank || from.drop_front(axis + 1) != to.drop_front(axis + 1))
      return false;
    int64_t rows = product(from.take_front(axis));
    int64_t inner = product(from.drop_front(axis + 1));
    int64_t columns = from[axis] * inner;
    GlobalTensor result = context.globalTensor(pad.getOutput());
    if (rows == 1 ||
        columns * byteWidth(result.type) >= arch::kShortestRowBytes)
      return false;
    SmallVector<RowPart> parts;
    auto addPad = [&](int64_t count) {
      if (count > 0)
        parts.push_back({std::nullopt, count * inner, bits});
    };
    addPad(pads[axis]);
    parts.push_back({context.globalTensor(pad.getInput()), columns});
    addPad(pads[rank + axis]);
    return makeRowConcat(result, parts, rows, kernels);
  }
};

struct BroadcastModel
    : LowerToCommandsOpInterface::ExternalModel<BroadcastModel,
                                                tpu::BroadcastOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto broadcast = cast<tpu::BroadcastOp>(op);
    SmallVector<int64_t> strides = stridesOf(broadcast.getInput());
    for (auto [stride, size] :
         llvm::zip(strides, shapeOf(broadcast.getInput())))
      if (size == 1)
        stride = 0;
    copyBox(context, context.globalTensor(broadcast.getOutput()),
            stridesOf(broadcast.getOutput()),
            context.globalTensor(broadcast.getInput()), strides,
            shapeOf(broadcast.getOutput()), kernels);
    return success();
  }
};

struct GatherModel
    : LowerToCommandsOpInterface::ExternalModel<GatherModel, tpu::GatherOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto gather = cast<tpu::GatherOp>(op);
    ArrayRef<int64_t> shape = shapeOf(gather.getInput());
    int64_t axis = gather.getAxis();
    makeGatherKernels(context.globalTensor(gather.getOutput()),
                      context.globalTensor(gather.getInput()),
                      context.globalTensor(gather.getIndices()),
                      product(shape.take_front(axis)), shape[axis],
                      product(shape.drop_front(axis + 1)),
                      product(shapeOf(gather.getIndices())), kernels);
    return success();
  }
};

} // namespace

void tpuc::attachMoveKernels(MLIRContext *context) {
  tpu::ReshapeOp::attachInterface<ReshapeModel>(*context);
  tpu::PermuteOp::attachInterface<PermuteModel>(*context);
  tpu::RelayoutOp::attachInterface<RelayoutModel>(*context);
  tpu::SliceOp::attachInterface<SliceModel>(*context);
  tpu::ConcatOp::attachInterface<ConcatModel>(*context);
  tpu::PadOp::attachInterface<PadModel>(*context);
  tpu::BroadcastOp::attachInterface<BroadcastModel>(*context);
  tpu::GatherOp::attachInterface<GatherModel>(*context);
}
