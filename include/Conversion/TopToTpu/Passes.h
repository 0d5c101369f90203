//===- Passes.h - Conversions between dialects ------------------*- C++ -*-===//
//
// Constructors, options and registration of the conversion passes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TOPTOTPU_PASSES_H
#define TPUC_CONVERSION_TOPTOTPU_PASSES_H

#include "Conversion/TopToTpu/Precision.h"
#include "mlir/Pass/Pass.h"

namespace tpuc {

#define GEN_PASS_DECL
#include "Conversion/TopToTpu/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Conversion/TopToTpu/Passes.h.inc"

} // namespace tpuc

#endif // TPUC_CONVERSION_TOPTOTPU_PASSES_H
