//===- GatherLists.h - What gathers and scatters share --------*- C++ -*-===//
//
// Function codes, index rules and operand types of SG and SGL.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_GATHERLISTS_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_GATHERLISTS_H

#include "Commands.h"

#include <cstring>

namespace tpuc::sim {

constexpr uint32_t kTableALane = 4;

/// The element at an address, any of 1, 2 or 4 bytes.
inline uint32_t readElement(const uint8_t *memory, unsigned bytes) {
  uint32_t value = 0;
  std::memcpy(&value, memory, bytes);
  return value;
}

/// How a command treats indices.
struct IndexRule {
  bool limits, fills;
  uint32_t fillValue;
  uint32_t none; ///< the index that means "no element"

  IndexRule(const Registers &r, unsigned indexBytes)
      : limits(r.opd3_const), fills(r.opd2_const), fillValue(r.opd2_addr),
        none(indexBytes == 1   ? 0xff
             : indexBytes == 2 ? 0xffff
                               : 0xffffffff) {}
};

inline Status outOfRange(uint32_t index, uint64_t size) {
  return Status::error("index " + std::to_string(index) +
                       " is out of range of " + std::to_string(size) +
                       " elements");
}

/// Operands of a gather or scatter with a list of indices a channel or shared.
struct Lists {
  View data, index, result;
  Precision indexPrecision;
  unsigned bytes, indexBytes;
  bool tableALane;
};

/// The data of channel c; one private table a lane has no channel rows.
inline const uint8_t *tableOf(const Lists &lists, uint64_t c) {
  if (!lists.tableALane)
    return lists.data.channel(c);
  return lists.data.memory + (lists.data.lane + c) % kLanes * kLaneBytes +
         lists.data.offset;
}

inline Status readTypes(const Registers &r, Lists &lists) {
  Precision data, result;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", data));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", result));
  TPUC_RETURN_IF_FAILED(
      precisionOf(r.opd1_prec, "operand 1", lists.indexPrecision));
  lists.bytes = elementBytes(result);
  lists.indexBytes = elementBytes(lists.indexPrecision);
  if (elementBytes(data) != lists.bytes)
    return Status::error("data and result must have elements of one size");
  if (isFloat(lists.indexPrecision) || lists.indexBytes == 4)
    return Status::error(std::string("indices of ") +
                         name(lists.indexPrecision) + " are not supported");
  return Status();
}

inline Status checkFlat(const Registers &r) {
  if (r.res0_h != 1 || r.opd0_h != 1)
    return Status::error("data and result of this function must have one row");
  return Status();
}

/// The functions with one list of indices for all batches and channels.
Status executeSharedGather(Machine &machine, const Registers &r);

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_GATHERLISTS_H
