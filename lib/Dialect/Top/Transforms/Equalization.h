//===- Equalization.h - Channels that share the scale of a tensor -*- C++
//-*-===//
//
// What the families of equalisation share: from where the channels of a value
// come, and factors for them. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_TRANSFORMS_EQUALIZATION_H
#define TPUC_LIB_DIALECT_TOP_TRANSFORMS_EQUALIZATION_H

#include "Dialect/Top/IR/Top.h"

#include <vector>

namespace tpuc::top {

/// The contraction that makes a value, seen through ops that keep factors.
struct ChannelSource {
  mlir::Operation *op = nullptr; ///< top.conv or top.matmul
  /// For each channel of the value the output channel that it comes from, each
  /// another one.
  llvm::SmallVector<int64_t> channels;
};

/// A product of rows with one constant matrix that is stored [inputs,
/// outputs], and a constant bias or none.
bool isLinear(MatMulOp op);
/// A convolution with a constant filter and a constant bias or none.
bool hasConstants(ConvOp op);

/// From where the channels along `axis` of `value` come: a contraction with
/// constant weights and no limit, through relu, maxima, moves, and as the right
/// operand of products, provided that nothing else reads these channels.
std::optional<ChannelSource> findSource(mlir::Value value, int64_t axis);

/// Multiplies the output channels of a source by a factor for each channel of
/// the value that it was found for.
llvm::LogicalResult scaleSource(const ChannelSource &source,
                                llvm::ArrayRef<float> factors);

/// Gives `user` a constant of its own in the place of `operand`, with element i
/// multiplied by `factorOf(i)`.
llvm::LogicalResult scaleConstant(mlir::OpOperand &operand,
                                  llvm::function_ref<float(int64_t)> factorOf);

/// Factors that bring the channels of a tensor and the weights that meet them
/// to magnitudes half way between: sqrt(weights / tensor), with the mean 1 on a
/// logarithmic scale. A channel of zeros keeps its size.
std::vector<float> balance(llvm::ArrayRef<double> tensor,
                           llvm::ArrayRef<double> weights);
/// Factors that bring all channels to the largest one's magnitude, for readers
/// whose weights have a scale for each channel.
std::vector<float> level(llvm::ArrayRef<double> tensor);

/// Equalises what `op` reads, whose channels have the magnitudes `tensor`.
/// Returns whether anything was changed.
bool equalizeConv(ConvOp op, llvm::ArrayRef<double> tensor);
bool equalizeLinear(MatMulOp op, llvm::ArrayRef<double> tensor);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_TRANSFORMS_EQUALIZATION_H
