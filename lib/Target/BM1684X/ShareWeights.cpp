//===- ShareWeights.cpp - Equal weights of stages once --------------------===//
//
// Stages that were compiled apart have coefficient areas of their own, mostly
// of the same weights in another order. Joins the areas to one that has each
// weight once, and moves the addresses in the commands of every stage.
//
//===----------------------------------------------------------------------===//

#include "BmodelInternal.h"
#include "Target/BM1684X/Access.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;

namespace {

/// Registers that hold the low and the high part of a global address.
struct AddressFields {
  codec::FieldId low, high;
};
constexpr AddressFields kAddresses[] = {
    {codec::FieldId::src_start_addr_l32, codec::FieldId::src_start_addr_h8},
    {codec::FieldId::dst_start_addr_l32, codec::FieldId::dst_start_addr_h8},
    {codec::FieldId::index_start_addr_l32, codec::FieldId::index_start_addr_h8},
    {codec::FieldId::mask_start_addr_l32, codec::FieldId::mask_start_addr_h8}};

StringRef textOf(Bytes bytes) {
  return StringRef(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

/// The areas of all stages as one.
class SharedArea {
public:
  /// The offset of a weight, which is added unless equal bytes are there.
  uint64_t add(const CoefficientRange &range, Bytes bytes) {
    auto [place, isNew] = offsets.try_emplace(textOf(bytes), size);
    if (isNew) {
      ranges.push_back({range.name, size, range.size});
      pieces.push_back(bytes);
      size = llvm::alignTo(size + range.size, kItemAlignment);
    }
    return place->second;
  }

  std::vector<uint8_t> joined() const {
    std::vector<uint8_t> bytes(size, 0);
    for (const auto &[range, piece] : llvm::zip_equal(ranges, pieces))
      llvm::copy(piece, bytes.begin() + range.offset);
    return bytes;
  }

  uint64_t size = 0;
  std::vector<CoefficientRange> ranges;

private:
  DenseMap<StringRef, uint64_t> offsets;
  std::vector<Bytes> pieces;
};

/// Where the memory of one stage goes.
class Relocation {
public:
  /// Adds the stage's weights to `area`.
  Relocation(const Stage &stage, SharedArea &area) : stage(stage) {
    const Coefficients &all = stage.coefficients;
    for (const CoefficientRange &range : all.ranges)
      offsets.push_back(
          area.add(range, all.bytes.subspan(range.offset, range.size)));
  }

  /// Where the activations go, once all stages' weights are known.
  void placeActivations(uint64_t address) {
    moved = address - stage.contextAddress;
  }

  /// The new address of `address`, or nothing when it lies between weights.
  std::optional<uint64_t> find(uint64_t address) const {
    const Coefficients &all = stage.coefficients;
    if (address - stage.contextAddress < stage.contextSize)
      return address + moved;
    uint64_t offset = address - all.address;
    if (offset >= all.bytes.size())
      return address;
    auto after = llvm::upper_bound(
        all.ranges, offset, [](uint64_t value, const CoefficientRange &range) {
          return value < range.offset;
        });
    if (after == all.ranges.begin())
      return std::nullopt;
    const CoefficientRange &range = *std::prev(after);
    if (offset - range.offset >= range.size)
      return std::nullopt;
    return all.address + offsets[size_t(&range - all.ranges.data())] +
           (offset - range.offset);
  }

  /// Moves the addresses of a command. Returns false when it touches memory
  /// across weights, so that they have to stay side by side.
  bool apply(codec::Layout layout, codec::Registers &registers) const;

private:
  const Stage &stage;
  /// New offsets, by range.
  std::vector<uint64_t> offsets;
  uint64_t moved = 0;
};

bool Relocation::apply(codec::Layout layout,
                       codec::Registers &registers) const {
  std::vector<Access> accesses;
  std::string reason;
  if (!findAccesses(layout, registers, accesses, reason))
    return false;
  for (const Access &access : accesses) {
    if (access.space != Space::Global)
      continue;
    std::optional<uint64_t> first = find(access.begin);
    std::optional<uint64_t> last = find(access.end - 1);
    if (!first || !last || *last - *first != access.end - 1 - access.begin)
      return false;
  }
  for (const codec::FieldInfo &field : codec::layoutInfo(layout).fields)
    for (auto [low, high] : kAddresses) {
      if (field.id != low)
        continue;
      uint64_t address = codec::getField(registers, high) << 32 |
                         codec::getField(registers, low);
      // A field that the command does not use may hold anything.
      uint64_t target = find(address).value_or(address);
      codec::setField(registers, low, target & 0xFFFF'FFFF);
      codec::setField(registers, high, target >> 32);
    }
  return true;
}

/// Whether the ranges are in order and inside the area.
bool hasRanges(const Coefficients &all) {
  uint64_t end = 0;
  for (const CoefficientRange &range : all.ranges) {
    if (range.offset < end || range.size == 0 ||
        range.size > all.bytes.size() ||
        range.offset > all.bytes.size() - range.size)
      return false;
    end = range.offset + range.size;
  }
  return !all.ranges.empty() || all.bytes.empty();
}

/// A stream with moved addresses, or nothing when that is not possible.
std::optional<std::vector<uint8_t>> move(Bytes stream,
                                         const Relocation &relocation) {
  std::vector<uint8_t> bytes(stream.begin(), stream.end());
  bool isMovable = true;
  Error error = forEachCommand(
      codec::Engine::Gdma, stream,
      [&](size_t, size_t offset, codec::Layout layout,
          const codec::Registers &registers) -> Error {
        codec::Registers changed = registers;
        std::string reason;
        isMovable = isMovable && relocation.apply(layout, changed) &&
                    codec::encode(layout, changed,
                                  std::span(bytes).subspan(offset), reason);
        return Error::success();
      });
  if (error || !isMovable) {
    consumeError(std::move(error));
    return std::nullopt;
  }
  return bytes;
}

void moveTensors(Stage &stage, const Relocation &relocation) {
  auto move = [&](uint64_t &address) {
    address = relocation.find(address).value_or(address);
  };
  for (auto *tensors : {&stage.inputs, &stage.outputs})
    for (TensorInfo &tensor : *tensors)
      move(tensor.address);
  if (stage.sideTable)
    for (SideTable::Tensor &tensor : stage.sideTable->tensors)
      if (tensor.memory == SideTable::Memory::Global)
        move(tensor.address);
}

} // namespace

void target::detail::shareWeights(ArrayRef<Stage *> stages, Bmodel &owner) {
  const Coefficients &first = stages.front()->coefficients;
  bool isShared = llvm::all_of(stages, [&](const Stage *stage) {
    return llvm::equal(stage->coefficients.bytes, first.bytes);
  });
  bool isKnown = llvm::all_of(stages, [&](const Stage *stage) {
    return hasRanges(stage->coefficients) &&
           stage->coefficients.address == first.address;
  });
  if (isShared || !isKnown)
    return;

  SharedArea area;
  std::vector<Relocation> relocations;
  for (const Stage *stage : stages)
    relocations.emplace_back(*stage, area);
  uint64_t end = first.address + area.size;
  for (auto [stage, relocation] : llvm::zip_equal(stages, relocations)) {
    uint64_t activations = std::max(stage->contextAddress, end);
    if (activations + stage->contextSize > kGlobalEnd)
      return;
    relocation.placeActivations(activations);
  }
  std::vector<std::vector<Bytes>> streams;
  for (auto [stage, relocation] : llvm::zip_equal(stages, relocations)) {
    std::vector<Bytes> &moved = streams.emplace_back();
    for (const CommandGroup &group : stage->groups) {
      std::optional<std::vector<uint8_t>> bytes = move(group.gdma, relocation);
      if (!bytes)
        return;
      moved.push_back(owner.keep(std::move(*bytes)));
    }
  }

  Bytes bytes = owner.keep(area.joined());
  for (auto [stage, relocation, moved] :
       llvm::zip_equal(stages, relocations, streams)) {
    moveTensors(*stage, relocation);
    for (auto [group, stream] : llvm::zip_equal(stage->groups, moved))
      group.gdma = stream;
    stage->contextAddress = std::max(stage->contextAddress, end);
    stage->coefficients.bytes = bytes;
    stage->coefficients.ranges = area.ranges;
  }
}
