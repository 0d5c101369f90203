//===- KernelsTest.cpp - Vectorised against plain loops -------------------===//
//
// Every kernel of the vectorised table gives the bits of the plain one, on
// random values with infinities, NaNs and denormals among them.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Formats.h"
#include "Machine.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace tpuc::sim;

namespace {

class KernelsTest : public testing::Test {
protected:
  FlushDenormals flush;
  const Kernels &plain = referenceKernels();
  const Kernels &fast = vectorKernels();
  std::mt19937 engine{11};
  static constexpr size_t kCount = 1003;

  /// Mostly ordinary numbers, one in eight any bits.
  std::vector<float> floats(size_t count = kCount) {
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float &value : values)
      value = engine() % 8 ? normal(engine) * float(1 + engine() % 100)
                           : floatOf(uint32_t(engine()));
    return values;
  }

  /// Values of bf16, so that products are exact; some of any bits.
  std::vector<float> halves(size_t count, bool wild) {
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float &value : values) {
      float scale = std::ldexp(1.0f, int(engine() % 16) - 8);
      value = wild && engine() % 16 == 0
                  ? floatOf(uint32_t(engine()) & 0xffff0000)
                  : bf16ToFloat(floatToBf16(normal(engine) * scale));
    }
    return values;
  }

  std::vector<uint8_t> bytes(size_t count) {
    std::vector<uint8_t> values(count);
    for (uint8_t &value : values)
      value = uint8_t(engine());
    return values;
  }

  /// Two NaNs are the same result.
  /// Equal bits, of NaNs too with `exactNans`.
  static void expectSame(const std::vector<float> &a,
                         const std::vector<float> &b, bool exactNans = false) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      bool nans = !exactNans && a[i] != a[i] && b[i] != b[i];
      EXPECT_TRUE(nans || bitsOf(a[i]) == bitsOf(b[i]))
          << i << ": " << a[i] << " and " << b[i];
    }
  }
};

TEST_F(KernelsTest, LoadsAgreeForEveryStride) {
  auto memory = bytes(kCount * 16);
  for (ptrdiff_t stride : {0, 2, 4, 12})
    for (auto member : {&Kernels::loadF16, &Kernels::loadBf16}) {
      std::vector<float> a(kCount), b(kCount);
      (plain.*member)(memory.data(), stride, kCount, a.data());
      (fast.*member)(memory.data(), stride, kCount, b.data());
      expectSame(a, b);
    }
}

TEST_F(KernelsTest, StoresAgree) {
  auto values = floats();
  for (ptrdiff_t stride : {2, 6})
    for (auto member : {&Kernels::storeF16, &Kernels::storeBf16}) {
      std::vector<uint8_t> a(kCount * 8), b(kCount * 8);
      (plain.*member)(a.data(), stride, kCount, values.data());
      (fast.*member)(b.data(), stride, kCount, values.data());
      EXPECT_EQ(a, b);
    }
}

TEST_F(KernelsTest, IntegerLoadsAndStoresAgree) {
  auto memory = bytes(kCount * 8);
  for (unsigned size : {0u, 1u, 2u})
    for (auto member : {&Kernels::loadSigned, &Kernels::loadUnsigned}) {
      std::vector<int64_t> a(kCount), b(kCount);
      ptrdiff_t stride = ptrdiff_t(1) << size;
      (plain.*member)[size](memory.data(), stride, kCount, a.data());
      (fast.*member)[size](memory.data(), stride, kCount, b.data());
      EXPECT_EQ(a, b);
      std::vector<uint8_t> c(kCount * 4), d(kCount * 4);
      plain.storeInt[size](c.data(), stride, kCount, a.data());
      fast.storeInt[size](d.data(), stride, kCount, b.data());
      EXPECT_EQ(c, d);
    }
}

