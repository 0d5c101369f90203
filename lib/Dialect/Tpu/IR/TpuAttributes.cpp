//===- TpuAttributes.cpp - Layouts and plans ------------------------------===//
//
// Text form and constraints of the attributes by which passes say what they
// decided. What they have to fit to is for tpu-verify-plan.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

using EmitError = function_ref<InFlightDiagnostic()>;

#define GET_ATTRDEF_CLASSES
#include "Dialect/Tpu/IR/TpuAttributes.cpp.inc"

void TpuDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Dialect/Tpu/IR/TpuAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// `key = integer`
static ParseResult parseField(AsmParser &parser, StringRef key,
                              int64_t &value) {
  return failure(parser.parseKeyword(key) || parser.parseEqual() ||
                 parser.parseInteger(value));
}

/// One of `keys`.
static ParseResult parseKey(AsmParser &parser, StringRef &key,
                            ArrayRef<StringRef> keys) {
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseKeyword(&key))
    return failure();
  if (llvm::is_contained(keys, key))
    return success();
  return parser.emitError(location)
         << "'" << key << "' is not known here, "
         << "expected one of " << llvm::join(keys, ", ");
}

/// `why = cause by operator`
static ParseResult parseWhy(AsmParser &parser, Cause &why,
                            std::optional<int64_t> &by) {
  StringRef name;
  SMLoc location;
  if (parser.parseKeyword("why") || parser.parseEqual() ||
      parser.getCurrentLocation(&location) || parser.parseKeyword(&name))
    return failure();
  std::optional<Cause> cause = symbolizeCause(name);
  if (!cause)
    return parser.emitError(location)
           << "'" << name << "' is no cause of a value's place";
  why = *cause;
  if (failed(parser.parseOptionalKeyword("by")))
    return success();
  int64_t op;
  if (parser.parseInteger(op))
    return failure();
  by = op;
  return success();
}

static void printWhy(AsmPrinter &printer, Cause why,
                     std::optional<int64_t> by) {
  printer << "why = " << stringifyCause(why);
  if (by)
    printer << " by " << *by;
}

/// `[a, b, c]`
static ParseResult parseList(AsmParser &parser,
                             SmallVectorImpl<int64_t> &list) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(list.emplace_back());
  });
}

static void printList(AsmPrinter &printer, ArrayRef<int64_t> list) {
  printer << '[';
  llvm::interleaveComma(list, printer);
  printer << ']';
}

/// `[operator:tile, operator:tile]`
static ParseResult parseTiles(AsmParser &parser,
                              SmallVectorImpl<int64_t> &tiles) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return failure(parser.parseInteger(tiles.emplace_back()) ||
                   parser.parseColon() ||
                   parser.parseInteger(tiles.emplace_back()));
  });
}

static void printTiles(AsmPrinter &printer, ArrayRef<int64_t> tiles) {
  printer << '[';
  for (size_t i = 0; i + 1 < tiles.size(); i += 2)
    printer << (i ? ", " : "") << tiles[i] << ':' << tiles[i + 1];
  printer << ']';
}

Attribute LocalAttr::parse(AsmParser &parser, Type) {
  int64_t addr, bytes, first, last;
  std::optional<int64_t> global, by;
  Cause why;
  if (parser.parseLess() || parseField(parser, "addr", addr) ||
      parser.parseComma() || parseField(parser, "bytes", bytes) ||
      parser.parseComma() || parseField(parser, "ops", first) ||
      parser.parseKeyword("to") || parser.parseInteger(last) ||
      parser.parseComma())
    return {};
  if (succeeded(parser.parseOptionalKeyword("global"))) {
    int64_t offset;
    if (parser.parseEqual() || parser.parseInteger(offset) ||
        parser.parseComma())
      return {};
    global = offset;
  }
  if (parseWhy(parser, why, by) || parser.parseGreater())
    return {};
  return parser.getChecked<LocalAttr>(parser.getContext(), addr, bytes, first,
                                      last, global, why, by);
}

void LocalAttr::print(AsmPrinter &printer) const {
  printer << "<addr = " << getAddr() << ", bytes = " << getBytes()
          << ", ops = " << getFirst() << " to " << getLast() << ", ";
  if (getGlobal())
    printer << "global = " << *getGlobal() << ", ";
  printWhy(printer, getWhy(), getBy());
  printer << '>';
}

