//===- ReservedBits.h - Bits of commands that no field owns -----*- C++ -*-===//
//
// Other compilers leave values in bits that mean nothing. The chip ignores
// them; a file that is read and written again keeps them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_RESERVEDBITS_H
#define TPUC_TARGET_BM1684X_RESERVEDBITS_H

#include "Target/BM1684X/Codec.h"

#include <utility>
#include <vector>

namespace tpuc::codec {

/// Bytes of a command, by their index, and what their reserved bits hold.
using ReservedBytes = std::vector<std::pair<uint32_t, uint8_t>>;

/// The bytes of the command at `bytes` of which reserved bits are set; it has
/// at least the length of `layout`.
ReservedBytes reservedBytes(Layout layout, std::span<const uint8_t> bytes);

/// Sets reserved bits of the encoded command at `bytes`. Fails, with a reason,
/// where they are beyond the command or belong to a field.
bool setReservedBytes(Layout layout, const ReservedBytes &reserved,
                      std::span<uint8_t> bytes, std::string &error);

} // namespace tpuc::codec

#endif // TPUC_TARGET_BM1684X_RESERVEDBITS_H
