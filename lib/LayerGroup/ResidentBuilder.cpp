//===- ResidentBuilder.cpp - Transfers of values that stay ----------------===//
//
// Emits the cheapest command for each transfer.
//
//===----------------------------------------------------------------------===//

#include "ResidentBuilder.h"

#include "llvm/ADT/STLExtras.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

static void insert(llvm::SmallVectorImpl<unsigned> &set, unsigned value) {
  if (!llvm::is_contained(set, value))
    set.push_back(value);
}

bool ResidentBuilder::isGlobal(const GlobalTensor &tensor) const {
  std::optional<unsigned> value = allocations.valueOf(tensor);
  return !value || allocations.byValue[*value].isGlobal;
}

bool ResidentBuilder::isResident(const GlobalTensor &tensor) const {
  std::optional<unsigned> value = allocations.valueOf(tensor);
  return value && allocations.byValue[*value].isResident;
}

void ResidentBuilder::readGlobal(const GlobalTensor &source) {
  if (!isGlobal(source))
    insert(wanted.global, *allocations.valueOf(source));
}

void ResidentBuilder::writeGlobalOnly(const GlobalTensor &result) {
  if (isResident(result))
    insert(wanted.notResident, *allocations.valueOf(result));
}

void ResidentBuilder::copyWithin(const LocalTensor &result,
                                 const LocalTensor &source) {
  if (isSame(result, source))
    return;
  if (result.startLane() == source.startLane())
    copy(result, source);
  else
    copyL2L(result, source);
}

void ResidentBuilder::load(const LocalTensor &result,
                           const GlobalTensor &source) {
  if (source.shape == result.shape)
    if (std::optional<LocalTensor> view = allocations.localView(source))
      return copyWithin(result, *view);
  readGlobal(source);
  CommandBuilder::load(result, source);
}

void ResidentBuilder::store(const GlobalTensor &result,
                            const LocalTensor &source) {
  if (isResident(result) && stores != Stores::Global) {
    std::optional<LocalTensor> view;
    if (source.shape == result.shape)
      view = allocations.localView(result);
    if (view)
      copyWithin(*view, source);
    else
      writeGlobalOnly(result);
  }
  if (isGlobal(result) && stores != Stores::Local)
    CommandBuilder::store(result, source);
}

void ResidentBuilder::copyS2S(const GlobalTensor &result,
                              const GlobalTensor &source) {
  std::optional<LocalTensor> to = allocations.localView(result);
  std::optional<LocalTensor> from = allocations.localView(source);
  if (isResident(result)) {
    if (!to) {
      writeGlobalOnly(result);
    } else if (from) {
      copyWithin(*to, *from);
    } else {
      readGlobal(source);
      CommandBuilder::load(*to, source);
    }
  }
  if (!isGlobal(result))
    return;
  if (from) {
    CommandBuilder::store(result, *from);
  } else if (to) {
    CommandBuilder::store(result, *to);
  } else {
    readGlobal(source);
    CommandBuilder::copyS2S(result, source);
  }
}

void ResidentBuilder::loadBroadcast(const LocalTensor &result,
                                    const GlobalTensor &source) {
  readGlobal(source);
  CommandBuilder::loadBroadcast(result, source);
}

void ResidentBuilder::loadBlocks(const LocalTensor &result,
                                 const GlobalTensor &source, int64_t rows,
                                 int64_t columns, int64_t rowStride) {
  readGlobal(source);
  CommandBuilder::loadBlocks(result, source, rows, columns, rowStride);
}

void ResidentBuilder::storeBlocks(const GlobalTensor &result,
                                  const LocalTensor &source, int64_t rows,
                                  int64_t columns, int64_t rowStride) {
  writeGlobalOnly(result);
  if (isGlobal(result) && stores != Stores::Local)
    CommandBuilder::storeBlocks(result, source, rows, columns, rowStride);
}

void ResidentBuilder::fill(const GlobalTensor &result, uint32_t bits) {
  if (isResident(result)) {
    if (std::optional<LocalTensor> view = allocations.localView(result))
      CommandBuilder::fill(*view, bits);
    else
      writeGlobalOnly(result);
  }
  if (isGlobal(result))
    CommandBuilder::fill(result, bits);
}

void ResidentBuilder::gather(const GlobalTensor &result,
                             const GlobalTensor &source,
                             const GlobalTensor &index) {
  readGlobal(source);
  readGlobal(index);
  writeGlobalOnly(result);
  CommandBuilder::gather(result, source, index);
}

uint64_t ResidentBuilder::addressOf(const GlobalTensor &tensor) const {
  return CommandBuilder::addressOf(allocations.globalView(tensor));
}
