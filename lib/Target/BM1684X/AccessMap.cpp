//===- AccessMap.cpp - Who last touched each byte -------------------------===//
//
// Keeps disjoint intervals; assigning cuts or removes those in the way.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/AccessMap.h"

#include <algorithm>

using namespace tpuc::target;

uint32_t AccessMap::lastIn(const Access &access) const {
  uint32_t last = 0;
  auto it = pieces.upper_bound(access.begin);
  if (it != pieces.begin() && std::prev(it)->second.end > access.begin)
    --it;
  for (; it != pieces.end() && it->first < access.end; ++it)
    last = std::max(last, it->second.command);
  return last;
}

void AccessMap::assign(const Access &access, uint32_t command) {
  uint64_t begin = access.begin, end = access.end;
  if (begin >= end)
    return;
  auto it = pieces.lower_bound(begin);
  if (it != pieces.begin()) {
    auto before = std::prev(it);
    Piece piece = before->second;
    if (piece.end > begin) {
      before->second.end = begin;
      if (piece.end > end)
        pieces.emplace_hint(it, end, piece);
    }
  }
  it = pieces.lower_bound(begin);
  while (it != pieces.end() && it->first < end) {
    Piece piece = it->second;
    it = pieces.erase(it);
    if (piece.end > end)
      it = pieces.emplace_hint(it, end, piece);
  }
  pieces.emplace_hint(it, begin, Piece{end, command});
}
