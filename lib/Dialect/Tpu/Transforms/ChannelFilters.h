//===- ChannelFilters.h - Filters for other channels ------------*- C++ -*-===//
//
// Filters of convolutions whose input or output channels are permuted or
// padded, and the cost of such convolutions. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_TRANSFORMS_CHANNELFILTERS_H
#define TPUC_LIB_DIALECT_TPU_TRANSFORMS_CHANNELFILTERS_H

#include "Arch/Arch.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace tpuc {

/// Cycles of the two engines, without stalls.
struct EngineCycles {
  int64_t tiu = 0, gdma = 0;

  /// Cycles when both engines overlap.
  int64_t together() const { return std::max(tiu, gdma); }
};

/// Bytes of an element of `value` in memory.
int64_t elementBytesOf(mlir::Value value);

/// Elements of a channel of `value`, [n, c, h, w].
int64_t planeOf(mlir::Value value);

/// Cycles of a convolution with filter [`results`, `channels`, taps] whose
/// result has `pixels` elements a channel, and of the load of its filter.
EngineCycles convolutionCycles(const Arch &arch, int64_t results,
                               int64_t channels, int64_t taps, int64_t pixels,
                               int64_t elementBytes);

/// Cycles of a copy of `channels` rows of `rowBytes` to other lanes or within
/// global memory.
int64_t copyCycles(const Arch &arch, int64_t channels, int64_t rowBytes);

/// Cycles until `channels` rows of `rowBytes` that lie in lanes are in others:
/// products, where they take less than a copy.
int64_t shiftCycles(const Arch &arch, int64_t channels, int64_t rowBytes);

/// Whether `value` is a constant whose data can be read.
bool isConstantWithData(mlir::Value value);

/// Whether filter and bias of a convolution are constants with data.
bool hasData(tpu::ConvOp conv);

/// The operator as a convolution whose input channels can be permuted: no
/// groups, four axes, a constant filter with data; else null.
tpu::ConvOp asDenseConv(mlir::Operation *op);

/// All of a function's, which a caller may replace.
llvm::SmallVector<tpu::ConvOp> denseConvs(mlir::func::FuncOp function);

/// Channel i of the filter becomes channel `to`[i] of one of `channels`
/// channels; all others are zero. Null when the data cannot be read.
mlir::Value scatterInputChannels(mlir::OpBuilder &builder, mlir::Value filter,
                                 llvm::ArrayRef<int64_t> to, int64_t channels);

/// The constant with zeros behind axis 0, up to `size`. Null when the data
/// cannot be read.
mlir::Value padFirstAxis(mlir::OpBuilder &builder, mlir::Value constant,
                         int64_t size);

/// Where a tap lies in a filter of more channels: `phase` counts the channels
/// that one input channel became.
struct TapPlace {
  int64_t phase, row, column;
};

/// The filter `shape`, [OC * pixels, IC * phases, KH', KW'], whose channel
/// o * `pixels` + i has the taps of channel o of `filter` where `place`(i, row,
/// column) says, and is zero elsewhere. Null when the data cannot be read.
mlir::Value
spreadFilter(mlir::OpBuilder &builder, mlir::Value filter,
             llvm::ArrayRef<int64_t> shape, int64_t pixels,
             llvm::function_ref<TapPlace(int64_t, int64_t, int64_t)> place);

/// The filter [OC * pixels', C * phases, 1, 1] of the convolution that computes
/// a transposed one with `filter` [C, OC, KH, KW], whose windows do not
/// overlap, for an input in blocks of `rows` x `columns` pixels. Null when the
/// data cannot be read.
mlir::Value spreadTransposedFilter(mlir::OpBuilder &builder, mlir::Value filter,
                                   int64_t rows, int64_t columns);

/// The constant of one axis longer than 1 with every entry `count` times along
/// it. Null when the data cannot be read.
mlir::Value repeatEntries(mlir::OpBuilder &builder, mlir::Value constant,
                          int64_t count);

/// A filter [from.size(), channels, 1, 1] with which result i is channel
/// `from`[i], for inputs of `element`.
mlir::Value makeSelection(mlir::OpBuilder &builder, mlir::Location loc,
                          llvm::ArrayRef<int64_t> from, int64_t channels,
                          mlir::Type element);

} // namespace tpuc

#endif // TPUC_LIB_DIALECT_TPU_TRANSFORMS_CHANNELFILTERS_H
