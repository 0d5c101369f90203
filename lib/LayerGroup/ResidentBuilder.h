//===- ResidentBuilder.h - Transfers of resident values --------*- C++ -*-===//
//
// A command builder that knows allocations: a transfer between a tile buffer
// and a resident value becomes a copy within the lanes, or nothing when the
// buffer is the value's own memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_RESIDENTBUILDER_H
#define TPUC_LIB_LAYERGROUP_RESIDENTBUILDER_H

#include "AllocationMap.h"

namespace tpuc::group {

/// Values that must be in another memory space for a kernel's commands.
struct PlacementConstraints {
  /// Accessed by a command that reads global memory only.
  llvm::SmallVector<unsigned, 2> global;
  /// Written by a command that writes global memory only.
  llvm::SmallVector<unsigned, 2> notResident;

  bool empty() const { return global.empty() && notResident.empty(); }
};

class ResidentBuilder : public kernel::CommandBuilder {
public:
  ResidentBuilder(kernel::CommandSink &sink, const AllocationMap &allocations)
      : CommandBuilder(allocations.program.arch, sink),
        allocations(allocations) {}

  /// Which memory spaces of a stored value are written.
  enum class Stores : uint8_t { All, Local, Global };
  void setStores(Stores which) { stores = which; }

  void load(const kernel::LocalTensor &result,
            const kernel::GlobalTensor &source) override;
  void store(const kernel::GlobalTensor &result,
             const kernel::LocalTensor &source) override;
  void copyS2S(const kernel::GlobalTensor &result,
               const kernel::GlobalTensor &source) override;
  void loadBroadcast(const kernel::LocalTensor &result,
                     const kernel::GlobalTensor &source) override;
  void loadBlocks(const kernel::LocalTensor &result,
                  const kernel::GlobalTensor &source, int64_t rows,
                  int64_t columns, int64_t rowStride) override;
  void storeBlocks(const kernel::GlobalTensor &result,
                   const kernel::LocalTensor &source, int64_t rows,
                   int64_t columns, int64_t rowStride) override;
  using CommandBuilder::fill;
  void fill(const kernel::GlobalTensor &result, uint32_t bits) override;
  void gather(const kernel::GlobalTensor &result,
              const kernel::GlobalTensor &source,
              const kernel::GlobalTensor &index) override;
  uint64_t addressOf(const kernel::GlobalTensor &tensor) const override;

  /// What the commands so far wanted elsewhere.
  const PlacementConstraints &constraints() const { return wanted; }

private:
  bool isGlobal(const kernel::GlobalTensor &tensor) const;
  bool isResident(const kernel::GlobalTensor &tensor) const;
  void readGlobal(const kernel::GlobalTensor &source);
  void writeGlobalOnly(const kernel::GlobalTensor &result);
  void copyWithin(const kernel::LocalTensor &result,
                  const kernel::LocalTensor &source);

  const AllocationMap &allocations;
  PlacementConstraints wanted;
  Stores stores = Stores::All;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_RESIDENTBUILDER_H
