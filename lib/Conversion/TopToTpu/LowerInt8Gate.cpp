//===- LowerInt8Gate.cpp - Functions of INT8 convolutions -----------------===//
//
// silu and gelu of a convolution become a part of it, which rounds once, where
// INT8 is wanted; elsewhere they are computed in floats.
//
//===----------------------------------------------------------------------===//

#include "Int8Gate.h"
#include "Lowering.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;

tpu::GateKind tpuc::getGate(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<top::SiluOp, top::GeluOp>(op))
    return tpu::GateKind::None;
  auto conv = op->getOperand(0).getDefiningOp<top::ConvOp>();
  if (!conv || conv.getDoRelu() || !conv.getOutput().hasOneUse())
    return tpu::GateKind::None;
  return isa<top::SiluOp>(op) ? tpu::GateKind::Silu : tpu::GateKind::Gelu;
}

kernel::GateFunction tpuc::getGateFunction(tpu::GateKind gate) {
  return gate == tpu::GateKind::Silu ? kernel::GateFunction::Silu
                                     : kernel::GateFunction::Gelu;
}

bool tpuc::hasGate(tpu::GateKind gate, double scale) {
  kernel::GateFunction function = getGateFunction(gate);
  // A scale of another series is off by more than rounding.
  constexpr double kTolerance = 1e-6;
  double expected = kernel::GatedActivation::scaleFor(function, scale);
  return std::abs(expected / scale - 1) < kTolerance &&
         kernel::GatedActivation::make(function, expected).has_value();
}

/// The function may have been fused into the convolution.
template <typename OpTy>
static FailureOr<bool> lowerGate(OpTy op, Lowering &lowering) {
  if (!lowering.isLoweredToInt8(op.getInput()))
    return false;
  FailureOr<Value> bytes = lowering.getInt8(op.getInput());
  if (failed(bytes))
    return failure();
  Value by = *bytes;
  Operation *producer = by.getDefiningOp();
  while (auto reshape = dyn_cast_if_present<tpu::ReshapeOp>(producer))
    producer = reshape.getInput().getDefiningOp();
  auto conv = dyn_cast_if_present<tpu::ConvOp>(producer);
  if (!conv || conv.getGate() == tpu::GateKind::None)
    return false;
  lowering.replace(op.getResult(), by);
  return true;
}

template <typename OpTy> static bool hasGateForm(OpTy op) {
  return getGate(op.getOutput()) != tpu::GateKind::None;
}

void tpuc::populateInt8GateLowerings(LoweringSet &set) {
  set.addInt8(lowerGate<top::SiluOp>, Int8Use::Passes, hasGateForm);
  set.addInt8(lowerGate<top::GeluOp>, Int8Use::Passes, hasGateForm);
}
