//===- TensorRecords.h - Tensors of the source model -----------*- C++ -*-===//
//
// Says, in the locations of commands, which tensors of the source model lie in
// memory once a command has run, so that tools can look at them. Locations are
// no part of a network's meaning: passes may drop records, and a record that
// cannot be read is ignored. The same record on a command of each queue says
// that the tensor is complete once both have run.
//
//   loc(fused<{tensors = [{name = "relu_out", type = tensor<1x64xf16>,
//                          address = 4294967296 : i64}]}>["conv"("tpu.conv")])
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_TENSORRECORDS_H
#define TPUC_DIALECT_BM1684X_IR_TENSORRECORDS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace tpuc::bm1684x {

/// A tensor in memory; see target::SideTable::Tensor for the meaning of the
/// fields, which have the same names there.
struct TensorRecord {
  std::string name;
  mlir::RankedTensorType type;
  float scale = 1.0f;
  int32_t zeroPoint = 0;
  bool isLocal = false;
  uint64_t address = 0;
  uint32_t lane = 0;
  llvm::SmallVector<int64_t, 4> dims, strides;
};

/// The location with records added to those that it has.
mlir::Location withTensorRecords(mlir::Location location,
                                 llvm::ArrayRef<TensorRecord> records);

/// The records of a location.
llvm::SmallVector<TensorRecord> getTensorRecords(mlir::Location location);

} // namespace tpuc::bm1684x

#endif // TPUC_DIALECT_BM1684X_IR_TENSORRECORDS_H
