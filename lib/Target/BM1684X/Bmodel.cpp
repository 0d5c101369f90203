//===- Bmodel.cpp - Parts of a .bmodel ------------------------------------===//
//
// Data types, the walk over a command stream and its listing. Neither the
// container's tables nor its file are known here.
//
//===----------------------------------------------------------------------===//

#include "BmodelInternal.h"
#include "Target/BM1684X/ReservedCommands.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;

namespace {

struct TypeInfo {
  const char *name;
  unsigned bits;
};
constexpr TypeInfo kTypes[] = {{"f32", 32}, {"f16", 16},  {"i8", 8},
                               {"ui8", 8},  {"i16", 16},  {"ui16", 16},
                               {"i32", 32}, {"ui32", 32}, {"bf16", 16},
                               {"i4", 4},   {"ui4", 4}};

const char *engineName(codec::Engine engine) {
  return engine == codec::Engine::Tiu ? "TIU" : "GDMA";
}

Error printStream(codec::Engine engine, Bytes stream, raw_ostream &os) {
  return forEachCommand(
      engine, stream,
      [&](size_t index, size_t offset, codec::Layout layout,
          const codec::Registers &registers) {
        const codec::LayoutInfo &info = codec::layoutInfo(layout);
        const char *keyword = codec::functionKeyword(
            layout, codec::functionCode(engine, registers));
        os << formatv("{0,-4} {1,6} {2,8} id {3,6} dep {4,6} {5}.{6}",
                      engineName(engine), index, offset, registers.cmd_id,
                      registers.cmd_id_dep, info.name, keyword);
        for (const codec::FieldInfo &field : info.fields)
          if (uint64_t value = codec::getField(registers, field.id);
              value != 0 && !field.derived)
            os << ' ' << codec::fieldName(field.id) << '=' << value;
        os << '\n';
        return Error::success();
      });
}

} // namespace

const char *target::dataTypeName(DataType type) {
  return uint32_t(type) < std::size(kTypes) ? kTypes[uint32_t(type)].name
                                            : "unknown";
}

std::optional<DataType> target::findDataType(StringRef name) {
  for (uint32_t i = 0; i < std::size(kTypes); ++i)
    if (name == kTypes[i].name)
      return DataType(i);
  return std::nullopt;
}

unsigned target::dataTypeBits(DataType type) {
  return uint32_t(type) < std::size(kTypes) ? kTypes[uint32_t(type)].bits : 0;
}

Bytes Bmodel::keep(std::vector<uint8_t> bytes) {
  auto kept = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  storage.push_back(kept);
  return *kept;
}

Error target::forEachCommand(
    codec::Engine engine, Bytes stream,
    function_ref<Error(size_t, size_t, codec::Layout, const codec::Registers &)>
        visit) {
  size_t offset = 0;
  for (size_t index = 0;; ++index) {
    Bytes rest = stream.subspan(offset);
    std::optional<codec::Layout> layout = codec::peekLayout(engine, rest);
    if (!layout)
      return bad(rest.empty() ? "{0} stream of {2} bytes has no end command"
                              : "{0} stream has no command at byte {1} of {2}",
                 engineName(engine), offset, stream.size());
    codec::Registers registers;
    std::string reason;
    if (!codec::decode(*layout, rest, registers, reason))
      return bad("{0} command {1}: {2}", engineName(engine), index, reason);
    if (Error error = visit(index, offset, *layout, registers))
      return error;
    if (codec::isEnd(*layout, registers))
      return Error::success();
    offset += codec::layoutInfo(*layout).bytes;
  }
}

uint64_t target::countReserved(const CommandGroup &group) {
  uint64_t count = 0;
  for (codec::Engine engine : {codec::Engine::Tiu, codec::Engine::Gdma}) {
    Bytes stream = engine == codec::Engine::Tiu ? group.tiu : group.gdma;
    // What is damaged has no more commands to count.
    consumeError(forEachCommand(
        engine, stream,
        [&](size_t, size_t offset, codec::Layout layout,
            const codec::Registers &) {
          count +=
              !codec::reservedBytes(layout, stream.subspan(offset)).empty();
          return Error::success();
        }));
  }
  return count;
}

Error target::disassemble(const Bmodel &model, raw_ostream &os) {
  for (const Network &network : model.networks)
    for (const auto &[stageIndex, stage] : enumerate(network.stages))
      for (const auto &[groupIndex, group] : enumerate(stage.groups)) {
        os << "; network " << network.name << ", stage " << stageIndex
           << ", group " << groupIndex << ": " << group.tiuCount << " TIU and "
           << group.gdmaCount << " GDMA commands\n";
        if (uint64_t count = countReserved(group))
          os << "; " << count << " of them have reserved bits set, which are "
             << "kept and mean nothing\n";
        if (Error error = printStream(codec::Engine::Tiu, group.tiu, os))
          return error;
        if (Error error = printStream(codec::Engine::Gdma, group.gdma, os))
          return error;
      }
  return Error::success();
}
