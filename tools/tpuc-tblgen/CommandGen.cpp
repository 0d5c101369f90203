//===- CommandGen.cpp - Codec, operations and reference of the commands ---===//
//
// Reads the command layouts and emits the tables of the codec, the methods of
// the command operations and the register reference. A description in which
// fields overlap, leave their word, or share an opcode stops the build.
//
//===----------------------------------------------------------------------===//

#include "mlir/TableGen/GenInfo.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Record.h"

#include <map>
#include <set>

using namespace llvm;

namespace {

struct PlacedField {
  StringRef name;
  StringRef description;
  int64_t lsb;
  int64_t width;
};

struct Command {
  const Record *def;
  std::string className; // SConv
  StringRef mnemonic;    // sconv
  StringRef layoutName;  // sCONV
  StringRef engine;      // Tiu
  StringRef form;        // short
  int64_t opcode;
  int64_t bytes;
  std::vector<PlacedField> fields;
  std::vector<std::pair<int64_t, StringRef>> functions;
};

/// What the encoder derives and an operation therefore does not hold.
bool isDerived(StringRef name) {
  return is_contained({"cmd_short", "cmd_id", "cmd_id_dep", "tsk_typ",
                       "tsk_eu_typ", "cmd_type", "cmd_special_function"},
                      name);
}

std::vector<Command> readCommands(const RecordKeeper &records) {
  std::vector<Command> commands;
  for (const Record *def :
       records.getAllDerivedDefinitions("BM1684X_CommandOp")) {
    Command command;
    command.def = def;
    StringRef name = def->getName();
    name.consume_front("BM1684X_");
    name.consume_back("Op");
    command.className = name.str();
    command.mnemonic = def->getValueAsString("opName");
    command.layoutName = def->getValueAsString("layoutName");
    command.engine = def->getValueAsString("engine");
    command.form = def->getValueAsString("form");
    command.opcode = def->getValueAsInt("opcode");
    command.bytes = def->getValueAsInt("byteLength");
    for (const Record *at : def->getValueAsListOfDefs("fields")) {
      const Record *field = at->getValueAsDef("named");
      command.fields.push_back({field->getValueAsString("name"),
                                field->getValueAsString("description"),
                                at->getValueAsInt("lsb"),
                                at->getValueAsInt("width")});
    }
    for (const Record *function : def->getValueAsListOfDefs("functions"))
      command.functions.push_back({function->getValueAsInt("number"),
                                   function->getValueAsString("keyword")});
    commands.push_back(std::move(command));
  }
  // TableGen sorts by name; the order of definition is the reference's order.
  llvm::sort(commands, [](const Command &a, const Command &b) {
    return a.def->getID() < b.def->getID();
  });
  return commands;
}

void checkFields(const Command &command) {
  int64_t end = 0;
  StringSet<> seen;
  for (const PlacedField &field : command.fields) {
    if (field.lsb < end)
      PrintFatalError(command.def->getLoc(),
                      "field '" + field.name + "' of '" + command.layoutName +
                          "' overlaps the one before it");
    end = field.lsb + field.width;
    if (field.width < 1 || field.width > 64 || end > command.bytes * 8)
      PrintFatalError(command.def->getLoc(), "field '" + field.name + "' of '" +
                                                 command.layoutName +
                                                 "' leaves the command word");
    if (!seen.insert(field.name).second)
      PrintFatalError(command.def->getLoc(), "field '" + field.name +
                                                 "' stands twice in '" +
                                                 command.layoutName + "'");
  }
}

/// Stops at fields that overlap and at commands that cannot be told apart.
void checkCommands(ArrayRef<Command> commands) {
  std::map<std::string, StringRef> owners;
  for (const Command &command : commands) {
    checkFields(command);
    for (StringRef form : {"short", "long"}) {
      if (command.form != form && command.form != "either")
        continue;
      for (auto [code, keyword] : command.functions) {
        std::string key = formatv("{0}/{1}/{2}/{3}", command.engine, form,
                                  command.opcode, code)
                              .str();
        auto [it, isNew] = owners.try_emplace(key, command.layoutName);
        if (!isNew)
          PrintFatalError(command.def->getLoc(),
                          "'" + command.layoutName + "' and '" + it->second +
                              "' share an opcode and function");
      }
    }
  }
}

/// Every field name with its largest width, in order of first use.
MapVector<StringRef, int64_t> unionOfFields(ArrayRef<Command> commands) {
  MapVector<StringRef, int64_t> fields;
  for (const Command &command : commands)
    for (const PlacedField &field : command.fields) {
      int64_t &width = fields[field.name];
      width = std::max(width, field.width);
    }
  return fields;
}

/// A keyword as an enumerator: pl_gather_d1coor is PlGatherD1coor.
std::string enumerator(StringRef keyword) {
  std::string name;
  SmallVector<StringRef> words;
  keyword.split(words, '_');
  for (StringRef word : words)
    name += word.take_front().upper() + word.drop_front().str();
  return name;
}

/// The function codes, once for the layouts of a command. Keywords that are the
/// codes themselves name nothing.
void emitFunctionCodes(ArrayRef<Command> commands, raw_ostream &os) {
  std::set<std::pair<StringRef, std::vector<std::pair<int64_t, StringRef>>>>
      seen;
  for (const Command &command : commands) {
    if (isDigit(command.functions.front().second.front()) ||
        !seen.insert({command.engine, command.functions}).second)
      continue;
    os << formatv("\n/// Functions of {0}.\nstruct {1}Function {{\n"
                  "  enum : uint32_t {{\n",
                  command.layoutName, command.className);
    for (auto [code, keyword] : command.functions)
      os << formatv("    {0} = {1},\n", enumerator(keyword), code);
    os << "  };\n};\n";
  }
}

bool emitCodecDecls(const RecordKeeper &records, raw_ostream &os) {
  std::vector<Command> commands = readCommands(records);
  checkCommands(commands);
  auto fields = unionOfFields(commands);
  os << "/// Every command layout.\nenum class Layout : uint8_t {\n";
  for (const Command &command : commands)
    os << "  " << command.className << ", ///< " << command.layoutName << "\n";
  os << "};\nconstexpr unsigned kNumLayouts = " << commands.size() << ";\n\n";
  os << "/// Every field of every layout.\nenum class FieldId : uint8_t {\n";
  for (auto &[name, width] : fields)
    os << "  " << name << ",\n";
  os << "};\nconstexpr unsigned kNumFields = " << fields.size() << ";\n\n";
  os << "/// The union of all layouts' fields; those that a layout lacks are "
        "zero.\nstruct Registers {\n";
  for (auto &[name, width] : fields)
    os << "  " << (width > 32 ? "uint64_t " : "uint32_t ") << name << " = 0;\n";
  os << "};\n";
  emitFunctionCodes(commands, os);
  return false;
}

bool emitCodecDefs(const RecordKeeper &records, raw_ostream &os) {
  std::vector<Command> commands = readCommands(records);
  auto fields = unionOfFields(commands);
  os << "static const RegisterInfo kRegisters[] = {\n";
  for (auto &[name, width] : fields)
    os << formatv("  {{\"{0}\", offsetof(Registers, {0}), "
                  "sizeof(Registers::{0})},\n",
                  name);
  os << "};\n\n";
  for (const Command &command : commands) {
    os << "static const FieldInfo kFields" << command.className << "[] = {\n";
    for (const PlacedField &field : command.fields)
      os << formatv("  {{FieldId::{0}, {1}, {2}, {3}},\n", field.name,
                    field.lsb, field.width,
                    isDerived(field.name) ? "true" : "false");
    os << "};\nstatic const FunctionInfo kFunctions" << command.className
       << "[] = {\n";
    for (auto [code, keyword] : command.functions)
      os << formatv("  {{{0}, \"{1}\"},\n", code, keyword);
    os << "};\n";
  }
  os << "\nstatic const LayoutInfo kLayouts[] = {\n";
  for (const Command &command : commands)
    os << formatv("  {{\"{0}\", \"{1}\", Engine::{2}, Form::{3}, {4}, {5}, "
                  "kFields{6}, kFunctions{6}},\n",
                  command.layoutName, command.mnemonic, command.engine,
                  command.form == "short"  ? "Short"
                  : command.form == "long" ? "Long"
                                           : "Either",
                  command.opcode, command.bytes, command.className);
  os << "};\n";
  return false;
}

bool emitOpMethods(const RecordKeeper &records, raw_ostream &os) {
  std::vector<Command> commands = readCommands(records);
  for (const Command &command : commands) {
    os << formatv(
        R"(::tpuc::codec::Layout {0}Op::getLayout() {{
  return ::tpuc::codec::Layout::{0};
}
void {0}Op::getRegisters(::tpuc::codec::Registers &registers) {{
  detail::readRegisters(getLayout(), getFunction(), getFields(), registers);
}
void {0}Op::build(::mlir::OpBuilder &builder, ::mlir::OperationState &state,
                  const ::tpuc::codec::Registers &registers,
                  ::mlir::ValueRange waits) {{
  detail::CommandValues values = detail::prepareCommand(
      builder, state, ::tpuc::codec::Layout::{0}, registers, waits);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.function = values.function;
  properties.fields = values.fields;
}
::mlir::LogicalResult {0}Op::verify() {{
  return detail::verifyCommand(*this, getLayout(), getFunction(), getFields());
}
::mlir::ParseResult {0}Op::parse(::mlir::OpAsmParser &parser,
                                 ::mlir::OperationState &result) {{
  auto &properties = result.getOrAddProperties<Properties>();
  return detail::parseCommand(parser, result, ::tpuc::codec::Layout::{0},
                              properties.function, properties.fields);
}
void {0}Op::print(::mlir::OpAsmPrinter &printer) {{
  detail::printCommand(printer, *this, getLayout(), getFunction(), getFields(),
                       getWaits());
}
)",
        command.className);
  }
  os << R"(
::mlir::Operation *createCommand(
    ::mlir::OpBuilder &builder, ::mlir::Location location,
    ::tpuc::codec::Layout layout, const ::tpuc::codec::Registers &registers,
    ::mlir::ValueRange waits) {
  switch (layout) {
)";
  for (const Command &command : commands)
    os << formatv("  case ::tpuc::codec::Layout::{0}:\n    return "
                  "{0}Op::create(builder, location, registers, waits);\n",
                  command.className);
  os << "  }\n  return nullptr;\n}\n";
  return false;
}

/// The conditions of every layout's rules, tested one after the other.
bool emitRules(const RecordKeeper &records, raw_ostream &os) {
  os << "const char *brokenRule(Layout layout, const Registers &r) {\n"
        "  switch (layout) {\n";
  for (const Command &command : readCommands(records)) {
    auto rules = command.def->getValueAsListOfDefs("rules");
    if (rules.empty())
      continue;
    os << "  case Layout::" << command.className << ": {\n";
    os << formatv("    [[maybe_unused]] uint32_t function = r.{0};\n",
                  command.engine == "Tiu" ? "tsk_eu_typ"
                                          : "cmd_special_function");
    for (const Record *rule : rules) {
      os << "    if (";
      auto functions = rule->getValueAsListOfInts("functions");
      if (!functions.empty()) {
        os << "isOneOf(function, {";
        interleaveComma(functions, os);
        os << "}) && ";
      }
      os << "!(" << rule->getValueAsString("condition")
         << "))\n      return \"";
      os.write_escaped(rule->getValueAsString("reason")) << "\";\n";
    }
    os << "    return nullptr;\n  }\n";
  }
  os << "  default:\n    return nullptr;\n  }\n}\n";
  return false;
}

bool emitReference(const RecordKeeper &records, raw_ostream &os) {
  os << "# Register reference\n\nEvery command of the BM1684X, generated from "
        "the command description. `bits` is the position in the command word, "
        "lowest first.\n";
  for (const Command &command : readCommands(records)) {
    os << "\n## " << command.layoutName << "\n\n"
       << command.def->getValueAsString("summary") << ". Operation `bm1684x."
       << command.mnemonic << "`, " << command.engine.upper() << " opcode "
       << command.opcode << ", " << command.bytes << " bytes.\n\nFunctions: ";
    interleaveComma(command.functions, os, [&](auto &function) {
      os << function.first << " `" << function.second << "`";
    });
    os << ".\n\n| field | bits | meaning |\n| --- | --- | --- |\n";
    for (const PlacedField &field : command.fields)
      os << "| `" << field.name << "` | " << field.lsb << ".."
         << field.lsb + field.width - 1 << " | " << field.description << " |\n";
    for (const Record *rule : command.def->getValueAsListOfDefs("rules"))
      os << "\nNot executed: " << rule->getValueAsString("reason") << ".\n";
  }
  return false;
}

// Registrations are static objects.
// NOLINTBEGIN(bugprone-throwing-static-initialization)
mlir::GenRegistration genDecls("gen-codec-decls",
                               "Emit the codec's enums and register struct",
                               emitCodecDecls);
mlir::GenRegistration genDefs("gen-codec-defs", "Emit the codec's tables",
                              emitCodecDefs);
mlir::GenRegistration genRules("gen-command-rules",
                               "Emit the test of the commands' rules",
                               emitRules);
mlir::GenRegistration genOps("gen-command-ops",
                             "Emit the command operations' methods",
                             emitOpMethods);
mlir::GenRegistration genReference("gen-command-reference",
                                   "Emit the register reference",
                                   emitReference);
// NOLINTEND(bugprone-throwing-static-initialization)

} // namespace
