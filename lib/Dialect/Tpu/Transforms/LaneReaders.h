//===- LaneReaders.h - Which lanes a value's readers want -------*- C++ -*-===//
//
// Looks along the readers of a value, through functions of one element, for
// what its lanes are best. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_TRANSFORMS_LANEREADERS_H
#define TPUC_LIB_DIALECT_TPU_TRANSFORMS_LANEREADERS_H

#include "mlir/IR/Value.h"

namespace tpuc {

/// Whether `op` is the first of functions of one element of which some take
/// many passes over the data.
bool hasManyPasses(mlir::Operation *op);

/// Whether all readers of a value, through functions of one element, take its
/// axes from the third on as an image.
bool leadsToImages(mlir::Value value);

/// Whether all readers of a value, through functions of one element, take its
/// last axis as a row.
bool leadsToRows(mlir::Value value);

} // namespace tpuc

#endif // TPUC_LIB_DIALECT_TPU_TRANSFORMS_LANEREADERS_H
