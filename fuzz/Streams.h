//===- Streams.h - Arbitrary bytes as two queues --------------*- C++ -*-===//
//
// How the fuzz targets of the simulators see their input: a byte that chooses a
// queue before each command. Ids and dependencies are filled in, so that what
// is tested are commands and not the rules of numbering.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_FUZZ_STREAMS_H
#define TPUC_FUZZ_STREAMS_H

#include "Target/BM1684X/Codec.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace tpuc::fuzz {

/// Calls `visit(engine, layout, registers)` for each command that decodes, up
/// to the first byte that begins none, and at most `limit` times.
template <typename Visit>
void forEachCommand(std::span<const uint8_t> bytes, unsigned limit,
                    Visit &&visit) {
  for (unsigned i = 0; i < limit && !bytes.empty(); ++i) {
    codec::Engine engine =
        (bytes[0] & 1) ? codec::Engine::Gdma : codec::Engine::Tiu;
    bytes = bytes.subspan(1);
    auto layout = codec::peekLayout(engine, bytes);
    codec::Registers registers;
    std::string error;
    if (!layout || !codec::decode(*layout, bytes, registers, error))
      return;
    visit(engine, *layout, registers);
    bytes = bytes.subspan(codec::layoutInfo(*layout).bytes);
  }
}

} // namespace tpuc::fuzz

#endif // TPUC_FUZZ_STREAMS_H