Attribute GlobalAttr::parse(AsmParser &parser, Type) {
  int64_t offset;
  Cause why;
  std::optional<int64_t> by;
  if (parser.parseLess() || parseField(parser, "offset", offset) ||
      parser.parseComma() || parseWhy(parser, why, by) || parser.parseGreater())
    return {};
  return parser.getChecked<GlobalAttr>(parser.getContext(), offset, why, by);
}

void GlobalAttr::print(AsmPrinter &printer) const {
  printer << "<offset = " << getOffset() << ", ";
  printWhy(printer, getWhy(), getBy());
  printer << '>';
}

Attribute ViewAttr::parse(AsmParser &parser, Type) {
  StringRef kind;
  int64_t of, offset;
  if (parser.parseLess() || parseKey(parser, kind, {"of", "arg"}) ||
      parser.parseEqual() || parser.parseInteger(of) || parser.parseComma() ||
      parseField(parser, "offset", offset) || parser.parseGreater())
    return {};
  return parser.getChecked<ViewAttr>(parser.getContext(), kind == "arg", of,
                                     offset);
}

void ViewAttr::print(AsmPrinter &printer) const {
  printer << (getIsArgument() ? "<arg = " : "<of = ") << getOf()
          << ", offset = " << getOffset() << '>';
}

Attribute LoadAttr::parse(AsmParser &parser, Type) {
  std::optional<int64_t> input;
  SmallVector<int64_t> addr, room, issue;
  if (parser.parseLess())
    return {};
  if (failed(parser.parseOptionalKeyword("shared"))) {
    int64_t number;
    if (parseField(parser, "input", number))
      return {};
    input = number;
  }
  if (parser.parseComma() || parser.parseKeyword("addr") ||
      parser.parseEqual() || parseList(parser, addr))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    StringRef key;
    if (parseKey(parser, key, {"room", "issue"}) || parser.parseEqual() ||
        parseTiles(parser, key == "room" ? room : issue))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<LoadAttr>(parser.getContext(), input, addr, room,
                                     issue);
}

void LoadAttr::print(AsmPrinter &printer) const {
  printer << '<';
  if (getInput())
    printer << "input = " << *getInput();
  else
    printer << "shared";
  printer << ", addr = ";
  printList(printer, getAddr());
  for (auto [key, tiles] :
       {std::pair("room", getRoom()), std::pair("issue", getIssue())}) {
    if (tiles.empty())
      continue;
    printer << ", " << key << " = ";
    printTiles(printer, tiles);
  }
  printer << '>';
}

Attribute KernelAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> tile, results, scratch, next;
  SmallVector<LoadAttr> loads;
  int64_t cost = 0, nextCost = 0;
  auto parseOne = [&]() -> ParseResult {
    StringRef key;
    if (parseKey(
            parser, key,
            {"moves", "tile", "loads", "results", "scratch", "cost", "next"}))
      return failure();
    if (key == "moves")
      return success();
    if (parser.parseEqual())
      return failure();
    if (key == "cost")
      return parser.parseInteger(cost);
    if (key == "loads")
      return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
        auto load = dyn_cast_or_null<LoadAttr>(LoadAttr::parse(parser, {}));
        loads.push_back(load);
        return success(load != nullptr);
      });
    if (key == "next")
      return failure(parseList(parser, next) || parser.parseKeyword("at") ||
                     parser.parseInteger(nextCost));
    return parseList(parser, key == "tile"      ? tile
                             : key == "results" ? results
                                                : scratch);
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseOne))
    return {};
  return parser.getChecked<KernelAttr>(parser.getContext(), tile, loads,
                                       results, scratch, cost, next, nextCost);
}

