//===- ConvShapes.h - Sizes of a convolution for its kernels ---*- C++ -*-===//
//
// What the kernels and the passes that ask about them take from a tpu.conv.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_CONVSHAPES_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_CONVSHAPES_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Conv.h"

namespace tpuc {

/// Sets the sizes, groups and window of `params`.
void setConvShapes(tpu::ConvOp conv, kernel::ConvParams &params);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_CONVSHAPES_H
