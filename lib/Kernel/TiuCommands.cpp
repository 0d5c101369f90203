//===- TiuCommands.cpp - TIU commands over tensors ------------------------===//
//
// Fills the registers of the compute engine's commands. Short forms are used
// wherever one exists, as in every stream seen of this chip.
//
//===----------------------------------------------------------------------===//

#include "Kernel/CommandBuilder.h"

#include <cassert>
#include <cmath>

using namespace tpuc;
using namespace tpuc::kernel;
using codec::Layout;
using codec::Registers;

namespace {

/// Layout codes of operands.
enum : uint32_t { kAligned = 0, kFreeStride = 3 };

uint32_t precision(ElementType type) { return precisionCode(type); }

/// True when strides that matter (of axes longer than 1) agree.
bool sameStrides(const LocalTensor &tensor, const Shape4 &strides) {
  for (unsigned axis = 0; axis < 4; ++axis) {
    int64_t extent = axis == C ? tensor.channelRows() : tensor.shape[axis];
    if (extent > 1 && tensor.strides[axis] != strides[axis])
      return false;
  }
  return true;
}

/// Layout code and strides of an operand that is read as `shape`.
struct OperandLayout {
  uint32_t code;
  Shape4 strides;
};

OperandLayout layoutOf(const LocalTensor &tensor, const Shape4 &shape) {
  if (tensor.shape == shape &&
      sameStrides(tensor, alignedStrides(*tensor.arch, shape, tensor.type,
                                         tensor.startLane())))
    return {kAligned, {0, 0, 0, 0}};
  Shape4 strides = tensor.strides;
  for (unsigned axis = 0; axis < 4; ++axis)
    if ((axis == C ? tensor.channelRows() : tensor.shape[axis]) == 1)
      strides[axis] = 0;
  return {kFreeStride, strides};
}

Registers start(const LocalTensor &result) {
  Registers r;
  r.cmd_id_en = 1;
  r.res0_n = uint32_t(result.shape[N]);
  r.res0_c = uint32_t(result.shape[C]);
  r.res0_h = uint32_t(result.shape[H]);
  r.res0_w = uint32_t(result.shape[W]);
  r.res0_addr = result.address;
  r.res0_prec = precision(result.type);
  return r;
}

void setWindow(Registers &r, const LocalTensor &source, const Window &window) {
  r.opd0_h = uint32_t(source.shape[H]);
  r.opd0_w = uint32_t(source.shape[W]);
  r.opd1_h = uint32_t(window.kernelH);
  r.opd1_w = uint32_t(window.kernelW);
  r.opd0_up_pad = uint32_t(window.padTop);
  r.opd0_dn_pad = uint32_t(window.padBottom);
  r.opd0_lf_pad = uint32_t(window.padLeft);
  r.opd0_rt_pad = uint32_t(window.padRight);
  r.res_op_x_str = uint32_t(window.strideW);
  r.res_op_y_str = uint32_t(window.strideH);
  r.opd1_x_ins0 = uint32_t(window.dilationW - 1);
  r.opd1_y_ins0 = uint32_t(window.dilationH - 1);
  r.opd0_x_ins0 = uint32_t(window.insertW);
  r.opd0_y_ins0 = uint32_t(window.insertH);
}

void setSigns(Registers &r, ElementType source = ElementType::I8) {
  r.opd0_sign = isSigned(source);
  r.opd1_sign = 1;
  r.opd2_sign = 1;
}

} // namespace

Operand Operand::ofBits(uint32_t bits, ElementType type) {
  Operand operand(0.0, type);
  operand.bits = bits;
  return operand;
}

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

