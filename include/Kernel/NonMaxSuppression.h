//===- NonMaxSuppression.h - Choosing among boxes ---------------*- C++ -*-===//
//
// The kernel that takes boxes in the order of their scores and leaves out those
// that overlap one that was taken.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_NONMAXSUPPRESSION_H
#define TPUC_KERNEL_NONMAXSUPPRESSION_H

#include "Kernel/Kernel.h"

#include <optional>

namespace tpuc::kernel {

/// Non-maximum suppression with the meaning of tpu.nms. All tensors are
/// contiguous; their places count.
struct NmsParams {
  int64_t batch = 1, classes = 1, boxes = 1, results = 1;
  float iouThreshold = 0;
  std::optional<float> scoreThreshold;
  bool hasLabels = false;

  /// f32 [batch, 4, boxes]: x1, y1, x2, y2; with labels [batch, 5, boxes].
  GlobalTensor corners;
  GlobalTensor scores; ///< f32 [batch, classes, boxes]
  GlobalTensor result; ///< i32 [batch, classes, results]
};

/// The most boxes, with or without labels, of which the kernel can choose
/// `results`: those that fit into a lane.
int64_t mostNmsBoxes(const Arch &arch, int64_t results, bool hasLabels);

void makeNmsKernels(const Arch &arch, const NmsParams &params,
                    KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_NONMAXSUPPRESSION_H
