//===- MoveKernels.cpp - Kernels of operators that only move data ---------===//
//
// Expresses reshapes, permutations, slices, concatenations, padding,
// broadcasts and gathers as strided copies, fills and row gathers.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"
#include "QuantElementwise.h"

#include "Analysis/Boxes.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/AliasAnalysis.h"
#include "Kernel/Copy.h"
#include "Kernel/LanePermute.h"

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

int64_t product(ArrayRef<int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                         std::multiplies<>());
}

/// A copy of what a map moves between two whole values.
struct MapCopy {
  CopyParams params;
  StridedAxes axes;

  MapCopy(KernelContext &context, const GlobalTensor &result,
          const GlobalTensor &source, const StridedMap &map)
      : params{result.advanced(map.resultOffset),
               source.advanced(map.sourceOffset), std::nullopt},
        axes(map.axes) {
    // The bits of INT8 values move, whatever their scale.
    bool isHalf = isFloat(result.type) && byteWidth(result.type) == 2;
    if (result.layout.isKnown() && (isHalf || isInt8(result.type)))
      params.identity =
          context.identityMatrix(isHalf ? result.type : ElementType::I8);
  }
};

void copyMap(KernelContext &context, const GlobalTensor &result,
             const GlobalTensor &source, const StridedMap &map,
             KernelList &kernels) {
  MapCopy copy(context, result, source, map);
  makeCopyKernels(context.arch(), copy.params, copy.axes, kernels);
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
      copyMap(context, result, source,
              StridedMap::identity(numElements(result.shape)), kernels);
    return success();
  }
};

/// The boxes of a permute or relayout.
class Movement {
public:
  Movement(KernelContext &context, Operation *op)
      : arch(context.arch()), op(op),
        allowsProducts(context.allowsLaneProducts()),
        result(context.globalTensor(op->getResult(0))),
        source(context.globalTensor(op->getOperand(0))) {
    if (auto permute = dyn_cast<tpu::PermuteOp>(op)) {
      boxes.push_back(StridedMap::identity(shapeOf(permute.getInput()))
                          .permuted(permute.getOrder()));
    } else {
      auto relayout = cast<tpu::RelayoutOp>(op);
      boxes = unpackBoxes(relayout.getBoxes(), relayout.getAxes());
    }
    for (const StridedMap &box : boxes)
      copies.emplace_back(context, result, source, box);
  }

  /// The movement as products between lanes, unless copies do without global
  /// memory.
  std::optional<LanePermutation> planProducts() const {
    if (!allowsProducts || isTransferred(op->getOperand(0)) ||
        isTransferred(op->getResult(0)) ||
        llvm::all_of(copies,
                     [&](const MapCopy &copy) { return isLocal(copy); }))
      return std::nullopt;
    return planLanePermutation(arch, result, source, boxes);
  }

  /// Whether the source's lane layout is of any use.
  bool staysLocal() const {
    return llvm::any_of(copies,
                        [&](const MapCopy &copy) { return isLocal(copy); }) ||
           planProducts();
  }

  const Arch &arch;
  Operation *op;
  bool allowsProducts;
  GlobalTensor result, source;
  SmallVector<StridedMap> boxes;
  std::vector<MapCopy> copies;

private:
  bool isLocal(const MapCopy &copy) const {
    return kernel::staysLocal(arch, copy.params, copy.axes);
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
        {1, products->resultLanes, 1, products->numMatrices * products->depth});
    makeLanePermuteKernel(context.arch(), movement.result, movement.source,
                          matrices, std::move(*products), kernels);
    return success();
  }
  bool passesGlobal = isOnlyMovedOn(context, op->getResult(0));
  for (MapCopy &copy : movement.copies) {
    copy.params.passesGlobal = passesGlobal;
    makeCopyKernels(context.arch(), copy.params, copy.axes, kernels);
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
    StridedMap map =
        StridedMap::identity(shapeOf(slice.getInput()))
            .sliced(slice.getOffsets(), slice.getSizes(), slice.getSteps());
    GlobalTensor source = context.globalTensor(slice.getInput());
    GlobalTensor result = context.globalTensor(slice.getOutput());
    if (result.region == source.region &&
        result.offsetBytes == source.advanced(map.sourceOffset).offsetBytes)
      return success(); // a view of its input
    copyMap(context, result, source, map, kernels);
    return success();
  }
};