void CommandBuilder::emitArith(Arith function, const LocalTensor &result,
                               const Operand &a, const Operand *b,
                               const Operand *c, Rounding rounding) {
  Registers r = start(result);
  r.tsk_eu_typ = uint32_t(function);
  r.tsk_opd_num = b ? (c ? 3 : 2) : 1;
  r.opd2_n_str = uint32_t(rounding);
  r.opd0_sign = isSigned(a.type);
  r.opd1_sign = b ? isSigned(b->type) : 1;
  // Of a cast this is the result's sign.
  r.opd2_sign = function == Arith::Cast ? isSigned(result.type) : 1;
  OperandLayout layout = layoutOf(result, result.shape);
  r.res0_str = layout.code;
  r.res0_n_str = uint32_t(layout.strides[N]);
  r.res0_c_str = uint32_t(layout.strides[C]);
  r.res0_h_str = uint32_t(layout.strides[H]);
  r.res0_w_str = uint32_t(layout.strides[W]);

  r.opd0_prec = precision(a.type);
  if (a.tensor) {
    layout = layoutOf(*a.tensor, result.shape);
    r.opd0_addr = a.tensor->address;
    r.opd0_str = layout.code;
    r.opd0_n_str = uint32_t(layout.strides[N]);
    r.opd0_c_str = uint32_t(layout.strides[C]);
    r.opd0_h_str = uint32_t(layout.strides[H]);
    r.opd0_w_str = uint32_t(layout.strides[W]);
  } else {
    r.opd0_const = 1;
    r.opd0_addr = a.bits;
  }
  r.opd1_prec = precision(b ? b->type : a.type);
  if (b && b->tensor) {
    layout = layoutOf(*b->tensor, result.shape);
    r.opd1_addr = b->tensor->address;
    r.opd1_str = layout.code;
    r.opd1_n_str = uint32_t(layout.strides[N]);
    r.opd1_c_str = uint32_t(layout.strides[C]);
    r.opd1_h_str = uint32_t(layout.strides[H]);
    r.opd1_w_str = uint32_t(layout.strides[W]);
  } else if (b) {
    r.opd1_const = 1;
    r.opd1_addr = b->bits;
  }
  if (c) {
    r.opd2_const = c->tensor ? 0 : 1;
    r.opd2_addr = c->tensor ? c->tensor->address : c->bits;
    r.opd2_prec = precision(c->type);
  }
  sink.emit(Layout::SAr, r);
}

void CommandBuilder::arith(Arith function, const LocalTensor &result,
                           const Operand &a, const Operand &b,
                           Rounding rounding) {
  emitArith(function, result, a, &b, nullptr, rounding);
}

void CommandBuilder::arithShifted(Arith function, const LocalTensor &result,
                                  const Operand &a, const Operand &b,
                                  const Operand &shift, Rounding rounding) {
  emitArith(function, result, a, &b, &shift, rounding);
}

void CommandBuilder::cast(const LocalTensor &result, const LocalTensor &source,
                          Rounding rounding) {
  emitArith(Arith::Cast, result, source, nullptr, nullptr, rounding);
}

void CommandBuilder::copy(const LocalTensor &result,
                          const LocalTensor &source) {
  emitArith(Arith::Copy, result, source, nullptr, nullptr,
            Rounding::HalfToEven);
}

void CommandBuilder::abs(const LocalTensor &result, const LocalTensor &source) {
  emitArith(Arith::Abs, result, source, nullptr, nullptr, Rounding::HalfToEven);
}

void CommandBuilder::divide(const LocalTensor &result, const Operand &a,
                            const Operand &b, unsigned iterations) {
  // The rounding field carries the iteration count, less one.
  emitArith(Arith::Div, result, a, &b, nullptr, Rounding(iterations - 1));
}

void CommandBuilder::select(Compare function, const LocalTensor &result,
                            const Operand &a, const Operand &b,
                            const Operand &c, const Operand &d) {
  Registers r = start(result);
  r.tsk_eu_typ = uint32_t(function);
  r.opd0_sign = 1;
  r.opd0_prec = precision(a.type);
  r.opd2_prec = precision(c.type);
  auto place = [](const Operand &operand, uint32_t &isConst, uint32_t &address,
                  uint32_t *str, const Shape4 &shape) {
    isConst = operand.tensor ? 0 : 1;
    address = operand.tensor ? operand.tensor->address : operand.bits;
    if (str && operand.tensor && operand.tensor->shape != shape)
      *str = 2; // one value a channel, compact
  };
  place(a, r.opd0_const, r.opd0_addr, &r.opd0_str, result.shape);
  place(b, r.opd1_const, r.opd1_addr, &r.opd1_str, result.shape);
  place(c, r.opd2_const, r.opd2_addr, nullptr, result.shape);
  place(d, r.opd3_const, r.opd3_addr, nullptr, result.shape);
  sink.emit(Layout::SCmp, r);
}

void CommandBuilder::linear(const LocalTensor &result,
                            const LocalTensor &source, const Operand &scale,
                            const Operand &offset) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::LinFunction::Mac;
  r.opd0_addr = source.address;
  r.opd1_const = scale.tensor ? 0 : 1;
  r.opd1_addr = scale.tensor ? scale.tensor->address : scale.bits;
  r.opd2_const = offset.tensor ? 0 : 1;
  r.opd2_addr = offset.tensor ? offset.tensor->address : offset.bits;
  sink.emit(Layout::SLin, r);
}

