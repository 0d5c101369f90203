//===- Window.cpp - Sliding windows over padded inputs --------------------===//
//
// Builds the position tables of a window, with the four padding modes.
//
//===----------------------------------------------------------------------===//

#include "Window.h"

using namespace tpuc::sim;

Status WindowAxis::build(Scratch &table, const char *axis, uint64_t size,
                         uint64_t inserted, uint64_t before, uint64_t after,
                         uint32_t padMode, uint64_t taps, uint64_t dilation,
                         uint64_t stride, uint64_t outputs) {
  auto fail = [&](const std::string &reason) {
    return Status::error(std::string(axis) + " of the window: " + reason);
  };
  if (size == 0 || taps == 0 || stride == 0 || outputs == 0)
    return fail("input size, kernel size, stride and output size must not be "
                "0");
  uint64_t spread = (size - 1) * (inserted + 1) + 1;
  uint64_t padded = before + spread + after;
  uint64_t last = (outputs - 1) * stride + (taps - 1) * dilation;
  if (last >= padded)
    return fail("it reads position " + std::to_string(last) + " of " +
                std::to_string(padded) + " after padding");
  constexpr uint32_t kConstant = 0, kReflect = 1, kEdge = 2;
  if (padMode == kReflect && std::max(before, after) >= spread &&
      before + after > 0)
    return fail("reflected padding must be smaller than the input");
  int32_t *positions = table.get<int32_t>(padded);
  index = positions;
  for (uint64_t p = 0; p < padded; ++p) {
    int64_t q = int64_t(p) - int64_t(before), length = int64_t(spread);
    if (q < 0 || q >= length) {
      if (padMode == kConstant) {
        positions[p] = kPadding;
        continue;
      }
      if (padMode == kReflect)
        q = q < 0 ? -q : 2 * (length - 1) - q;
      else if (padMode == kEdge)
        q = q < 0 ? 0 : length - 1;
      else
        q = (q % length + length) % length;
    }
    positions[p] = q % int64_t(inserted + 1)
                       ? kInsertedZero
                       : int32_t(q / int64_t(inserted + 1));
  }
  step = stride;
  distance = dilation;
  inputSize = size;
  bool noMovedPadding = padMode == kConstant || before + after == 0;
  isDense = stride == 1 && inserted == 0 && noMovedPadding;
  return Status();
}

Status Window::build(Machine &machine, const Registers &r) {
  outputWidth = r.res0_w;
  TPUC_RETURN_IF_FAILED(y.build(machine.scratch[Machine::kRowScratch], "height",
                                r.opd0_h, r.opd0_y_ins0, r.opd0_up_pad,
                                r.opd0_dn_pad, r.pad_mode, r.opd1_h,
                                r.opd1_y_ins0 + 1, r.res_op_y_str, r.res0_h));
  return x.build(machine.scratch[Machine::kColumnScratch], "width", r.opd0_w,
                 r.opd0_x_ins0, r.opd0_lf_pad, r.opd0_rt_pad, r.pad_mode,
                 r.opd1_w, r.opd1_x_ins0 + 1, r.res_op_x_str, r.res0_w);
}
