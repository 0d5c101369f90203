//===- Network.h - What surrounds a command stream -------------*- C++ -*-===//
//
// Inputs, outputs, coefficients and memory of a function of commands, held in
// its attributes:
//
//   bm1684x.inputs, bm1684x.outputs   arrays of {address, name, type} and,
//   where
//                                     they differ from the default, bytes,
//                                     scale and zero_point
//   bm1684x.coefficients              the coefficient area's bytes
//   bm1684x.coefficient_address       where it lies
//   bm1684x.coefficient_ranges        array of {name, offset, size}, optional
//   bm1684x.activation_address        where the activation area lies
//   bm1684x.activation_bytes          its size
//   bm1684x.network                   the network's name, optional: the
//                                     function's name unless given, for @main
//                                     the module's name if it has one
//   bm1684x.explanation               why the compiler chose what it chose, a
//                                     JSON text, optional
//   bm1684x.preprocess                how inputs are made from pictures, a JSON
//                                     text, optional
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_NETWORK_H
#define TPUC_DIALECT_BM1684X_IR_NETWORK_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

#include <string>
#include <vector>

namespace tpuc::bm1684x {

/// An input or output in global memory, row-major.
struct NetworkTensor {
  std::string name;
  mlir::RankedTensorType type;
  uint64_t address = 0;
  /// Bytes of memory; 0 for what the type needs.
  uint64_t bytes = 0;
  /// Of quantised data: an input holds round(real * scale) + zeroPoint, an
  /// output stands for (value - zeroPoint) * scale.
  float scale = 1.0f;
  int32_t zeroPoint = 0;
};

/// The bytes of one weight inside the coefficients.
struct NetworkWeight {
  std::string name;
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct NetworkDescription {
  /// The network's name; functions of the same network are its stages.
  std::string name;
  std::vector<NetworkTensor> inputs, outputs;
  uint64_t coefficientAddress = 0;
  /// tensor<?xi8>; null when there are none.
  mlir::ElementsAttr coefficients;
  std::vector<NetworkWeight> weights;
  uint64_t activationAddress = 0;
  uint64_t activationBytes = 0;
  /// A JSON text or empty.
  std::string explanation;
  /// A JSON text or empty; see target::SideTable.
  std::string preprocess;
};

/// The attribute of NetworkDescription::preprocess. Functions of any phase may
/// have it; lowering keeps it.
inline constexpr llvm::StringLiteral kPreprocessAttrName = "bm1684x.preprocess";

/// Writes the description into the attributes of `function`.
void setNetworkDescription(mlir::Operation *function,
                           const NetworkDescription &network);

/// Reads it back; an attribute that is missing or malformed is an error on
/// `function` that names it.
mlir::FailureOr<NetworkDescription>
getNetworkDescription(mlir::Operation *function);

/// The bytes of the coefficients, valid as long as the module.
mlir::ArrayRef<char> coefficientBytes(const NetworkDescription &network);

} // namespace tpuc::bm1684x

#endif // TPUC_DIALECT_BM1684X_IR_NETWORK_H
