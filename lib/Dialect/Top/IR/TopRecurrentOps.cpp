//===- TopRecurrentOps.cpp - Recurrent cells ------------------------------===//
//
// Type inference and constraints of the op that runs a cell over a sequence.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopRecurrentOps.cpp.inc"

static int64_t countGates(CellKind kind) {
  return kind == CellKind::Lstm ? 4 : kind == CellKind::Gru ? 3 : 1;
}

FailureOr<RecurrentSizes> RecurrentForm::getSizes(std::optional<Location> loc,
                                                  StringRef name) const {
  auto fail = [&](const Twine &message) {
    return inferError(loc, name, message);
  };
  auto check = [&](StringRef what, Value value, ArrayRef<int64_t> expected) {
    return getShape(value) == expected
               ? success()
               : fail(what + " has shape " + str(getShape(value)) +
                      ", expected " + str(expected));
  };
  RecurrentSizes sizes;
  sizes.directions = direction == CellDirection::Bidirectional ? 2 : 1;
  sizes.gates = countGates(kind);
  sizes.states = kind == CellKind::Lstm ? 2 : 1;
  /*recurrent_c1*/
  ArrayRef<int64_t> input = getShape(operands[0]);
  int64_t rows = sizes.directions * sizes.gates;
  if (input.size() != 4 || input[0] != 1 || input[1] % rows)
    return fail("input has shape " + str(input) + ", expected [1, " +
                Twine(rows) + " H, T, B]");
  sizes.units = input[1] / rows;
  sizes.steps = input[2];
  sizes.batch = input[3];
  /*recurrent_c2*/
  if (failed(check("weight", operands[1],
                   {sizes.directions, sizes.gates * sizes.units, sizes.units})))
    return failure();
  /*recurrent_c3*/
  if (failed(check("state", operands[2],
                   {sizes.states, sizes.directions, sizes.units, sizes.batch})))
    return failure();
  /*recurrent_c4*/
  unsigned next = 3;
  if (next < operands.size() && getShape(operands[next]).size() == 3) {
    if (kind == CellKind::Rnn)
      return fail("has parameters of units, expected none of an RNN");
    if (failed(check(
            "the units' parameters", operands[next],
            {sizes.directions, kind == CellKind::Lstm ? 3 : 1, sizes.units})))
      return failure();
    sizes.unitsOperand = next++;
  }
  if (next < operands.size()) {
    if (failed(check("mask", operands[next], {sizes.steps, sizes.batch})))
      return failure();
    sizes.maskOperand = next++;
  }
  if (next < operands.size())
    return fail("has " + Twine(operands.size()) + " operands, expected " +
                Twine(next));
  if (linearBeforeReset && (kind != CellKind::Gru || sizes.unitsOperand == 0))
    return fail("'linear_before_reset' is of a GRU with a bias of its product");
  if (kind == CellKind::Gru && !linearBeforeReset && sizes.unitsOperand)
    return fail("has a bias of its product, expected 'linear_before_reset'");
  /*recurrent_c5*/
  for (auto [what, values] :
       {std::pair("alphas", alphas), std::pair("betas", betas)})
    if (values.size() != 3)
      return fail("'" + Twine(what) + "' has " + Twine(values.size()) +
                  " entries, expected 3");
  /*recurrent_c6*/
  if (!(clip >= 0))
    return fail("'clip' is negative");
  return sizes;
}

LogicalResult RecurrentOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  FailureOr<RecurrentSizes> sizes =
      RecurrentForm::of(adaptor, adaptor.getOperands())
          .getSizes(location, getOperationName());
  if (failed(sizes))
    return failure();
  types.push_back(RankedTensorType::get(sizes->getResultShape(),
                                        Float32Type::get(context)));
  return success();
}
