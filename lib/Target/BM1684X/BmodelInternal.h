//===- BmodelInternal.h - What reader and writer share ----------*- C++ -*-===//
//
// The fixed part of the container and the address map's limits.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_TARGET_BM1684X_BMODELINTERNAL_H
#define TPUC_LIB_TARGET_BM1684X_BMODELINTERNAL_H

#include "Arch/BM1684X.h"
#include "Target/BM1684X/Bmodel.h"
#include "llvm/Support/FormatVariadic.h"

namespace tpuc::target::detail {

constexpr uint32_t kMagic = 0xFF55AAEE;
/// magic u32, header size u32, table bytes u32, blob bytes u64, reserved.
constexpr uint64_t kHeaderBytes = 64;
/// Tables and each item of the blob begin at multiples of this.
constexpr uint64_t kItemAlignment = 4096;
/// Command buffers are padded to multiples of this.
constexpr uint64_t kCommandAlignment = 128;
constexpr char kChip[] = "BM1684X";
constexpr uint64_t kGlobalBase = kBM1684X.globalBase;
constexpr uint64_t kGlobalEnd = kBM1684X.globalEnd();

/// An error whose text is formatted as by llvm::formatv.
template <typename... Args>
llvm::Error bad(const char *format, Args &&...args) {
  return llvm::createStringError(
      llvm::formatv(format, std::forward<Args>(args)...).str());
}

/// Stores equal weights of the stages once, in one coefficient area for all of
/// them; `owner` keeps the changed streams. Leaves the stages as
/// they are where it is not known which bytes are one weight, or where commands
/// read across weights.
void shareWeights(llvm::ArrayRef<Stage *> stages, Bmodel &owner);

} // namespace tpuc::target::detail

#endif // TPUC_LIB_TARGET_BM1684X_BMODELINTERNAL_H
