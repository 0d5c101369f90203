//===- SimulatorC.h - C interface of the simulator ------------*- C++ -*-===//
//
// The functional simulator and the timing model for callers in other languages,
// such as the scripts that compare and measure them. A thin layer: no logic.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SIMULATOR_CAPI_SIMULATORC_H
#define TPUC_SIMULATOR_CAPI_SIMULATORC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Names as C has them.
// NOLINTBEGIN(readability-identifier-naming)

typedef struct TpucSimulator TpucSimulator;

/// A simulator with `threads` threads (0: as many as the host offers).
TpucSimulator *tpuc_simulator_create(unsigned threads);
void tpuc_simulator_destroy(TpucSimulator *simulator);

/// The memories: 16 MiB lane after lane, 16 KiB, 2 MiB.
uint8_t *tpuc_simulator_local(TpucSimulator *simulator);
uint8_t *tpuc_simulator_static(TpucSimulator *simulator);
uint8_t *tpuc_simulator_l2(TpucSimulator *simulator);

/// Zeroed global memory from `address`; null when it does not fit.
uint8_t *tpuc_simulator_global(TpucSimulator *simulator, uint64_t address,
                               uint64_t bytes);

/// Chooses plain scalar code (1) or vectorised code (0).
void tpuc_simulator_reference(TpucSimulator *simulator, int reference);

/// Runs two queues. Returns 0, or 1 with a message of at most `capacity` bytes
/// and a final zero in `message`.
int tpuc_simulator_run(TpucSimulator *simulator, const uint8_t *tiu,
                       uint64_t tiuBytes, const uint8_t *gdma,
                       uint64_t gdmaBytes, char *message, uint64_t capacity);

/// Executes one encoded command of engine 0 (TIU) or 1 (GDMA), looking at no
/// id. Returns as tpuc_simulator_run.
int tpuc_simulator_execute(TpucSimulator *simulator, int engine,
                           const uint8_t *bytes, uint64_t count, char *message,
                           uint64_t capacity);

/// Encodes a command of the layout with the register-sheet name `layout` from
/// `count` fields by name into `bytes` (at least 128). Returns its length, or 0
/// with a message.
unsigned tpuc_encode(const char *layout, const char *const *names,
                     const uint64_t *values, unsigned count, uint8_t *bytes,
                     char *message, uint64_t capacity);

/// Decodes the command that starts at `bytes`: its layout, and for each of its
/// fields the name, the value and the width in bits. `names`, `values` and
/// `widths` have room for `capacity` fields. Returns how many there are, or 0
/// where there is no command.
unsigned tpuc_decode(int engine, const uint8_t *bytes, uint64_t count,
                     const char **layout, const char **names, uint64_t *values,
                     unsigned *widths, unsigned capacity);

/// The head of a command: its number in its queue, the command of the other
/// queue that it waits for (0: none), whether it is a system command, which has
/// no number, and whether it ends its queue.
typedef struct {
  uint32_t id;
  uint32_t dependency;
  int isSystem;
  int isEnd;
} TpucCommandHead;

/// Reads the head of the command that starts at `bytes`. Returns the command's
/// length, or 0 where there is no command.
unsigned tpuc_command_head(int engine, const uint8_t *bytes, uint64_t count,
                           TpucCommandHead *head);

/// What replaying two queues in the timing model took.
typedef struct {
  uint64_t cycles;   ///< of the chip, for one replay
  uint64_t commands; ///< of one replay, without system commands
  double seconds;    ///< of the host, for all replays
} TpucReplay;

/// Decodes two queues once and replays them `repetitions` times under the
/// vendor's profile, on one thread. Returns as tpuc_simulator_run.
int tpuc_timing_replay(const uint8_t *tiu, uint64_t tiuBytes,
                       const uint8_t *gdma, uint64_t gdmaBytes,
                       unsigned repetitions, TpucReplay *result, char *message,
                       uint64_t capacity);

// NOLINTEND(readability-identifier-naming)

#ifdef __cplusplus
}
#endif

#endif // TPUC_SIMULATOR_CAPI_SIMULATORC_H
