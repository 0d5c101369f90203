//===- CombineBmodels.cpp - Several models in one file --------------------===//
//
// Joins the networks of models. What their views point into is kept; stages of
// a network share their weights, and networks where that is asked for.
//
//===----------------------------------------------------------------------===//

#include "BmodelInternal.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;

/// Whether two stages cannot be told apart by the shapes of their inputs.
static bool haveSameShapes(const Stage &left, const Stage &right) {
  return llvm::equal(left.inputs, right.inputs,
                     [](const TensorInfo &a, const TensorInfo &b) {
                       return a.shape == b.shape;
                     });
}

static bool haveSamePorts(ArrayRef<TensorInfo> left,
                          ArrayRef<TensorInfo> right) {
  return llvm::equal(left, right, [](const TensorInfo &a, const TensorInfo &b) {
    return a.name == b.name && a.type == b.type;
  });
}

static Error addStages(Network &target, const Network &source) {
  for (const Stage &stage : source.stages) {
    const Stage &first = target.stages.front();
    if (!haveSamePorts(first.inputs, stage.inputs) ||
        !haveSamePorts(first.outputs, stage.outputs))
      return bad("two networks are called '{0}' and have other inputs or "
                 "outputs; compile one under another name",
                 source.name);
    if (llvm::any_of(target.stages, [&](const Stage &known) {
          return haveSameShapes(known, stage);
        }))
      return bad("two stages of network '{0}' take the same input shapes; "
                 "compile one for other shapes or under another name",
                 source.name);
    target.stages.push_back(stage);
  }
  return Error::success();
}

Expected<Bmodel> target::combineBmodels(ArrayRef<Bmodel> models,
                                        bool sharesAll) {
  Bmodel result;
  for (const Bmodel &model : models) {
    if (&model == models.begin()) {
      result.chip = model.chip;
      result.version = model.version;
      result.time = model.time;
    }
    if (model.chip != result.chip)
      return bad("the models are for different chips, '{0}' and '{1}'",
                 result.chip, model.chip);
    if (!result.kernelModule)
      result.kernelModule = model.kernelModule;
    result.storage.push_back(model.buffer);
    llvm::append_range(result.storage, model.storage);
    for (const Network &network : model.networks) {
      auto known = llvm::find_if(result.networks, [&](const Network &each) {
        return each.name == network.name;
      });
      if (known == result.networks.end())
        result.networks.push_back(network);
      else if (Error error = addStages(*known, network))
        return std::move(error);
    }
  }
  SmallVector<Stage *> stages;
  for (Network &network : result.networks) {
    if (!sharesAll)
      stages.clear();
    for (Stage &stage : network.stages)
      stages.push_back(&stage);
    if (!sharesAll)
      shareWeights(stages, result);
  }
  if (sharesAll)
    shareWeights(stages, result);
  return result;
}
