//===- ElementwiseKernels.cpp - Kernels of element-wise operators ---------===//
//
// Says how arithmetic, comparison, selection and casts are computed for a tile;
// broadcasting and tiling are the element-wise kernel's.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseParams.h"
#include "KernelModels.h"
#include "QuantElementwise.h"

#include "Dialect/Tpu/IR/Tpu.h"

#include <limits>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

static ShapedTensor shapedTensor(KernelContext &context, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return {context.globalTensor(value),
          llvm::SmallVector<int64_t>(type.getShape())};
}

ElementwiseParams tpuc::makeElementwiseParams(KernelContext &context,
                                              Operation *op) {
  ElementwiseParams params;
  params.result = shapedTensor(context, op->getResult(0));
  for (Value operand : op->getOperands()) {
    params.operands.push_back(shapedTensor(context, operand));
    params.constants.push_back(context.constantBytes(operand));
  }
  params.addConstant = [&context](std::vector<char> bytes, ElementType type,
                                  const Shape4 &shape) {
    return context.addConstant(std::move(bytes), type, shape);
  };
  return params;
}

namespace {

Arith arithOf(tpu::BinaryKind kind) {
  switch (kind) {
  case tpu::BinaryKind::Add:
    return Arith::Add;
  case tpu::BinaryKind::Sub:
    return Arith::Sub;
  case tpu::BinaryKind::Mul:
    return Arith::Mul;
  case tpu::BinaryKind::Div:
    return Arith::Div;
  case tpu::BinaryKind::Max:
    return Arith::Max;
  case tpu::BinaryKind::Min:
    return Arith::Min;
  }
  return Arith::Add;
}

struct BinaryModel
    : LowerToCommandsOpInterface::ExternalModel<BinaryModel, tpu::BinaryOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto binary = cast<tpu::BinaryOp>(op);
    ElementwiseParams params = makeElementwiseParams(context, op);
    ElementType type = params.result.tensor.type;
    Arith function = arithOf(binary.getKind());
    if (isInt8(type)) {
      QuantParams lhs = quantParamsOf(binary.getLhs()),
                  rhs = quantParamsOf(binary.getRhs());
      if (function == Arith::Mul && (lhs.zeroPoint || rhs.zeroPoint))
        return op->emitOpError()
               << "multiplies INT8 operands whose zero point is not 0, which "
                  "has no kernel; "
                  "give it the precision F16 in the quantize table";
      setQuantBinary(params, binary.getKind(), lhs, rhs,
                     quantParamsOf(binary.getOutput()));
    } else if (function == Arith::Div)
      setDivision(params, type);
    else
      params.compute = [function](CommandBuilder &builder,
                                  const LocalTensor &result,
                                  ArrayRef<LocalTensor> operands,
                                  ArrayRef<LocalTensor>, uint32_t) {
        builder.arith(function, result, operands[0], operands[1]);
      };
    // The requantisation to INT8 reads and writes whole vectors only.
    params.takesStrides = function != Arith::Div && !isInt8(type);
    makeElementwiseKernels(context.arch(), params, kernels);
    return success();
  }

  /// The divider works in f32 only; 16-bit operands are widened around it.
  static void setDivision(ElementwiseParams &params, ElementType type) {
    if (type == ElementType::F32) {
      params.compute = [](CommandBuilder &builder, const LocalTensor &result,
                          ArrayRef<LocalTensor> operands, ArrayRef<LocalTensor>,
                          uint32_t) {
        builder.divide(result, operands[0], operands[1]);
      };
      return;
    }
    params.scratch.assign(3, ElementType::F32);
    params.compute = [](CommandBuilder &builder, const LocalTensor &result,
                        ArrayRef<LocalTensor> operands,
                        ArrayRef<LocalTensor> scratch, uint32_t) {
      builder.cast(scratch[0], operands[0]);
      builder.cast(scratch[1], operands[1]);
      builder.divide(scratch[2], scratch[0], scratch[1]);
      builder.cast(result, scratch[2]);
    };
  }
};

struct ScalarModel
    : LowerToCommandsOpInterface::ExternalModel<ScalarModel, tpu::ScalarOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto scalar = cast<tpu::ScalarOp>(op);
    ElementwiseParams params = makeElementwiseParams(context, op);
    Operand constant(scalar.getValue().convertToDouble(),
                     params.result.tensor.type);
    tpu::ScalarKind kind = scalar.getKind();
    params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                         ArrayRef<LocalTensor> operands, ArrayRef<LocalTensor>,
                         uint32_t) {
      switch (kind) {
      case tpu::ScalarKind::Add:
        return builder.arith(Arith::Add, result, operands[0], constant);
      case tpu::ScalarKind::Rsub:
        return builder.arith(Arith::Sub, result, constant, operands[0]);
      case tpu::ScalarKind::Mul:
        return builder.arith(Arith::Mul, result, operands[0], constant);
      case tpu::ScalarKind::Max:
        return builder.arith(Arith::Max, result, operands[0], constant);
      case tpu::ScalarKind::Min:
        return builder.arith(Arith::Min, result, operands[0], constant);
      }
    };
    params.takesStrides = true;
    makeElementwiseKernels(context.arch(), params, kernels);
    return success();
  }
};

