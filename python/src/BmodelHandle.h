//===- BmodelHandle.h - a compiled model for Python -------------*- C++ -*-===//
//
// A .bmodel together with a simulated chip that runs it and the timing model.
// One stage of one network is selected at a time; what the commands mean is the
// simulator's business.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_BMODELHANDLE_H
#define TPUC_PYTHON_BMODELHANDLE_H

#include "ModuleHandle.h"
#include "Simulator/Functional/Simulator.h"
#include "Target/BM1684X/Bmodel.h"
#include <memory>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <string>
#include <vector>

namespace tpuc::python {

/// A compiled model. Not thread-safe: the simulated chip is one.
class BmodelHandle {
public:
  /// Selects the first stage of the first network. `owner` is the module whose
  /// memory the model refers to, if any.
  BmodelHandle(target::Bmodel model, std::string source,
               std::shared_ptr<ModuleHandle> owner = nullptr);

  /// Maps and checks a file.
  static std::shared_ptr<BmodelHandle> load(const std::string &path);

  /// Takes the contents of a file.
  static std::shared_ptr<BmodelHandle> parse(const pybind11::bytes &data);

  /// Writes the file; it appears complete or not at all.
  void save(const std::string &path) const;

  /// The names of the networks and, for each, how many stages it has.
  std::vector<std::pair<std::string, size_t>> networks() const;

  /// Makes the stage the one that everything else is about; throws when there
  /// is none with these numbers.
  void select(size_t network, size_t stage);

  /// The tensors of the selected stage.
  std::vector<Port> inputs() const;
  std::vector<Port> outputs() const;

  /// The container's scale and zero point of each input, and of each output.
  using Quantisation = std::vector<std::pair<float, int32_t>>;
  Quantisation inputQuantisation() const;
  Quantisation outputQuantisation() const;

  /// Runs the network on arrays in the order of the inputs; every array has
  /// its input's shape and type. Throws what the simulator refuses.
  std::vector<pybind11::array> run(const std::vector<pybind11::array> &arrays,
                                   unsigned threads);

  /// Loads weights and inputs into the simulated chip, as run() does before
  /// the first command.
  sim::Simulator &prepare(const std::vector<pybind11::array> &arrays,
                          unsigned threads);

  /// What lies where the outputs lie.
  std::vector<pybind11::array> results();

  /// The side table's tensors: dictionaries of its fields.
  std::vector<pybind11::dict> tensors() const;

  /// Makes a side table of the names and kinds of operations and the operation
  /// of each command (TIU first, without system commands), or -1.
  void
  attachLayers(const std::vector<std::pair<std::string, std::string>> &names,
               const pybind11::array_t<int32_t> &layers);

  /// What the selected stage's side table says of the compiler's choices: a
  /// JSON text, or empty.
  std::string explanation() const {
    return stage().sideTable ? stage().sideTable->explanation : "";
  }

  /// Replaces that text; a stage without a side table keeps none.
  void setExplanation(const std::string &text);

  /// Figures of the whole, the layers' names and kinds, and arrays of the
  /// commands under a profile of the timing model, "vendor" or "silicon".
  /// `freeZeroRowStride` is the field of that name of TimingParameters.
  pybind11::dict profile(const std::string &parameters,
                         bool freeZeroRowStride) const;

  /// What local memory holds when, as arrays.
  pybind11::dict residencies(const std::string &parameters) const;

  /// A line of text for each command, in the order of the profile.
  std::vector<std::string> commandTexts() const;

  /// Every command as a line of text.
  std::string disassemble() const;

  /// How the selected stage's inputs are made from pictures; see
  /// target::SideTable.
  std::string preprocess() const {
    return stage().sideTable ? stage().sideTable->preprocess : "";
  }

  /// What lies in the container, as dictionaries.
  pybind11::dict describe() const;

  /// All networks of several models as one; see target::combineBmodels.
  static std::shared_ptr<BmodelHandle>
  combine(const std::vector<std::shared_ptr<BmodelHandle>> &parts,
          bool sharesAll);

  /// Whether the first stages have equal coefficients.
  bool hasCoefficientsOf(const BmodelHandle &other) const;

  /// A model of one of the networks.
  std::shared_ptr<BmodelHandle> extract(size_t network) const;

  /// The streams of the TIU and the GDMA, a pair for each group.
  std::vector<std::pair<pybind11::bytes, pybind11::bytes>> streams() const;

  /// The least precise of F32, F16, BF16 and INT8 in which the selected stage
  /// computes.
  std::string precision() const;

  /// What messages call the model.
  const std::string &name() const { return source; }

  const target::Stage &stage() const {
    return model.networks[networkIndex].stages[stageIndex];
  }

private:
  std::shared_ptr<ModuleHandle> owner;
  target::Bmodel model;
  std::string source;
  size_t networkIndex = 0, stageIndex = 0;
  /// Made at the first run and kept: weights are loaded once.
  std::unique_ptr<sim::Simulator> simulator;
  unsigned simulatorThreads = 0;
};

} // namespace tpuc::python

#endif // TPUC_PYTHON_BMODELHANDLE_H
