//===- GdmaCommands.cpp - Transfers over tensors --------------------------===//
//
// Fills the registers of the transfer engine's commands.
//
//===----------------------------------------------------------------------===//

#include "Kernel/CommandBuilder.h"

using namespace tpuc;
using namespace tpuc::kernel;
using codec::Layout;
using codec::Registers;

namespace {
constexpr uint32_t kAllLanes = 0xffff'ffff;

Registers start(ElementType type, uint32_t function) {
  Registers r;
  r.cmd_id_en = 1;
  r.cmd_special_function = function;
  r.src_data_format = precisionCode(type);
  r.stride_enable = 1;
  r.localmem_mask_l32 = kAllLanes;
  r.localmem_mask_h32 = kAllLanes;
  return r;
}

uint64_t localAddress(const LocalTensor &tensor) {
  return tensor.arch->localBase + tensor.address;
}

void setSource(Registers &r, uint64_t address) {
  r.src_start_addr_l32 = uint32_t(address);
  r.src_start_addr_h8 = uint32_t(address >> 32);
}

void setResult(Registers &r, uint64_t address) {
  r.dst_start_addr_l32 = uint32_t(address);
  r.dst_start_addr_h8 = uint32_t(address >> 32);
}

/// Strides of axes that have one element are free. The engine takes the stride
/// of h for the length of a row even then, so that they continue the row.
Shape4 continued(const Shape4 &shape, Shape4 strides) {
  // The vendor's model refuses columns without a stride.
  if (shape[W] == 1)
    strides[W] = 1;
  for (unsigned axis = W; axis-- > N;)
    if (shape[axis] == 1)
      strides[axis] = shape[axis + 1] * strides[axis + 1];
  return strides;
}

void setSource(Registers &r, uint64_t address, const Shape4 &shape,
               Shape4 strides) {
  setSource(r, address);
  strides = continued(shape, strides);
  r.src_nsize = uint32_t(shape[N]);
  r.src_csize = uint32_t(shape[C]);
  r.src_hsize = uint32_t(shape[H]);
  r.src_wsize = uint32_t(shape[W]);
  r.src_nstride = uint32_t(strides[N]);
  r.src_cstride = uint32_t(strides[C]);
  r.src_hstride = uint32_t(strides[H]);
  r.src_wstride = uint32_t(strides[W]);
}

void setResult(Registers &r, uint64_t address, const Shape4 &shape,
               Shape4 strides) {
  setResult(r, address);
  strides = continued(shape, strides);
  r.dst_nsize = uint32_t(shape[N]);
  r.dst_csize = uint32_t(shape[C]);
  r.dst_hsize = uint32_t(shape[H]);
  r.dst_wsize = uint32_t(shape[W]);
  r.dst_nstride = uint32_t(strides[N]);
  r.dst_cstride = uint32_t(strides[C]);
  r.dst_hstride = uint32_t(strides[H]);
  r.dst_wstride = uint32_t(strides[W]);
}

/// Calls `action` with the parts of a read of global memory. The vendor's model
/// refuses rows that repeat one element: they become columns, or an axis that
/// is free, or else parts of their own.
template <typename Tensor, typename Action>
void forEachRead(Tensor result, GlobalTensor source, Action action) {
  if (source.shape[W] == 1 || source.strides[W] != 0 ||
      result.shape != source.shape)
    return action(result, source);
  for (Axis axis : {H, N}) {
    if (source.shape[axis] != 1)
      continue;
    auto exchange = [&](auto &tensor) {
      std::swap(tensor.shape[axis], tensor.shape[W]);
      std::swap(tensor.strides[axis], tensor.strides[W]);
    };
    exchange(result);
    exchange(source);
    return action(result, source);
  }
  for (int64_t w = 0; w < source.shape[W]; ++w) {
    auto column = [&](auto tensor) {
      Shape4 shape = tensor.shape;
      shape[W] = 1;
      return tensor.viewed(shape, tensor.strides);
    };
    Tensor target = column(result);
    if constexpr (std::is_same_v<Tensor, LocalTensor>)
      target.address +=
          uint32_t(w * result.strides[W] * byteWidth(result.type));
    else
      target = target.advanced(w * result.strides[W]);
    action(target, column(source));
  }
}

/// Equal shapes move element by element; others reshuffle in row-major order.
uint32_t sameShape(const Shape4 &a, const Shape4 &b) { return a == b; }

} // namespace

uint64_t CommandBuilder::addressOf(const GlobalTensor &tensor) const {
  uint64_t base = tensor.region == Region::Coefficient ? sink.coefficientBase()
                                                       : sink.activationBase();
  return base + uint64_t(tensor.offsetBytes);
}

void CommandBuilder::load(const LocalTensor &result,
                          const GlobalTensor &source) {
  forEachRead(
      result, source, [&](const LocalTensor &to, const GlobalTensor &from) {
        Registers r = start(from.type, codec::DmaTensorFunction::Tensor);
        setSource(r, addressOf(from), from.shape, from.strides);
        setResult(r, localAddress(to), to.shape, to.strides);
        r.nchw_copy = sameShape(from.shape, to.shape);
        sink.emit(Layout::DmaTensor, r);
      });
}

void CommandBuilder::store(const GlobalTensor &result,
                           const LocalTensor &source) {
  Registers r = start(result.type, codec::DmaTensorFunction::Tensor);
  setSource(r, localAddress(source), source.shape, source.strides);
  setResult(r, addressOf(result), result.shape, result.strides);
  r.nchw_copy = sameShape(source.shape, result.shape);
  sink.emit(Layout::DmaTensor, r);
}

