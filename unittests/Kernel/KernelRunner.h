//===- KernelRunner.h - Runs kernels on the simulator -----------*- C++ -*-===//
//
// Places arrays in simulated global memory, runs kernels over them and reads
// the results back, so that a kernel's test is its reference and a tolerance.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_KERNEL_KERNELRUNNER_H
#define TPUC_UNITTESTS_KERNEL_KERNELRUNNER_H

#include "Arch/BM1684X.h"
#include "StreamSink.h"
#include "Support/IntMath.h"
#include "TileRunner.h"

#include "Kernel/Kernel.h"
#include "Simulator/Functional/Simulator.h"
#include "Simulator/Timing/Timing.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
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
  case ElementType::U16:
    return uint16_t(bits);
  case ElementType::I8:
    return int8_t(bits);
  case ElementType::U8:
    return uint8_t(bits);
  }
  return 0;
}

class KernelRunner {
public:
  static constexpr uint64_t kActivations = kBM1684X.globalBase + (1 << 28);

  KernelRunner() { memory = simulator.allocateGlobal(kActivations, 1 << 27); }

  /// Space for `count` elements, contiguous as [1, 1, 1, count].
  GlobalTensor allocate(ElementType type, int64_t count) {
    GlobalTensor tensor;
    tensor.type = type;
    tensor.offsetBytes = nextOffset;
    nextOffset = alignUp(nextOffset + count * byteWidth(type),
                         kBM1684X.globalAlignBytes);
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
    std::memcpy(memory.data() + tensor.offsetBytes, bytes.data(), bytes.size());
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

  /// Emits and runs the kernels in `localBytes` of a lane; reports what goes
  /// wrong as test failures.
  void run(const KernelList &kernels, int64_t localBytes = kBM1684X.laneBytes) {
    StreamSink sink(kBM1684X.globalBase, kActivations);
    CommandBuilder builder(kBM1684X, sink);
    for (const auto &kernel : kernels)
      if (auto *tiled = dynamic_cast<const TiledKernel *>(kernel.get()))
        ASSERT_TRUE(TileRunner(*tiled, builder).run(localBytes))
            << "no tile fits into " << localBytes << " bytes";
      else
        static_cast<const TransferKernel &>(*kernel).emit(builder);
    const auto &tiu = sink.finish(codec::Engine::Tiu);
    const auto &gdma = sink.finish(codec::Engine::Gdma);
    ASSERT_EQ(sink.error, "");
    count(codec::Engine::Tiu, tiu);
    count(codec::Engine::Gdma, gdma);
    if (auto failure = simulator.run(tiu, gdma))
      ADD_FAILURE() << failure->str();
  }

  /// Busy cycles and commands of each engine, over all runs.
  uint64_t cycles[2] = {0, 0};
  uint64_t commands[2] = {0, 0};

private:
  void count(codec::Engine engine, std::span<const uint8_t> stream) {
    while (auto layout = codec::peekLayout(engine, stream)) {
      codec::Registers registers;
      std::string error;
      ASSERT_TRUE(codec::decode(*layout, stream, registers, error)) << error;
      cycles[unsigned(engine)] += timing::cycles(
          *layout, registers, timing::TimingParameters::vendor());
      ++commands[unsigned(engine)];
      stream = stream.subspan(codec::layoutInfo(*layout).bytes);
    }
  }

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

/// `count` integers from `low` to `high`, always the same for a seed.
inline std::vector<double> randomIntegers(size_t count, unsigned seed,
                                          int64_t low, int64_t high) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int64_t> uniform(low, high);
  std::vector<double> values(count);
  for (double &value : values)
    value = double(uniform(engine));
  return values;
}

/// The least and the largest number of an 8-bit type.
inline int64_t leastInt8(ElementType type) {
  return type == ElementType::U8 ? 0 : -128;
}
inline int64_t largestInt8(ElementType type) {
  return type == ElementType::U8 ? 255 : 127;
}

/// What the chip makes of an integer: times `factor` rounded to 31 bits, to
/// nearest, halves away from zero, plus `zeroPoint`, saturated to `type`.
inline double requantized(int64_t value, double factor, int64_t zeroPoint,
                          ElementType type) {
  Multiplier multiplier = encodeMultiplier(factor);
  __int128 product = __int128(value) * multiplier.mantissa;
  __int128 magnitude = product < 0 ? -product : product;
  int shift = -multiplier.shift;
  __int128 rounded = shift > 0
                         ? (magnitude + (__int128(1) << (shift - 1))) >> shift
                         : magnitude << -shift;
  __int128 result = (product < 0 ? -rounded : rounded) + zeroPoint;
  return double(
      std::clamp<__int128>(result, leastInt8(type), largestInt8(type)));
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

/// The largest error, relative to the largest reference unless all are 0.
inline double maxErrorOverRange(const std::vector<double> &values,
                                const std::vector<double> &reference) {
  EXPECT_EQ(values.size(), reference.size());
  double error = 0, range = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    double distance = std::fabs(values[i] - reference[i]);
    error = std::isnan(distance) ? INFINITY : std::max(error, distance);
    range = std::max(range, std::fabs(reference[i]));
  }
  return range > 0 ? error / range : error;
}

/// How a type is called in test names.
inline std::string typeName(ElementType type) {
  return type == ElementType::F32   ? "F32"
         : type == ElementType::F16 ? "F16"
         : type == ElementType::I8  ? "I8"
         : type == ElementType::U8  ? "U8"
                                    : "BF16";
}

} // namespace tpuc::kernel

#endif // TPUC_UNITTESTS_KERNEL_KERNELRUNNER_H
