//===- Codec.h - Bits of BM1684X commands ---------------------*- C++ -*-===//
//
// Encodes and decodes single commands. Everything about positions comes from
// the command description (Dialect/BM1684X/IR/Commands.td); this header knows
// neither MLIR nor containers nor what a command does.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_CODEC_H
#define TPUC_TARGET_BM1684X_CODEC_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tpuc::codec {

/// The two command queues of the chip.
enum class Engine : uint8_t { Tiu, Gdma };

/// Which forms of a command's head select a layout.
enum class Form : uint8_t { Short, Long, Either };

#include "Target/BM1684X/CodecDecls.h.inc"

/// Bits [lsb, lsb + width) of a command word hold `id`. Derived fields (form,
/// opcode, function, ids) are filled in by the encoder's caller or the encoder.
struct FieldInfo {
  FieldId id;
  uint16_t lsb;
  uint8_t width;
  bool derived;
};

/// A function code of a layout and its keyword in text.
struct FunctionInfo {
  uint8_t code;
  const char *keyword;
};

/// What the command description says of a layout.
struct LayoutInfo {
  const char *name;     ///< register-sheet name, e.g. "sCONV"
  const char *mnemonic; ///< operation name without the dialect, e.g. "sconv"
  Engine engine;
  Form form;
  uint8_t opcode;
  uint16_t bytes;
  std::span<const FieldInfo> fields;
  std::span<const FunctionInfo> functions;
};

const LayoutInfo &layoutInfo(Layout layout);

/// The name of a field, as in the register sheet.
const char *fieldName(FieldId field);

/// The field of that name, if any layout has it.
std::optional<FieldId> findField(std::string_view name);

uint64_t getField(const Registers &registers, FieldId field);
void setField(Registers &registers, FieldId field, uint64_t value);

/// The function code in `registers` (tsk_eu_typ or cmd_special_function).
uint32_t functionCode(Engine engine, const Registers &registers);
void setFunctionCode(Engine engine, Registers &registers, uint32_t code);

/// The keyword of a function code of `layout`, or null.
const char *functionKeyword(Layout layout, uint32_t code);

/// The layout of the command that starts at `bytes`, or nothing when the head
/// is truncated or selects no command.
std::optional<Layout> peekLayout(Engine engine, std::span<const uint8_t> bytes);

/// Reads one command of `layout`; ReservedBits.h has the bits of no field.
/// Fails, with a reason, when `bytes` is shorter than the command.
bool decode(Layout layout, std::span<const uint8_t> bytes, Registers &registers,
            std::string &error);

/// Writes one command to `bytes` (at least layoutInfo(layout).bytes long). Form
/// and opcode are set from the layout; function and ids are taken from
/// `registers`. Fields that the layout lacks are not looked at. Fails, naming
/// the field, when a value does not fit.
bool encode(Layout layout, const Registers &registers, std::span<uint8_t> bytes,
            std::string &error);

/// True for the command that ends its queue's stream.
bool isEnd(Layout layout, const Registers &registers);

} // namespace tpuc::codec

#endif // TPUC_TARGET_BM1684X_CODEC_H
