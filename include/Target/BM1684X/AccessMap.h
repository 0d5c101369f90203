//===- AccessMap.h - Who last touched each byte ------------------*- C++
//-*-===//
//
// Remembers, for each byte of the chip's memories, the last command that
// touched it. All lanes count as one, because transfers touch all of them as a
// rule; who needs to know about lanes looks at the accesses themselves.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_ACCESSMAP_H
#define TPUC_TARGET_BM1684X_ACCESSMAP_H

#include "Target/BM1684X/Access.h"

#include <map>

namespace tpuc::target {

/// Disjoint intervals of bytes with the number of a command. Bytes inside a
/// lane lie below every address of the other memories, so one map holds all
/// spaces. Operations take time logarithmic in the number of intervals, and
/// linear in those that they touch.
class AccessMap {
public:
  /// The largest command that touched a byte of `access`; 0 for none.
  uint32_t lastIn(const Access &access) const;

  /// Says that `command` touched all bytes of `access`.
  void assign(const Access &access, uint32_t command);

private:
  struct Piece {
    uint64_t end;
    uint32_t command;
  };
  std::map<uint64_t, Piece> pieces;
};

} // namespace tpuc::target

#endif // TPUC_TARGET_BM1684X_ACCESSMAP_H