void CommandBuilder::copyS2S(const GlobalTensor &result,
                             const GlobalTensor &source) {
  forEachRead(result, source,
              [&](const GlobalTensor &to, const GlobalTensor &from) {
                Registers r = start(to.type, codec::DmaTensorFunction::Tensor);
                setSource(r, addressOf(from), from.shape, from.strides);
                setResult(r, addressOf(to), to.shape, to.strides);
                r.nchw_copy = sameShape(from.shape, to.shape);
                sink.emit(Layout::DmaTensor, r);
              });
}

void CommandBuilder::copyL2L(const LocalTensor &result,
                             const LocalTensor &source) {
  Registers r = start(source.type, codec::DmaTensorFunction::Tensor);
  setSource(r, localAddress(source), source.shape, source.strides);
  setResult(r, localAddress(result), result.shape, result.strides);
  r.nchw_copy = sameShape(source.shape, result.shape);
  sink.emit(Layout::DmaTensor, r);
}

void CommandBuilder::loadBroadcast(const LocalTensor &result,
                                   const GlobalTensor &source) {
  Registers r = start(source.type, codec::DmaTensorFunction::TensorBroadcast);
  setSource(r, addressOf(source), source.shape, source.strides);
  setResult(r, localAddress(result), result.shape, result.strides);
  sink.emit(Layout::DmaTensor, r);
}

void CommandBuilder::loadBlocks(const LocalTensor &result,
                                const GlobalTensor &source, int64_t rows,
                                int64_t columns, int64_t rowStride) {
  // A row takes its stride of memory, which the last one at the end of a lane
  // need not have: alone, it has the stride of its own length.
  int64_t stride =
      rows > 1 ? result.strides[N] : result.channelRows() * result.strides[C];
  int64_t end =
      result.address % arch.laneBytes + rows * stride * byteWidth(result.type);
  if (rows > 1 && end > arch.laneBytes) {
    loadBlocks(result.slice(N, 0, rows - 1), source, rows - 1, columns,
               rowStride);
    loadBlocks(result.slice(N, rows - 1, 1),
               source.advanced((rows - 1) * rowStride), 1, columns, rowStride);
    return;
  }
  Registers r = start(source.type, codec::DmaTensorFunction::Tensor);
  setSource(r, addressOf(source));
  setResult(r, localAddress(result));
  r.src_hsize = uint32_t(rows);
  r.src_wsize = uint32_t(columns);
  r.src_hstride = uint32_t(rowStride);
  r.dst_nsize = uint32_t(rows);
  r.dst_csize = uint32_t(result.shape[C]);
  r.dst_wsize = uint32_t(result.shape[W]);
  r.dst_nstride = uint32_t(stride);
  r.dst_cstride = uint32_t(result.strides[C]);
  sink.emit(Layout::DmaMatrix, r);
}

void CommandBuilder::storeBlocks(const GlobalTensor &result,
                                 const LocalTensor &source, int64_t rows,
                                 int64_t columns, int64_t rowStride) {
  Registers r = start(result.type, codec::DmaTensorFunction::Tensor);
  setSource(r, localAddress(source));
  setResult(r, addressOf(result));
  r.dst_hsize = uint32_t(rows);
  r.dst_wsize = uint32_t(columns);
  r.dst_hstride = uint32_t(rowStride);
  r.src_nsize = uint32_t(rows);
  r.src_csize = uint32_t(source.shape[C]);
  r.src_wsize = uint32_t(source.shape[W]);
  r.src_nstride = uint32_t(source.strides[N]);
  r.src_cstride = uint32_t(source.strides[C]);
  sink.emit(Layout::DmaMatrix, r);
}

void CommandBuilder::fill(const LocalTensor &result, uint32_t bits) {
  Registers r = start(result.type, codec::DmaTensorFunction::Tensor);
  setSource(r, 0, result.shape, contiguousStrides(result.shape));
  setResult(r, localAddress(result), result.shape, result.strides);
  r.nchw_copy = 1;
  r.fill_constant_en = 1;
  r.constant_value = bits;
  sink.emit(Layout::DmaTensor, r);
}

void CommandBuilder::fill(const GlobalTensor &result, uint32_t bits) {
  Registers r = start(result.type, codec::DmaTensorFunction::Tensor);
  setSource(r, 0, result.shape, contiguousStrides(result.shape));
  setResult(r, addressOf(result), result.shape, result.strides);
  r.nchw_copy = 1;
  r.fill_constant_en = 1;
  r.constant_value = bits;
  sink.emit(Layout::DmaTensor, r);
}

void CommandBuilder::gather(const GlobalTensor &result,
                            const GlobalTensor &source,
                            const GlobalTensor &index) {
  Registers r = start(result.type, codec::DmaTensorFunction::Tensor);
  setSource(r, addressOf(source));
  setResult(r, addressOf(result));
  r.src_csize = uint32_t(source.shape[C]);
  r.src_hsize = uint32_t(source.shape[H]);
  r.src_wsize = uint32_t(source.shape[W]);
  r.src_cstride = uint32_t(source.strides[C]);
  r.src_hstride = uint32_t(source.strides[H]);
  r.dst_csize = uint32_t(result.shape[C]);
  r.dst_hsize = uint32_t(result.shape[H]);
  r.dst_wsize = uint32_t(result.shape[W]);
  r.dst_cstride = uint32_t(result.strides[C]);
  r.dst_hstride = uint32_t(result.strides[H]);
  r.index_csize = uint32_t(index.shape[C]);
  r.index_hsize = uint32_t(index.shape[H]);
  r.index_cstride = uint32_t(index.strides[C]);
  r.index_hstride = uint32_t(index.strides[H]);
  uint64_t address = addressOf(index);
  r.index_start_addr_l32 = uint32_t(address);
  r.index_start_addr_h8 = uint32_t(address >> 32);
  sink.emit(Layout::DmaGather, r);
}
