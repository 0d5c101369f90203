//===- ProbeFile.h - Recorded probes of single commands -------*- C++ -*-===//
//
// Reads the texts that utils/record_probes.py writes: inputs as rules with a
// seed, commands as bytes, and the hash of memory that the reference left. The
// rules are described in utils/probes/probe.py.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_SIMULATOR_FUNCTIONAL_PROBEFILE_H
#define TPUC_UNITTESTS_SIMULATOR_FUNCTIONAL_PROBEFILE_H

#include "Simulator/Functional/Simulator.h"

#include <string>
#include <vector>

namespace tpuc::sim::test {

/// An input tensor of a probe.
struct ProbeInput {
  char memory; ///< 'l' local, 's' static, 'g' global
  uint64_t address;
  std::string type;
  std::vector<uint64_t> shape;
  std::string layout;
  std::string values;
  uint64_t seed;
};

struct ProbeCommand {
  codec::Engine engine;
  std::vector<uint8_t> bytes;
};

struct Probe {
  std::string name;
  std::vector<ProbeInput> inputs;
  std::vector<ProbeCommand> commands;
  uint64_t result = 0;
};

/// The probes of a file; a test failure and what could be read when the file
/// is damaged.
std::vector<Probe> readProbes(const std::string &path);

/// A chip with the memories that probes use.
class ProbeMachine {
public:
  ProbeMachine();

  /// Runs a probe from zeroed memories; the reason when a command is refused.
  std::string run(const Probe &probe, bool reference);

  Simulator &chip() { return simulator; }

  /// The hash of the memories.
  uint64_t digest();

private:
  void place(const ProbeInput &input);

  Simulator simulator{1};
  std::span<uint8_t> global;
};

} // namespace tpuc::sim::test

#endif // TPUC_UNITTESTS_SIMULATOR_FUNCTIONAL_PROBEFILE_H
