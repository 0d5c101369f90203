//===- Codec.cpp - Bits of BM1684X commands -------------------------------===//
//
// Table-driven encoder and decoder over the generated layouts. It checks what
// it reads and what it writes, and knows no command by name.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Codec.h"

#include <array>
#include <cstring>

using namespace tpuc::codec;

namespace {

/// Where a field lives in the register struct.
struct RegisterInfo {
  const char *name;
  uint16_t offset;
  uint8_t bytes;
};

#include "Target/BM1684X/CodecDefs.cpp.inc"

constexpr unsigned kMaxWords = 16; // 128 bytes, the longest command

constexpr uint64_t lowMask(unsigned width) {
  return width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1;
}

/// A command word as 64-bit pieces, so that a field is one or two shifts.
struct Word {
  std::array<uint64_t, kMaxWords + 1> pieces{};

  uint64_t get(unsigned lsb, unsigned width) const {
    unsigned index = lsb / 64, shift = lsb % 64;
    uint64_t value = pieces[index] >> shift;
    if (shift != 0 && shift + width > 64)
      value |= pieces[index + 1] << (64 - shift);
    return value & lowMask(width);
  }

  void set(unsigned lsb, unsigned width, uint64_t value) {
    unsigned index = lsb / 64, shift = lsb % 64;
    pieces[index] |= value << shift;
    if (shift != 0 && shift + width > 64)
      pieces[index + 1] |= value >> (64 - shift);
  }
};

/// The layout for each head: engine, form, opcode, function.
struct HeadTable {
  static constexpr unsigned kForms = 2, kOpcodes = 16, kFunctions = 32;
  std::array<int8_t, 2 * kForms * kOpcodes * kFunctions> layouts;

  static unsigned index(Engine engine, unsigned isShort, unsigned opcode,
                        unsigned function) {
    return ((unsigned(engine) * kForms + isShort) * kOpcodes + opcode) *
               kFunctions +
           function;
  }

  HeadTable() {
    layouts.fill(-1);
    for (unsigned i = 0; i < kNumLayouts; ++i) {
      const LayoutInfo &info = kLayouts[i];
      for (const FunctionInfo &function : info.functions)
        for (unsigned isShort : {0u, 1u})
          if (info.form == Form::Either ||
              (info.form == Form::Short) == (isShort == 1))
            layouts[index(info.engine, isShort, info.opcode, function.code)] =
                int8_t(i);
    }
  }
};

FieldId opcodeField(Engine engine) {
  return engine == Engine::Tiu ? FieldId::tsk_typ : FieldId::cmd_type;
}

FieldId functionField(Engine engine) {
  return engine == Engine::Tiu ? FieldId::tsk_eu_typ
                               : FieldId::cmd_special_function;
}

} // namespace

const LayoutInfo &tpuc::codec::layoutInfo(Layout layout) {
  return kLayouts[unsigned(layout)];
}

const char *tpuc::codec::fieldName(FieldId field) {
  return kRegisters[unsigned(field)].name;
}

std::optional<FieldId> tpuc::codec::findField(std::string_view name) {
  for (unsigned i = 0; i < kNumFields; ++i)
    if (name == kRegisters[i].name)
      return FieldId(i);
  return std::nullopt;
}

uint64_t tpuc::codec::getField(const Registers &registers, FieldId field) {
  const RegisterInfo &info = kRegisters[unsigned(field)];
  const char *base = reinterpret_cast<const char *>(&registers) + info.offset;
  if (info.bytes == 8) {
    uint64_t value;
    std::memcpy(&value, base, 8);
    return value;
  }
  uint32_t value;
  std::memcpy(&value, base, 4);
  return value;
}

void tpuc::codec::setField(Registers &registers, FieldId field,
                           uint64_t value) {
  const RegisterInfo &info = kRegisters[unsigned(field)];
  char *base = reinterpret_cast<char *>(&registers) + info.offset;
  if (info.bytes == 8) {
    std::memcpy(base, &value, 8);
    return;
  }
  uint32_t narrow = uint32_t(value);
  std::memcpy(base, &narrow, 4);
}

uint32_t tpuc::codec::functionCode(Engine engine, const Registers &registers) {
  return uint32_t(getField(registers, functionField(engine)));
}

void tpuc::codec::setFunctionCode(Engine engine, Registers &registers,
                                  uint32_t code) {
  setField(registers, functionField(engine), code);
}

const char *tpuc::codec::functionKeyword(Layout layout, uint32_t code) {
  for (const FunctionInfo &function : layoutInfo(layout).functions)
    if (function.code == code)
      return function.keyword;
  return nullptr;
}

std::optional<Layout> tpuc::codec::peekLayout(Engine engine,
                                              std::span<const uint8_t> bytes) {
  static const HeadTable table;
  if (bytes.size() < 8)
    return std::nullopt;
  uint64_t head;
  std::memcpy(&head, bytes.data(), 8);
  // The heads lie at the same place in every layout of an engine.
  bool isTiu = engine == Engine::Tiu;
  unsigned isShort = (head >> (isTiu ? 0 : 3)) & 1;
  unsigned opcode = (head >> (isTiu ? 41 : 32)) & 15;
  unsigned function = (head >> (isTiu ? 45 : 36)) & (isTiu ? 31 : 7);
  int layout =
      table.layouts[HeadTable::index(engine, isShort, opcode, function)];
  if (layout < 0)
    return std::nullopt;
  return Layout(layout);
}

bool tpuc::codec::decode(Layout layout, std::span<const uint8_t> bytes,
                         Registers &registers, std::string &error) {
  const LayoutInfo &info = layoutInfo(layout);
  if (bytes.size() < info.bytes) {
    error = std::string(info.name) +
            " is truncated: " + std::to_string(bytes.size()) + " of " +
            std::to_string(info.bytes) + " bytes";
    return false;
  }
  Word word;
  std::memcpy(word.pieces.data(), bytes.data(), info.bytes);
  registers = Registers();
  for (const FieldInfo &field : info.fields)
    setField(registers, field.id, word.get(field.lsb, field.width));
  return true;
}

bool tpuc::codec::encode(Layout layout, const Registers &registers,
                         std::span<uint8_t> bytes, std::string &error) {
  const LayoutInfo &info = layoutInfo(layout);
  if (bytes.size() < info.bytes) {
    error = std::string(info.name) + " needs " + std::to_string(info.bytes) +
            " bytes";
    return false;
  }
  Word word;
  for (const FieldInfo &field : info.fields) {
    uint64_t value = getField(registers, field.id);
    if (field.id == opcodeField(info.engine))
      value = info.opcode;
    else if (field.id == FieldId::cmd_short && info.form != Form::Either)
      value = info.form == Form::Short;
    if (value & ~lowMask(field.width)) {
      error = std::string(info.name) + " field '" + fieldName(field.id) +
              "' holds " + std::to_string(field.width) + " bits, too few for " +
              std::to_string(value);
      return false;
    }
    word.set(field.lsb, field.width, value);
  }
  std::memcpy(bytes.data(), word.pieces.data(), info.bytes);
  return true;
}

bool tpuc::codec::isEnd(Layout layout, const Registers &registers) {
  if (layout == Layout::Sysid)
    return registers.tsk_eu_typ == SysidFunction::End;
  return layout == Layout::SDmaSys &&
         registers.cmd_special_function == SDmaSysFunction::Sys;
}
