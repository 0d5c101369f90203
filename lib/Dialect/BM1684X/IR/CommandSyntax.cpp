//===- CommandSyntax.cpp - Building, checking and text of commands --------===//
//
// What all command operations share, driven by the codec's tables: attributes
// from registers and back, the verifier, the parser and the printer. Nothing
// here depends on a particular command.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "llvm/ADT/BitVector.h"

#include <array>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::bm1684x;

namespace {

/// The held fields of every layout.
using FieldTable =
    std::array<SmallVector<codec::FieldInfo, 0>, codec::kNumLayouts>;

FieldTable collectHeldFields() {
  FieldTable held;
  for (auto [index, fields] : llvm::enumerate(held))
    llvm::copy_if(codec::layoutInfo(codec::Layout(index)).fields,
                  std::back_inserter(fields),
                  [](const codec::FieldInfo &field) { return !field.derived; });
  return held;
}

StringRef nameOf(const codec::FieldInfo &field) {
  return codec::fieldName(field.id);
}

/// The held fields of `layout` in the order in which a dictionary has them.
ArrayRef<codec::FieldInfo> fieldsByName(codec::Layout layout) {
  static const FieldTable table = [] {
    FieldTable sorted = collectHeldFields();
    for (auto &fields : sorted)
      llvm::sort(fields, [](const auto &a, const auto &b) {
        return nameOf(a) < nameOf(b);
      });
    return sorted;
  }();
  return table[unsigned(layout)];
}

/// The field of `layout` of that name, or null.
const codec::FieldInfo *findHeldField(codec::Layout layout, StringRef name) {
  ArrayRef<codec::FieldInfo> fields = fieldsByName(layout);
  const auto *found =
      llvm::lower_bound(fields, name, [](const auto &field, StringRef name) {
        return nameOf(field) < name;
      });
  return found != fields.end() && nameOf(*found) == name ? found : nullptr;
}

/// The dictionary of those `values`, one for each of fieldsByName(), that are
/// not zero.
DictionaryAttr makeFields(Builder &builder, codec::Layout layout,
                          ArrayRef<uint64_t> values) {
  SmallVector<NamedAttribute, 48> entries;
  for (auto [field, value] : llvm::zip_equal(fieldsByName(layout), values))
    if (value != 0)
      entries.push_back(builder.getNamedAttr(
          nameOf(field), builder.getI64IntegerAttr(int64_t(value))));
  return DictionaryAttr::getWithSorted(builder.getContext(), entries);
}

uint64_t valueOf(NamedAttribute entry) {
  return uint64_t(cast<IntegerAttr>(entry.getValue()).getInt());
}

bool fits(uint64_t value, unsigned width) {
  return width >= 64 || (value >> width) == 0;
}

/// "a, b, c" for diagnostics that list what is allowed.
std::string listFunctions(const codec::LayoutInfo &info) {
  std::string text;
  for (const codec::FunctionInfo &function : info.functions) {
    if (!text.empty())
      text += ", ";
    text += function.keyword;
  }
  return text;
}

/// Reads the value of one field; the caller has read the name and `=`.
ParseResult parseValue(OpAsmParser &parser, const codec::LayoutInfo &info,
                       const codec::FieldInfo &field, uint64_t &value) {
  SMLoc location = parser.getCurrentLocation();
  APInt number;
  OptionalParseResult parsed = parser.parseOptionalInteger(number);
  if (!parsed.has_value())
    return parser.emitError(location) << "expected an integer for field '"
                                      << nameOf(field) << "' of " << info.name;
  if (failed(*parsed))
    return failure();
  if (number.isNegative() || number.getActiveBits() > field.width) {
    SmallString<24> digits;
    number.toStringSigned(digits);
    return parser.emitError(location)
           << "field '" << codec::fieldName(field.id) << "' of " << info.name
           << " holds " << unsigned(field.width) << " bits, got " << digits;
  }
  value = number.getZExtValue();
  return success();
}

/// Reads `name = value` into its place among the held fields.
ParseResult parseField(OpAsmParser &parser, codec::Layout layout,
                       MutableArrayRef<uint64_t> values, BitVector &seen) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  SMLoc location = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name) || parser.parseEqual())
    return failure();
  const codec::FieldInfo *field = findHeldField(layout, name);
  if (!field)
    return parser.emitError(location)
           << info.name << " has no field '" << name << "'";
  unsigned index = field - fieldsByName(layout).begin();
  if (seen.test(index))
    return parser.emitError(location)
           << "field '" << name << "' of " << info.name << " is given twice";
  seen.set(index);
  return parseValue(parser, info, *field, values[index]);
}

} // namespace

ArrayRef<codec::FieldInfo> bm1684x::heldFields(codec::Layout layout) {
  static const FieldTable table = collectHeldFields();
  return table[unsigned(layout)];
}

