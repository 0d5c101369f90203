//===- RecurrentTest.cpp - Recurrent cells on the simulator ---------------===//

#include "Kernel/Recurrent.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct LstmCase {
  const char *name;
  int64_t directions, units, steps, batch;
};

class RecurrentTest
    : public testing::TestWithParam<std::tuple<LstmCase, ElementType>> {};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// [D H, T + 2, B] in double.
std::vector<double> runLstm(const LstmCase &shape,
                            const std::vector<double> &input,
                            const std::vector<double> &weight,
                            const std::vector<double> &state) {
  auto [name, directions, units, steps, batch] = shape;
  int64_t pitch = (steps + 2) * batch;
  std::vector<double> result(directions * units * pitch);
  for (int64_t d = 0; d < directions; ++d)
    for (int64_t b = 0; b < batch; ++b) {
      std::vector<double> h(units), c(units), gates(4 * units);
      for (int64_t i = 0; i < units; ++i) {
        h[i] = state[(d * units + i) * batch + b];
        c[i] = state[((directions + d) * units + i) * batch + b];
      }
      for (int64_t step = 0; step < steps; ++step) {
        int64_t t = d ? steps - 1 - step : step;
        for (int64_t row = 0; row < 4 * units; ++row) {
          int64_t at = d * 4 * units + row;
          gates[row] = input[(at * steps + t) * batch + b];
          for (int64_t k = 0; k < units; ++k)
            gates[row] += weight[at * units + k] * h[k];
        }
        for (int64_t i = 0; i < units; ++i) {
          c[i] = sigmoid(gates[2 * units + i]) * c[i] +
                 sigmoid(gates[i]) * std::tanh(gates[3 * units + i]);
          h[i] = sigmoid(gates[units + i]) * std::tanh(c[i]);
          result[(d * units + i) * pitch + t * batch + b] = h[i];
        }
      }
      for (int64_t i = 0; i < units; ++i) {
        result[(d * units + i) * pitch + steps * batch + b] = h[i];
        result[(d * units + i) * pitch + (steps + 1) * batch + b] = c[i];
      }
    }
  return result;
}

TEST_P(RecurrentTest, LstmMatchesReference) {
  auto [shape, type] = GetParam();
  auto [name, directions, units, steps, batch] = shape;
  int64_t rows = directions * 4 * units;
  auto input = randomValues(rows * steps * batch, 1);
  auto weight = randomValues(rows * units, 2, 1 / std::sqrt(double(units)));
  auto state = randomValues(2 * directions * units * batch, 3);

  KernelRunner runner;
  RecurrentParams params;
  params.activations = {{{CellFunction::Sigmoid, 0, 0},
                         {CellFunction::Tanh, 0, 0},
                         {CellFunction::Tanh, 0, 0}}};
  params.directions = directions;
  params.units = units;
  params.steps = steps;
  params.batch = batch;
  params.input = runner.put(type, input);
  params.weight = runner.put(type, weight);
  params.state = runner.put(ElementType::F32, state);
  int64_t count = directions * units * (steps + 2) * batch;
  params.result = runner.allocate(type, count);
  params.setShapes();
  KernelList kernels;
  makeRecurrentKernels(kBM1684X, params, kernels);
  runner.run(kernels);

  std::vector<double> reference = runLstm(shape, input, weight, state);
  double error = maxErrorOverRange(
      runner.get(params.result.reshaped({1, 1, 1, count})), reference);
  // h is rounded for the product of the next step; gates forget what a step
  // adds within a few.
  double allowed = type == ElementType::F32 ? 16 : 4;
  EXPECT_LE(error, allowed * roundingUnit(type));
  RecordProperty("error", testing::PrintToString(error));
  RecordProperty("tiu_cycles", std::to_string(runner.cycles[0]));
  RecordProperty("gdma_cycles", std::to_string(runner.cycles[1]));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RecurrentTest,
    testing::Combine(testing::Values(LstmCase{"oneUnit", 1, 1, 3, 1},
                                     LstmCase{"fewUnits", 2, 24, 5, 3},
                                     LstmCase{"allLanes", 2, 128, 4, 1},
                                     LstmCase{"unevenBlocks", 2, 100, 4, 2},
                                     LstmCase{"manySamples", 1, 20, 3, 35}),
                     testing::Values(ElementType::F32, ElementType::F16,
                                     ElementType::BF16)),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             typeName(std::get<1>(info.param));
    });

} // namespace
