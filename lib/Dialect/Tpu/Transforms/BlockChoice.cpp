//===- BlockChoice.cpp - Which blocks of pixels to compute on -------------===//
//
// What has to be in the same blocks, what takes how long, and the search.
//
//===----------------------------------------------------------------------===//

#include "BlockChoice.h"
#include "Arch/Arch.h"
#include "Support/IntMath.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/IntEqClasses.h"

using namespace mlir;
using namespace tpuc;

/// Larger blocks are taken apart by slower commands.
static constexpr int64_t kMaxPixels = 8;

//===----------------------------------------------------------------------===//
// What can compute on blocks
//===----------------------------------------------------------------------===//

static bool isImage(Value value) { return tpu::getShape(value).size() == 4; }

/// Whether a constant operand has one number, or one a channel.
static bool isOfChannels(Value constant, int64_t channels) {
  ArrayRef<int64_t> shape = tpu::getShape(constant);
  int64_t count = ShapedType::getNumElements(shape);
  return constant.getDefiningOp<tpu::WeightOp>() &&
         (count == 1 || (count == channels && shape[1] == channels));
}

SmallVector<Value> tpuc::followed(Operation *op) {
  if (op->getNumResults() != 1 || !isImage(op->getResult(0)))
    return {};
  Value result = op->getResult(0);
  if (auto concat = dyn_cast<tpu::ConcatOp>(op))
    return concat.getAxis() == 1 ? SmallVector<Value>(op->getOperands())
                                 : SmallVector<Value>();
  if (auto slice = dyn_cast<tpu::SliceOp>(op)) {
    ArrayRef<int64_t> from = tpu::getShape(slice.getInput()),
                      to = tpu::getShape(result);
    bool isOfRanges = slice.getSteps()[1] == 1 && from[0] == to[0] &&
                      from.drop_front(2) == to.drop_front(2);
    return isOfRanges ? SmallVector<Value>{slice.getInput()}
                      : SmallVector<Value>();
  }
  // Results of another type are taken apart before, while they are smaller.
  if (!op->hasTrait<tpu::Pointwise>() || isa<tpu::CastOp>(op))
    return {};
  SmallVector<Value> images;
  ArrayRef<int64_t> shape = tpu::getShape(result);
  for (Value operand : op->getOperands()) {
    if (tpu::getShape(operand) == shape &&
        !operand.getDefiningOp<tpu::WeightOp>())
      images.push_back(operand);
    else if (!isOfChannels(operand, shape[1]))
      return {};
  }
  return images;
}

