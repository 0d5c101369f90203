//===- ConvPacking.cpp - Convolution weights as commands want them --------===//
//
// Packs weights and biases into one stream a layer and loads parts of it.
//
//===----------------------------------------------------------------------===//

#include "Arch/Arch.h"
#include "Support/IntMath.h"
#include "WindowTiles.h"

#include <algorithm>
#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

ConvPacking::ChannelRange ConvPacking::inputRange(int64_t block) const {
  if (groups == 1)
    return {0, inChannels};
  int64_t outPerGroup = outChannels / groups, inPerGroup = inChannels / groups;
  int64_t first = block * arch.lanes;
  int64_t last = first + blockLanes(block) - 1;
  int64_t begin = first / outPerGroup * inPerGroup;
  begin -= begin % arch.lanes;
  int64_t end = (last / outPerGroup + 1) * inPerGroup;
  return {begin, end - begin};
}

ConvPacking::ChannelRange ConvPacking::inputRange(int64_t first,
                                                  int64_t count) const {
  int64_t begin = inputRange(first).begin, end = begin;
  for (int64_t block = first; block < first + count; ++block) {
    ChannelRange range = inputRange(block);
    end = std::max(end, range.begin + range.count);
  }
  return {begin, end - begin};
}

int64_t ConvPacking::blocks() const { return arch.channelRows(outChannels); }

int64_t ConvPacking::blockLanes(int64_t block) const {
  return std::min(arch.lanes, outChannels - block * arch.lanes);
}

int64_t ConvPacking::tapBytes() const {
  int64_t channels = 0;
  for (int64_t block = 0; block < blocks(); ++block)
    channels = std::max(channels, inputRange(block).count);
  return alignUp(channels, cube()) * kernelH * kernelW * byteWidth(type);
}

int64_t ConvPacking::blocksPerUnit() const {
  if (rowBytes() >= arch.shortestRowBytes)
    return 1;
  return std::min(ceilDiv(arch.shortestRowBytes, pitchBytes()), blocks());
}

int64_t ConvPacking::unitBlocks(int64_t unit) const {
  return std::min(blocksPerUnit(), blocks() - unit * blocksPerUnit());
}

int64_t ConvPacking::unitLanes(int64_t unit) const {
  return unitBlocks(unit) > 1 ? arch.lanes : blockLanes(unit * blocksPerUnit());
}

int64_t ConvPacking::unitRowBytes(int64_t unit) const {
  return (unitBlocks(unit) - 1) * pitchBytes() + rowBytes();
}

int64_t ConvPacking::fullUnitBytes() const {
  return ((blocksPerUnit() - 1) * pitchBytes() + rowBytes()) * arch.lanes;
}

int64_t ConvPacking::totalBytes() const {
  int64_t last = ceilDiv(blocks(), blocksPerUnit()) - 1;
  return last * fullUnitBytes() + unitLanes(last) * unitRowBytes(last);
}

/// Writes the kernel of one input channel, whose elements of `Width` bytes lie
/// a cube apart.
template <int Width>
static void packKernelOf(const ConvPacking &packing,
                         ConvPacking::Element element, int64_t tap, int64_t oc,
                         int64_t ic, char *place) {
  int64_t pitch = inputCube(packing.arch, packing.type) * Width;
  for (int64_t kh = 0; kh < packing.kernelH; ++kh)
    for (int64_t kw = 0; kw < packing.kernelW; ++kw, place += pitch)
      if (const char *source = element(tap, oc, ic, kh, kw))
        std::memcpy(place, source, Width);
}

