//===- SideTable.cpp - Commands and the model's operations ----------------===//
//
// The bytes of a side table: magic, version, the layers' names and kinds, then
// for each group and queue runs of (layer, number of commands). Version 2 adds
// the fused groups, the tensors and the explanation, version 3 a second
// completing command of tensors, version 4 how inputs are made from pictures.
// Numbers are 32-bit little-endian, addresses and sizes two of them. Bytes with
// another magic are somebody else's.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "BmodelInternal.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

#include <bit>
#include <cstring>

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;

namespace {

constexpr char kSideMagic[8] = {'T', 'P', 'U', 'C', 'S', 'I', 'D', 'E'};
constexpr uint32_t kSideVersion = 4;
/// Says nothing of pictures.
constexpr uint32_t kThirdSideVersion = 3;
/// Knows one completing command a tensor.
constexpr uint32_t kSecondSideVersion = 2;
/// Has neither fused groups nor tensors.
constexpr uint32_t kFirstSideVersion = 1;
/// Ids are below this.
constexpr uint32_t kMaxCommands = 1u << 20;
constexpr uint32_t kLanes = kBM1684X.lanes;
constexpr uint64_t kLaneBytes = kBM1684X.laneBytes;
/// More than the chip's memory holds.
constexpr uint64_t kMaxElements = uint64_t(1) << 36;

void putNumber(std::vector<uint8_t> &out, uint32_t value) {
  uint8_t bytes[4];
  support::endian::write32le(bytes, value);
  out.insert(out.end(), bytes, bytes + 4);
}

void putString(std::vector<uint8_t> &out, const std::string &value) {
  putNumber(out, uint32_t(value.size()));
  out.insert(out.end(), value.begin(), value.end());
}

void putWide(std::vector<uint8_t> &out, uint64_t value) {
  putNumber(out, uint32_t(value));
  putNumber(out, uint32_t(value >> 32));
}

void putWides(std::vector<uint8_t> &out, const std::vector<uint64_t> &values) {
  putNumber(out, uint32_t(values.size()));
  for (uint64_t value : values)
    putWide(out, value);
}

void putTensor(std::vector<uint8_t> &out, const SideTable::Tensor &tensor) {
  putString(out, tensor.name);
  putWides(out, tensor.shape);
  putNumber(out, uint32_t(tensor.type));
  putNumber(out, std::bit_cast<uint32_t>(tensor.scale));
  putNumber(out, uint32_t(tensor.zeroPoint));
  putNumber(out, uint32_t(tensor.memory));
  putWide(out, tensor.address);
  putNumber(out, tensor.lane);
  putWides(out, tensor.dims);
  putWides(out, tensor.strides);
  putNumber(out, tensor.group);
  putNumber(out, tensor.engine);
  putNumber(out, tensor.command);
  putNumber(out, tensor.otherCommand);
}

void putRuns(std::vector<uint8_t> &out, const std::vector<uint32_t> &layers) {
  std::vector<std::pair<uint32_t, uint32_t>> runs;
  for (uint32_t layer : layers) {
    if (runs.empty() || runs.back().first != layer)
      runs.push_back({layer, 0});
    ++runs.back().second;
  }
  putNumber(out, uint32_t(runs.size()));
  for (auto [layer, count] : runs) {
    putNumber(out, layer);
    putNumber(out, count);
  }
}

/// Takes numbers and strings off the front of bytes, as long as there are any.
class Input {
public:
  explicit Input(Bytes bytes) : rest(bytes) {}

  bool number(uint32_t &value) {
    if (rest.size() < 4)
      return false;
    value = support::endian::read32le(rest.data());
    rest = rest.subspan(4);
    return true;
  }

  bool string(std::string &value) {
    uint32_t size;
    if (!number(size) || rest.size() < size)
      return false;
    value = json::fixUTF8(
        StringRef(reinterpret_cast<const char *>(rest.data()), size));
    rest = rest.subspan(size);
    return true;
  }

  /// A count of things that take at least `bytes` bytes each.
  bool count(uint32_t &value, uint32_t bytes) {
    return number(value) && value <= rest.size() / bytes;
  }

  bool wide(uint64_t &value) {
    uint32_t low, high;
    if (!number(low) || !number(high))
      return false;
    value = uint64_t(high) << 32 | low;
    return true;
  }

  bool wides(std::vector<uint64_t> &values) {
    uint32_t size;
    if (!count(size, 8))
      return false;
    values.resize(size);
    return llvm::all_of(values, [&](uint64_t &value) { return wide(value); });
  }

  /// A number less than `limit`.
  bool below(uint32_t &value, uint32_t limit) {
    return number(value) && value < limit;
  }

  bool tensor(SideTable::Tensor &tensor, uint32_t version,
              uint32_t groupCount) {
    uint32_t type, scale, zeroPoint, memory;
    if (!string(tensor.name) || !wides(tensor.shape) ||
        !below(type, uint32_t(DataType::U4) + 1) || !number(scale) ||
        !number(zeroPoint) || !below(memory, 2) || !wide(tensor.address) ||
        !below(tensor.lane, kLanes) || !wides(tensor.dims) ||
        !wides(tensor.strides) || !below(tensor.group, groupCount) ||
        !below(tensor.engine, 2) || !below(tensor.command, kMaxCommands) ||
        (version > kSecondSideVersion &&
         !below(tensor.otherCommand, kMaxCommands)))
      return false;
    tensor.type = DataType(type);
    tensor.scale = std::bit_cast<float>(scale);
    tensor.zeroPoint = int32_t(zeroPoint);
    tensor.memory = SideTable::Memory(memory);
    return isSound(tensor);
  }