/// Passes over the elements of a pointwise operator, roughly.
static int64_t passesOf(Operation *op) {
  auto unary = dyn_cast<tpu::UnaryOp>(op);
  if (!unary)
    return 1;
  switch (unary.getKind()) {
  case tpu::UnaryKind::Relu:
  case tpu::UnaryKind::LeakyRelu:
  case tpu::UnaryKind::Abs:
  case tpu::UnaryKind::Neg:
  case tpu::UnaryKind::Clip:
    return 2;
  case tpu::UnaryKind::Hardsigmoid:
  case tpu::UnaryKind::Hardswish:
    return 4;
  default:
    return elementBytesOf(unary.getInput()) == 4 ? 30 : 13;
  }
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

BlockChoice::BlockChoice(const Arch &arch, Block &block, unsigned price)
    : arch(arch), price(price) {
  for (Value argument : block.getArguments())
    number(argument);
  for (Operation &op : block)
    for (Value result : op.getResults())
      number(result);
  for (Operation &op : block)
    addItems(&op);
  findGroups(block);
}

bool BlockChoice::search() {
  for (int round = 0; round < kMaxRounds; ++round) {
    bool hasChanged = false;
    for (unsigned group = 0; group < groups.size(); ++group)
      hasChanged |= improve(group);
    for (auto [from, to] : links)
      hasChanged |= improve(from, to);
    if (!hasChanged)
      break;
  }
  return llvm::any_of(blocks, [](auto &block) { return block.pixels() > 1; });
}

PixelBlock BlockChoice::of(Value image) const {
  auto found = numbers.find(image);
  return found == numbers.end() ? PixelBlock() : blocks[found->second];
}

std::optional<BlockConv> BlockChoice::convOf(Operation *op) const {
  PixelBlock result = of(op->getResult(0));
  if (auto made = BlockConv::make(op, of(blockInputOf(op)), result))
    return made;
  return BlockConv::make(op, {}, result);
}

bool BlockChoice::isReadInBlocks(OpOperand &use) const {
  Operation *op = use.getOwner();
  if (Value input = blockInputOf(op))
    return use.get() == input &&
           BlockConv::make(op, of(input), of(op->getResult(0))).has_value();
  return llvm::is_contained(followed(op), use.get()) &&
         of(op->getResult(0)) == of(use.get());
}

bool BlockChoice::isTakenApart(Value image) const {
  return of(image).pixels() > 1 &&
         !llvm::all_of(image.getUses(),
                       [&](OpOperand &use) { return isReadInBlocks(use); });
}

void BlockChoice::number(Value value) {
  numbers[value] = unsigned(blocks.size());
  blocks.push_back({});
  images.push_back(value);
  Operation *op = value.getDefiningOp();
  isFree.push_back(op && (blockInputOf(op) || !followed(op).empty()));
}

void BlockChoice::add(ArrayRef<Value> values, std::function<int64_t()> cycles) {
  Item item{{}, std::move(cycles)};
  for (Value value : values)
    item.images.push_back(numbers.at(value));
  if (llvm::none_of(item.images, [&](unsigned id) { return isFree[id]; }))
    return;
  for (unsigned id : item.images)
    itemsOf[id].push_back(unsigned(items.size()));
  items.push_back(std::move(item));
}

void BlockChoice::addItems(Operation *op) {
  if (Value input = blockInputOf(op)) {
    add({input, op->getResult(0)}, [=, this]() -> int64_t {
      std::optional<BlockConv> made = convOf(op);
      return made ? made->cycles(arch).together() + finishingOf(op)
                  : kImpossible;
    });
  } else if (SmallVector<Value> operands = followed(op); !operands.empty()) {
    Value result = op->getResult(0);
    operands.push_back(result);
    add(operands, [=, this] { return followingOf(op); });
  }
  for (Value result : op->getResults()) {
    SmallVector<Value> involved{result};
    for (Operation *user : result.getUsers())
      involved.append(user->result_begin(), user->result_end());
    add(involved, [=, this] { return takingApart(result); });
  }
}

int64_t BlockChoice::takingApart(Value image) const {
  if (!isTakenApart(image))
    return 0;
  if (price == 0)
    return kImpossible;
  ArrayRef<int64_t> shape = tpu::getShape(image);
  int64_t bytes = ShapedType::getNumElements(shape) * elementBytesOf(image),
          rows = shape[0] * arch.channelRows(shape[1]),
          laneBytes = rows * planeOf(image) * elementBytesOf(image);
  constexpr int64_t kMoves = 3;
  return bytes / arch.loadBytesPerCycle * price *
         (2 * laneBytes > arch.laneBytes ? kMoves : 1);
}

int64_t BlockChoice::followingOf(Operation *op) const {
  Value result = op->getResult(0);
  for (Value operand : followed(op))
    if (of(result).pixels() > 1 && of(operand) != of(result))
      return kImpossible;
  if (auto concat = dyn_cast<tpu::ConcatOp>(op))
    return copiesOf(concat);
  return isa<tpu::SliceOp>(op) ? 0 : passesOf(op) * vectorsOf(result);
}

int64_t BlockChoice::vectorsOf(Value image, int64_t bytes) const {
  auto type = blockedType(cast<RankedTensorType>(image.getType()), of(image));
  ArrayRef<int64_t> shape = type.getShape();
  bytes = bytes ? bytes : elementBytesOf(image);
  return shape[0] * ceilDiv(shape[1], arch.lanes) *
         ceilDiv(shape[2] * shape[3] * bytes, arch.vectorBytes);
}

int64_t BlockChoice::finishingOf(Operation *op) const {
  auto conv = dyn_cast<tpu::ConvOp>(op);
  if (!conv || !tpu::isQuantized(tpu::getElement(conv.getInput())))
    return 0;
  constexpr int64_t kScaling = 2, kGate = 9;
  Value result = conv.getOutput();
  int64_t cycles = kScaling * vectorsOf(result, /*bytes=*/4);
  if (conv.getGate() != tpu::GateKind::None)
    cycles += kGate * vectorsOf(result, /*bytes=*/2);
  return cycles;
}

int64_t BlockChoice::copiesOf(tpu::ConcatOp concat) const {
  int64_t start = 0, cycles = 0, pixels = of(concat).pixels();
  for (Value part : concat.getInputs()) {
    ArrayRef<int64_t> shape = tpu::getShape(part);
    if (start % arch.lanes != 0)
      cycles += shiftCycles(arch, shape[0] * shape[1] * pixels,
                            planeOf(part) * elementBytesOf(part) / pixels);
    start += shape[1] * pixels;
  }
  return cycles;
}

void BlockChoice::findGroups(Block &block) {
  llvm::IntEqClasses joined(unsigned(images.size()));
  for (Operation &op : block)
    for (Value operand : followed(&op))
      joined.join(numbers[operand], numbers[op.getResult(0)]);
  joined.compress();
  std::vector<Group> classes(joined.getNumClasses());
  for (unsigned id = 0; id < images.size(); ++id)
    classes[joined[id]].push_back(id);
  auto addGroup = [&](const Group &group) {
    for (unsigned id : group)
      groupOf.try_emplace(id, unsigned(groups.size()));
    groups.push_back(group);
  };
  for (const Group &group : classes)
    if (llvm::all_of(group, [&](unsigned id) { return isFree[id]; }))
      addGroup(group);
  for (Operation &op : block)
    if (blockInputOf(&op)) {
      Group chain = chainFrom(op.getResult(0));
      addGroup(chain);
      if (chain.size() > 1)
        groups.push_back({chain.front()});
    }
  for (Operation &op : block)
    if (Value input = blockInputOf(&op)) {
      auto from = groupOf.find(numbers[input]),
           to = groupOf.find(numbers[op.getResult(0)]);
      if (from != groupOf.end() && to != groupOf.end() &&
          from->second != to->second)
        links.push_back({from->second, to->second});
    }
}

BlockChoice::Group BlockChoice::chainFrom(Value image) {
  Group chain{numbers[image]};
  while (image.hasOneUse()) {
    Operation *user = *image.user_begin();
    if (followed(user) != ArrayRef<Value>{image})
      break;
    image = user->getResult(0);
    chain.push_back(numbers[image]);
  }
  return chain;
}

bool BlockChoice::isPossible(const Group &group,
                             const PixelBlock &candidate) const {
  if (candidate.isPixel())
    return true;
  ArrayRef<int64_t> shape = tpu::getShape(images[group.front()]);
  // Signals have no rows; their windows are of many taps.
  if (shape[2] == 1 || shape[3] == 1 || candidate.rows > shape[2] ||
      candidate.columns > shape[3])
    return false;
  return llvm::any_of(group, [&](unsigned id) {
    return blockInputOf(images[id].getDefiningOp()) &&
           tpu::getShape(images[id])[1] * candidate.pixels() <= 2 * arch.lanes;
  });
}

SmallVector<PixelBlock> BlockChoice::optionsOf(const Group &group) const {
  SmallVector<PixelBlock> options;
  for (int64_t rows = 1; rows <= kMaxPixels; ++rows)
    for (int64_t columns = 1; rows * columns <= kMaxPixels; ++columns)
      if (isPossible(group, {rows, columns}))
        options.push_back({rows, columns});
  auto isTransposed = [&](unsigned id) {
    return isa_and_nonnull<tpu::ConvTransposeOp>(images[id].getDefiningOp());
  };
  if (llvm::none_of(group, isTransposed))
    return options;
  // Of transposed convolutions after each other.
  for (PixelBlock large : {PixelBlock{4, 4}, PixelBlock{4, 8}, {8, 4}, {8, 8}})
    if (isPossible(group, large))
      options.push_back(large);
  return options;
}

void BlockChoice::set(Change &change, unsigned id, const PixelBlock &block) {
  if (blocks[id] == block)
    return;
  change.before.push_back({id, blocks[id]});
  blocks[id] = block;
}

PixelBlock BlockChoice::blockFrom(Operation *op, const PixelBlock &input) {
  auto conv = dyn_cast<tpu::ConvTransposeOp>(op);
  if (!conv)
    return input;
  return {input.rows * conv.getStrides()[0],
          input.columns * conv.getStrides()[1]};
}

void BlockChoice::setWithReaders(Change &change, unsigned group,
                                 const PixelBlock &wanted) {
  SmallVector<std::pair<unsigned, PixelBlock>> work{{group, wanted}};
  DenseSet<unsigned> seen;
  while (!work.empty()) {
    auto [reader, block] = work.pop_back_val();
    if (!seen.insert(reader).second)
      continue;
    for (unsigned id : groups[reader]) {
      if (blocks[id] == block)
        continue;
      set(change, id, block);
      for (Operation *user : images[id].getUsers()) {
        if (blockInputOf(user) != images[id])
          continue;
        Value result = user->getResult(0);
        auto reader = groupOf.find(numbers[result]);
        if (reader != groupOf.end() &&
            !BlockConv::make(user, block, of(result)))
          work.push_back({reader->second, blockFrom(user, block)});
      }
    }
  }
}

void BlockChoice::undo(const Change &change) {
  for (auto [id, block] : llvm::reverse(change.before))
    blocks[id] = block;
}

void BlockChoice::measure(Change &change) {
  SmallVector<unsigned> involved;
  for (auto [id, block] : change.before)
    involved.append(itemsOf[id]);
  llvm::sort(involved);
  involved.erase(llvm::unique(involved), involved.end());
  auto cycles = [&] {
    int64_t sum = 0;
    for (unsigned item : involved)
      sum += items[item].cycles();
    return sum;
  };
  int64_t after = cycles();
  undo(change);
  change.saved = cycles() - after;
}

bool BlockChoice::improve(unsigned first, std::optional<unsigned> second) {
  // Less is within what the estimate is off by.
  constexpr int64_t kLeast = 1000;
  SmallVector<PixelBlock> options = optionsOf(groups[first]), others{{}};
  if (second)
    others = optionsOf(groups[*second]);
  std::optional<std::pair<PixelBlock, PixelBlock>> best;
  int64_t most = kLeast;
  auto change = [&](const PixelBlock &one, const PixelBlock &other) {
    Change made;
    setWithReaders(made, first, one);
    if (second)
      setWithReaders(made, *second, other);
    return made;
  };
  for (const PixelBlock &one : options)
    for (const PixelBlock &other : others) {
      Change made = change(one, other);
      measure(made);
      if (made.saved > most) {
        most = made.saved;
        best = {one, other};
      }
    }
  if (best)
    change(best->first, best->second);
  return best.has_value();
}
