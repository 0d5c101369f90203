//===- CodecTest.cpp - Bits of every command layout -----------------------===//
//
// Every field of every layout at its boundaries, reserved bits, heads.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/ReservedBits.h"
#include "gtest/gtest.h"

#include <vector>

using namespace tpuc::codec;

namespace {

class CodecLayoutTest : public testing::TestWithParam<unsigned> {
protected:
  Layout layout() const { return Layout(GetParam()); }
  const LayoutInfo &info() const { return layoutInfo(layout()); }

  /// A command of this layout whose other fields are zero.
  Registers plain() const {
    Registers registers;
    setFunctionCode(info().engine, registers, info().functions.front().code);
    return registers;
  }

  std::vector<uint8_t> encoded(const Registers &registers) const {
    std::vector<uint8_t> bytes(info().bytes);
    std::string error;
    EXPECT_TRUE(encode(layout(), registers, bytes, error)) << error;
    return bytes;
  }
};

/// Fields whose value the encoder or the head decides.
bool isFree(const FieldInfo &field) {
  return !field.derived || field.id == FieldId::cmd_id ||
         field.id == FieldId::cmd_id_dep;
}

uint64_t largest(const FieldInfo &field) {
  return field.width == 64 ? ~uint64_t(0) : (uint64_t(1) << field.width) - 1;
}

TEST_P(CodecLayoutTest, EveryFieldSurvivesAtItsBoundaries) {
  for (const FieldInfo &field : info().fields) {
    if (!isFree(field))
      continue;
    for (uint64_t value : {uint64_t(0), uint64_t(1), largest(field) / 2,
                           largest(field) / 2 + 1, largest(field)}) {
      Registers registers = plain();
      setField(registers, field.id, value);
      std::vector<uint8_t> bytes = encoded(registers);
      Registers decoded;
      std::string error;
      ASSERT_TRUE(decode(layout(), bytes, decoded, error)) << error;
      EXPECT_EQ(getField(decoded, field.id), value) << fieldName(field.id);
      EXPECT_EQ(encoded(decoded), bytes) << fieldName(field.id);
    }
  }
}

TEST_P(CodecLayoutTest, AFieldOwnsItsBitsAlone) {
  std::vector<uint8_t> zero = encoded(plain());
  for (const FieldInfo &field : info().fields) {
    if (!isFree(field))
      continue;
    Registers registers = plain();
    setField(registers, field.id, largest(field));
    std::vector<uint8_t> bytes = encoded(registers);
    for (unsigned bit = 0; bit < info().bytes * 8u; ++bit) {
      bool isInside = bit >= field.lsb && bit < field.lsb + field.width;
      bool changed = ((bytes[bit / 8] ^ zero[bit / 8]) >> (bit % 8)) & 1;
      ASSERT_EQ(changed, isInside) << fieldName(field.id) << " bit " << bit;
    }
  }
}

TEST_P(CodecLayoutTest, RefusesValuesThatDoNotFit) {
  for (const FieldInfo &field : info().fields) {
    Registers registers = plain();
    if (!isFree(field) || field.width == 64)
      continue;
    setField(registers, field.id, largest(field) + 1);
    if (getField(registers, field.id) == 0)
      continue; // as wide as its register
    std::vector<uint8_t> bytes(info().bytes);
    std::string error;
    EXPECT_FALSE(encode(layout(), registers, bytes, error));
    EXPECT_NE(error.find(fieldName(field.id)), std::string::npos) << error;
  }
}

TEST_P(CodecLayoutTest, ReservedBitsAreNoField) {
  std::vector<bool> owned(info().bytes * 8u, false);
  for (const FieldInfo &field : info().fields)
    for (unsigned bit = 0; bit < field.width; ++bit)
      owned[field.lsb + bit] = true;
  const std::vector<uint8_t> good = encoded(plain());
  for (unsigned bit = 0; bit < owned.size(); ++bit) {
    std::vector<uint8_t> bytes = good;
    uint8_t mask = uint8_t(1u << (bit % 8));
    std::string error;
    if (owned[bit]) {
      EXPECT_FALSE(setReservedBytes(layout(), {{bit / 8, mask}}, bytes, error))
          << "bit " << bit;
      continue;
    }
    bytes[bit / 8] |= mask;
    Registers decoded;
    ASSERT_TRUE(decode(layout(), bytes, decoded, error)) << error;
    ReservedBytes reserved = reservedBytes(layout(), bytes);
    EXPECT_EQ(reserved, ReservedBytes({{bit / 8, mask}})) << "bit " << bit;
    std::vector<uint8_t> again = encoded(decoded);
    EXPECT_EQ(again, good) << "bit " << bit;
    EXPECT_TRUE(setReservedBytes(layout(), reserved, again, error)) << error;
    EXPECT_EQ(again, bytes) << "bit " << bit;
  }
}

TEST_P(CodecLayoutTest, HeadSelectsTheLayout) {
  for (const FunctionInfo &function : info().functions) {
    Registers registers;
    setFunctionCode(info().engine, registers, function.code);
    std::optional<Layout> found = peekLayout(info().engine, encoded(registers));
    ASSERT_TRUE(found) << function.keyword;
    EXPECT_EQ(*found, layout()) << function.keyword;
    EXPECT_STREQ(functionKeyword(layout(), function.code), function.keyword);
  }
}

TEST_P(CodecLayoutTest, RefusesTruncatedBytes) {
  std::vector<uint8_t> bytes = encoded(plain());
  bytes.pop_back();
  Registers decoded;
  std::string error;
  EXPECT_FALSE(decode(layout(), bytes, decoded, error));
  EXPECT_NE(error.find("truncated"), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(AllLayouts, CodecLayoutTest,
                         testing::Range(0u, kNumLayouts), [](const auto &test) {
                           std::string name =
                               layoutInfo(Layout(test.param)).mnemonic;
                           for (char &c : name)
                             if (!isalnum(c))
                               c = '_';
                           return name;
                         });

TEST(CodecTest, KnowsFieldsByName) {
  for (unsigned i = 0; i < kNumFields; ++i)
    EXPECT_EQ(findField(fieldName(FieldId(i))), FieldId(i));
  EXPECT_FALSE(findField("no_such_field"));
}

TEST(CodecTest, RefusesAHeadThatIsNoCommand) {
  std::vector<uint8_t> bytes(128, 0);
  bytes[5] = 8 << 1; // TIU opcode 8 in bits 41..44
  EXPECT_FALSE(peekLayout(Engine::Tiu, bytes));
  bytes[4] = 15; // GDMA opcode 15 in bits 32..35
  EXPECT_FALSE(peekLayout(Engine::Gdma, bytes));
  bytes.assign(7, 0);
  EXPECT_FALSE(peekLayout(Engine::Tiu, bytes));
}

} // namespace
