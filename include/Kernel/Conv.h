//===- Conv.h - Convolutions ------------------------------------*- C++ -*-===//
//
// Convolution, depthwise and transposed convolution over tensors in global
// memory, with weights packed at compile time.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_CONV_H
#define TPUC_KERNEL_CONV_H

#include "Kernel/ConvPacking.h"
#include "Kernel/GatedActivation.h"
#include "Kernel/Kernel.h"

namespace tpuc::kernel {

/// The activation after a contraction.
struct Activation {
  bool relu = false;
  /// Upper limit of the ReLU; negative is none.
  double limit = -1.0;
};

/// A convolution with 2 or 3 spatial axes (depth 1 and kernelD 1 for two).
/// Sums are kept in f32 and rounded once to the result's type: the input's or
/// f32, any for an input of f32. INT8 (i8 or u8) times i8 filters are summed
/// exactly; each channel's factor leads to a result of INT8 or of any float.
struct ConvParams {
  GlobalTensor input;   ///< place and type: [batch, inChannels, D, H, W]
  GlobalTensor weights; ///< place of packConvWeights()' bytes
  GlobalTensor result;  ///< place and type: [batch, outChannels, D', H', W']
  /// The 16-bit type to which an input of f32 is rounded once it is loaded;
  /// only where canRoundInput().
  std::optional<ElementType> rounded;
  int64_t batch = 1;
  int64_t inChannels = 1, inDepth = 1, inH = 1, inW = 1;
  int64_t outChannels = 1, outDepth = 1, outH = 1, outW = 1;
  int64_t groups = 1;
  /// Without inserted zeros.
  Window window;
  /// A dilationD of 0, for depth 1 and strideD 1, makes all taps of the depth
  /// read the same plane: a kernel in parts that add up.
  int64_t kernelD = 1, strideD = 1, dilationD = 1, padFront = 0;
  bool hasBias = false;
  /// Of results of floats: INT8 saturates instead.
  Activation activation;
  /// The zero point of an INT8 input.
  int64_t inputZeroPoint = 0;
  /// Of i8 results with zero point 0: the function that gives them.
  std::optional<GatedActivation> gate;
};

/// What turns the INT8 sums of each output channel into the result:
/// result = sum * factor + bias, plus `zeroPoint` for INT8 results. Biases
/// are in units of the result.
struct ChannelFactors {
  llvm::ArrayRef<double> factors;
  int64_t zeroPoint = 0;
};

/// How many bytes `weights` must have, when sizes are those that
/// makeConvKernels() accepts.
int64_t convWeightBytes(const Arch &arch, const ConvParams &params);

/// The bytes that `weights` must have: `filter` is row-major [outChannels,
/// inChannels / groups, kernelD, kernelH, kernelW] in the input's type (i8 for
/// any bytes), `bias` has an entry an output channel when there is one.
/// `factors` are for INT8 inputs.
std::vector<char> packConvWeights(const Arch &arch, const ConvParams &params,
                                  llvm::ArrayRef<char> filter,
                                  llvm::ArrayRef<float> bias,
                                  const ChannelFactors &factors = {});

/// Whether a convolution of a 16-bit input can read f32 from global memory and
/// round it itself, and takes less time than with a cast of its own before.
/// Places and types of weights and result do not matter. An input that fits
/// into local memory is loaded more than once with `rereads` alone.
bool canRoundInput(const Arch &arch, const ConvParams &params, bool rereads);

/// Fails on sizes beyond the command's fields. Weights do not matter.
llvm::Error checkConv(const Arch &arch, const ConvParams &params);
/// Appends the kernels of a convolution that checkConv() accepts.
llvm::Error makeConvKernels(const Arch &arch, const ConvParams &params,
                            KernelList &kernels);

/// A transposed convolution with 2 spatial axes: result row y is the sum over
/// taps k and input rows x with y = x * stride + k * dilation - pad. Sums and
/// types as for ConvParams.
struct ConvTransposeParams {
  GlobalTensor input;   ///< place and type: [batch, inChannels, H, W]
  GlobalTensor weights; ///< place of packConvTransposeWeights()' bytes
  GlobalTensor result;  ///< place and type: [batch, outChannels, H', W']
  int64_t batch = 1;
  int64_t inChannels = 1, inH = 1, inW = 1;
  int64_t outChannels = 1, outH = 1, outW = 1;
  int64_t groups = 1;
  int64_t kernelH = 1, kernelW = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t padTop = 0, padLeft = 0;
  int64_t dilationH = 1, dilationW = 1;
  bool hasBias = false;
  Activation activation;
};

/// As convWeightBytes().
int64_t convTransposeWeightBytes(const Arch &arch,
                                 const ConvTransposeParams &params);

/// The bytes that `weights` must have: `filter` is row-major [inChannels,
/// outChannels / groups, kernelH, kernelW] in the input's type.
std::vector<char> packConvTransposeWeights(const Arch &arch,
                                           const ConvTransposeParams &params,
                                           llvm::ArrayRef<char> filter,
                                           llvm::ArrayRef<float> bias);

/// As checkConv() and makeConvKernels().
llvm::Error checkConvTranspose(const Arch &arch,
                               const ConvTransposeParams &params);
llvm::Error makeConvTransposeKernels(const Arch &arch,
                                     const ConvTransposeParams &params,
                                     KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_CONV_H