struct CastModel
    : LowerToCommandsOpInterface::ExternalModel<CastModel, tpu::CastOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    ElementwiseParams params = makeElementwiseParams(context, op);
    auto cast = llvm::cast<tpu::CastOp>(op);
    if (isInt8(params.result.tensor.type) ||
        isInt8(params.operands.front().tensor.type)) {
      setQuantCast(params, quantParamsOf(cast.getInput()),
                   quantParamsOf(cast.getOutput()));
      makeElementwiseKernels(context.arch(), params, kernels);
      return success();
    }
    Rounding rounding = isFloat(params.result.tensor.type)
                            ? Rounding::HalfToEven
                            : Rounding::TowardsZero;
    // The chip has no cast between its two 16-bit floats.
    auto isHalf = [](const ShapedTensor &tensor) {
      return isFloat(tensor.tensor.type) && byteWidth(tensor.tensor.type) == 2;
    };
    if (isHalf(params.result) && isHalf(params.operands.front()))
      params.scratch = {ElementType::F32};
    params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                         ArrayRef<LocalTensor> operands,
                         ArrayRef<LocalTensor> scratch, uint32_t) {
      LocalTensor source = operands[0];
      if (!scratch.empty()) {
        builder.cast(scratch[0], source);
        source = scratch[0];
      }
      builder.cast(result, source, rounding);
    };
    params.takesStrides = true;
    makeElementwiseKernels(context.arch(), params, kernels);
    return success();
  }
};

/// Copies an operand that is broadcast into a tensor of the result's shape: the
/// compare unit reads only whole tensors.
Operand dense(CommandBuilder &builder, const LocalTensor &operand,
              const LocalTensor &whole) {
  if (operand.shape == whole.shape)
    return operand;
  LocalTensor copy = whole.as(operand.type);
  builder.copy(copy, operand);
  return copy;
}

/// Whether a constant surely has no NaN among its bytes; other operands may.
bool isNeverNaN(ArrayRef<char> constant, ElementType type) {
  if (!isFloat(type))
    return true;
  bool found = constant.empty();
  auto scan = [&](auto bits, uint32_t infinity) {
    using Bits = decltype(bits);
    constexpr Bits kMagnitude = Bits(~Bits(0)) >> 1;
    ArrayRef<Bits> values(reinterpret_cast<const Bits *>(constant.data()),
                          constant.size() / sizeof(Bits));
    for (Bits value : values)
      found |= (value & kMagnitude) > infinity;
  };
  if (type == ElementType::F32)
    scan(uint32_t(), 0x7f800000);
  else
    scan(uint16_t(), type == ElementType::F16 ? 0x7c00 : 0x7f80);
  return !found;
}

