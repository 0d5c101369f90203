//===- GdmaCycles.cpp - Cycles of GDMA commands ---------------------------===//
//
// Moves cost rows of at least 256 bytes at the rate of their direction; a
// tensor side in DDR is slowed down when its rows use few of the four 4 KiB
// channels. The order of the floating-point operations matters: results are
// rounded down and must agree with the reference to the cycle.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "TimingInternal.h"

using namespace tpuc;
using namespace tpuc::timing;
using namespace tpuc::timing::detail;
using codec::Layout;
using codec::Registers;

namespace {

enum Direction { kLoad, kStore, kGlobalToGlobal, kLocalToLocal };

/// Nominal bytes a cycle of each direction.
constexpr double kRate[4] = {58.0, 44.0, 28.0, 28.0};
/// The model mixes decimal and binary units for tensor moves.
constexpr double kUnitMix = 1e9 / double(1 << 30);
constexpr uint64_t kMinRowBytes = kBM1684X.shortestRowBytes;
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kChannels = 4;
constexpr uint64_t kGatherBytesPerCycle = 64;

uint64_t sourceAddress(const Registers &r) {
  return uint64_t(r.src_start_addr_h8) << 32 | r.src_start_addr_l32;
}
uint64_t destinationAddress(const Registers &r) {
  return uint64_t(r.dst_start_addr_h8) << 32 | r.dst_start_addr_l32;
}
bool isLocal(uint64_t address) {
  return address >= kBM1684X.localBase && address < kBM1684X.localEnd();
}
bool isGlobal(uint64_t address) { return address >= kBM1684X.globalBase; }

Direction direction(const Registers &r) {
  bool fromLocal = isLocal(sourceAddress(r));
  bool toLocal = isLocal(destinationAddress(r));
  if (fromLocal)
    return toLocal ? kLocalToLocal : kStore;
  return toLocal ? kLoad : kGlobalToGlobal;
}

/// Bytes of `count` elements; 4-bit elements round down.
uint64_t bytesOf(const Registers &r, uint64_t count) {
  return count * elementBits(r.src_data_format) / 8;
}

struct Side {
  uint64_t n, c, h, w; ///< strides in elements
};
Side sourceSide(const Registers &r) {
  return {r.src_nstride, r.src_cstride, r.src_hstride, r.src_wstride};
}
Side destinationSide(const Registers &r) {
  return {r.dst_nstride, r.dst_cstride, r.dst_hstride, r.dst_wstride};
}

/// Bits of the channels [first, last], of those there are.
unsigned channelMask(uint64_t first, uint64_t last) {
  last = std::min(last, kChannels - 1);
  return first > last ? 0 : ((2u << last) - 1) & ~((1u << first) - 1);
}

/// The channels that the rows of one batch touch, starting at byte `start`.
unsigned channelsOfBatch(uint64_t start, uint64_t c, uint64_t cStride,
                         uint64_t extent) {
  constexpr uint64_t window = kPageBytes * kChannels;
  uint64_t pages =
      extent > kPageBytes ? ceilDiv(extent, kPageBytes) : uint64_t(1);
  if (cStride == 0)
    c = 1;
  if (cStride <= kPageBytes) {
    // No page between the first and the last row is skipped.
    uint64_t last = start;
    if (cStride != 0 && c > 0)
      last += std::min(c - 1, (window - 1 - start) / cStride) * cStride;
    return c == 0
               ? 0
               : channelMask(start / kPageBytes, last / kPageBytes + pages - 1);
  }
  unsigned mask = 0;
  for (uint64_t i = 0, at = start; i < c && at < window; ++i, at += cStride)
    mask |= channelMask(at / kPageBytes, at / kPageBytes + pages - 1);
  return mask;
}

/// How many of the four channels a tensor's rows use within the first 16 KiB;
/// strides and extent of a row block in bytes.
uint64_t channelsUsed(uint64_t n, uint64_t c, uint64_t nStride,
                      uint64_t cStride, uint64_t extent) {
  constexpr uint64_t window = kPageBytes * kChannels;
  unsigned mask = 0;
  for (uint64_t i = 0, at = 0; i < n && at < window; ++i, at += nStride) {
    mask |= channelsOfBatch(at, c, cStride, extent);
    if (mask == 15 || nStride == 0)
      break;
  }
  return std::max<uint64_t>(1, uint64_t(__builtin_popcount(mask)));
}

double withEfficiency(double rate, const TimingParameters &parameters) {
  return parameters.gdmaEfficiency == 1.0 ? rate
                                          : rate * parameters.gdmaEfficiency;
}

uint64_t tensorCycles(const Registers &r, const TimingParameters &parameters) {
  Direction dir = direction(r);
  uint64_t n = r.src_nsize, c = r.src_csize, h = r.src_hsize, w = r.src_wsize;
  Side src = sourceSide(r), dst = destinationSide(r);
  bool wDense = (src.w == 1 && dst.w == 1) || w == 1;
  bool hDense = h == 1 || (src.h == w && dst.h == w);

  uint64_t rows = n * c, rowBytes = bytesOf(r, h * w);
  if (!wDense) {
    rows = n * c * h * w;
    rowBytes = bytesOf(r, 1);
  } else if (!hDense) {
    rows = n * c * h;
    rowBytes = bytesOf(r, w);
  }
  if (parameters.freeZeroRowStride &&
      (((dir == kLoad || dir == kGlobalToGlobal) && src.h == 0) ||
       ((dir == kStore || dir == kGlobalToGlobal) && dst.h == 0)))
    return 0;

  constexpr uint32_t kExchangeBatchAndChannel = 1;
  bool exchanges = r.cmd_special_function == kExchangeBatchAndChannel;
  auto factor = [&](const Side &side, uint64_t sideN, uint64_t sideC) {
    return double(kChannels) /
           double(channelsUsed(sideN, sideC, bytesOf(r, side.n),
                               bytesOf(r, side.c), bytesOf(r, h * side.h)));
  };
  double slowdown = 1.0;
  if (dir == kLoad || dir == kGlobalToGlobal)
    slowdown = factor(src, n, c);
  if (dir == kStore)
    slowdown = factor(dst, exchanges ? c : n, exchanges ? n : c);
  else if (dir == kGlobalToGlobal)
    slowdown *= factor(dst, exchanges ? c : n, exchanges ? n : c);
  return floorCycles(double(rows * std::max(kMinRowBytes, rowBytes)) *
                     slowdown /
                     withEfficiency(kRate[dir] * kUnitMix, parameters));
}

/// A matrix command in either form: the rows and columns of the matrix in
/// global memory and the columns that a lane holds.
struct Matrix {
  uint64_t rows, columns, laneColumns, blockRows;
};

Matrix matrixOf(Layout layout, const Registers &r, Direction dir) {
  if (layout == Layout::SDmaMatrix)
    return {r.matrix_hsize, r.matrix_wsize, r.block_wsize, r.block_nsize};
  if (dir == kStore)
    return {r.dst_hsize, r.dst_wsize, r.src_wsize, r.src_nsize};
  return {r.src_hsize, r.src_wsize, r.dst_wsize, r.dst_nsize};
}

uint64_t matrixCycles(Layout layout, const Registers &r,
                      const TimingParameters &parameters) {
  Direction dir = direction(r);
  // The formulas know loads and everything else.
  Matrix m = matrixOf(layout, r, dir == kLoad ? kLoad : kStore);
  constexpr uint32_t kTransposes = 1;
  bool transposes = r.cmd_special_function == kTransposes;
  if (transposes)
    m = matrixOf(layout, r, kLoad);
  if (m.laneColumns == 0)
    return 0;
  double sectionBytes =
      double(std::max(kMinRowBytes, bytesOf(r, m.laneColumns)));
  if (transposes)
    return floorCycles(double(m.blockRows) *
                       (double(m.rows) / double(m.laneColumns)) * sectionBytes /
                       withEfficiency(kRate[kLoad] * 0.75, parameters));
  return floorCycles(double(m.rows) *
                     (double(m.columns) / double(m.laneColumns)) *
                     sectionBytes / withEfficiency(kRate[dir], parameters));
}

uint64_t broadcastCycles(const Registers &r,
                         const TimingParameters &parameters) {
  uint64_t n = r.src_nsize, h = r.src_hsize, w = r.src_wsize;
  bool dense =
      h == 1 || !r.stride_enable || (r.src_hstride == w && r.dst_hstride == w);
  if (!r.stride_enable && w == 1 && h > 1)
    dense = false;
  uint64_t rows = dense ? n : n * h;
  uint64_t rowBytes = bytesOf(r, dense ? h * w : w);
  return floorCycles(double(rows * std::max(kMinRowBytes, rowBytes)) /
                     withEfficiency(kRate[kLoad], parameters));
}

uint64_t fillCycles(const Registers &r, const TimingParameters &parameters) {
  auto size = [](uint32_t dst, uint32_t src) -> uint64_t {
    return dst ? dst : src;
  };
  uint64_t n = size(r.dst_nsize, r.src_nsize);
  uint64_t c = size(r.dst_csize, r.src_csize);
  uint64_t h = size(r.dst_hsize, r.src_hsize);
  uint64_t w = size(r.dst_wsize, r.src_wsize);
  bool dense = h == 1 || r.dst_hstride == w;
  uint64_t rows = dense ? n * c : n * c * h;
  uint64_t rowBytes = bytesOf(r, dense ? h * w : w);
  return floorCycles(double(rows * std::max(kMinRowBytes, rowBytes)) /
                     withEfficiency(kRate[kLoad], parameters));
}

/// A one-dimensional copy: one row. No stream has it; charged as a dense
/// tensor move without the channel factor.
uint64_t generalCycles(const Registers &r, const TimingParameters &parameters) {
  uint64_t bytes = std::max(kMinRowBytes, bytesOf(r, r.src_cstride));
  return floorCycles(
      double(bytes) /
      withEfficiency(kRate[direction(r)] * kUnitMix, parameters));
}

} // namespace

