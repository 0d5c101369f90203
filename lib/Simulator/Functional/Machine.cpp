//===- Machine.cpp - Memories of the simulated chip -----------------------===//
//
// Allocation and address resolution of the memories, and the floating-point
// mode that the arithmetic runs in.
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

using namespace tpuc::sim;

const char *tpuc::sim::name(Precision precision) {
  constexpr const char *names[8] = {"i8",  "f16",  "f32", "i16",
                                    "i32", "bf16", "i4",  "reserved"};
  return names[unsigned(precision) & 7];
}

Status tpuc::sim::precisionOf(uint32_t code, const char *operand,
                              Precision &precision) {
  if (code > unsigned(Precision::BF16))
    return Status::error(std::string("precision ") + std::to_string(code) +
                         " of " + operand + " is not supported");
  precision = Precision(code);
  return Status();
}

std::string tpuc::sim::hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
  return text;
}

Machine::Machine(unsigned threads)
    : local(static_cast<uint8_t *>(std::calloc(kLanes, kLaneBytes))),
      l2(kL2Bytes), pool(threads) {
  fillStaticTables(staticMemory);
}

Machine::~Machine() { std::free(local); }

bool Machine::map(uint64_t address, uint8_t *data, uint64_t bytes,
                  OwnedMemory owned) {
  if (address < kGlobalBase || bytes == 0 || address >= kGlobalEnd ||
      bytes > kGlobalEnd - address)
    return false;
  for (const Region &region : regions)
    if (address < region.address + region.bytes &&
        region.address < address + bytes)
      return false;
  regions.push_back({address, bytes, data, std::move(owned)});
  return true;
}

uint8_t *Machine::resolve(uint64_t address, uint64_t bytes) const {
  auto within = [&](uint64_t base, uint64_t size) {
    return address >= base && address - base <= size &&
           bytes <= size - (address - base);
  };
  if (address >= kGlobalBase) {
    for (const Region &region : regions)
      if (within(region.address, region.bytes))
        return region.data + (address - region.address);
    return nullptr;
  }
  if (within(kLocalBase, uint64_t(kLanes) * kLaneBytes))
    return local + (address - kLocalBase);
  if (within(kStaticBase, kStaticBytes))
    return const_cast<uint8_t *>(staticMemory.data()) + (address - kStaticBase);
  if (within(kL2Base, kL2Bytes))
    return const_cast<uint8_t *>(l2.data()) + (address - kL2Base);
  return nullptr;
}

#if defined(__SSE2__)
FlushDenormals::FlushDenormals() : saved(_mm_getcsr()) {
  // Flush-to-zero and denormals-are-zero; exceptions masked, round to nearest.
  _mm_setcsr(0x9fc0);
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(unsigned(saved)); }
#elif defined(__aarch64__)
FlushDenormals::FlushDenormals() {
  asm volatile("mrs %0, fpcr" : "=r"(saved));
  asm volatile("msr fpcr, %0" : : "r"(uint64_t(1) << 24));
}
FlushDenormals::~FlushDenormals() {
  asm volatile("msr fpcr, %0" : : "r"(saved));
}
#else
#error "the simulator needs a way to flush denormals on this host"
#endif
