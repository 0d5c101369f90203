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
                       const codec::FieldInfo &field, int64_t &value) {
  SMLoc location = parser.getCurrentLocation();
  APInt number;
  OptionalParseResult parsed = parser.parseOptionalInteger(number);
  if (!parsed.has_value())
    return parser.emitError(location)
           << "expected an integer for field '" << codec::fieldName(field.id)
           << "' of " << info.name;
  if (failed(*parsed))
    return failure();
  if (number.isNegative() || number.getActiveBits() > field.width) {
    SmallString<24> digits;
    number.toStringSigned(digits);
    return parser.emitError(location)
           << "field '" << codec::fieldName(field.id) << "' of " << info.name
           << " holds " << unsigned(field.width) << " bits, got " << digits;
  }
  value = int64_t(number.getZExtValue());
  return success();
}

/// Reads `name = value` into its place among the held fields.
ParseResult parseField(OpAsmParser &parser, codec::Layout layout,
                       MutableArrayRef<int64_t> values, BitVector &seen) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  SMLoc location = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name) || parser.parseEqual())
    return failure();
  std::optional<codec::FieldId> id = codec::findField(name);
  ArrayRef<codec::FieldInfo> fields = heldFields(layout);
  const auto *field = llvm::find_if(fields, [&](const codec::FieldInfo &held) {
    return id && held.id == *id;
  });
  if (field == fields.end())
    return parser.emitError(location)
           << info.name << " has no field '" << name << "'";
  unsigned index = field - fields.begin();
  if (seen.test(index))
    return parser.emitError(location)
           << "field '" << name << "' of " << info.name << " is given twice";
  seen.set(index);
  return parseValue(parser, info, *field, values[index]);
}

} // namespace

ArrayRef<codec::FieldInfo> bm1684x::heldFields(codec::Layout layout) {
  using Table =
      std::array<SmallVector<codec::FieldInfo, 0>, codec::kNumLayouts>;
  static const Table table = [] {
    Table held;
    for (unsigned i = 0; i < codec::kNumLayouts; ++i)
      for (const codec::FieldInfo &field :
           codec::layoutInfo(codec::Layout(i)).fields)
        if (!field.derived)
          held[i].push_back(field);
    return held;
  }();
  return table[unsigned(layout)];
}

bm1684x::detail::CommandValues bm1684x::detail::prepareCommand(
    OpBuilder &builder, OperationState &state, codec::Layout layout,
    const codec::Registers &registers, ValueRange waits) {
  SmallVector<int64_t, 80> values;
  for (const codec::FieldInfo &field : heldFields(layout))
    values.push_back(int64_t(codec::getField(registers, field.id)));
  state.addOperands(waits);
  state.addTypes(TokenType::get(builder.getContext()));
  codec::Engine engine = codec::layoutInfo(layout).engine;
  return {
      builder.getI32IntegerAttr(codec::functionCode(engine, registers)),
      builder.getDenseI64ArrayAttr(values),
  };
}

void bm1684x::detail::readRegisters(codec::Layout layout, uint32_t function,
                                    ArrayRef<int64_t> fields,
                                    codec::Registers &registers) {
  registers = codec::Registers();
  codec::setFunctionCode(codec::layoutInfo(layout).engine, registers, function);
  for (auto [field, value] : llvm::zip(heldFields(layout), fields))
    codec::setField(registers, field.id, uint64_t(value));
}

LogicalResult bm1684x::detail::verifyCommand(Operation *op,
                                             codec::Layout layout,
                                             uint32_t function,
                                             ArrayRef<int64_t> fields) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  if (!codec::functionKeyword(layout, function))
    return op->emitOpError() << info.name << " has no function " << function
                             << ", expected one of " << listFunctions(info);
  ArrayRef<codec::FieldInfo> held = heldFields(layout);
  if (held.size() != fields.size())
    return op->emitOpError() << info.name << " has " << held.size()
                             << " fields, got " << fields.size();
  for (auto [field, value] : llvm::zip(held, fields))
    if (!fits(uint64_t(value), field.width))
      return op->emitOpError()
             << "field '" << codec::fieldName(field.id) << "' of " << info.name
             << " holds " << unsigned(field.width) << " bits, got "
             << uint64_t(value);
  return success();
}

ParseResult bm1684x::detail::parseCommand(OpAsmParser &parser,
                                          OperationState &result,
                                          codec::Layout layout,
                                          IntegerAttr &function,
                                          DenseI64ArrayAttr &fields) {
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

  SmallVector<int64_t, 80> values(heldFields(layout).size(), 0);
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
  fields = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}

void bm1684x::detail::printCommand(OpAsmPrinter &printer, Operation *op,
                                   codec::Layout layout, uint32_t function,
                                   ArrayRef<int64_t> fields, ValueRange waits) {
  printer << ' ' << codec::functionKeyword(layout, function);
  bool isFirst = true;
  for (auto [field, value] : llvm::zip(heldFields(layout), fields)) {
    if (value == 0)
      continue;
    printer << (isFirst ? " {" : ", ") << codec::fieldName(field.id) << " = "
            << uint64_t(value);
    isFirst = false;
  }
  if (!isFirst)
    printer << '}';
  if (!waits.empty())
    printer << " wait(" << waits << ')';
  printer.printOptionalAttrDictWithKeyword(
      op->getDiscardableAttrDictionary().getValue());
}
