//===- TransferProbe.h - What a kernel would move --------------*- C++ -*-===//
//
// Records transfers instead of emitting them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_TRANSFERPROBE_H
#define TPUC_LIB_LAYERGROUP_TRANSFERPROBE_H

#include "Kernel/CommandBuilder.h"

#include "llvm/ADT/SmallVector.h"

namespace tpuc::group {

/// Drops commands.
class NoSink : public kernel::CommandSink {
public:
  explicit NoSink(const Arch &arch) : arch(arch) {}

  void emit(codec::Layout, const codec::Registers &) override {}
  uint64_t coefficientBase() const override { return arch.globalBase; }
  uint64_t activationBase() const override { return arch.globalBase; }

  const Arch &arch;
};

/// Records the transfers of a tile's operand.
class TransferProbe : public kernel::CommandBuilder {
public:
  explicit TransferProbe(NoSink &sink) : CommandBuilder(sink.arch, sink) {}

  struct Transfer {
    kernel::LocalTensor local;
    kernel::GlobalTensor global;
  };
  llvm::SmallVector<Transfer, 4> transfers;
  /// Transfers that no view can stand for: broadcasts and other forms.
  llvm::SmallVector<kernel::GlobalTensor, 2> others;
  /// Whether the tile's memory holds more than what is transferred (padding).
  bool hasFills = false;

  void load(const kernel::LocalTensor &result,
            const kernel::GlobalTensor &source) override {
    transfers.push_back({result, source});
  }
  void store(const kernel::GlobalTensor &result,
             const kernel::LocalTensor &source) override {
    transfers.push_back({source, result});
  }
  void loadBroadcast(const kernel::LocalTensor &,
                     const kernel::GlobalTensor &source) override {
    others.push_back(source);
  }
  void loadBlocks(const kernel::LocalTensor &,
                  const kernel::GlobalTensor &source, int64_t, int64_t,
                  int64_t) override {
    others.push_back(source);
  }
  void storeBlocks(const kernel::GlobalTensor &result,
                   const kernel::LocalTensor &, int64_t, int64_t,
                   int64_t) override {
    others.push_back(result);
  }
  using CommandBuilder::fill;
  void fill(const kernel::LocalTensor &, uint32_t) override { hasFills = true; }
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_TRANSFERPROBE_H
