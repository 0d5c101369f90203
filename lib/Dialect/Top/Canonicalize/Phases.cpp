//===- Phases.cpp - Convolutions of the phases of an image ----------------===//
//
// Exporters write the first step of some detectors as slices of every second
// row and column, joined as channels. The convolution behind them is one with a
// longer stride on the image itself, which moves nothing.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// A concatenation of all phases of an image [N, C, H, W] along the channels.
struct Phases {
  Value image;
  int64_t stepH = 1, stepW = 1;
  /// Row and column of each part's first element.
  llvm::SmallSetVector<std::pair<int64_t, int64_t>, 4> starts;
};

} // namespace

/// The phases that `concat` joins, or nothing when it joins something else.
static std::optional<Phases> matchPhases(ConcatOp concat) {
  if (concat.getAxis() != 1 || concat.getType().getRank() != 4)
    return std::nullopt;
  Phases phases;
  for (Value part : concat.getInputs()) {
    auto slice = part.getDefiningOp<SliceOp>();
    if (!slice || (phases.image && phases.image != slice.getInput()))
      return std::nullopt;
    ArrayRef<int64_t> shape = shapeOf(slice.getInput());
    ArrayRef<int64_t> sizes = slice.getSizes(), steps = slice.getSteps(),
                      offsets = slice.getOffsets();
    if (!phases.image) {
      phases.image = slice.getInput();
      phases.stepH = shape[2] / sizes[2];
      phases.stepW = shape[3] / sizes[3];
    }
    bool isWhole = sizes.take_front(2) == shape.take_front(2) &&
                   steps[0] == 1 && steps[1] == 1;
    bool isPhase = steps[2] == phases.stepH && steps[3] == phases.stepW &&
                   shape[2] == sizes[2] * steps[2] &&
                   shape[3] == sizes[3] * steps[3];
    if (!isWhole || !isPhase)
      return std::nullopt;
    phases.starts.insert({offsets[2], offsets[3]});
  }
  int64_t count = phases.stepH * phases.stepW;
  if (count == 1 || int64_t(phases.starts.size()) != count ||
      phases.starts.size() != concat.getInputs().size())
    return std::nullopt;
  return phases;
}

namespace {

/// conv(concat(phases of x)) -> conv(x) with a longer stride
struct ConvOfPhases : public OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto concat = op.getInput().getDefiningOp<ConcatOp>();
    if (!concat || op.getGroup() != 1 || !isConstant(op.getFilter()) ||
        llvm::any_of(op.getDilations(), [](int64_t d) { return d != 1; }))
      return rewriter.notifyMatchFailure(op, "no plain convolution of parts");
    std::optional<Phases> phases = matchPhases(concat);
    FailureOr<Buffer> filter = getConstant(op.getFilter());
    if (!phases || failed(filter))
      return rewriter.notifyMatchFailure(op, "parts are not phases");

    ArrayRef<int64_t> shape = filter->getShape();
    int64_t stepH = phases->stepH, stepW = phases->stepW;
    int64_t channels = shapeOf(phases->image)[1];
    int64_t kh = shape[2] * stepH, kw = shape[3] * stepW;
    Buffer spread = Buffer::f32({shape[0], channels, kh, kw});
    MutableArrayRef<float> to = spread.getMutableF32();
    ArrayRef<float> from = filter->getF32();
    for (int64_t i = 0; i < filter->getNumElements(); ++i) {
      int64_t x = i % shape[3], y = i / shape[3] % shape[2];
      int64_t input = i / (shape[3] * shape[2]) % shape[1];
      int64_t output = i / (shape[3] * shape[2] * shape[1]);
      auto [startH, startW] = phases->starts[input / channels];
      int64_t row = (output * channels + input % channels) * kh + y * stepH;
      to[(row + startH) * kw + x * stepW + startW] = from[i];
    }
    auto scaled = [&](ArrayRef<int64_t> values) {
      SmallVector<int64_t> result(values);
      for (size_t i = 0; i < result.size(); ++i)
        result[i] *= i % 2 == 0 ? stepH : stepW;
      return result;
    };
    SmallVector<int64_t> strides = scaled(op.getStrides());
    SmallVector<int64_t> pads = scaled(op.getPads());
    Value weight = makeWeight(rewriter, op.getFilter().getLoc(), spread);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(phases->image);
      op.getFilterMutable().assign(weight);
      op.setStrides(strides);
      op.setPads(pads);
    });
    return success();
  }
};

} // namespace

void top::populatePhasePatterns(RewritePatternSet &patterns) {
  patterns.add<ConvOfPhases>(patterns.getContext());
}
