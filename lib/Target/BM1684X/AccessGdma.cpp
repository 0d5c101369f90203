//===- AccessGdma.cpp - Memory that GDMA commands touch -------------------===//
//
// The source, destination and index of each GDMA command. A side in local
// memory has its channels across the lanes; everywhere else strides count from
// the start address.
//
//===----------------------------------------------------------------------===//

#include "AccessInternal.h"

using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;
using codec::Layout;
using codec::Registers;

namespace {

constexpr auto kRead = Collector::Read;
constexpr auto kWrite = Collector::Write;
constexpr uint64_t kIndexBytes = 4; // u32 indices

uint64_t wide(uint32_t low, uint32_t high) {
  return uint64_t(high) << 32 | low;
}
uint64_t sourceAddress(const Registers &r) {
  return wide(r.src_start_addr_l32, r.src_start_addr_h8);
}
uint64_t resultAddress(const Registers &r) {
  return wide(r.dst_start_addr_l32, r.dst_start_addr_h8);
}
bool isLocal(uint64_t address) {
  return address >= kLocal.begin && address < kLocal.end;
}

/// The lanes that a write changes; the others keep their content.
uint64_t laneMask(const Registers &r) {
  return wide(r.localmem_mask_l32, r.localmem_mask_h32);
}

/// What the unit assumes when the stride fields are not valid.
Strides implied(uint64_t address, const Shape &shape, uint64_t bytes) {
  if (!isLocal(address))
    return contiguous(shape);
  return euAligned(shape, (address - kLocal.begin) / kLaneBytes, bytes);
}

uint64_t elementSize(const Registers &r, Collector &out) {
  uint64_t bytes = elementBytes(r.src_data_format);
  if (bytes == 0)
    out.fail("the element size of format " + std::to_string(r.src_data_format) +
             " is not known");
  return bytes;
}

void collectTensor(const Registers &r, bool exchangesCw, uint64_t bytes,
                   Collector &out) {
  Shape source = {r.src_nsize, r.src_csize, r.src_hsize, r.src_wsize};
  Shape result = {r.dst_nsize, r.dst_csize, r.dst_hsize, r.dst_wsize};
  uint32_t function = exchangesCw ? codec::DmaTensorFunction::TensorCollect
                                  : r.cmd_special_function;
  switch (function) {
  case codec::DmaTensorFunction::Tensor:
    if (r.nchw_copy)
      result = source;
    break;
  case codec::DmaTensorFunction::TensorTranspose:
    result = {source.c, source.n, source.h, source.w};
    break;
  case codec::DmaTensorFunction::TensorCollect:
  case codec::DmaTensorFunction::TensorDistribute:
    result = {source.n, source.w, source.h, source.c};
    break;
  case codec::DmaTensorFunction::TensorBroadcast:
    source.c = 1;
    result = {source.n, r.dst_csize, source.h, source.w};
    break;
  default:
    out.fail("what a 4-bank copy touches is not known");
    return;
  }
  uint64_t from = sourceAddress(r), to = resultAddress(r);
  if (!r.fill_constant_en)
    out.mapped(kRead, "source", from, source,
               r.stride_enable ? Strides{r.src_nstride, r.src_cstride,
                                         r.src_hstride, r.src_wstride}
                               : implied(from, source, bytes),
               bytes);
  out.mapped(kWrite, "destination", to, result,
             r.stride_enable ? Strides{r.dst_nstride, r.dst_cstride,
                                       r.dst_hstride, r.dst_wstride}
                             : implied(to, result, bytes),
             bytes, laneMask(r));
}

/// A matrix in linear memory and its blocks of columns in local memory.
struct MatrixSides {
  uint64_t rows, columns, rowStride;
  Shape block;
  uint64_t blockN, blockC;
};

void collectMatrix(const Registers &r, const MatrixSides &sides, uint64_t bytes,
                   Collector &out) {
  uint64_t from = sourceAddress(r), to = resultAddress(r);
  bool storesBlocks = isLocal(from);
  if (storesBlocks == isLocal(to)) {
    out.fail("a matrix move must have one side in local memory");
    return;
  }
  Shape matrix = {1, 1, sides.rows, sides.columns};
  uint64_t row = r.stride_enable ? sides.rowStride : sides.columns;
  uint64_t matrixAddress = storesBlocks ? to : from;
  uint64_t blockAddress = storesBlocks ? from : to;
  Strides blocks = r.stride_enable
                       ? Strides{sides.blockN, sides.blockC, sides.block.w, 1}
                       : implied(blockAddress, sides.block, bytes);
  if (storesBlocks || !r.fill_constant_en)
    out.mapped(storesBlocks ? kWrite : kRead, "matrix", matrixAddress, matrix,
               {0, 0, row, 1}, bytes);
  out.mapped(storesBlocks ? kRead : kWrite, "blocks", blockAddress, sides.block,
             blocks, bytes, storesBlocks ? kAllLanes : laneMask(r));
}

MatrixSides longMatrix(const Registers &r) {
  if (isLocal(sourceAddress(r)))
    return {r.dst_hsize,   r.dst_wsize,
            r.dst_hstride, {r.src_nsize, r.src_csize, 1, r.src_wsize},
            r.src_nstride, r.src_cstride};
  return {r.src_hsize,   r.src_wsize,
          r.src_hstride, {r.dst_nsize, r.dst_csize, 1, r.dst_wsize},
          r.dst_nstride, r.dst_cstride};
}

MatrixSides shortMatrix(const Registers &r) {
  return {r.matrix_hsize,   r.matrix_wsize,
          r.matrix_hstride, {r.block_nsize, r.block_csize, 1, r.block_wsize},
          r.block_nstride,  r.block_cstride};
}

void collectGeneral(const Registers &r, uint64_t bytes, Collector &out) {
  uint64_t size = uint64_t(r.src_cstride) * bytes; // the length in elements
  if (!r.fill_constant_en)
    out.linear(kRead, "source", sourceAddress(r), size);
  uint64_t to = resultAddress(r);
  if (r.cmd_special_function == codec::DmaGeneralFunction::General) {
    out.linear(kWrite, "destination", to, size);
    return;
  }
  Shape result = {1, r.dst_csize, 1, r.src_cstride};
  out.mapped(kWrite, "destination", to, result, {0, 0, 0, 1}, bytes,
             laneMask(r));
}

void collectRows(const Registers &r, uint64_t bytes, Collector &out) {
  Shape source = {1, r.src_csize, r.src_hsize, r.src_wsize};
  Shape result = {1, r.dst_csize, r.dst_hsize, r.dst_wsize};
  Shape index = {1, r.index_csize, r.index_hsize, 1};
  uint64_t from = sourceAddress(r), to = resultAddress(r);
  uint64_t list = wide(r.index_start_addr_l32, r.index_start_addr_h8);
  bool strided = r.stride_enable;
  out.mapped(kRead, "source", from, source,
             strided ? Strides{0, r.src_cstride, r.src_hstride, 1}
                     : implied(from, source, bytes),
             bytes);
  out.mapped(kRead, "index", list, index,
             strided ? Strides{0, r.index_cstride, r.index_hstride, 1}
                     : implied(list, index, kIndexBytes),
             kIndexBytes);
  out.mapped(kWrite, "destination", to, result,
             strided ? Strides{0, r.dst_cstride, r.dst_hstride, 1}
                     : implied(to, result, bytes),
             bytes, laneMask(r));
}

/// Commands whose result has as many elements as the data decides.
void collectPacked(const Registers &r, uint64_t bytes, bool hasMask,
                   Collector &out) {
  Shape source = {r.src_nsize, r.src_csize, r.src_hsize, r.src_wsize};
  uint64_t from = sourceAddress(r);
  uint64_t outBytes = hasMask ? bytes : elementBytes(r.index_data_format);
  uint64_t maskBytes = elementBytes(r.mask_data_format);
  if (outBytes == 0 || (hasMask && maskBytes == 0)) {
    out.fail("the element size of the mask or index is not known");
    return;
  }
  out.mapped(kRead, "source", from, source, implied(from, source, bytes),
             bytes);
  if (hasMask) {
    uint64_t mask = wide(r.mask_start_addr_l32, r.mask_start_addr_h8);
    out.mapped(kRead, "mask", mask, source, implied(mask, source, maskBytes),
               maskBytes);
  }
  out.linear(kWrite, "destination", resultAddress(r),
             source.n * source.c * source.h * source.w * outBytes);
}

} // namespace