bm1684x::detail::CommandValues bm1684x::detail::prepareCommand(
    OpBuilder &builder, OperationState &state, codec::Layout layout,
    const codec::Registers &registers, ValueRange waits) {
  SmallVector<uint64_t, 80> values;
  for (const codec::FieldInfo &field : fieldsByName(layout))
    values.push_back(codec::getField(registers, field.id));
  state.addOperands(waits);
  state.addTypes(TokenType::get(builder.getContext()));
  codec::Engine engine = codec::layoutInfo(layout).engine;
  return {
      builder.getI32IntegerAttr(codec::functionCode(engine, registers)),
      makeFields(builder, layout, values),
  };
}

void bm1684x::detail::readRegisters(codec::Layout layout, uint32_t function,
                                    DictionaryAttr fields,
                                    codec::Registers &registers) {
  registers = codec::Registers();
  codec::setFunctionCode(codec::layoutInfo(layout).engine, registers, function);
  // Both are sorted by name.
  const codec::FieldInfo *field = fieldsByName(layout).begin();
  for (NamedAttribute entry : fields) {
    while (nameOf(*field) != entry.getName())
      ++field;
    codec::setField(registers, field->id, valueOf(entry));
  }
}

LogicalResult bm1684x::detail::verifyCommand(Operation *op,
                                             codec::Layout layout,
                                             uint32_t function,
                                             DictionaryAttr fields) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  if (!codec::functionKeyword(layout, function))
    return op->emitOpError() << info.name << " has no function " << function
                             << ", expected one of " << listFunctions(info);
  for (NamedAttribute entry : fields) {
    const codec::FieldInfo *field = findHeldField(layout, entry.getName());
    if (!field)
      return op->emitOpError() << info.name << " has no field '"
                               << entry.getName().getValue() << "'";
    auto value = dyn_cast<IntegerAttr>(entry.getValue());
    if (!value || !value.getType().isSignlessInteger(64))
      return op->emitOpError()
             << "field '" << nameOf(*field) << "' of " << info.name
             << " is an i64, got " << entry.getValue();
    if (!fits(valueOf(entry), field->width))
      return op->emitOpError()
             << "field '" << nameOf(*field) << "' of " << info.name << " holds "
             << unsigned(field->width) << " bits, got " << valueOf(entry);
  }
  return success();
}

ParseResult bm1684x::detail::parseCommand(OpAsmParser &parser,
                                          OperationState &result,
                                          codec::Layout layout,
                                          IntegerAttr &function,
                                          DictionaryAttr &fields) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  SMLoc location = parser.getCurrentLocation();
  StringRef keyword;
  if (failed(parser.parseOptionalKeyword(&keyword)))
    return parser.emitError(location) << "expected a function of " << info.name
                                      << ", one of " << listFunctions(info);
  auto named = llvm::find_if(info.functions, [&](const auto &each) {
    return keyword == each.keyword;
  });
  if (named == info.functions.end())
    return parser.emitError(location)
           << info.name << " has no function '" << keyword
           << "', expected one of " << listFunctions(info);

  SmallVector<uint64_t, 80> values(fieldsByName(layout).size(), 0);
  BitVector seen(values.size());
  if (succeeded(parser.parseOptionalLBrace()) &&
      failed(parser.parseOptionalRBrace())) {
    if (parser.parseCommaSeparatedList(
            [&] { return parseField(parser, layout, values, seen); }) ||
        parser.parseRBrace())
      return failure();
  }

  SmallVector<OpAsmParser::UnresolvedOperand, 2> waits;
  if (succeeded(parser.parseOptionalKeyword("wait")))
    if (parser.parseOperandList(waits, OpAsmParser::Delimiter::Paren))
      return failure();
  Type token = TokenType::get(parser.getContext());
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.resolveOperands(waits, token, result.operands))
    return failure();
  result.addTypes(token);
  function = parser.getBuilder().getI32IntegerAttr(named->code);
  fields = makeFields(parser.getBuilder(), layout, values);
  return success();
}

void bm1684x::detail::printCommand(OpAsmPrinter &printer, Operation *op,
                                   codec::Layout layout, uint32_t function,
                                   DictionaryAttr fields, ValueRange waits) {
  printer << ' ' << codec::functionKeyword(layout, function);
  bool isFirst = true;
  for (const codec::FieldInfo &field : heldFields(layout)) {
    auto value = fields.getAs<IntegerAttr>(nameOf(field));
    if (!value)
      continue;
    printer << (isFirst ? " {" : ", ") << nameOf(field) << " = "
            << uint64_t(value.getInt());
    isFirst = false;
  }
  if (!isFirst)
    printer << '}';
  if (!waits.empty())
    printer << " wait(" << waits << ')';
  printer.printOptionalAttrDictWithKeyword(
      op->getDiscardableAttrDictionary().getValue());
}
