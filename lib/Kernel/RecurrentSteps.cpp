//===- RecurrentSteps.cpp - The steps of recurrent cells ------------------===//
//
// Units lie across the lanes, 64 a block, so that a product has the recurrent
// weights for its left operand: with a state as the left operand it would fill
// one lane. What it gives, a number a gate, block and sample, is gathered into
// whole vectors, gate after gate, and there all else is computed in f32. A step
// computes both directions. The weights stay in local memory over all steps.
//
//===----------------------------------------------------------------------===//

#include "RecurrentKernel.h"

using namespace tpuc;
using namespace tpuc::kernel;

using Cell = RecurrentParams::Cell;

static constexpr ElementType kF32 = ElementType::F32;

class RecurrentKernel::Steps {
public:
  Steps(const RecurrentKernel &kernel, CommandBuilder &builder,
        const TileBuffers &buffers, uint32_t constants)
      : kernel(kernel), params(kernel.params), builder(builder),
        buffers(buffers), constants(constants),
        scratch(kernel.planScratch(buffers.scratch)) {}

  void run() {
    setUp();
    for (int64_t step = 0; step < params.steps; ++step) {
      switch (params.cell) {
      case Cell::Lstm:
        runLstm(step);
        break;
      case Cell::Gru:
        runGru(step);
        break;
      case Cell::Rnn:
        multiply(step, 0, 1);
        run(CellCode::Gates, 1, scratch.nextHidden, {scratch.gates});
        break;
      }
      finish(step);
    }
    writeState(scratch.hidden, params.steps);
    if (params.states() == 2)
      writeState(scratch.cell, params.steps + 1);
  }

private:
  //===--- Places ---------------------------------------------------------//

  /// Row `row` of a buffer.
  uint32_t rowOf(uint32_t address, int64_t row) const {
    return uint32_t(address + row * kernel.rowSize() * byteWidth(kF32));
  }

  /// The blocks of `rows` rows of a buffer, of one direction:
  /// [row, lane, block, sample].
  LocalTensor blocksOf(uint32_t address, int64_t direction,
                       int64_t rows = 1) const {
    int64_t offset = direction * kernel.blocks * params.batch;
    return {&kernel.arch,
            uint32_t(address + offset * byteWidth(kF32)),
            kF32,
            {rows, kernel.lanes, kernel.blocks, params.batch},
            {kernel.rowSize(), rows * kernel.rowSize(), params.batch, 1}};
  }

  /// The same of a tensor [.., D rows H, h, B] as it lies, at (h, 0).
  LocalTensor unitsOf(const LocalTensor &tensor, int64_t first, int64_t rows,
                      int64_t h = 0) const {
    // Either every row of units is an entry of n, or they are dense blocks.
    int64_t pitch = tensor.shape[N] == 1 ? kernel.blocks * tensor.strides[C]
                                         : tensor.strides[N];
    int64_t offset = first * pitch + h * tensor.strides[H];
    return {&kernel.arch,
            uint32_t(tensor.address + offset * byteWidth(tensor.type)),
            tensor.type,
            {rows, kernel.lanes, kernel.blocks, tensor.shape[W]},
            {pitch, tensor.strides[C], tensor.strides[C], tensor.strides[W]}};
  }

  int64_t timeOf(int64_t step, int64_t direction) const {
    return params.isReversed || direction == 1 ? params.steps - 1 - step : step;
  }

  void convert(const LocalTensor &result, const LocalTensor &source) {
    if (result.type == source.type)
      builder.copy(result, source);
    else
      builder.cast(result, source);
  }

  //===--- Steps ----------------------------------------------------------//

  /// Runs a program over `rows` rows of buffers.
  void run(CellCode code, int64_t rows, uint32_t result,
           llvm::ArrayRef<uint32_t> operands) {
    llvm::SmallVector<LocalTensor, 4> inputs;
    for (uint32_t operand : operands)
      inputs.push_back(kernel.dense(operand, rows));
    kernel.programs.emit(builder, code, kernel.dense(result, rows), inputs,
                         scratch.program, constants);
  }