void target::detail::collectGdma(Layout layout, const Registers &r,
                                 Collector &out) {
  if (layout == Layout::SDmaSys)
    return;
  uint64_t bytes = elementSize(r, out);
  if (r.decompress_enable)
    out.fail("what a decompressing move touches is not known");
  if (!out.isOk())
    return;
  switch (layout) {
  case Layout::DmaTensor:
    return collectTensor(r, /*exchangesCw=*/false, bytes, out);
  case Layout::DmaCwTranspose:
    return collectTensor(r, /*exchangesCw=*/true, bytes, out);
  case Layout::DmaMatrix:
    return collectMatrix(r, longMatrix(r), bytes, out);
  case Layout::SDmaMatrix:
    return collectMatrix(r, shortMatrix(r), bytes, out);
  case Layout::DmaGeneral:
  case Layout::SDmaGeneral:
    return collectGeneral(r, bytes, out);
  case Layout::DmaGather:
  case Layout::DmaScatter:
    return collectRows(r, bytes, out);
  case Layout::DmaMaskedSelect:
  case Layout::SDmaMaskedSelect:
    return collectPacked(r, bytes, /*hasMask=*/true, out);
  case Layout::DmaNonzero:
  case Layout::SDmaNonzero:
    return collectPacked(r, bytes, /*hasMask=*/false, out);
  default:
    out.fail("this transfer is not known");
  }
}