void CommandBuilder::taylor(const LocalTensor &result,
                            const LocalTensor &source, uint32_t table,
                            unsigned count) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::SfuFunction::Taylor;
  r.opd0_prec = precision(source.type);
  r.opd0_addr = source.address;
  r.opd1_addr = table;
  r.opd1_n = count;
  sink.emit(Layout::SSfu, r);
}

void CommandBuilder::rsqrt(const LocalTensor &result, const LocalTensor &source,
                           unsigned iterations) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::SfuFunction::Rsqrt;
  r.opd0_prec = precision(source.type);
  r.opd0_addr = source.address;
  r.opd2_n_str = iterations - 1;
  sink.emit(Layout::SSfu, r);
}

void CommandBuilder::transpose(const LocalTensor &result,
                               const LocalTensor &source) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::TransBcFunction::WcTs;
  r.opd0_c = uint32_t(source.shape[C]);
  r.opd0_w = uint32_t(source.shape[W]);
  r.opd0_addr = source.address;
  sink.emit(Layout::STransBc, r);
}

void CommandBuilder::loadStatic(const LocalTensor &result,
                                uint32_t staticOffset) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::TransBcFunction::SBc;
  r.opd0_c = 1;
  r.opd0_w = uint32_t(result.shape[W]);
  r.opd0_addr = uint32_t(arch.staticBase + staticOffset);
  sink.emit(Layout::STransBc, r);
}

//===----------------------------------------------------------------------===//
// Requantisation
//===----------------------------------------------------------------------===//

Multiplier kernel::encodeMultiplier(double factor) {
  if (factor == 0 || !std::isfinite(factor))
    return {0, 0};
  int exponent;
  double fraction = std::frexp(factor, &exponent); // 0.5 <= |fraction| < 1
  constexpr int kBits = 31;
  int64_t mantissa = std::llround(std::ldexp(fraction, kBits));
  if (std::abs(mantissa) == int64_t(1) << kBits) {
    mantissa /= 2;
    ++exponent;
  }
  int shift = exponent - kBits;
  // What is left of a factor below the smallest shift is 0.
  constexpr int kLeastShift = -62;
  if (shift < kLeastShift) {
    int excess = kLeastShift - shift;
    mantissa = excess > kBits ? 0 : mantissa >> excess;
    shift = kLeastShift;
  }
  return {int32_t(mantissa), int8_t(shift)};
}

void CommandBuilder::requantize(const LocalTensor &result,
                                const LocalTensor &source,
                                const Multiplier &factor, int64_t zeroPoint) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::RqDqFunction::Rq1;
  r.opd0_prec = precision(source.type);
  r.opd0_sign = isSigned(source.type);
  r.opd0_addr = source.address;
  r.opd2_sign = isSigned(result.type);
  r.opd2_n_str = uint32_t(Rounding::HalfAwayFromZero);
  r.opd1_const = 1;
  r.opd1_addr = uint32_t(factor.mantissa);
  r.opd2_addr = uint32_t(zeroPoint) << 16 | uint8_t(factor.shift);
  sink.emit(Layout::SRqDq, r);
}

void CommandBuilder::requantizeChannels(const LocalTensor &result,
                                        const LocalTensor &source,
                                        uint32_t parameters) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::RqDqFunction::Rq0;
  r.opd0_prec = precision(source.type);
  r.opd0_sign = isSigned(source.type);
  r.opd0_addr = source.address;
  r.opd2_sign = isSigned(result.type);
  // Both the conversion to f32 (low bits) and the result (high bits).
  r.opd2_n_str = uint32_t(Rounding::HalfToEven);
  r.opd1_addr = parameters;
  sink.emit(Layout::SRqDq, r);
}

void CommandBuilder::accumulateProduct(const LocalTensor &result,
                                       const Operand &a, const Operand &b) {
  arithShifted(Arith::Mac, result, a, b, Operand::ofBits(0, ElementType::I16));
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

void CommandBuilder::convolve(const LocalTensor &result,
                              const LocalTensor &source, uint32_t weights,
                              std::optional<uint32_t> bias,
                              const Window &window, bool accumulate,
                              uint32_t padBits) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::ConvFunction::Normal;
  setSigns(r, source.type);
  setWindow(r, source, window);
  r.res_add = accumulate;
  r.opd0_prec = precision(source.type);
  r.opd0_c = uint32_t(source.shape[C]);
  r.opd0_addr = source.address;
  OperandLayout layout = layoutOf(source, source.shape);
  r.opd0_str = layout.code;
  r.opd0_n_str = uint32_t(layout.strides[N]);
  r.opd0_c_str = uint32_t(layout.strides[C]);
  r.opd0_h_str = uint32_t(layout.strides[H]);
  r.opd0_w_str = uint32_t(layout.strides[W]);
  r.opd1_addr = weights;
  r.opd2_const = bias ? 0 : 1;
  r.opd2_addr = bias.value_or(0);
  r.opd3_const = 1;
  r.opd3_addr = padBits;
  sink.emit(Layout::SConv, r);
}

