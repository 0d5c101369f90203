//===- ReservedBits.cpp - Bits of commands that no field owns -------------===//
//
// Finds and sets them by the layouts' fields.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/ReservedBits.h"

#include <array>

using namespace tpuc::codec;

namespace {

constexpr unsigned kMaxBytes = 128;
using Mask = std::array<uint8_t, kMaxBytes>;

/// For each layout, the bits that no field owns.
const Mask &reservedMask(Layout layout) {
  static const std::array<Mask, kNumLayouts> masks = [] {
    std::array<Mask, kNumLayouts> all;
    for (unsigned i = 0; i < kNumLayouts; ++i) {
      all[i].fill(0xff);
      for (const FieldInfo &field : layoutInfo(Layout(i)).fields)
        for (unsigned bit = field.lsb; bit < field.lsb + field.width; ++bit)
          all[i][bit / 8] &= uint8_t(~(1u << bit % 8));
    }
    return all;
  }();
  return masks[unsigned(layout)];
}

} // namespace

ReservedBytes tpuc::codec::reservedBytes(Layout layout,
                                         std::span<const uint8_t> bytes) {
  const Mask &mask = reservedMask(layout);
  ReservedBytes found;
  for (unsigned i = 0; i < layoutInfo(layout).bytes; ++i)
    if (uint8_t value = bytes[i] & mask[i])
      found.push_back({i, value});
  return found;
}

bool tpuc::codec::setReservedBytes(Layout layout, const ReservedBytes &reserved,
                                   std::span<uint8_t> bytes,
                                   std::string &error) {
  const Mask &mask = reservedMask(layout);
  for (auto [index, value] : reserved) {
    if (index >= layoutInfo(layout).bytes || (value & ~mask[index])) {
      error = std::string(layoutInfo(layout).name) + " has no reserved bits " +
              std::to_string(value) + " in byte " + std::to_string(index);
      return false;
    }
    bytes[index] |= value;
  }
  return true;
}
