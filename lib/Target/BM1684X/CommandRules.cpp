//===- CommandRules.cpp - What fields may hold together -------------------===//
//
// The rules of the command description, generated, and the words that they are
// written in.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/CommandRules.h"
#include "Arch/BM1684X.h"

#include <initializer_list>

namespace tpuc::codec {

namespace {

/// Whether the function of a rule is one of these.
bool isOneOf(uint32_t function, std::initializer_list<uint32_t> functions) {
  for (uint32_t each : functions)
    if (function == each)
      return true;
  return false;
}

uint64_t sourceOf(const Registers &r) {
  return uint64_t(r.src_start_addr_h8) << 32 | r.src_start_addr_l32;
}

/// Whether the GDMA finds an address in local memory.
bool isLocal(uint64_t address) {
  return address >= kBM1684X.localBase &&
         address <
             kBM1684X.localBase + uint64_t(kBM1684X.lanes) * kBM1684X.laneBytes;
}

} // namespace

#include "Target/BM1684X/CommandRules.cpp.inc"

} // namespace tpuc::codec
