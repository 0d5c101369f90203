//===- Precision.cpp - In what a compiled model computes ------------------===//
//
// Reads it off the commands, so that it is known of any compiler's models.
//
//===----------------------------------------------------------------------===//

#include "BmodelHandle.h"
#include "Errors.h"
#include "Target/BM1684X/Codec.h"

using namespace tpuc;
using namespace tpuc::codec;

namespace {

/// The commands' codes of element types.
enum : uint32_t { kI8 = 0, kF16 = 1, kI32 = 4, kBF16 = 5 };

struct Found {
  bool int8 = false, sumsInt8 = false, scalesSums = false;
  bool bf16 = false, f16 = false;

  /// Sums of products with zeros and ones move bytes of any type between lanes
  /// and stay integers as they are; others are scaled.
  void add(Layout layout, const Registers &r) {
    auto isUsed = [&](uint32_t code) {
      return r.opd0_prec == code || r.res0_prec == code;
    };
    bf16 |= isUsed(kBF16);
    f16 |= isUsed(kF16);
    switch (layout) {
    case Layout::Conv:
    case Layout::SConv:
    case Layout::Pord:
    case Layout::SPord:
    case Layout::Mm:
    case Layout::SMm:
    case Layout::Mm2:
    case Layout::SMm2:
      if (r.opd0_prec == kI8)
        (r.res0_prec == kI32 ? sumsInt8 : int8) = true;
      break;
    case Layout::RqDq:
    case Layout::SRqDq:
      scalesSums |= r.opd0_prec == kI32;
      break;
    default:
      scalesSums |=
          r.opd0_prec == kI32 && r.res0_prec != kI32 && r.res0_prec != kI8;
      break;
    }
  }

  const char *name() const {
    return int8 || (sumsInt8 && scalesSums) ? "INT8"
           : bf16                           ? "BF16"
           : f16                            ? "F16"
                                            : "F32";
  }
};

} // namespace

std::string python::BmodelHandle::precision() const {
  Found found;
  for (const target::CommandGroup &group : stage().groups) {
    std::span<const uint8_t> stream = group.tiu;
    while (std::optional<Layout> layout = peekLayout(Engine::Tiu, stream)) {
      Registers registers;
      std::string error;
      if (!decode(*layout, stream, registers, error))
        throw UserError(source + ": " + error);
      found.add(*layout, registers);
      if (isEnd(*layout, registers))
        break;
      stream = stream.subspan(layoutInfo(*layout).bytes);
    }
  }
  return found.name();
}
