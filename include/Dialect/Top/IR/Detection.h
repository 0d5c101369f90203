//===- Detection.h - What detectors do with boxes ---------------*- C++ -*-===//
//
// The ops of this family. Few files name them, so that this header is apart.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_DETECTION_H
#define TPUC_DIALECT_TOP_IR_DETECTION_H

#include "Dialect/Top/IR/Top.h"

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopDetectionOps.h.inc"

#endif // TPUC_DIALECT_TOP_IR_DETECTION_H