TEST_F(KernelsTest, ElementwiseOperationsAgree) {
  auto x = floats(), y = floats();
  for (auto member : {&Kernels::add, &Kernels::sub, &Kernels::mul,
                      &Kernels::max, &Kernels::min, &Kernels::absDifference}) {
    std::vector<float> a(kCount), b(kCount);
    (plain.*member)(a.data(), x.data(), y.data(), kCount);
    (fast.*member)(b.data(), x.data(), y.data(), kCount);
    expectSame(a, b);
  }
}

TEST_F(KernelsTest, DivisionsAndRootsAgree) {
  auto x = floats(), y = floats();
  for (unsigned iterations = 1; iterations <= 4; ++iterations) {
    std::vector<float> a(kCount), b(kCount);
    plain.divide(a.data(), x.data(), y.data(), kCount, iterations);
    fast.divide(b.data(), x.data(), y.data(), kCount, iterations);
    expectSame(a, b);
    plain.reciprocalSqrt(a.data(), x.data(), kCount, iterations);
    fast.reciprocalSqrt(b.data(), x.data(), kCount, iterations);
    expectSame(a, b);
  }
}

TEST_F(KernelsTest, RoundingsAgree) {
  for (auto member : {&Kernels::roundF16, &Kernels::roundBf16,
                      &Kernels::roundToEven, &Kernels::roundDown}) {
    auto a = floats(), b = a;
    (plain.*member)(a.data(), kCount);
    (fast.*member)(b.data(), kCount);
    expectSame(a, b);
  }
}

TEST_F(KernelsTest, FusedProductsAgree) {
  for (bool wild : {false, true})
    for (size_t k : {1u, 31u, 32u, 100u}) {
      constexpr size_t rows = 5, width = 48;
      auto a = halves(rows * k, wild), panel = halves(k * width, wild);
      std::vector<uint8_t> groups(k / 32, 32);
      if (k % 32)
        groups.push_back(uint8_t(k % 32));
      for (bool keepsSum : {false, true}) {
        std::vector<float> x(rows * width, 0.5f);
        x[7] = floatOf(0x7f812345);
        std::vector<float> y = x;
        plain.fusedRows(a.data(), k, panel.data(), width, groups.data(),
                        groups.size(), x.data(), rows, keepsSum);
        fast.fusedRows(a.data(), k, panel.data(), width, groups.data(),
                       groups.size(), y.data(), rows, keepsSum);
        expectSame(x, y, /*exactNans=*/true);
      }
    }
}

TEST_F(KernelsTest, EvenOddProductsAgree) {
  for (bool wild : {false, true})
    for (bool panelFirst : {false, true})
      for (size_t k : {1u, 2u, 33u}) {
        constexpr size_t rows = 3, width = 32;
        auto a = floats(rows * k), panel = floats(k * width);
        std::vector<float> x(rows * width, 0.25f);
        if (wild) {
          // NaNs that differ, and infinities that meet zeros.
          a[0] = floatOf(0x7f800123);
          a[k] = 0.0f;
          panel[1] = floatOf(0xffc00456);
          panel[2] = floatOf(0x7f800000);
          x[3] = floatOf(0x7fc00789);
        }
        std::vector<float> y = x;
        plain.evenOddRows(a.data(), k, panel.data(), width, nullptr, x.data(),
                          rows, panelFirst);
        fast.evenOddRows(a.data(), k, panel.data(), width, nullptr, y.data(),
                         rows, panelFirst);
        expectSame(x, y, /*exactNans=*/true);
      }
}

TEST_F(KernelsTest, IntegerProductsAgree) {
  constexpr size_t rows = 3, width = 16, k = 77;
  std::vector<int16_t> a(rows * k), panel(k * width);
  for (int16_t &value : a)
    value = int16_t(int(engine() % 511) - 255);
  for (int16_t &value : panel)
    value = int16_t(int(engine() % 511) - 255);
  std::vector<int32_t> x(rows * width, 7), y = x;
  plain.integerRows(a.data(), k, panel.data(), width, x.data(), rows);
  fast.integerRows(a.data(), k, panel.data(), width, y.data(), rows);
  EXPECT_EQ(x, y);
}

} // namespace
