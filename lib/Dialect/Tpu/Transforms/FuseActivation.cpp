//===- FuseActivation.cpp - ReLU as a part of contractions ----------------===//
//
// Sets the activation attributes of contractions and drops the operators that
// they stand for.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/DebugLog.h"

#include <cmath>

#define DEBUG_TYPE "tpu-fuse-activation"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFUSEACTIVATION
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

/// The upper limit of an operator that is a ReLU, infinite for a plain one;
/// nothing for other functions.
static std::optional<double> getReluLimit(tpu::UnaryOp op) {
  if (op.getKind() == tpu::UnaryKind::Relu)
    return INFINITY;
  if (op.getKind() != tpu::UnaryKind::Clip ||
      op.getAlpha().convertToDouble() != 0.0)
    return std::nullopt;
  return op.getBeta().convertToDouble();
}

/// min(max(x, 0), limit) joined to what the contraction does already.
template <typename OpTy> static void addRelu(OpTy op, double limit) {
  double present = op.getReluLimit().convertToDouble();
  if (op.getDoRelu() && present >= 0)
    limit = std::min(limit, present);
  op.setDoRelu(true);
  op.setReluLimit(APFloat(std::isinf(limit) ? -1.0 : limit));
}

/// The contraction that computes `value` for `user` alone, also through
/// reshapes.
static Operation *getOnlyProducer(Value value) {
  while (value.hasOneUse()) {
    Operation *op = value.getDefiningOp();
    auto reshape = dyn_cast_if_present<tpu::ReshapeOp>(op);
    if (!reshape)
      return op;
    value = reshape.getInput();
  }
  return nullptr;
}

namespace {

struct TpuFuseActivation
    : public tpu::impl::TpuFuseActivationBase<TpuFuseActivation> {
  using TpuFuseActivationBase::TpuFuseActivationBase;

  void runOnOperation() override {
    getOperation()->walk([&](tpu::UnaryOp op) {
      std::optional<double> limit = getReluLimit(op);
      Operation *producer = getOnlyProducer(op.getInput());
      if (!limit || !producer)
        return;
      bool fused = llvm::TypeSwitch<Operation *, bool>(producer)
                       .Case<tpu::ConvOp, tpu::ConvTransposeOp, tpu::MatMulOp>(
                           [&](auto contraction) {
                             addRelu(contraction, *limit);
                             return true;
                           })
                       .Default(false);
      if (!fused)
        return;
      tpu::nameFusedTensor(op.getInput(), producer, op.getLoc());
      op.replaceAllUsesWith(op.getInput());
      op.erase();
      ++numFused;
    });
    LDBG() << "fused " << numFused.getValue() << " activations";
  }
};

} // namespace
