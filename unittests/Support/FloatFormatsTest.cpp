//===- FloatFormatsTest.cpp - Test 16-bit floats --------------------------===//
//
// Compares the conversions with LLVM's arbitrary-precision floats, on every
// 16-bit number and around every tie.
//
//===----------------------------------------------------------------------===//

#include "Support/FloatFormats.h"

#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <limits>

using namespace tpuc;
using llvm::APFloat;

namespace {

/// The bits of `value` in a format, rounded by LLVM.
uint16_t roundByLLVM(float value, const llvm::fltSemantics &semantics) {
  APFloat number(value);
  bool losesInfo;
  number.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return number.bitcastToAPInt().getZExtValue();
}

float toFloatByLLVM(uint16_t bits, const llvm::fltSemantics &semantics) {
  APFloat number(semantics, llvm::APInt(16, bits));
  bool losesInfo;
  number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number.convertToFloat();
}

/// Checks a format on each of its numbers, on the ties between neighbours, and
/// on the floats next to both.
template <typename Round, typename ToFloat>
void checkFormat(Round round, ToFloat toFloat,
                 const llvm::fltSemantics &semantics) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = toFloatByLLVM(bits, semantics);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(toFloat(bits))) << bits;
      EXPECT_TRUE(std::isnan(toFloat(round(value)))) << bits;
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint32_t>(toFloat(bits)),
              std::bit_cast<uint32_t>(value))
        << bits;
    float next = toFloatByLLVM(bits + 1, semantics);
    float tie = std::isinf(next) || std::isnan(next)
                    ? value
                    : value + (next - value) / 2;
    for (float start : {value, tie})
      for (float test :
           {start,
            std::nextafter(start, std::numeric_limits<float>::infinity()),
            std::nextafter(start, -std::numeric_limits<float>::infinity())})
        if (!std::isnan(test)) {
          ASSERT_EQ(round(test), roundByLLVM(test, semantics)) << test;
        }
  }
}

TEST(FloatFormats, HalfAgreesWithLLVMEverywhere) {
  checkFormat(roundToHalf, halfToFloat, APFloat::IEEEhalf());
}

TEST(FloatFormats, BFloatAgreesWithLLVMEverywhere) {
  checkFormat(roundToBFloat, bfloatToFloat, APFloat::BFloat());
}

TEST(FloatFormats, HalfOverflowsAt65520) {
  EXPECT_EQ(roundToHalf(65519.996f), 0x7bff);
  EXPECT_EQ(roundToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(roundToHalf(-1e30f), 0xfc00);
}

TEST(FloatFormats, HalfKeepsSubnormals) {
  EXPECT_EQ(roundToHalf(0x1p-24f), 0x0001);
  EXPECT_EQ(roundToHalf(0x1p-25f), 0x0000); // a tie, to even
  EXPECT_EQ(roundToHalf(0x1.8p-25f), 0x0001);
}

} // namespace
