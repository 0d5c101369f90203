//===- Access.h - Memory that a command touches -----------------*- C++ -*-===//
//
// Computes which bytes a command reads and writes, from its registers. Code
// generation finds dependencies with it and the hazard verifier proves that
// they are waited for, so that both mean the same by "touches". It covers: the
// ranges contain every byte touched, and may contain padding between rows.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_ACCESS_H
#define TPUC_TARGET_BM1684X_ACCESS_H

#include "Target/BM1684X/Codec.h"

#include <string>
#include <vector>

namespace tpuc::target {

/// The memories that commands address.
enum class Space : uint8_t { Local, Static, L2, Global };

/// Bytes [begin, end) of a memory, read or written. In local memory they are
/// bytes inside a lane, for each lane whose bit is set in `lanes`; elsewhere
/// they are addresses of the chip's address map, and `lanes` is all ones.
struct Access {
  Space space;
  bool isWrite;
  uint64_t lanes;
  uint64_t begin, end;
};

/// True when the two have a byte in common.
inline bool overlaps(const Access &a, const Access &b) {
  return a.space == b.space && a.begin < b.end && b.begin < a.end &&
         (a.lanes & b.lanes) != 0;
}

/// "local", "static", "L2" or "global".
const char *spaceName(Space space);

/// Appends what the command touches to `accesses`: one range a run of rows, at
/// most a few dozen a tensor. Returns false, with the reason in `error`, for a
/// command that it does not understand and for an operand that leaves its
/// memory; what was appended until then is not complete.
bool findAccesses(codec::Layout layout, const codec::Registers &registers,
                  std::vector<Access> &accesses, std::string &error);

} // namespace tpuc::target

#endif // TPUC_TARGET_BM1684X_ACCESS_H