uint64_t tpuc::timing::detail::gdmaCycles(Layout layout, const Registers &r,
                                          const TimingParameters &parameters) {
  constexpr uint32_t kTensorBroadcast = 3;
  if (layout == Layout::SDmaSys)
    return 0;
  if (r.fill_constant_en)
    return fillCycles(r, parameters);
  switch (layout) {
  case Layout::DmaMatrix:
  case Layout::SDmaMatrix:
    return matrixCycles(layout, r, parameters);
  case Layout::DmaGather:
  case Layout::DmaScatter:
    return floorCycles(
        double(bytesOf(r, uint64_t(r.src_csize) * r.dst_hsize * r.src_wsize) /
               kGatherBytesPerCycle) /
        parameters.gdmaEfficiency);
  case Layout::DmaGeneral:
  case Layout::SDmaGeneral:
    return generalCycles(r, parameters);
  case Layout::DmaTensor:
    return r.cmd_special_function == kTensorBroadcast
               ? broadcastCycles(r, parameters)
               : tensorCycles(r, parameters);
  default:
    return tensorCycles(r, parameters);
  }
}

DdrTraffic tpuc::timing::ddrTraffic(Layout layout, const Registers &r) {
  uint64_t elements = 0;
  switch (layout) {
  case Layout::DmaTensor:
  case Layout::DmaCwTranspose:
  case Layout::DmaMaskedSelect:
  case Layout::SDmaMaskedSelect:
  case Layout::DmaNonzero:
  case Layout::SDmaNonzero:
    elements = uint64_t(r.src_nsize) * r.src_csize * r.src_hsize * r.src_wsize;
    if (r.fill_constant_en && elements == 0)
      elements =
          uint64_t(r.dst_nsize) * r.dst_csize * r.dst_hsize * r.dst_wsize;
    break;
  case Layout::DmaMatrix:
  case Layout::SDmaMatrix: {
    Matrix m = matrixOf(layout, r, direction(r));
    elements = m.rows * m.columns;
    break;
  }
  case Layout::DmaGather:
  case Layout::DmaScatter:
    elements = uint64_t(r.src_csize) *
               (layout == Layout::DmaGather ? r.dst_hsize : r.src_hsize) *
               r.src_wsize;
    break;
  case Layout::DmaGeneral:
  case Layout::SDmaGeneral:
    elements = r.src_cstride;
    break;
  default:
    return {};
  }
  DdrTraffic traffic;
  uint64_t bytes = bytesOf(r, elements);
  if (!r.fill_constant_en && isGlobal(sourceAddress(r)))
    traffic.readBytes = bytes;
  if (isGlobal(destinationAddress(r)))
    traffic.writtenBytes = bytes;
  return traffic;
}