void CommandBuilder::depthwise(const LocalTensor &result,
                               const LocalTensor &source, uint32_t weights,
                               std::optional<uint32_t> bias,
                               const Window &window, uint32_t padBits) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::PordFunction::Depthwise;
  setSigns(r, source.type);
  setWindow(r, source, window);
  r.opd0_prec = precision(source.type);
  r.opd0_addr = source.address;
  r.opd1_addr = weights;
  r.opd2_const = bias ? 0 : 1;
  r.opd2_addr = bias.value_or(0);
  r.opd3_const = 1;
  r.opd3_addr = padBits;
  sink.emit(Layout::SPord, r);
}

void CommandBuilder::maxPool(const LocalTensor &result,
                             const LocalTensor &source, const Window &window,
                             uint32_t padBits) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::PordFunction::Maxpooling;
  setSigns(r, source.type);
  setWindow(r, source, window);
  r.opd0_prec = precision(source.type);
  r.opd0_addr = source.address;
  r.opd1_const = 1;
  r.opd2_const = 1;
  r.opd3_const = 1;
  r.opd3_addr = padBits;
  sink.emit(Layout::SPord, r);
}

void CommandBuilder::averagePool(const LocalTensor &result,
                                 const LocalTensor &source,
                                 const Window &window, double scale) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::PordFunction::Avgpooling;
  setSigns(r);
  setWindow(r, source, window);
  r.opd0_prec = precision(source.type);
  r.opd0_addr = source.address;
  r.opd1_const = 1;
  r.opd1_addr = constantBits(scale, source.type);
  r.opd2_const = 1;
  r.opd3_const = 1;
  sink.emit(Layout::SPord, r);
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

void CommandBuilder::matmulRows(const LocalTensor &result,
                                const LocalTensor &left,
                                const LocalTensor &right, bool rightTransposed,
                                bool accumulate) {
  // The command has no strides: it implies those of whole tensors.
  for ([[maybe_unused]] const LocalTensor &tensor : {result, left, right})
    assert(layoutOf(tensor, tensor.shape).code == kAligned &&
           "operand of a product does not lie as its shape implies");
  Registers r = start(result);
  r.tsk_eu_typ =
      rightTransposed ? codec::Mm2Function::Nt : codec::Mm2Function::Nn;
  r.opd0_sign = isSigned(left.type);
  r.opd1_sign = isSigned(right.type);
  r.opd0_prec = precision(left.type);
  r.opd1_c = uint32_t(right.shape[C]);
  r.opd1_w = uint32_t(right.shape[W]);
  r.opd0_addr = left.address;
  r.opd1_addr = right.address;
  r.opd2_const = 1;
  r.res_add = accumulate;
  // The short form has no n and h of the result.
  r.res0_n = 0;
  r.res0_h = 0;
  sink.emit(Layout::SMm2, r);
}

void CommandBuilder::matmulBlocks(const LocalTensor &result,
                                  const LocalTensor &left,
                                  const LocalTensor &right, int64_t depth,
                                  std::optional<uint32_t> bias, bool accumulate,
                                  bool leftTransposed) {
  Registers r = start(result);
  r.tsk_eu_typ = codec::MmFunction::Normal;
  setSigns(r);
  r.res_add = accumulate;
  r.left_tran = leftTransposed;
  r.opd0_prec = precision(left.type);
  r.opd0_n = uint32_t(left.shape[N]);
  r.opd0_c = uint32_t(left.shape[C]);
  r.opd0_w = uint32_t(left.shape[W]);
  int64_t columns = leftTransposed ? result.shape[N] : depth;
  r.opd1_w = uint32_t(columns - (left.shape[C] - 1) * left.shape[W]);
  r.opd0_addr = left.address;
  r.opd1_addr = right.address;
  r.opd2_const = bias ? 0 : 1;
  r.opd2_addr = bias.value_or(0);
  r.res0_n = 0;
  r.res0_h = 0;
  sink.emit(Layout::SMm, r);
}