  void setUp() {
    const LocalTensor &state = buffers.inputs[kState];
    for (int64_t direction = 0; direction < params.directions; ++direction) {
      convert(blocksOf(scratch.hidden, direction),
              unitsOf(state, direction, 1));
      if (params.states() == 2)
        convert(blocksOf(scratch.cell, direction),
                unitsOf(state, params.directions + direction, 1));
      for (int64_t row = 0; row < params.numParameters(); ++row) {
        LocalTensor source =
            unitsOf(buffers.inputs[kFirstOption],
                    direction * params.numParameters() + row, 1);
        convert(blocksOf(rowOf(scratch.parameters, row), direction), source);
      }
    }
    writeOperand(scratch.hidden);
    if (!params.mask)
      return;
    LocalTensor mask = buffers.inputs[kernel.numInputs() - 1];
    LocalTensor ones = alignedTensor(
        kernel.arch, scratch.idle,
        {1, kernel.lanes, 1, params.steps * params.batch}, ElementType::I32);
    builder.cast(ones,
                 alignedTensor(kernel.arch, mask.address, ones.shape, kF32));
    // All bits of 1, and all of 0.
    Operand zero(0.0, ElementType::I32), one(1.0, ElementType::I32);
    builder.arith(Arith::Sub, ones.at(scratch.active), zero, ones);
    builder.arith(Arith::Sub, ones, ones, one);
  }

  /// h as the product reads it.
  void writeOperand(uint32_t hidden) {
    for (int64_t direction = 0; direction < params.directions; ++direction)
      convert(unitsOf(scratch.operand, direction, 1),
              blocksOf(hidden, direction));
  }

  /// The product of a direction's gates `first` to `first + count` with the
  /// operand, into scratch.product.
  void product(int64_t direction, int64_t first, int64_t count) {
    const LocalTensor &weight = buffers.inputs[kWeight];
    LocalTensor right = scratch.operand.slice(N, direction, 1);
    bool isDense = kernel.areGatesDense();
    for (int64_t gate = first; gate < first + count;
         gate += isDense ? count : 1) {
      int64_t numGates = isDense ? count : 1;
      LocalTensor left = unitsOf(weight, direction * params.gates() + gate, 1);
      left.shape = {1, numGates * params.units, 1, params.units};
      left.strides = kernel.isF32()
                         ? compactStrides(kernel.arch, left.shape)
                         : alignedStrides(kernel.arch, left.shape, left.type);
      LocalTensor result = unitsOf(scratch.product, gate, 1);
      result.shape = {1, numGates * params.units, 1, params.batch};
      result.strides = alignedStrides(kernel.arch, result.shape, kF32);
      if (kernel.isF32())
        builder.convolve(result, right, left.address, std::nullopt, Window());
      else
        builder.matmulRows(result, left, right, /*rightTransposed=*/false);
    }
  }

  /// gates = x + R h for gates `first` to `first + count`.
  void multiply(int64_t step, int64_t first, int64_t count) {
    for (int64_t direction = 0; direction < params.directions; ++direction) {
      product(direction, first, count);
      builder.arith(Arith::Add,
                    blocksOf(rowOf(scratch.gates, first), direction, count),
                    readInput(step, direction, first, count),
                    unitsOf(scratch.product, first, count));
    }
  }

  /// x of a direction in f32.
  LocalTensor readInput(int64_t step, int64_t direction, int64_t first,
                        int64_t count) {
    LocalTensor source =
        unitsOf(buffers.inputs[kInput], direction * params.gates() + first,
                count, timeOf(step, direction));
    if (source.type == kF32)
      return source;
    LocalTensor wide =
        alignedTensor(kernel.arch, scratch.addend.address, source.shape, kF32);
    builder.cast(wide, source);
    return wide;
  }

  void runLstm(int64_t step) {
    enum Gate : int64_t { kIn, kOut, kForget, kCandidateGate };
    multiply(step, 0, 4);
    auto sum = [&](Gate gate) { return rowOf(scratch.gates, gate); };
    auto activated = [&](Gate gate) { return rowOf(scratch.activated, gate); };
    bool hasPeepholes = params.numParameters() > 0;
    auto peep = [&](Gate gate, uint32_t cell) {
      uint32_t p = rowOf(scratch.parameters, gate);
      run(CellCode::Peephole, 1, sum(gate), {sum(gate), p, cell});
      run(CellCode::Gates, 1, activated(gate), {sum(gate)});
    };
    if (hasPeepholes) {
      peep(kIn, scratch.cell);
      if (!params.inputForget)
        peep(kForget, scratch.cell);
    } else {
      run(CellCode::Gates, params.inputForget ? 2 : 3, activated(kIn),
          {sum(kIn)});
    }
    if (params.inputForget)
      run(CellCode::Rest, 1, activated(kForget), {activated(kIn)});
    run(CellCode::Candidate, 1, activated(kCandidateGate),
        {sum(kCandidateGate)});
    run(CellCode::Cell, 1, scratch.nextCell,
        {activated(kIn), activated(kForget), activated(kCandidateGate),
         scratch.cell});
    if (hasPeepholes)
      peep(kOut, scratch.nextCell);
    run(CellCode::Hidden, 1, scratch.nextHidden,
        {activated(kOut), scratch.nextCell});
  }