struct ConcatModel
    : LowerToCommandsOpInterface::ExternalModel<ConcatModel, tpu::ConcatOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto concat = cast<tpu::ConcatOp>(op);
    ArrayRef<int64_t> shape = shapeOf(concat.getOutput());
    SmallVector<int64_t> offsets(shape.size(), 0);
    GlobalTensor result = context.globalTensor(concat.getOutput());
    if (makeOfShortRows(concat, context, kernels))
      return success();
    for (Value input : concat.getInputs()) {
      GlobalTensor source = context.globalTensor(input);
      StridedMap map =
          StridedMap::identity(shapeOf(input)).placedIn(shape, offsets);
      bool isInPlace =
          result.region == source.region &&
          result.advanced(map.resultOffset).offsetBytes == source.offsetBytes;
      if (!isInPlace && !makeShift(concat, input, offsets[concat.getAxis()],
                                   context, kernels))
        copyMap(context, result, source, map, kernels);
      offsets[concat.getAxis()] += shapeOf(input)[concat.getAxis()];
    }
    return success();
  }

  /// Channels that do not begin in the first lane.
  static bool makeShift(tpu::ConcatOp concat, Value input, int64_t start,
                        KernelContext &context, KernelList &kernels) {
    ArrayRef<int64_t> from = shapeOf(input), to = shapeOf(concat.getOutput());
    const Arch &arch = context.arch();
    if (concat.getAxis() != 1 || to.size() != 4 || start % arch.lanes == 0 ||
        !context.allowsLaneProducts())
      return false;
    auto image = [&](Value value, ArrayRef<int64_t> shape) {
      return context.globalTensor(value).reshaped(
          {shape[0], shape[1], shape[2], shape[3]});
    };
    return makeLaneShift(arch, image(concat.getOutput(), to),
                         image(input, from), start,
                         context.identityMatrix(ElementType::I8), kernels);
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
      hasShort |=
          columns * byteWidth(result.type) < context.arch().shortestRowBytes;
    }
    return hasShort && rows > 1 &&
           makeRowConcat(context.arch(), result, parts, rows, kernels);
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
    makeFillKernels(context.arch(), result, numElements(result.shape), bits,
                    kernels);
    ArrayRef<int64_t> shape = shapeOf(pad.getOutput());
    copyMap(context, result, context.globalTensor(pad.getInput()),
            StridedMap::identity(shapeOf(pad.getInput()))
                .placedIn(shape, pad.getPads().take_front(shape.size())),
            kernels);
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
        columns * byteWidth(result.type) >= context.arch().shortestRowBytes)
      return false;
    SmallVector<RowPart> parts;
    auto addPad = [&](int64_t count) {
      if (count > 0)
        parts.push_back({std::nullopt, count * inner, bits});
    };
    addPad(pads[axis]);
    parts.push_back({context.globalTensor(pad.getInput()), columns});
    addPad(pads[rank + axis]);
    return makeRowConcat(context.arch(), result, parts, rows, kernels);
  }
};

struct BroadcastModel
    : LowerToCommandsOpInterface::ExternalModel<BroadcastModel,
                                                tpu::BroadcastOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto broadcast = cast<tpu::BroadcastOp>(op);
    copyMap(context, context.globalTensor(broadcast.getOutput()),
            context.globalTensor(broadcast.getInput()),
            StridedMap::identity(shapeOf(broadcast.getInput()))
                .repeated(shapeOf(broadcast.getOutput())),
            kernels);
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
    makeGatherKernels(context.arch(), context.globalTensor(gather.getOutput()),
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
