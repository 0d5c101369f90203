//===- RecurrentKernel.h - Recurrent cells ----------------------*- C++ -*-===//
//
// What a recurrent cell reads and writes, and its memory. The commands of its
// steps are made elsewhere. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_RECURRENTKERNEL_H
#define TPUC_LIB_KERNEL_RECURRENTKERNEL_H

#include "RecurrentPrograms.h"
#include "Support/IntMath.h"

#include <algorithm>

namespace tpuc::kernel {

/// All steps of one cell, in one or both directions.
class RecurrentKernel : public TiledKernel {
public:
  RecurrentKernel(const Arch &arch, const RecurrentParams &params)
      : TiledKernel(arch), params(params),
        blocks(ceilDiv(params.units, arch.lanes)),
        lanes(std::min(params.units, arch.lanes)), programs(arch, params) {}

  Shape4 space() const override { return params.result.shape; }
  /// The steps follow each other: one tile.
  Shape4 granularity() const override { return {0, 0, 0, 0}; }
  unsigned numInputs() const override {
    return kFirstOption + params.extra.has_value() + params.mask.has_value();
  }

  Box inputBox(unsigned index, const Box &) const override {
    return {{0, 0, 0, 0}, operand(index).shape};
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    if (isMask(index))
      return {&arch, 0, ElementType::F32, box.size, {0, 0, box.size[W], 1}};
    // Convolution weights are packed: no padding between rows of a lane.
    if (index == kWeight && isF32())
      return compactTensor(arch, 0, box.size, type());
    return alignedTensor(arch, 0, box.size, operand(index).type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, params.result.type);
  }

  bool acceptsStrides(unsigned index) const override { return index == kInput; }
  bool acceptsResultStrides() const override { return true; }

  int64_t scratchBytes(const Box &) const override {
    return planScratch(0).end;
  }
  int64_t constantBytes() const override { return programs.constantBytes(); }
  void setUp(CommandBuilder &builder, uint32_t address) const override {
    programs.setUp(builder, address);
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (!isMask(index))
      return builder.load(local, operand(index).slice(box));
    LocalTensor copies = local;
    copies.shape[C] = arch.lanes;
    builder.loadBroadcast(copies, operand(index));
  }

  void compute(CommandBuilder &builder, const Box &, const TileBuffers &buffers,
               uint32_t constants) const override;

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(params.result.slice(tile), local);
  }

private:
  /// The commands of all steps.
  class Steps;

  enum Input : unsigned { kInput, kWeight, kState, kFirstOption };
  /// Buffers beside operands and result. Those of f32 hold, for each of their
  /// rows, the blocks of both directions, and the samples of each block.
  struct Scratch {
    LocalTensor product; ///< of one direction, as the product gives it
    LocalTensor addend;  ///< x of one direction, in the order of `gates`
    uint32_t gates;      ///< sums, gate after gate
    uint32_t activated;  ///< F and G of them
    uint32_t recurrent;  ///< of a GRU: the product for n, and what n is of
    uint32_t cell, hidden;
    uint32_t nextCell, nextHidden, kept; ///< with a mask
    uint32_t parameters;                 ///< of units, row after row
    LocalTensor operand;                 ///< h as the product reads it
    uint32_t active, idle;               ///< the mask and its inverse, [T, B]
    uint32_t program;
    uint32_t end;
  };

  ElementType type() const { return params.weight.type; }
  bool isF32() const { return type() == ElementType::F32; }
  bool isMask(unsigned index) const {
    return params.mask && index + 1 == numInputs();
  }
  const GlobalTensor &operand(unsigned index) const {
    switch (index) {
    case kInput:
      return params.input;
    case kWeight:
      return params.weight;
    case kState:
      return params.state;
    default:
      return isMask(index) ? *params.mask : *params.extra;
    }
  }

  /// Blocks of all directions.
  int64_t rowBlocks() const { return params.directions * blocks; }
  /// Elements a lane of a row of a buffer: whole vectors, so that each row
  /// begins with one.
  int64_t rowSize() const {
    return alignUp(rowBlocks() * params.batch,
                   arch.vectorBytes / byteWidth(ElementType::F32));
  }
  /// Whether a direction's gates are one matrix without gaps.
  bool areGatesDense() const {
    return params.units % arch.lanes == 0 || params.gates() == 1;
  }

  //===--- Memory -----------------------------------------------------------//

  /// `rows` rows of a buffer, as whole vectors.
  LocalTensor dense(uint32_t address, int64_t rows = 1) const {
    return alignedTensor(arch, address, {1, lanes, 1, rows * rowSize()},
                         ElementType::F32);
  }

  Scratch planScratch(uint32_t address) const {
    Scratch scratch{};
    auto take = [&](const LocalTensor &tensor) {
      LocalTensor taken = tensor.at(address);
      address += uint32_t(alignUp(tensor.laneBytes(), arch.vectorBytes));
      return taken;
    };
    auto takeRows = [&](int64_t rows) {
      return rows ? take(dense(0, rows)).address : 0;
    };
    int64_t gates = params.gates(), batch = params.batch;
    scratch.product = take(alignedTensor(
        arch, 0, {gates, params.units, 1, batch}, ElementType::F32));
    scratch.addend = take(alignedTensor(arch, 0, {gates, lanes, blocks, batch},
                                        ElementType::F32));
    scratch.gates = takeRows(gates);
    scratch.activated = takeRows(gates);
    scratch.recurrent =
        takeRows(params.cell == RecurrentParams::Cell::Gru ? 2 : 0);
    scratch.cell = takeRows(params.states() - 1);
    scratch.hidden = takeRows(1);
    scratch.nextCell = takeRows(params.states() - 1);
    scratch.nextHidden = takeRows(1);
    scratch.kept = takeRows(params.mask ? 1 : 0);
    scratch.parameters = takeRows(params.numParameters());
    scratch.operand = take(alignedTensor(
        arch, 0, {params.directions, params.units, 1, batch}, type()));
    LocalTensor perStep = alignedTensor(
        arch, 0, {1, lanes, 1, params.steps * batch}, ElementType::F32);
    if (params.mask) {
      scratch.active = take(perStep).address;
      scratch.idle = take(perStep).address;
    }
    scratch.program = address;
    scratch.end =
        uint32_t(address + programs.scratchBytes(dense(0, gates).shape));
    return scratch;
  }

  //===--- Emission ---------------------------------------------------------//

  RecurrentParams params;
  int64_t blocks, lanes;
  CellPrograms programs;
};

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_RECURRENTKERNEL_H
