//===- ElementMap.h - Where the elements of a value come from ---*- C++ -*-===//
//
// A movement of data as a function of positions, so that movements compose,
// invert and compare by value, however they were written. Knows no ops.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ANALYSIS_ELEMENTMAP_H
#define TPUC_ANALYSIS_ELEMENTMAP_H

#include "Analysis/StridedMap.h"
#include <optional>
#include <vector>

namespace tpuc {

/// result[i] = input[map(i)], both row-major. Elements that stay together are
/// one block of `unit` elements; `unit` is as large as it can be, so that equal
/// functions are equal objects.
class ElementMap {
public:
  /// Larger maps are not made: their users leave what they describe alone.
  static constexpr int64_t kMaxBlocks = int64_t(1) << 20;

  static ElementMap identity(int64_t count);
  /// What `map` moves, whose result is row-major and whole. Nothing when there
  /// would be too many blocks, or a stride is negative.
  static std::optional<ElementMap> of(const StridedMap &map,
                                      int64_t inputCount);
  /// What boxes move that cover each element of the result once. Nothing when
  /// it would have too many blocks.
  static std::optional<ElementMap> ofBoxes(llvm::ArrayRef<StridedMap> boxes,
                                           int64_t resultCount,
                                           int64_t inputCount);
  /// Results of `parts`, which read one input, joined: `outer` times
  /// `lengths`[i] elements of part i after each other.
  static std::optional<ElementMap> joined(llvm::ArrayRef<ElementMap> parts,
                                          llvm::ArrayRef<int64_t> lengths,
                                          int64_t outer);

  /// The map i -> next(map(i)): `*this` reads what `next` made. Nothing when
  /// it would have too many blocks.
  std::optional<ElementMap> then(const ElementMap &next) const;
  /// The map back, or nothing when elements repeat or are left out.
  std::optional<ElementMap> inverse() const;
  /// The map of the `index`th of `parts` equal parts of the result, when it
  /// reads the same part of the input only.
  std::optional<ElementMap> part(int64_t parts, int64_t index) const;
  /// The same movement of rows of `width` elements each instead of elements.
  ElementMap scaled(int64_t width) const;
  /// The movement of rows of `width` elements, or nothing when it breaks them.
  std::optional<ElementMap> unscaled(int64_t width) const;

  bool isIdentity() const;
  int64_t getUnit() const { return unit; }
  int64_t getResultCount() const { return unit * int64_t(blocks.size()); }
  int64_t getInputCount() const { return inputCount; }
  bool operator==(const ElementMap &) const = default;

  /// The same as boxes with as many axes as they need. Equal maps have equal
  /// boxes; they are few when the map is regular.
  llvm::SmallVector<StridedMap> getBoxes() const;

private:
  ElementMap(int64_t unit, std::vector<int64_t> blocks, int64_t inputCount);
  /// The blocks when each is cut into blocks of `smaller` elements.
  std::vector<int64_t> refined(int64_t smaller) const;

  int64_t unit = 1;
  std::vector<int64_t> blocks; ///< input block of each result block
  int64_t inputCount = 0;
};

} // namespace tpuc

#endif // TPUC_ANALYSIS_ELEMENTMAP_H
