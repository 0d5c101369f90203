//===- KernelRunner.h - Runs kernels on the simulator ----------*- C++ -*-===//
//
// Places arrays in simulated global memory, runs kernels over them and reads
// the results back, so that a kernel's test is its reference and a tolerance.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_KERNEL_KERNELRUNNER_H
#define TPUC_UNITTESTS_KERNEL_KERNELRUNNER_H

#include "StreamSink.h"

#include "Kernel/Kernel.h"
#include "Simulator/Functional/Simulator.h"

#include "gtest/gtest.h"

#include <bit>
#include <cstring>
#include <random>
#include <vector>

namespace tpuc::kernel {

/// The value of an element's bits.
inline double decodeElement(uint32_t bits, ElementType type) {
  switch (type) {
  case ElementType::F32:
    return std::bit_cast<float>(bits);
  case ElementType::BF16:
    return std::bit_cast<float>(bits << 16);
  case ElementType::F16: {
    int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    double sign = bits & 0x8000 ? -1 : 1;
    if (exponent == 31)
      return mantissa ? std::nan("") : sign * INFINITY;
    return sign * (exponent ? std::ldexp(1024 + mantissa, exponent - 25)
                            : std::ldexp(mantissa, -24));
  }
  case ElementType::I32:
    return int32_t(bits);
  case ElementType::I16:
    return int16_t(bits);
  case ElementType::I8:
    return int8_t(bits);
  }
  return 0;
}

class KernelRunner {
public:
  static constexpr uint64_t kActivations = arch::kGlobalBase + (1 << 28);

  KernelRunner() { memory = simulator.allocateGlobal(kActivations, 1 << 27); }

  /// Space for `count` elements, contiguous as [1, 1, 1, count].
  GlobalTensor allocate(ElementType type, int64_t count) {
    GlobalTensor tensor;
    tensor.type = type;
    tensor.offsetBytes = nextOffset;
    nextOffset = arch::alignUp(nextOffset + count * byteWidth(type),
                               arch::kGlobalAlignBytes);
    return tensor.reshaped({1, 1, 1, count});
  }

  /// The values, rounded to `type`; `values` becomes what was stored.
  GlobalTensor put(ElementType type, std::vector<double> &values) {
    GlobalTensor tensor = allocate(type, values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      uint32_t bits = constantBits(values[i], type);
      std::memcpy(memory.data() + tensor.offsetBytes + i * byteWidth(type),
                  &bits, byteWidth(type));
      values[i] = decodeElement(bits, type);
    }
    return tensor;
  }

  /// Bytes as they are.
  GlobalTensor putBytes(ElementType type, const std::vector<char> &bytes) {
    GlobalTensor tensor = allocate(type, bytes.size() / byteWidth(type));
    std::memcpy(memory.data() + tensor.offsetBytes, bytes.data(),
                bytes.size());
    return tensor;
  }

  std::vector<double> get(const GlobalTensor &tensor) {
    std::vector<double> values(numElements(tensor.shape));
    for (size_t i = 0; i < values.size(); ++i) {
      uint32_t bits = 0;
      int64_t width = byteWidth(tensor.type);
      std::memcpy(&bits, memory.data() + tensor.offsetBytes + i * width, width);
      values[i] = decodeElement(bits, tensor.type);
    }
    return values;
  }

  /// Emits and runs the kernels; reports what goes wrong as test failures.
  void run(const KernelList &kernels, const KernelOptions &options = {}) {
    StreamSink sink(arch::kGlobalBase, kActivations);
    CommandBuilder builder(sink);
    for (const auto &kernel : kernels)
      if (llvm::Error error = kernel->emit(builder, options)) {
        ADD_FAILURE() << llvm::toString(std::move(error));
        return;
      }
    const auto &tiu = sink.finish(codec::Engine::Tiu);
    const auto &gdma = sink.finish(codec::Engine::Gdma);
    ASSERT_EQ(sink.error, "");
    if (auto failure = simulator.run(tiu, gdma))
      ADD_FAILURE() << failure->str();
  }

private:
  sim::Simulator simulator;
  std::span<uint8_t> memory;
  int64_t nextOffset = 0;
};

/// `count` numbers from a normal distribution, always the same for a seed.
inline std::vector<double> randomValues(size_t count, unsigned seed,
                                        double scale = 1.0) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal(0, scale);
  std::vector<double> values(count);
  for (double &value : values)
    value = normal(engine);
  return values;
}

/// The relative size of half a unit in the last place of `type`.
inline double roundingUnit(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return 0x1p-11;
  case ElementType::BF16:
    return 0x1p-8;
  default:
    return 0x1p-24;
  }
}

} // namespace tpuc::kernel

#endif // TPUC_UNITTESTS_KERNEL_KERNELRUNNER_H
