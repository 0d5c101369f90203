//===- Chip.cpp - Which chip a module is for ------------------------------===//
//
// The only place that chooses a chip.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"

#include "Arch/BM1684X.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tpuc;

/// The chips that can be compiled for.
static constexpr const Arch *kChips[] = {&kBM1684X};

const Arch *tpuc::findChip(StringRef name) {
  for (const Arch *chip : kChips)
    if (chip->name == name)
      return chip;
  return nullptr;
}

const Arch &tpuc::defaultChip() { return kBM1684X; }

std::string tpuc::listChips() {
  return llvm::join(
      llvm::map_range(kChips, [](const Arch *chip) { return chip->name; }),
      " or ");
}

const Arch &tpuc::archOf(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  assert(module && "an operation outside of any module has no chip");
  auto name = module->getAttrOfType<StringAttr>(kChipAttrName);
  if (!name)
    return defaultChip();
  const Arch *chip = findChip(name);
  assert(chip && "the tpu dialect's verifier refuses other names");
  return *chip;
}