  void runGru(int64_t step) {
    enum Gate : int64_t { kUpdate, kResetGate, kNew };
    uint32_t reset = rowOf(scratch.activated, kResetGate);
    uint32_t sum = rowOf(scratch.recurrent, 0);
    uint32_t biased = rowOf(scratch.recurrent, 1);
    if (params.linearBeforeReset) {
      multiply(step, 0, 2);
      for (int64_t direction = 0; direction < params.directions; ++direction) {
        product(direction, kNew, 1);
        builder.arith(Arith::Add, blocksOf(biased, direction),
                      unitsOf(scratch.product, kNew, 1),
                      blocksOf(scratch.parameters, direction));
        convert(blocksOf(rowOf(scratch.gates, kNew), direction),
                readInput(step, direction, kNew, 1));
      }
      run(CellCode::Gates, 2, scratch.activated, {scratch.gates});
      run(CellCode::Reset, 1, sum, {reset, biased, rowOf(scratch.gates, kNew)});
    } else {
      multiply(step, 0, 2);
      run(CellCode::Gates, 2, scratch.activated, {scratch.gates});
      run(CellCode::Reset, 1, sum, {reset, scratch.hidden});
      writeOperand(sum);
      multiply(step, kNew, 1);
      sum = rowOf(scratch.gates, kNew);
    }
    uint32_t candidate = rowOf(scratch.activated, kNew);
    run(CellCode::Candidate, 1, candidate, {sum});
    run(CellCode::Hidden, 1, scratch.nextHidden,
        {rowOf(scratch.activated, kUpdate), candidate, scratch.hidden});
  }

  /// next where the mask is set, else the old: bits are kept as they are, be
  /// they a number or not.
  void keepIdle(int64_t step, uint32_t next, uint32_t old) {
    constexpr ElementType kBits = ElementType::I32;
    for (int64_t direction = 0; direction < params.directions; ++direction) {
      int64_t offset = timeOf(step, direction) * params.batch;
      LocalTensor mask{&kernel.arch,
                       uint32_t(offset * byteWidth(kBits)),
                       kBits,
                       {1, kernel.lanes, 1, params.batch},
                       {0, 0, 0, 1}};
      LocalTensor bits = blocksOf(next, direction).as(kBits);
      LocalTensor kept = blocksOf(scratch.kept, direction).as(kBits);
      builder.arith(Arith::And, kept, blocksOf(old, direction).as(kBits),
                    mask.at(mask.address + scratch.idle));
      builder.arith(Arith::And, bits, bits,
                    mask.at(mask.address + scratch.active));
    }
    builder.arith(Arith::Or, kernel.dense(old).as(kBits),
                  kernel.dense(next).as(kBits),
                  kernel.dense(scratch.kept).as(kBits));
  }

  /// The new state takes the old one's place and is written to the result.
  void finish(int64_t step) {
    if (params.mask) {
      keepIdle(step, scratch.nextHidden, scratch.hidden);
      if (params.states() == 2)
        keepIdle(step, scratch.nextCell, scratch.cell);
    }
    for (int64_t direction = 0; direction < params.directions; ++direction)
      convert(unitsOf(buffers.result, direction, 1, timeOf(step, direction)),
              blocksOf(scratch.nextHidden, direction));
    if (!params.mask) {
      std::swap(scratch.nextHidden, scratch.hidden);
      std::swap(scratch.nextCell, scratch.cell);
    }
    if (step + 1 < params.steps)
      writeOperand(scratch.hidden);
  }

  void writeState(uint32_t state, int64_t column) {
    for (int64_t direction = 0; direction < params.directions; ++direction)
      convert(unitsOf(buffers.result, direction, 1, column),
              blocksOf(state, direction));
  }

  const RecurrentKernel &kernel;
  const RecurrentParams &params;
  CommandBuilder &builder;
  const TileBuffers &buffers;
  uint32_t constants;
  Scratch scratch;
};

void RecurrentKernel::compute(CommandBuilder &builder, const Box &,
                              const TileBuffers &buffers,
                              uint32_t constants) const {
  Steps(*this, builder, buffers, constants).run();
}