/// The compare unit finds two floats equal when their bits are: so a NaN equals
/// itself and the two zeros differ. "Less" holds for a NaN and any other bits,
/// "greater" for none; both know that the zeros are equal. A relation is made
/// of those that are right for it.
struct CompareModel
    : LowerToCommandsOpInterface::ExternalModel<CompareModel, tpu::CompareOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    ElementwiseParams params = makeElementwiseParams(context, op);
    ElementType type = params.result.tensor.type;
    params.scratch.assign(2, type);
    tpu::CompareKind kind = cast<tpu::CompareOp>(op).getKind();
    if (isFloat(type) && !isStrict(kind))
      setEquality(params, type, kind, op->getOperand(0) == op->getOperand(1));
    else
      setRelation(params, type, kind);
    makeElementwiseKernels(context.arch(), params, kernels);
    return success();
  }

  /// Less and greater: false for equal operands.
  static bool isStrict(tpu::CompareKind kind) {
    return kind == tpu::CompareKind::Lt || kind == tpu::CompareKind::Gt;
  }

  /// Relations of floats that hold for equal operands: made of "not less",
  /// without NaNs.
  static void setEquality(ElementwiseParams &params, ElementType type,
                          tpu::CompareKind kind, bool isSame) {
    bool isNe = kind == tpu::CompareKind::Ne;
    bool leftIsNotLess = kind != tpu::CompareKind::Le && !isSame;
    bool rightIsNotLess = kind != tpu::CompareKind::Ge && !isSame;
    // "Less" misses two NaNs of the same bits.
    bool mayBeNaN = isSame || !(isNeverNaN(params.constants[0], type) ||
                                isNeverNaN(params.constants[1], type));
    if (leftIsNotLess + rightIsNotLess + mayBeNaN > 1)
      params.scratch.push_back(type);
    params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                         ArrayRef<LocalTensor> operands,
                         ArrayRef<LocalTensor> scratch, uint32_t) {
      Operand a = dense(builder, operands[0], scratch[0]);
      Operand b = dense(builder, operands[1], scratch[1]);
      // Nothing but a NaN is below minus infinity.
      Operand lowest(-std::numeric_limits<double>::infinity(), type);
      SmallVector<std::pair<Operand, Operand>, 3> lessPairs;
      if (leftIsNotLess)
        lessPairs.push_back({a, b});
      if (rightIsNotLess)
        lessPairs.push_back({b, a});
      if (mayBeNaN)
        lessPairs.push_back({a, lowest});
      Operand fails(isNe ? 1.0 : 0.0, type), found(isNe ? 0.0 : 1.0, type);
      for (auto [index, pair] : llvm::enumerate(lessPairs)) {
        bool isLast = index + 1 == lessPairs.size();
        const LocalTensor &step = isLast ? result : scratch[2];
        builder.select(Compare::SelectLess, step, pair.first, pair.second,
                       fails, found);
        found = step;
      }
    };
  }

  /// Integers, and floats that are less or greater.
  static void setRelation(ElementwiseParams &params, ElementType type,
                          tpu::CompareKind kind) {
    params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                         ArrayRef<LocalTensor> operands,
                         ArrayRef<LocalTensor> scratch, uint32_t) {
      Operand a = dense(builder, operands[0], scratch[0]);
      Operand b = dense(builder, operands[1], scratch[1]);
      Operand one(1.0, type), zero(0.0, type);
      switch (kind) {
      case tpu::CompareKind::Eq:
        return builder.select(Compare::SelectEqual, result, a, b, one, zero);
      case tpu::CompareKind::Ne:
        return builder.select(Compare::SelectEqual, result, a, b, zero, one);
      case tpu::CompareKind::Lt:
        return builder.select(Compare::SelectGreater, result, b, a, one, zero);
      case tpu::CompareKind::Ge:
        return builder.select(Compare::SelectGreater, result, b, a, zero, one);
      case tpu::CompareKind::Gt:
        return builder.select(Compare::SelectGreater, result, a, b, one, zero);
      case tpu::CompareKind::Le:
        return builder.select(Compare::SelectGreater, result, a, b, zero, one);
      }
    };
  }
};

struct SelectModel
    : LowerToCommandsOpInterface::ExternalModel<SelectModel, tpu::SelectOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    ElementwiseParams params = makeElementwiseParams(context, op);
    ElementType type = params.result.tensor.type;
    params.scratch.assign(3, type);
    params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                         ArrayRef<LocalTensor> operands,
                         ArrayRef<LocalTensor> scratch, uint32_t) {
      Operand condition = dense(builder, operands[0], scratch[0]);
      Operand lhs = dense(builder, operands[1], scratch[1]);
      Operand rhs = dense(builder, operands[2], scratch[2]);
      builder.select(Compare::SelectEqual, result, condition,
                     Operand(0.0, type), rhs, lhs);
    };
    makeElementwiseKernels(context.arch(), params, kernels);
    return success();
  }
};

struct PReluModel
    : LowerToCommandsOpInterface::ExternalModel<PReluModel, tpu::PReluOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    ElementwiseParams params = makeElementwiseParams(context, op);
    ElementType type = params.result.tensor.type;
    params.scratch.assign(3, type);
    // max(x, 0) + slope * min(x, 0)
    params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                         ArrayRef<LocalTensor> operands,
                         ArrayRef<LocalTensor> scratch, uint32_t) {
      Operand zero(0.0, type);
      builder.arith(Arith::Min, scratch[0], operands[0], zero);
      builder.arith(Arith::Mul, scratch[1], scratch[0], operands[1]);
      builder.arith(Arith::Max, scratch[2], operands[0], zero);
      builder.arith(Arith::Add, result, scratch[1], scratch[2]);
    };
    makeElementwiseKernels(context.arch(), params, kernels);
    return success();
  }
};

} // namespace

void tpuc::attachElementwiseKernels(MLIRContext *context) {
  tpu::BinaryOp::attachInterface<BinaryModel>(*context);
  tpu::ScalarOp::attachInterface<ScalarModel>(*context);
  tpu::CastOp::attachInterface<CastModel>(*context);
  tpu::CompareOp::attachInterface<CompareModel>(*context);
  tpu::SelectOp::attachInterface<SelectModel>(*context);
  tpu::PReluOp::attachInterface<PReluModel>(*context);
}