void KernelAttr::print(AsmPrinter &printer) const {
  if (getTile().empty()) {
    printer << "<moves>";
    return;
  }
  printer << "<tile = ";
  printList(printer, getTile());
  if (!getLoads().empty()) {
    printer << ", loads = [";
    llvm::interleaveComma(getLoads(), printer,
                          [&](LoadAttr load) { load.print(printer); });
    printer << ']';
  }
  for (auto [key, list] : {std::pair("results", getResults()),
                           std::pair("scratch", getScratch())}) {
    if (list.empty())
      continue;
    printer << ", " << key << " = ";
    printList(printer, list);
  }
  printer << ", cost = " << getCost();
  if (!getNext().empty()) {
    printer << ", next = ";
    printList(printer, getNext());
    printer << " at " << getNextCost();
  }
  printer << '>';
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

/// Numbers of operators, tiles and inputs, and addresses in local memory.
constexpr int64_t kMostLocal = std::numeric_limits<int32_t>::max();
/// Bytes of global memory, and cycles.
constexpr int64_t kMostGlobal = int64_t(1) << 48;

static LogicalResult checkRange(EmitError emitError, StringRef name,
                                ArrayRef<int64_t> values,
                                int64_t most = kMostLocal) {
  for (int64_t value : values) {
    if (value < 0)
      return emitError() << name << " is " << value << ", expected at least 0";
    if (value > most)
      return emitError() << name << " is " << value << ", expected at most "
                         << most;
  }
  return success();
}

LogicalResult LaneLayoutAttr::verify(EmitError emitError, int64_t n,
                                     int64_t c) {
  if (n < 1 || c < 1)
    return emitError() << "a lane layout of n = " << n << ", c = " << c
                       << ", expected at least 1";
  return success();
}

LogicalResult LocalAttr::verify(EmitError emitError, int64_t addr,
                                int64_t bytes, int64_t first, int64_t last,
                                std::optional<int64_t> global, Cause,
                                std::optional<int64_t> by) {
  if (bytes < 1 || bytes > kMostLocal)
    return emitError() << "bytes is " << bytes << ", expected at least 1";
  if (first < 0 || last < first)
    return emitError() << "lives in operators " << first << " to " << last
                       << ", which is no range";
  return success(succeeded(checkRange(emitError, "addr", addr)) &&
                 succeeded(checkRange(emitError, "global", global.value_or(0),
                                      kMostGlobal)) &&
                 succeeded(checkRange(emitError, "by", by.value_or(0))));
}

LogicalResult GlobalAttr::verify(EmitError emitError, int64_t offset, Cause,
                                 std::optional<int64_t> by) {
  return success(
      succeeded(checkRange(emitError, "offset", offset, kMostGlobal)) &&
      succeeded(checkRange(emitError, "by", by.value_or(0))));
}

LogicalResult ViewAttr::verify(EmitError emitError, bool, int64_t of,
                               int64_t offset) {
  return success(
      succeeded(checkRange(emitError, "of", of)) &&
      succeeded(checkRange(emitError, "offset", offset, kMostGlobal)));
}

LogicalResult InTileAttr::verify(EmitError emitError, int64_t fusion,
                                 int64_t cost, int64_t apart) {
  return success(succeeded(checkRange(emitError, "fusion", fusion)) &&
                 succeeded(checkRange(emitError, "cost", cost, kMostGlobal)) &&
                 succeeded(checkRange(emitError, "apart", apart, kMostGlobal)));
}

LogicalResult LoadAttr::verify(EmitError emitError,
                               std::optional<int64_t> input,
                               ArrayRef<int64_t> addr, ArrayRef<int64_t> room,
                               ArrayRef<int64_t> issue) {
  if (addr.empty())
    return emitError() << "a load has no address";
  return success(succeeded(checkRange(emitError, "input", input.value_or(0))) &&
                 succeeded(checkRange(emitError, "addr", addr)) &&
                 succeeded(checkRange(emitError, "room", room)) &&
                 succeeded(checkRange(emitError, "issue", issue)));
}

LogicalResult KernelAttr::verify(EmitError emitError, ArrayRef<int64_t> tile,
                                 ArrayRef<LoadAttr> loads,
                                 ArrayRef<int64_t> results,
                                 ArrayRef<int64_t> scratch, int64_t cost,
                                 ArrayRef<int64_t> next, int64_t nextCost) {
  if (!tile.empty() && tile.size() != 4)
    return emitError() << "a tile has " << tile.size()
                       << " sizes, expected 4: n, c, h and w";
  if (!next.empty() && next.size() != 4)
    return emitError() << "the next best tile has " << next.size()
                       << " sizes, expected 4: n, c, h and w";
  if (tile.empty() && (!loads.empty() || !results.empty() || !scratch.empty()))
    return emitError() << "a kernel that only moves data has buffers";
  return success(
      succeeded(checkRange(emitError, "results", results)) &&
      succeeded(checkRange(emitError, "scratch", scratch)) &&
      succeeded(checkRange(emitError, "cost", cost, kMostGlobal)) &&
      succeeded(checkRange(emitError, "next", nextCost, kMostGlobal)));
}

LogicalResult SlicesAttr::verify(EmitError emitError, int64_t n, int64_t c,
                                 int64_t d, int64_t h, int64_t w) {
  int64_t counts[] = {n, c, d, h, w};
  for (auto [axis, count] : llvm::zip(StringRef("ncdhw"), counts))
    if (count < 1)
      return emitError() << count << " slices on axis " << axis
                         << ", expected at least 1";
  return success();
}

LogicalResult PlanAttr::verify(EmitError emitError, int64_t localBytes,
                               int64_t globalBytes, bool, bool) {
  return success(succeeded(checkRange(emitError, "local_bytes", localBytes)) &&
                 succeeded(checkRange(emitError, "global_bytes", globalBytes,
                                      kMostGlobal)));
}

/// A layout deals all elements of a value.
static LogicalResult verifyLayout(Operation *op, Attribute attribute) {
  auto layout = dyn_cast<LaneLayoutAttr>(attribute);
  if (!layout)
    return op->emitOpError()
           << "has a " << kLayoutAttrName << " of another kind: " << attribute;
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    int64_t count = tensor ? tensor.getNumElements() : 0;
    if (!tensor || count % layout.getN() != 0 ||
        count / layout.getN() % layout.getC() != 0)
      return op->emitOpError() << "cannot be distributed over the lanes as "
                               << layout.getN() << " times " << layout.getC()
                               << " rows: it has " << count << " elements";
  }
  return success();
}

