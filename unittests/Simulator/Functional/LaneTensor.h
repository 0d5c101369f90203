//===- LaneTensor.h - Tensors in a test's local memory --------*- C++ -*-===//
//
// Places and reads dense NCHW data in the lanes by the layout rules, written
// independently of the simulator's own views.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_SIMULATOR_FUNCTIONAL_LANETENSOR_H
#define TPUC_UNITTESTS_SIMULATOR_FUNCTIONAL_LANETENSOR_H

#include "Simulator/Functional/Simulator.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace tpuc::sim::test {

struct Dims {
  unsigned n, c, h, w;
  unsigned count() const { return n * c * h * w; }
};

enum class Packing { EuAligned, Compact };

/// Calls `visit(flat index, address in local memory)` for every element.
template <typename Visit>
void forEachElement(uint32_t address, Dims dims, unsigned bytes,
                    Packing packing, Visit visit) {
  unsigned lane = address / kLaneBytes, offset = address % kLaneBytes;
  unsigned perLine = 64 / bytes, plane = dims.h * dims.w;
  if (packing == Packing::EuAligned)
    plane = (plane + perLine - 1) / perLine * perLine;
  unsigned rows = (lane + dims.c + 63) / 64, flat = 0;
  for (unsigned n = 0; n < dims.n; ++n)
    for (unsigned c = 0; c < dims.c; ++c)
      for (unsigned i = 0; i < dims.h * dims.w; ++i, ++flat) {
        unsigned element = (n * rows + (lane + c) / 64) * plane + i;
        visit(flat,
              size_t((lane + c) % 64) * kLaneBytes + offset + element * bytes);
      }
}

template <typename T>
void put(Simulator &simulator, uint32_t address, Dims dims,
         const std::vector<T> &values, Packing packing = Packing::EuAligned) {
  uint8_t *local = simulator.localMemory().data();
  forEachElement(address, dims, sizeof(T), packing,
                 [&](unsigned flat, size_t at) {
                   std::memcpy(local + at, &values[flat], sizeof(T));
                 });
}

template <typename T>
std::vector<T> get(Simulator &simulator, uint32_t address, Dims dims,
                   Packing packing = Packing::EuAligned) {
  std::vector<T> values(dims.count());
  const uint8_t *local = simulator.localMemory().data();
  forEachElement(address, dims, sizeof(T), packing,
                 [&](unsigned flat, size_t at) {
                   std::memcpy(&values[flat], local + at, sizeof(T));
                 });
  return values;
}

inline void setResult(codec::Registers &r, Dims dims, uint32_t address) {
  r.res0_n = dims.n;
  r.res0_c = dims.c;
  r.res0_h = dims.h;
  r.res0_w = dims.w;
  r.res0_addr = address;
}

inline void expectOk(Simulator &simulator, codec::Layout layout,
                     const codec::Registers &registers) {
  auto failure = simulator.execute(layout, registers);
  EXPECT_FALSE(failure) << failure->str();
}

inline std::string reasonOf(Simulator &simulator, codec::Layout layout,
                            const codec::Registers &registers) {
  auto failure = simulator.execute(layout, registers);
  return failure ? failure->reason : "";
}

/// Floats of a few magnitudes, the same in every run.
inline std::vector<float> randomFloats(unsigned count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float &value : values)
    value = std::ldexp(normal(engine), int(engine() % 8) - 4);
  return values;
}

} // namespace tpuc::sim::test

#endif // TPUC_UNITTESTS_SIMULATOR_FUNCTIONAL_LANETENSOR_H
