//===- RecurrentPrograms.cpp - Arithmetic of recurrent cells --------------===//
//
// Records the vector programs of a cell, and tells the shapes of its operands.
//
//===----------------------------------------------------------------------===//

#include "RecurrentPrograms.h"
#include "Support/IntMath.h"

#include "Kernel/Functions.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

using Cell = RecurrentParams::Cell;

void RecurrentParams::setShapes() {
  int64_t rows = directions * units;
  input = input.reshaped({1, gates() * rows, steps, batch});
  weight = weight.reshaped({1, gates() * rows, 1, units});
  state = state.reshaped({1, states() * rows, 1, batch});
  if (extra)
    extra = extra->reshaped({1, numParameters() * rows, 1, 1});
  if (mask)
    mask = mask->reshaped({1, 1, steps, batch});
  result = result.reshaped({1, rows, steps + states(), batch});
}

VectorValue CellPrograms::appendFunction(VectorProgram &list, unsigned which,
                                         VectorValue x) const {
  const auto &[function, alpha, beta] = params.activations[which];
  auto unary = [&](UnaryFunction kind, VectorValue operand) {
    return appendUnary(list, kind, operand, alpha, beta);
  };
  switch (function) {
  case CellFunction::Sigmoid:
    // A gate is a factor: what counts is its absolute error.
    return list.linear(appendTanh(list, list.mul(x, 0.5)), 0.5, 0.5);
  case CellFunction::Tanh:
    return appendTanh(list, x);
  case CellFunction::Relu:
    return unary(UnaryFunction::Relu, x);
  case CellFunction::LeakyRelu:
    return unary(UnaryFunction::LeakyRelu, x);
  case CellFunction::Hardsigmoid:
    return unary(UnaryFunction::Hardsigmoid, x);
  case CellFunction::Elu:
    return unary(UnaryFunction::Elu, x);
  case CellFunction::Softsign:
    return unary(UnaryFunction::Softsign, x);
  case CellFunction::Softplus:
    return unary(UnaryFunction::Softplus, x);
  case CellFunction::Affine:
    return list.linear(x, alpha, beta);
  case CellFunction::ScaledTanh:
    return list.mul(appendTanh(list, list.mul(x, beta)), alpha);
  case CellFunction::ThresholdedRelu:
    return list.select(Compare::SelectGreater, x, alpha, x, 0.0);
  }
  return x;
}

VectorValue CellPrograms::appendBounded(VectorProgram &list, unsigned which,
                                        VectorValue x) const {
  if (params.clip > 0)
    x = list.max(list.min(x, params.clip), -params.clip);
  return appendFunction(list, which, x);
}

void CellPrograms::record(CellCode code, VectorProgram &list) const {
  auto input = [&] { return list.input(ElementType::F32); };
  VectorValue first = input();
  switch (code) {
  case CellCode::Gates:
    return list.setResult(appendBounded(list, 0, first));
  case CellCode::Candidate:
    return list.setResult(appendBounded(list, 1, first));
  case CellCode::Peephole: {
    VectorValue p = input(), c = input();
    return list.setResult(list.add(first, list.mul(p, c)));
  }
  case CellCode::Rest:
    return list.setResult(list.linear(first, -1.0, 1.0));
  case CellCode::Cell: {
    VectorValue f = input(), g = input(), c = input();
    return list.setResult(list.add(list.mul(f, c), list.mul(first, g)));
  }
  case CellCode::Hidden: {
    VectorValue second = input();
    if (params.cell == Cell::Lstm)
      return list.setResult(list.mul(first, appendFunction(list, 2, second)));
    VectorValue h = input();
    return list.setResult(
        list.add(second, list.mul(first, list.sub(h, second))));
  }
  case CellCode::Reset: {
    VectorValue second = input();
    if (!params.linearBeforeReset)
      return list.setResult(list.mul(first, second));
    VectorValue x = input();
    return list.setResult(list.add(x, list.mul(first, second)));
  }
  }
}

CellPrograms::CellPrograms(const Arch &arch, const RecurrentParams &params)
    : params(params) {
  constexpr unsigned kNumCodes = unsigned(CellCode::Reset) + 1;
  for (unsigned code = 0; code < kNumCodes; ++code) {
    programs.push_back({VectorProgram(arch), uint32_t(tableBytes)});
    VectorProgram &program = programs.back().code;
    record(CellCode(code), program);
    tableBytes += arch.wholeVectors(program.constantBytes());
  }
}

void CellPrograms::setUp(CommandBuilder &builder, uint32_t address) const {
  for (const Program &program : programs)
    program.code.setUp(builder, address + program.constants);
}

int64_t CellPrograms::scratchBytes(const Shape4 &shape) const {
  int64_t most = 0;
  for (const Program &program : programs)
    most = std::max(most, program.code.scratchBytes({shape, shape[W]}));
  return most;
}

void CellPrograms::emit(CommandBuilder &builder, CellCode code,
                        const LocalTensor &result,
                        llvm::ArrayRef<LocalTensor> inputs, uint32_t scratch,
                        uint32_t constants) const {
  const Program &program = programs[size_t(code)];
  VectorTile tile{result.shape, result.shape[W]};
  program.code.emit(builder, tile, result, inputs,
                    program.code.bufferAddresses(tile, scratch),
                    constants + program.constants);
}
