//===- FormatsTest.cpp - Number formats, rounding and the adder -----------===//
//
// Checks the conversions against exact arithmetic in wider types.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Machine.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace tpuc::sim;

namespace {

TEST(FormatsTest, F16SurvivesTheWayToF32AndBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    bool isNan = (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff);
    uint16_t back = floatToF16(f16ToFloat(uint16_t(bits)));
    EXPECT_EQ(back, isNan ? 0x7fff : bits);
  }
}

TEST(FormatsTest, F32RoundsToTheNearestF16) {
  std::mt19937 engine(1);
  for (unsigned i = 0; i < 100000; ++i) {
    float value = floatOf(0x34000000 + engine() % 0x13000000);
    uint16_t half = floatToF16(value);
    double error = std::fabs(double(f16ToFloat(half)) - value);
    for (int step : {-1, 1}) {
      double other = f16ToFloat(uint16_t(half + step));
      if (std::isfinite(other) && half != 0) {
        EXPECT_LE(error, std::fabs(other - value));
      }
    }
  }
}

TEST(FormatsTest, DirectedModesOfF16BoundTheValue) {
  for (uint32_t bits = 0x33000000; bits < 0x477f0000; bits += 9973) {
    float value = floatOf(bits);
    EXPECT_LE(f16ToFloat(floatToF16(value, Rounding::Down)), value);
    EXPECT_GE(f16ToFloat(floatToF16(value, Rounding::Up)), value);
    EXPECT_LE(f16ToFloat(floatToF16(value, Rounding::TowardZero)), value);
  }
}

TEST(FormatsTest, MagnitudesBeyondF16BecomeInfinityInEveryMode) {
  for (unsigned mode = 0; mode < kRoundingModes; ++mode)
    EXPECT_EQ(floatToF16(65536.0f, Rounding(mode)), 0x7c00);
  EXPECT_EQ(floatToF16(65535.0f, Rounding::TowardZero), 0x7bff);
  EXPECT_EQ(floatToF16(65535.0f, Rounding::NearestEven), 0x7c00);
}

TEST(FormatsTest, RoundingModesOfTies) {
  const int64_t up[] = {2, 3, 2, 2, 3, 3, 2};
  const int64_t down[] = {-2, -3, -2, -3, -2, -2, -3};
  for (unsigned mode = 0; mode < kRoundingModes; ++mode) {
    EXPECT_EQ(shiftRightRounded(5, 1, Rounding(mode)), up[mode]);
    EXPECT_EQ(shiftRightRounded(-5, 1, Rounding(mode)), down[mode]);
  }
}

TEST(FormatsTest, ShiftsBeyondTheWordKeepTheSignOfTheRounding) {
  EXPECT_EQ(shiftRightRounded(7, 200, Rounding::NearestEven), 0);
  EXPECT_EQ(shiftRightRounded(7, 200, Rounding::Up), 1);
  EXPECT_EQ(shiftRightRounded(-7, 200, Rounding::Down), -1);
}

TEST(FormatsTest, FloatToIntSaturatesAndMapsNanToZero) {
  EXPECT_EQ(floatToInt(1e9f, Rounding::NearestEven, -128, 127), 127);
  EXPECT_EQ(floatToInt(-1e30f, Rounding::NearestEven, -128, 127), -128);
  EXPECT_EQ(floatToInt(floatOf(0x7fc00000), Rounding::Up, -128, 127), 0);
  EXPECT_EQ(floatToInt(-2.5f, Rounding::NearestEven, -128, 127), -2);
}

TEST(FormatsTest, IntToFloatMatchesTheHost) {
  std::mt19937_64 engine(3);
  for (unsigned i = 0; i < 100000; ++i) {
    int32_t value = int32_t(engine() >> (32 + i % 31));
    EXPECT_EQ(intToFloat(value, Rounding::NearestEven), float(value));
  }
}

/// The adder by its definition, in wide integers and one final rounding.
float addByDefinition(const std::vector<float> &values) {
  int largest = 0;
  for (float value : values)
    largest = std::max(largest, int((bitsOf(value) >> 23) & 0xff));
  long long sum = 0;
  for (float value : values) {
    int exponent = int((bitsOf(value) >> 23) & 0xff);
    if (exponent == 0 || largest - exponent > 25)
      continue;
    long long significand = ((bitsOf(value) & 0x7fffff) | 0x800000) * 2LL;
    significand >>= largest - exponent;
    sum += bitsOf(value) >> 31 ? -significand : significand;
  }
  return float(std::ldexp(double(sum), largest - 127 - 24));
}

TEST(FusedAddTest, MatchesItsDefinition) {
  std::mt19937 engine(5);
  std::normal_distribution<float> normal;
  for (unsigned round = 0; round < 20000; ++round) {
    std::vector<float> values(1 + engine() % 32);
    for (float &value : values)
      value = std::ldexp(normal(engine), int(engine() % 40) - 20);
    EXPECT_EQ(bitsOf(fusedAdd(values.data(), unsigned(values.size()))),
              bitsOf(addByDefinition(values)));
  }
}

TEST(FusedAddTest, InfinitiesAndNans) {
  float infinity = floatOf(0x7f800000);
  float plus[] = {1.0f, infinity}, both[] = {infinity, -infinity};
  float nan[] = {1.0f, floatOf(0x7fc00000)};
  EXPECT_EQ(fusedAdd(plus, 2), infinity);
  EXPECT_TRUE(std::isnan(fusedAdd(both, 2)));
  EXPECT_TRUE(std::isnan(fusedAdd(nan, 2)));
}

TEST(StaticTablesTest, HoldTheirFunctions) {
  std::array<uint8_t, kStaticBytes> memory{};
  fillStaticTables(memory);
  auto f32 = [&](unsigned offset) {
    float value;
    std::memcpy(&value, memory.data() + offset, 4);
    return value;
  };
  EXPECT_EQ(f32(0x000 + 4 * 103), 1.0f);              // exp(0)
  EXPECT_EQ(f32(0x400 + 4 * 4), float(1.0 / 24));     // 1/4!
  EXPECT_EQ(f32(0x480 + 4 * 2), -0.5f);               // log(1 + x)
  EXPECT_EQ(f32(0x6C0), float(2 * 3.14159265358979)); // sin(2 pi x)
  EXPECT_EQ(f32(0x8C0), float(3.14159265358979));     // tan(pi x)
  uint16_t half;
  std::memcpy(&half, memory.data() + 0x940 + 2 * 2, 2);
  EXPECT_EQ(f16ToFloat(half), 0.5f); // packed, two bytes a value
  std::memcpy(&half, memory.data() + 0x980 + 2 * 2, 2);
  EXPECT_EQ(bf16ToFloat(half), 0.5f);
}

} // namespace