  /// Whether the shapes fit each other and the memory.
  static bool isSound(const SideTable::Tensor &tensor) {
    std::optional<uint64_t> elements = countElements(tensor.shape);
    if (!elements || tensor.dims.size() != tensor.strides.size())
      return false;
    if (llvm::any_of(tensor.strides,
                     [](uint64_t stride) { return stride > kMaxElements; }))
      return false;
    if (tensor.memory == SideTable::Memory::Global)
      return tensor.dims.empty() || countElements(tensor.dims) == elements;
    constexpr size_t kLocalAxes = 4;
    return tensor.address < kLaneBytes && tensor.dims.size() == kLocalAxes &&
           countElements(tensor.dims) == elements;
  }

  /// Nothing for an empty tensor and for one beyond any memory.
  static std::optional<uint64_t>
  countElements(const std::vector<uint64_t> &shape) {
    uint64_t elements = 1;
    for (uint64_t size : shape) {
      if (size == 0 || size > kMaxElements / elements)
        return std::nullopt;
      elements *= size;
    }
    return elements;
  }

  /// The layers of a queue's commands, at most `left` of them, which it counts
  /// down.
  bool runs(std::vector<uint32_t> &layers, uint32_t layerCount,
            uint64_t &left) {
    uint32_t runCount, layer, length;
    if (!count(runCount, 8))
      return false;
    for (uint32_t i = 0; i < runCount; ++i) {
      if (!number(layer) || !number(length) ||
          (layer >= layerCount && layer != SideTable::kNone) || length > left)
        return false;
      left -= length;
      layers.insert(layers.end(), length, layer);
    }
    return true;
  }

private:
  Bytes rest;
};

/// What the versions after the first added.
bool readAdditions(Input &input, uint32_t version, SideTable &table) {
  uint32_t fusedGroupCount, tensorCount;
  bool ok = input.count(fusedGroupCount, 4);
  for (uint32_t i = 0; ok && i < fusedGroupCount; ++i)
    ok = input.string(table.fusedGroups.emplace_back());
  for (SideTable::Layer &layer : table.layers)
    ok = ok && input.number(layer.fusedGroup) &&
         (layer.fusedGroup < fusedGroupCount ||
          layer.fusedGroup == SideTable::kNone);
  constexpr uint32_t kLeastTensorBytes = 56;
  ok = ok && input.count(tensorCount, kLeastTensorBytes);
  for (uint32_t i = 0; ok && i < tensorCount; ++i)
    ok = input.tensor(table.tensors.emplace_back(), version,
                      uint32_t(table.groups.size()));
  return ok && input.string(table.explanation) &&
         (version <= kThirdSideVersion || input.string(table.preprocess));
}

} // namespace

std::vector<uint8_t> target::encodeSideTable(const SideTable &table) {
  std::vector<uint8_t> out(kSideMagic, kSideMagic + sizeof(kSideMagic));
  // Older readers take a table that says nothing new.
  putNumber(out, table.preprocess.empty() ? kThirdSideVersion : kSideVersion);
  putNumber(out, uint32_t(table.layers.size()));
  for (const SideTable::Layer &layer : table.layers) {
    putString(out, layer.name);
    putString(out, layer.kind);
  }
  putNumber(out, uint32_t(table.groups.size()));
  for (const SideTable::Group &group : table.groups) {
    putRuns(out, group.tiu);
    putRuns(out, group.gdma);
  }
  putNumber(out, uint32_t(table.fusedGroups.size()));
  for (const std::string &name : table.fusedGroups)
    putString(out, name);
  for (const SideTable::Layer &layer : table.layers)
    putNumber(out, layer.fusedGroup);
  putNumber(out, uint32_t(table.tensors.size()));
  for (const SideTable::Tensor &tensor : table.tensors)
    putTensor(out, tensor);
  putString(out, table.explanation);
  if (!table.preprocess.empty())
    putString(out, table.preprocess);
  return out;
}

Expected<std::optional<SideTable>>
target::decodeSideTable(Bytes bytes, uint64_t mostCommands) {
  if (bytes.size() < sizeof(kSideMagic) ||
      std::memcmp(bytes.data(), kSideMagic, sizeof(kSideMagic)) != 0)
    return std::nullopt;
  Input input(bytes.subspan(sizeof(kSideMagic)));
  uint32_t version, layerCount, groupCount;
  if (!input.number(version) || version < kFirstSideVersion ||
      version > kSideVersion)
    return bad("the side table has an unknown version");
  SideTable table;
  bool ok = input.count(layerCount, 8);
  for (uint32_t i = 0; ok && i < layerCount; ++i) {
    SideTable::Layer &layer = table.layers.emplace_back();
    ok = input.string(layer.name) && input.string(layer.kind);
  }
  ok = ok && input.count(groupCount, 8);
  for (uint32_t i = 0; ok && i < groupCount; ++i) {
    SideTable::Group &group = table.groups.emplace_back();
    ok = input.runs(group.tiu, layerCount, mostCommands) &&
         input.runs(group.gdma, layerCount, mostCommands);
  }
  if (ok && version > kFirstSideVersion)
    ok = readAdditions(input, version, table);
  if (!ok)
    return bad("the side table is damaged");
  return table;
}
