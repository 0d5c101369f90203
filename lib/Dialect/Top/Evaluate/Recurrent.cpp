//===- Recurrent.cpp - Evaluation of recurrent cells ----------------------===//
//
// One step after the other, with sums in f64.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <cmath>

using namespace tpuc;
using namespace tpuc::top;

namespace {

/// F, G or H.
struct Activation {
  CellActivation function;
  double alpha, beta;

  double operator()(double x) const {
    switch (function) {
    case CellActivation::Sigmoid:
      return 1 / (1 + std::exp(-x));
    case CellActivation::Tanh:
      return std::tanh(x);
    case CellActivation::Relu:
      return std::max(x, 0.0);
    case CellActivation::LeakyRelu:
      return x < 0 ? alpha * x : x;
    case CellActivation::Hardsigmoid:
      return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case CellActivation::Elu:
      return x < 0 ? alpha * (std::exp(x) - 1) : x;
    case CellActivation::Softsign:
      return x / (1 + std::abs(x));
    case CellActivation::Softplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    case CellActivation::Affine:
      return alpha * x + beta;
    case CellActivation::ScaledTanh:
      return alpha * std::tanh(beta * x);
    case CellActivation::ThresholdedRelu:
      return x > alpha ? x : 0;
    }
    return x;
  }
};

/// A cell with its operands, for one direction and sample after the other.
class Cell {
public:
  Cell(RecurrentOp op, llvm::ArrayRef<Buffer> in)
      : sizes(getRecurrentSizes(op)), kind(op.getKind()),
        linearBeforeReset(op.getLinearBeforeReset()),
        inputForget(op.getInputForget()), clip(op.getClip().convertToDouble()),
        input(in[0].getF32().data()), weight(in[1].getF32().data()),
        state(in[2].getF32().data()), h(sizes.units), c(sizes.units),
        next(sizes.units), gates(sizes.gates * sizes.units) {
    CellActivation functions[] = {op.getGateActivation(),
                                  op.getCellActivation(),
                                  op.getOutputActivation()};
    for (int i = 0; i < 3; ++i)
      activations[i] = {functions[i], op.getAlphas()[i], op.getBetas()[i]};
    if (sizes.unitsOperand)
      parameters = in[sizes.unitsOperand].getF32().data();
    if (sizes.maskOperand)
      mask = in[sizes.maskOperand].getF32().data();
  }

  /// All steps of sample `b`.
  void run(int64_t direction, int64_t b, bool isReverse, float *out) {
    auto [directions, numGates, states, units, steps, batch, unused, unused2] =
        sizes;
    int64_t pitch = (steps + states) * batch;
    float *rows = out + direction * units * pitch + b;
    for (int64_t i = 0; i < units; ++i) {
      h[i] = state[(direction * units + i) * batch + b];
      if (states == 2)
        c[i] = state[((directions + direction) * units + i) * batch + b];
    }
    for (int64_t step = 0; step < steps; ++step) {
      int64_t t = isReverse ? steps - 1 - step : step;
      bool isActive = !mask || mask[t * batch + b] != 0;
      if (isActive) {
        for (int64_t row = 0; row < numGates * units; ++row)
          gates[row] =
              input[((direction * numGates * units + row) * steps + t) * batch +
                    b];
        advance(direction);
      }
      for (int64_t i = 0; i < units; ++i)
        rows[i * pitch + t * batch] = isActive ? float(h[i]) : 0;
    }
    for (int64_t i = 0; i < units; ++i) {
      rows[i * pitch + steps * batch] = float(h[i]);
      if (states == 2)
        rows[i * pitch + (steps + 1) * batch] = float(c[i]);
    }
  }

private:
  double bound(double x) const {
    return clip > 0 ? std::min(std::max(x, -clip), clip) : x;
  }
  double gate(double x) const { return activations[0](bound(x)); }
  double candidate(double x) const { return activations[1](bound(x)); }

  /// Row `row` of the direction's weights times `vector`.
  double product(int64_t direction, int64_t row,
                 const std::vector<double> &vector) const {
    const float *w =
        weight + (direction * sizes.gates * sizes.units + row) * sizes.units;
    double sum = 0;
    for (int64_t k = 0; k < sizes.units; ++k)
      sum += w[k] * vector[k];
    return sum;
  }

  /// From x in `gates` and the state to the next state.
  void advance(int64_t direction) {
    int64_t units = sizes.units;
    // The candidate of a GRU takes the product in a way of its own.
    int64_t plain = kind == CellKind::Gru ? 2 * units : sizes.gates * units;
    for (int64_t row = 0; row < plain; ++row)
      gates[row] += product(direction, row, h);
    switch (kind) {
    case CellKind::Lstm:
      return advanceLstm(direction);
    case CellKind::Gru:
      return advanceGru(direction);
    case CellKind::Rnn:
      for (int64_t i = 0; i < units; ++i)
        h[i] = gate(gates[i]);
      return;
    }
  }

  void advanceLstm(int64_t direction) {
    int64_t units = sizes.units;
    auto peep = [&](int64_t which, int64_t i, double cell) {
      return parameters ? parameters[(direction * 3 + which) * units + i] * cell
                        : 0.0;
    };
    for (int64_t i = 0; i < units; ++i) {
      double in = gate(gates[i] + peep(0, i, c[i]));
      double forget =
          inputForget ? 1 - in : gate(gates[2 * units + i] + peep(2, i, c[i]));
      c[i] = forget * c[i] + in * candidate(gates[3 * units + i]);
      double out = gate(gates[units + i] + peep(1, i, c[i]));
      h[i] = out * activations[2](c[i]);
    }
  }

  void advanceGru(int64_t direction) {
    int64_t units = sizes.units;
    std::vector<double> reset(units);
    for (int64_t i = 0; i < units; ++i)
      reset[i] = gate(gates[units + i]) * (linearBeforeReset ? 1 : h[i]);
    for (int64_t i = 0; i < units; ++i) {
      double z = gate(gates[i]);
      double recurrent =
          linearBeforeReset ? reset[i] * (product(direction, 2 * units + i, h) +
                                          parameters[direction * units + i])
                            : product(direction, 2 * units + i, reset);
      double n = candidate(gates[2 * units + i] + recurrent);
      next[i] = (1 - z) * n + z * h[i];
    }
    std::swap(h, next);
  }

  RecurrentSizes sizes;
  CellKind kind;
  bool linearBeforeReset, inputForget;
  double clip;
  Activation activations[3];
  const float *input, *weight, *state;
  const float *parameters = nullptr, *mask = nullptr;
  std::vector<double> h, c, next, gates;
};

} // namespace

EvalResult RecurrentOp::evaluate(llvm::ArrayRef<Buffer> in) {
  Buffer result = Buffer::f32(getResultShape(*this));
  Cell cell(*this, in);
  RecurrentSizes sizes = getRecurrentSizes(*this);
  for (int64_t direction = 0; direction < sizes.directions; ++direction)
    for (int64_t b = 0; b < sizes.batch; ++b)
      cell.run(direction, b,
               getDirection() == CellDirection::Reverse || direction == 1,
               result.getMutableF32().data());
  return one(result);
}
