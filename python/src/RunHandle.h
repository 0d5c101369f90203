//===- RunHandle.h - a run that stops where one wants ----------*- C++ -*-===//
//
// A compiled model in the middle of its commands: memory of the simulated chip
// can be read between them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_RUNHANDLE_H
#define TPUC_PYTHON_RUNHANDLE_H

#include "BmodelHandle.h"
#include "Simulator/Functional/Stepper.h"

namespace tpuc::python {

/// A run of a model. Only one at a time: the model has one simulated chip.
class RunHandle {
public:
  explicit RunHandle(std::shared_ptr<BmodelHandle> model,
                     sim::Simulator &simulator);

  /// Loads weights and inputs; no command runs.
  static std::shared_ptr<RunHandle>
  start(std::shared_ptr<BmodelHandle> model,
        const std::vector<pybind11::array> &arrays, unsigned threads);

  /// Runs until command `id` of a queue (0 for the TIU, 1 for the GDMA) of a
  /// command group is complete.
  void runUntil(uint32_t group, uint32_t engine, uint32_t id);

  /// Runs what is left.
  void runToEnd();

  /// Commands that have run, as (group, TIU, GDMA) of the group at hand.
  std::tuple<uint32_t, uint32_t, uint32_t> position() const;

  /// Bytes of any memory from an address of the chip's address map.
  pybind11::bytes read(uint64_t address, uint64_t size) const;

  /// The outputs as they are now.
  std::vector<pybind11::array> results() { return model->results(); }

private:
  void check(std::optional<sim::Failure> failure) const;
  /// Ends the groups before `group`.
  void enter(uint32_t group);

  std::shared_ptr<BmodelHandle> model;
  sim::Simulator &simulator;
  uint32_t group = 0;
  std::unique_ptr<sim::Stepper> stepper;
};

} // namespace tpuc::python

#endif // TPUC_PYTHON_RUNHANDLE_H
