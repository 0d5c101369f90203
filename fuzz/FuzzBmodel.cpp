//===- FuzzBmodel.cpp - Arbitrary bytes as a container --------------------===//
//
// Whatever the bytes are, reading either fails with a reason or gives a model
// that can be listed and written again.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Bmodel.h"
#include "llvm/Support/raw_ostream.h"

using namespace tpuc::target;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  ReadOptions options;
  options.checkDigest = true;
  llvm::Expected<Bmodel> model =
      parseBmodel(llvm::MemoryBuffer::getMemBufferCopy(bytes), options);
  if (!model) {
    if (llvm::toString(model.takeError()).empty())
      __builtin_trap();
    return 0;
  }
  llvm::raw_null_ostream nowhere;
  if (llvm::Error error = disassemble(*model, nowhere))
    __builtin_trap();
  if (llvm::Error error = serializeBmodel(*model, nowhere))
    __builtin_trap();
  return 0;
}
