//===- StreamSink.h - Kernel commands as byte streams ----------*- C++ -*-===//
//
// Encodes what a kernel emits into the two queues' bytes, each command waiting
// for all that came before it on the other queue. For tests of kernels alone.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_KERNEL_STREAMSINK_H
#define TPUC_UNITTESTS_KERNEL_STREAMSINK_H

#include "Kernel/CommandSink.h"

#include <string>
#include <vector>

namespace tpuc::kernel {

class StreamSink : public CommandSink {
public:
  StreamSink(uint64_t coefficientBase, uint64_t activationBase)
      : coefficients(coefficientBase), activations(activationBase) {}

  void emit(codec::Layout layout, const codec::Registers &registers) override {
    const codec::LayoutInfo &info = codec::layoutInfo(layout);
    codec::Registers command = registers;
    unsigned self = unsigned(info.engine);
    command.cmd_id = ++ids[self];
    command.cmd_id_dep = ids[1 - self];
    std::vector<uint8_t> &queue = queues[self];
    queue.resize(queue.size() + info.bytes);
    std::string reason;
    if (!codec::encode(layout, command, std::span(queue).last(info.bytes),
                       reason) &&
        error.empty())
      error = reason;
  }

  uint64_t coefficientBase() const override { return coefficients; }
  uint64_t activationBase() const override { return activations; }

  /// Appends the commands that end the streams and returns a queue's bytes.
  const std::vector<uint8_t> &finish(codec::Engine engine) {
    if (!finished) {
      finished = true;
      codec::Registers end;
      end.tsk_eu_typ = 31;
      emit(codec::Layout::Sysid, end);
      emit(codec::Layout::SDmaSys, codec::Registers());
    }
    return queues[unsigned(engine)];
  }

  /// The first encoding error, empty when there was none.
  std::string error;

private:
  uint64_t coefficients, activations;
  uint32_t ids[2] = {0, 0};
  std::vector<uint8_t> queues[2];
  bool finished = false;
};

} // namespace tpuc::kernel

#endif // TPUC_UNITTESTS_KERNEL_STREAMSINK_H
