//===- GdmaMatrix.cpp - Moves of matrices ---------------------------------===//
//
// DMA_matrix: a matrix in global memory against column blocks over the lanes,
// row r and column j at batch r, channel j / w, column j % w.
//
//===----------------------------------------------------------------------===//

#include "GdmaTensor.h"

#include <algorithm>

using namespace tpuc::sim;

namespace {

/// A matrix of dense rows outside local memory.
struct GlobalMatrix {
  uint8_t *base;
  uint64_t rows, columns;
  ptrdiff_t rowStep;
};

Status makeMatrix(Machine &machine, const char *side, uint64_t address,
                  unsigned bytes, uint64_t rows, uint64_t columns,
                  uint64_t hStride, GlobalMatrix &matrix) {
  if (rows == 0 || columns == 0)
    return Status::error(std::string(side) + " is empty");
  uint64_t extent = ((rows - 1) * hStride + columns) * bytes;
  matrix.base = machine.resolve(address, extent);
  if (!matrix.base)
    return Status::error(std::string(side) + " of " + std::to_string(extent) +
                         " bytes at " + hex(address) + " is not mapped memory");
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.rowStep = ptrdiff_t(hStride * bytes);
  return Status();
}

} // namespace

Status tpuc::sim::executeGdmaMatrix(Machine &machine, const Registers &r) {
  unsigned bytes;
  TPUC_RETURN_IF_FAILED(transferBytes(r, bytes));
  if (r.fill_constant_en)
    return Status::error("a fill of a matrix is not supported");
  auto isLocal = [](uint64_t address) {
    return address >= kLocalBase && address < kStaticBase;
  };
  bool loads = isLocal(destinationAddress(r));
  if (loads == isLocal(sourceAddress(r)))
    return Status::error("a matrix moves between local memory and another "
                         "memory");
  constexpr uint32_t kTransposes = 1;
  bool transposes = r.cmd_special_function == kTransposes;

  GlobalMatrix matrix;
  uint64_t rows = loads ? r.src_hsize : r.dst_hsize;
  uint64_t columns = loads ? r.src_wsize : r.dst_wsize;
  uint64_t hStride = loads ? r.src_hstride : r.dst_hstride;
  if (!r.stride_enable)
    hStride = columns;
  TPUC_RETURN_IF_FAILED(makeMatrix(
      machine, "the matrix", loads ? sourceAddress(r) : destinationAddress(r),
      bytes, rows, columns, hStride, matrix));
  // What becomes rows and columns of the local side.
  uint64_t localRows = transposes ? columns : rows;
  uint64_t localColumns = transposes ? rows : columns;
  uint64_t width = loads ? r.dst_wsize : r.src_wsize;
  if (width == 0)
    return Status::error("a lane must hold at least one column");
  Shape shape = {localRows, (localColumns + width - 1) / width, 1, width};
  Strides strides = {loads ? r.dst_nstride : r.src_nstride,
                     loads ? r.dst_cstride : r.src_cstride, width, 1};
  // The last block may be narrower than the others; only what is moved must
  // lie in the lane.
  if (shape.c == 1)
    shape.w = localColumns;
  GdmaTensor local;
  TPUC_RETURN_IF_FAILED(
      makeGdmaTensor(machine, "the local side",
                     loads ? destinationAddress(r) : sourceAddress(r), bytes,
                     shape, r.stride_enable ? &strides : nullptr, local));

  uint64_t mask = laneMask(r);
  Kernels::Copy copy = kernelsOf(machine).copy[sizeIndex(bytes)];
  ptrdiff_t step = bytes;
  for (uint64_t c = 0; c < shape.c; ++c) {
    uint64_t first = c * width;
    uint64_t count = std::min(width, localColumns - first);
    bool masked = !(mask >> ((local.lanes.lane + c) % kLanes) & 1);
    if (masked && loads)
      continue;
    for (uint64_t row = 0; row < localRows; ++row) {
      uint8_t *lane = local.channel(c) + ptrdiff_t(row) * local.nStep();
      uint8_t *column =
          matrix.base + ptrdiff_t(first) * matrix.rowStep + row * bytes;
      if (transposes && loads)
        copy(lane, step, column, matrix.rowStep, count);
      else if (transposes)
        copy(column, matrix.rowStep, lane, step, count);
      else if (loads)
        copy(lane, step,
             matrix.base + ptrdiff_t(row) * matrix.rowStep + first * bytes,
             step, count);
      else
        copy(matrix.base + ptrdiff_t(row) * matrix.rowStep + first * bytes,
             step, lane, step, count);
    }
  }
  return Status();
}
