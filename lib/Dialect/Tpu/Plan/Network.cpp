//===- Network.cpp - A function as LayerGroup sees it ---------------------===//
//
// Values that are not views get ranges of virtual memory, by which kernels
// address them; operators build their kernels.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Plan/Network.h"
#include "Support/IntMath.h"

#include "Interfaces/LowerToCommands.h"

using namespace mlir;
using namespace tpuc;

std::optional<unsigned> Network::indexOf(Value value) const {
  auto found = indices.find(aliases.rootOf(value));
  if (found == indices.end())
    return std::nullopt;
  return found->second;
}

group::GlobalBases Network::bases() const {
  const Arch &arch = program.arch;
  int64_t bytes = alignUp(context.coefficientSize(), arch.globalAlignBytes);
  return {arch.globalBase, arch.globalBase + uint64_t(bytes)};
}

LogicalResult Network::build() {
  if (function.getNumResults() == 0)
    return function.emitOpError("has no results, expected at least one tensor "
                                "that the network computes");
  if (failed(place()))
    return failure();
  return addOperators();
}

LogicalResult Network::addValue(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  FailureOr<kernel::ElementType> element = elementTypeOf(type);
  if (failed(element))
    return failure();
  group::Value info;
  info.offset = nextOffset;
  info.bytes = type.getNumElements() * byteWidth(*element);
  info.type = *element;
  info.layout = laneLayoutOf(value);
  info.isInput = isa<BlockArgument>(value);
  nextOffset +=
      alignUp(std::max<int64_t>(info.bytes, 1), program.arch.globalAlignBytes);
  indices[value] = program.values.size();
  program.values.push_back(info);
  values.push_back(value);
  context.placeActivation(value, info.offset, info.layout);
  return success();
}

LogicalResult Network::place() {
  for (BlockArgument argument : function.getArguments())
    if (failed(addValue(argument)))
      return function.emitOpError()
             << "argument " << argument.getArgNumber() << " has type "
             << argument.getType() << ", which this chip does not have";
  for (Operation &op : function.getBody().front())
    for (Value result : op.getResults())
      if (!isConstant(result) && aliases.rootOf(result) == result &&
          failed(addValue(result)))
        return op.emitOpError() << "has a result of type " << result.getType()
                                << ", which this chip does not have";
  for (Operation &op : function.getBody().front())
    for (Value result : op.getResults()) {
      AliasAnalysis::Alias alias = aliases.aliasOf(result);
      auto root = indices.find(alias.root);
      if (root == indices.end() || alias.root == result)
        continue;
      context.placeActivation(
          result, program.values[root->second].offset + alias.offset,
          laneLayoutOf(result));
      views.push_back({result, alias});
    }
  Operation *terminator = function.getBody().front().getTerminator();
  for (OpOperand &operand : terminator->getOpOperands()) {
    std::optional<unsigned> index = indexOf(operand.get());
    if (!index || program.values[*index].isInput ||
        program.values[*index].isOutput)
      return function.emitOpError()
             << "result " << operand.getOperandNumber()
             << " shares memory with an argument, a constant or another "
                "result; run tpu-copy-results first";
    program.values[*index].isOutput = true;
  }
  return success();
}

LogicalResult Network::addOperators() {
  bool hasFailed = false;
  for (Operation &op : function.getBody().front()) {
    if (op.hasTrait<OpTrait::IsTerminator>() ||
        op.hasTrait<OpTrait::ConstantLike>())
      continue;
    auto lowering = dyn_cast<LowerToCommandsOpInterface>(op);
    if (!lowering) {
      op.emitOpError() << "has no kernel for this chip; express it by "
                          "operators that have one, or run it on the host";
      hasFailed = true;
      continue;
    }
    group::Operator entry;
    if (failed(lowering.buildKernels(context, entry.kernels))) {
      hasFailed = true;
      continue;
    }
    // Views have no kernels.
    if (entry.kernels.empty())
      continue;
    auto addIndices = [&](ValueRange values, auto &list) {
      for (Value value : values)
        if (std::optional<unsigned> index = indexOf(value))
          list.push_back(*index);
    };
    addIndices(op.getOperands(), entry.operands);
    addIndices(op.getResults(), entry.results);
    program.operators.push_back(std::move(entry));
    operators.push_back(&op);
  }
  return failure(hasFailed);
}
