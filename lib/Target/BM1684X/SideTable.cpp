//===- SideTable.cpp - Commands and the model's operations ----------------===//
//
// The bytes of a side table: magic, version, the layers' names and kinds, then
// for each group and queue runs of (layer, number of commands). All numbers are
// 32-bit little-endian. Bytes with another magic are somebody else's.
//
//===----------------------------------------------------------------------===//

#include "BmodelInternal.h"
#include "llvm/Support/Endian.h"

#include <cstring>

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;

namespace {

constexpr char kSideMagic[8] = {'T', 'P', 'U', 'C', 'S', 'I', 'D', 'E'};
constexpr uint32_t kSideVersion = 1;
/// More commands than ids can number cannot be in a group.
constexpr uint32_t kMaxCommands = 1u << 20;

void putNumber(std::vector<uint8_t> &out, uint32_t value) {
  uint8_t bytes[4];
  support::endian::write32le(bytes, value);
  out.insert(out.end(), bytes, bytes + 4);
}

void putString(std::vector<uint8_t> &out, const std::string &value) {
  putNumber(out, uint32_t(value.size()));
  out.insert(out.end(), value.begin(), value.end());
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
    value.assign(reinterpret_cast<const char *>(rest.data()), size);
    rest = rest.subspan(size);
    return true;
  }

  /// A count of things that take at least `bytes` bytes each.
  bool count(uint32_t &value, uint32_t bytes) {
    return number(value) && value <= rest.size() / bytes;
  }

  bool runs(std::vector<uint32_t> &layers, uint32_t layerCount) {
    uint32_t runCount, layer, length;
    if (!count(runCount, 8))
      return false;
    for (uint32_t i = 0; i < runCount; ++i) {
      if (!number(layer) || !number(length) ||
          (layer >= layerCount && layer != SideTable::kNone) ||
          length > kMaxCommands - layers.size())
        return false;
      layers.insert(layers.end(), length, layer);
    }
    return true;
  }

private:
  Bytes rest;
};

} // namespace

std::vector<uint8_t> target::encodeSideTable(const SideTable &table) {
  std::vector<uint8_t> out(kSideMagic, kSideMagic + sizeof(kSideMagic));
  putNumber(out, kSideVersion);
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
  return out;
}

Expected<std::optional<SideTable>> target::decodeSideTable(Bytes bytes) {
  if (bytes.size() < sizeof(kSideMagic) ||
      std::memcmp(bytes.data(), kSideMagic, sizeof(kSideMagic)) != 0)
    return std::nullopt;
  Input input(bytes.subspan(sizeof(kSideMagic)));
  uint32_t version, layerCount, groupCount;
  if (!input.number(version) || version != kSideVersion)
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
    ok =
        input.runs(group.tiu, layerCount) && input.runs(group.gdma, layerCount);
  }
  if (!ok)
    return bad("the side table is damaged");
  return table;
}
