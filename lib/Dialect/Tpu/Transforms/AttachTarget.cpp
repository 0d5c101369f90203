//===- AttachTarget.cpp - The chip that a module is for -------------------===//
//
// Writes which chip a module is for into the module, where all later passes
// read it.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-attach-target"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUATTACHTARGET
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

struct TpuAttachTarget
    : public tpuc::tpu::impl::TpuAttachTargetBase<TpuAttachTarget> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    const Arch *asked = &defaultChip();
    if (!chip.empty() && !(asked = findChip(chip))) {
      module.emitError() << "chip '" << chip << "' is not known, expected "
                         << listChips();
      return signalPassFailure();
    }
    auto present = module->getAttrOfType<StringAttr>(kChipAttrName);
    if (!present) {
      LDBG() << asked->name;
      module->setAttr(kChipAttrName,
                      StringAttr::get(&getContext(), asked->name));
      return;
    }
    if (!chip.empty() && present.getValue() != asked->name) {
      module.emitError() << "was made for chip '" << present.getValue()
                         << "', not for '" << asked->name
                         << "'; start from the network";
      signalPassFailure();
    }
  }
};

} // namespace
