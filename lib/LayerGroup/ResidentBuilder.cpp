//===- ResidentBuilder.cpp - Transfers of values that stay ----------------===//
//
// Answers each transfer by the cheapest command that does it.
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
  std::optional<unsigned> value = memory.valueOf(tensor);
  return !value || memory.places[*value].isGlobal;
}

bool ResidentBuilder::isResident(const GlobalTensor &tensor) const {
  std::optional<unsigned> value = memory.valueOf(tensor);
  return value && memory.places[*value].isResident;
}

void ResidentBuilder::readGlobal(const GlobalTensor &source) {
  if (!isGlobal(source))
    insert(wanted.global, *memory.valueOf(source));
}

void ResidentBuilder::writeGlobalOnly(const GlobalTensor &result) {
  if (isResident(result))
    insert(wanted.notResident, *memory.valueOf(result));
}

void ResidentBuilder::copyWithin(const LocalTensor &result,
                                 const LocalTensor &source) {
  if (isSame(result, source))
    return;
  if (result.startLane() == source.startLane())
    copy(result, source);
  else
    exchange(result, source);
}

void ResidentBuilder::load(const LocalTensor &result,
                           const GlobalTensor &source) {
  if (source.shape == result.shape)
    if (std::optional<LocalTensor> view = memory.localView(source))
      return copyWithin(result, *view);
  readGlobal(source);
  CommandBuilder::load(result, source);
}

void ResidentBuilder::store(const GlobalTensor &result,
                            const LocalTensor &source) {
  if (isResident(result) && stores != Stores::Global) {
    std::optional<LocalTensor> view;
    if (source.shape == result.shape)
      view = memory.localView(result);
    if (view)
      copyWithin(*view, source);
    else
      writeGlobalOnly(result);
  }
  if (isGlobal(result) && stores != Stores::Local)
    CommandBuilder::store(result, source);
}

void ResidentBuilder::move(const GlobalTensor &result,
                           const GlobalTensor &source) {
  std::optional<LocalTensor> to = memory.localView(result);
  std::optional<LocalTensor> from = memory.localView(source);
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
    CommandBuilder::move(result, source);
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
    if (std::optional<LocalTensor> view = memory.localView(result))
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
  return CommandBuilder::addressOf(memory.globalView(tensor));
}