LogicalResult TpuDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute named) {
  StringRef name = named.getName();
  Attribute value = named.getValue();
  auto expect = [&](bool isRight, const Twine &what) -> LogicalResult {
    if (isRight)
      return success();
    return op->emitOpError()
           << "has " << name << " = " << value << ", expected " << what;
  };
  if (name == kChipAttrName) {
    auto chip = dyn_cast<StringAttr>(value);
    return expect(isa<ModuleOp>(op) && chip && findChip(chip),
                  "the name of a chip on a module: " + listChips());
  }
  if (name == kLayoutAttrName)
    return verifyLayout(op, value);
  if (name == kMemoryAttrName)
    return expect(isa<LocalAttr, GlobalAttr, ViewAttr, InTileAttr>(value),
                  "#tpu.local, #tpu.global, #tpu.view or #tpu.in_tile");
  if (name == kNumberAttrName) {
    auto number = dyn_cast<IntegerAttr>(value);
    return expect(number && number.getType().isInteger(64) &&
                      number.getInt() >= 0,
                  "the operator's number, from 0 on");
  }
  if (name == kKernelsAttrName) {
    auto array = dyn_cast<ArrayAttr>(value);
    return expect(array && llvm::all_of(array, llvm::IsaPred<KernelAttr>),
                  "a list of #tpu.kernel");
  }
  if (name == kPlanAttrName)
    return expect(isa<PlanAttr>(value) && isa<FunctionOpInterface>(op),
                  "#tpu.plan on a function");
  if (name == kCopyAttrName)
    return expect(isa<UnitAttr>(value) && isa<ReshapeOp>(op),
                  "nothing more, on a reshape");
  return op->emitOpError() << "has attribute " << name
                           << ", which the dialect does not know";
}

LogicalResult TpuDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                   unsigned index,
                                                   NamedAttribute named) {
  if (named.getName() == kMemoryAttrName && isa<GlobalAttr>(named.getValue()))
    return success();
  return op->emitOpError() << "has " << named.getName() << " = "
                           << named.getValue() << " on argument " << index
                           << ", expected " << kMemoryAttrName
                           << " = #tpu.global";
}