std::vector<char> ConvPacking::packWith(Element element,
                                        llvm::ArrayRef<char> parameters) const {
  std::vector<char> packed(totalBytes(), 0);
  int64_t width = byteWidth(type), depth = cube();
  int64_t outPerGroup = outChannels / groups, inPerGroup = inChannels / groups;
  int64_t tapSize = tapBytes(), kernelSize = kernelH * kernelW;
  auto placeOf = [&](int64_t channel) {
    return channel / depth * kernelSize * depth + channel % depth;
  };
  auto *packKernel = width == 1   ? packKernelOf<1>
                     : width == 2 ? packKernelOf<2>
                                  : packKernelOf<4>;
  std::vector<char> row;
  for (int64_t unit = 0; unit * blocksPerUnit() < blocks(); ++unit) {
    int64_t rowSize = unitRowBytes(unit), lanes = unitLanes(unit);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      row.assign(rowSize, 0);
      for (int64_t inner = 0; inner < unitBlocks(unit); ++inner) {
        int64_t block = unit * blocksPerUnit() + inner;
        if (lane >= blockLanes(block))
          continue;
        char *start = row.data() + inner * pitchBytes();
        int64_t oc = block * arch.lanes + lane;
        // Where this channel's group stands in what the block reads.
        int64_t shift = oc / outPerGroup * inPerGroup - inputRange(block).begin;
        for (int64_t tap = 0; tap < taps; ++tap)
          for (int64_t ic = 0; ic < inPerGroup; ++ic)
            packKernel(*this, element, tap, oc, ic,
                       start + tap * tapSize + placeOf(shift + ic) * width);
        if (!parameters.empty())
          std::memcpy(start + biasOffset(),
                      parameters.data() + oc * parameterBytes(),
                      parameterBytes());
      }
      char *unitStart = packed.data() + unit * fullUnitBytes();
      for (int64_t at = 0; at < rowSize; at += chunkBytes()) {
        int64_t size = std::min(chunkBytes(), rowSize - at);
        std::memcpy(unitStart + at * lanes + lane * size, row.data() + at,
                    size);
      }
    }
  }
  return packed;
}

LocalTensor ConvPacking::place(int64_t count) const {
  int64_t words = pitchBytes() / 4;
  return {&arch,
          0,
          ElementType::F32,
          {count, arch.lanes, 1, words},
          {words, words, words, 1}};
}

void ConvPacking::load(CommandBuilder &builder, const GlobalTensor &weights,
                       uint32_t address, int64_t first, int64_t count) const {
  GlobalTensor words = weights;
  words.type = ElementType::F32;
  int64_t perUnit = blocksPerUnit(), firstUnit = first / perUnit;
  int64_t numUnits = ceilDiv(count, perUnit);
  // Units of one size go together; only the layer's last can be smaller.
  int64_t full = numUnits;
  int64_t last = firstUnit + numUnits - 1;
  if (unitLanes(last) * unitRowBytes(last) != fullUnitBytes())
    --full;
  auto transfer = [&](int64_t unit, int64_t units) {
    int64_t rowSize = unitRowBytes(unit), lanes = unitLanes(unit);
    for (int64_t at = 0; at < rowSize; at += chunkBytes()) {
      int64_t chunk = std::min(chunkBytes(), rowSize - at) / 4;
      GlobalTensor source =
          words.advanced((unit * fullUnitBytes() + at * lanes) / 4);
      LocalTensor result;
      result.arch = &arch;
      result.address =
          uint32_t(address + (unit - firstUnit) * perUnit * pitchBytes() + at);
      result.shape = {units, lanes, 1, chunk};
      result.strides = {perUnit * pitchBytes() / 4, chunk, chunk, 1};
      builder.loadBlocks(result, source, units, lanes * chunk,
                         fullUnitBytes() / 4);
    }
  };
  if (full > 0)
    transfer(firstUnit, full);
  if (full < numUnits)
    transfer(last, 1);
}

int64_t kernel::separateGroups(const Arch &arch, int64_t inChannels,
                               int64_t outChannels, int64_t groups) {
  int64_t in = inChannels / groups, out = outChannels / groups;
  if (groups == 1 || std::max(in, out) < arch.lanes)
    return 1;
  return in % arch.lanes || out % arch.lanes ? groups : 1;
}

std::vector<char> kernel::packParts(const ConvPacking &packing, int64_t parts,
                                    ConvPacking::Element element,
                                    llvm::ArrayRef<char> parameters) {
  std::vector<char> packed;
  for (int64_t part = 0; part < parts; ++part) {
    int64_t first = part * packing.outChannels;
    auto shifted = [&](int64_t tap, int64_t oc, int64_t ic, int64_t kh,
                       int64_t kw) {
      return element(tap, first + oc, ic, kh, kw);
    };
    std::vector<char> bytes = packing.packWith(
        shifted,
        parameters.empty()
            ? parameters
            : parameters.slice(first * packing.parameterBytes(),
                               packing.outChannels * packing.parameterBytes()));
    if (part + 1 < parts)
      bytes.resize(partBytes(packing), 0);
    packed.insert(packed.end(), bytes.begin(), bytes.end());
  }
  return packed;
}

int64_t kernel::partBytes(const ConvPacking &packing) {
  return packing.arch.wholeVectors(packing.totalBytes());
}

int64_t kernel::bytesOfParts(const ConvPacking &packing, int64_t parts) {
  return (parts - 1) * partBytes(packing) + packing.totalBytes();
}
