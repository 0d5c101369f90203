//===- FuzzStream.cpp - Arbitrary bytes as commands -----------------------===//
//
// Every command that decodes encodes to the same bytes, and what it touches can
// be computed or is refused. The first byte chooses the queue.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Access.h"

#include <algorithm>

using namespace tpuc;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  codec::Engine engine =
      (data[0] & 1) ? codec::Engine::Gdma : codec::Engine::Tiu;
  std::span<const uint8_t> rest(data + 1, size - 1);
  std::vector<target::Access> accesses;
  while (true) {
    std::optional<codec::Layout> layout = codec::peekLayout(engine, rest);
    codec::Registers registers;
    std::string error;
    if (!layout || !codec::decode(*layout, rest, registers, error))
      return 0;
    size_t bytes = codec::layoutInfo(*layout).bytes;
    std::vector<uint8_t> again(bytes);
    if (!codec::encode(*layout, registers, again, error) ||
        !std::equal(again.begin(), again.end(), rest.begin()))
      __builtin_trap();
    accesses.clear();
    if (!target::findAccesses(*layout, registers, accesses, error) &&
        error.empty())
      __builtin_trap();
    rest = rest.subspan(bytes);
  }
}
