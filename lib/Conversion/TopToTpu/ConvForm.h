//===- ConvForm.h - Convolutions within the limits of commands --*- C++ -*-===//
//
// A convolution whose attributes exceed the fields of commands, rearranged into
// one whose do not. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_CONVFORM_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_CONVFORM_H

#include "Lowering.h"

namespace tpuc {

/// A convolution on its way to the form of the chip. Input and filter have the
/// element types of the command.
struct ConvForm {
  mlir::Value input, filter, bias;
  llvm::SmallVector<int64_t> strides, pads, dilations;
  int64_t group = 1;

  size_t getAxes() const { return strides.size(); }
};

/// Puts an axis of size 1 before the only spatial axis.
void addAxis(ConvForm &conv, Lowering &lowering);

/// Rearranges the convolution until pads, strides and dilations fit the
/// commands. `output` are the spatial sizes of the result.
void bringToForm(ConvForm &conv, llvm::ArrayRef<int64_t> output,
                 Lowering &lowering);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_CONVFORM_H
