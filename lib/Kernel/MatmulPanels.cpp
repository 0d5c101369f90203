//===- MatmulPanels.cpp - Right operands in the order of transfers --------===//
//
// Chooses, packs and loads the panels of a constant matrix. A row of the matrix
// transfer holds the runs of all lanes; it takes as long as 256 bytes a lane at
// least, and names 4,092 at most.
//
//===----------------------------------------------------------------------===//

#include "Kernel/MatmulPanels.h"
#include "Arch/Arch.h"
#include "Kernel/ConvPacking.h"
#include "Support/IntMath.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

/// Panels of one row a run; 0 columns when the rows are too short.
static int64_t chooseColumns(const Arch &arch, int64_t depth, int64_t columns,
                             int64_t width) {
  // A panel should leave room for the next one.
  constexpr int64_t kLongestPanel = 64 * 1024;
  int64_t vector = arch.vectorBytes / width;
  int64_t most = std::min(matrixChunkBytes(arch),
                          kLongestPanel / ceilDiv(depth, arch.lanes)) /
                 width / vector * vector;
  if (columns * width % 4 != 0 || most * width < arch.shortestRowBytes)
    return 0;
  int64_t panel = alignUp(ceilDiv(columns, ceilDiv(columns, most)), vector);
  // The whole is a panel as it lies.
  if (panel >= columns)
    return panel;
  int64_t last = columns % panel == 0 ? panel : columns % panel;
  return std::min(panel, last) * width >= arch.shortestRowBytes ? panel : 0;
}

MatmulPanels MatmulPanels::choose(const Arch &arch, int64_t rows, int64_t depth,
                                  int64_t columns, ElementType type) {
  int64_t width = byteWidth(type), vector = arch.vectorBytes / width;
  MatmulPanels panels;
  panels.columns = chooseColumns(arch, depth, columns, width);
  bool isShort = !panels || std::min(panels.columns, columns) * width <
                                arch.shortestRowBytes;
  int64_t groups = depth / arch.lanes;
  if (!isShort || rows > arch.lanes || groups < 2)
    return panels;
  // Small panels: the first ones come while others leave.
  constexpr int64_t kPanelBytes = 32 * 1024;
  int64_t most = std::clamp(kPanelBytes / groups / width / vector * vector,
                            vector, arch.shortestRowBytes / width);
  MatmulPanels apart;
  apart.columns = alignUp(ceilDiv(columns, ceilDiv(columns, most)), vector);
  int64_t longest = matrixChunkBytes(arch) / (apart.columns * width);
  apart.runRows = ceilDiv(groups, ceilDiv(groups, longest));
  // Padding takes less time than short rows, but global memory and files too.
  constexpr int64_t kMostGrowth = 4;
  bool isSmall =
      apart.paddedColumns(arch, columns, type) <= kMostGrowth * columns;
  return apart.areApart() && isSmall ? apart : panels;
}

int64_t MatmulPanels::paddedColumns(const Arch &arch, int64_t matrixColumns,
                                    ElementType type) const {
  return areApart() ? alignUp(matrixColumns, arch.vectorBytes / byteWidth(type))
                    : matrixColumns;
}

std::vector<char> MatmulPanels::pack(const Arch &arch,
                                     llvm::ArrayRef<char> matrix, int64_t depth,
                                     int64_t matrixColumns,
                                     ElementType type) const {
  int64_t width = byteWidth(type);
  std::vector<char> packed;
  int64_t padded = paddedColumns(arch, matrixColumns, type);
  packed.reserve(depth * padded * width);
  auto addRow = [&](int64_t row, int64_t first) {
    int64_t used = std::min(columns, matrixColumns - first);
    const char *start = matrix.data() + (row * matrixColumns + first) * width;
    packed.insert(packed.end(), start, start + used * width);
    int64_t padding = std::min(columns, padded - first) - used;
    packed.resize(packed.size() + padding * width);
  };
  int64_t groups = depth / arch.lanes;
  for (int64_t first = 0; first < matrixColumns; first += columns) {
    for (int64_t group = 0; group < groups; group += runRows)
      for (int64_t lane = 0; lane < arch.lanes; ++lane)
        for (int64_t i = group; i < std::min(group + runRows, groups); ++i)
          addRow(i * arch.lanes + lane, first);
    for (int64_t row = groups * arch.lanes; row < depth; ++row)
      addRow(row, first);
  }
  return packed;
}

LocalTensor MatmulPanels::place(const Arch &arch, int64_t depth, int64_t width,
                                ElementType type) const {
  if (!areApart())
    return alignedTensor(arch, 0, {1, depth, 1, width}, type);
  return alignedTensor(arch, 0, {count(width), depth, 1, columns}, type);
}

LocalTensor MatmulPanels::panelOf(const LocalTensor &local, int64_t first,
                                  int64_t width) const {
  LocalTensor panel = local.slice(N, first / columns, 1);
  panel.shape[W] = width;
  panel.strides = alignedStrides(*local.arch, panel.shape, panel.type);
  return panel;
}

void MatmulPanels::load(CommandBuilder &builder, const GlobalTensor &matrix,
                        int64_t first, const LocalTensor &local) const {
  const Arch &arch = builder.arch;
  int64_t perWord = 4 / byteWidth(matrix.type);
  int64_t depth = local.shape[C], groups = depth / arch.lanes;
  int64_t width = areApart() ? local.shape[N] * columns : local.shape[W];
  for (int64_t begin = 0; begin < width; begin += columns) {
    int64_t words =
        std::min(columns, matrix.shape[W] - first - begin) / perWord;
    GlobalTensor panel = matrix.advanced((first + begin) * depth);
    panel.type = ElementType::I32;
    LocalTensor target = areApart() ? panelOf(local, begin, words * perWord)
                                    : local.slice(W, begin, words * perWord);
    // Runs of `rows` rows of each lane from row group `group` on.
    auto loadRuns = [&](int64_t group, int64_t runs, int64_t rows,
                        int64_t lanes) {
      int64_t run = rows * words;
      LocalTensor part = target.slice(C, group * arch.lanes, lanes);
      part.type = ElementType::I32;
      part.shape = {runs, lanes, 1, run};
      part.strides = {rows * target.strides[C] / perWord, run, run, 1};
      builder.loadBlocks(part, panel.advanced(group * arch.lanes * words), runs,
                         lanes * run, lanes * run);
    };
    if (int64_t runs = groups / runRows)
      loadRuns(0, runs, runRows, arch.lanes);
    if (int64_t rows = groups % runRows)
      loadRuns(groups - rows, 1, rows, arch.lanes);
    if (int64_t left = depth % arch.lanes)
      loadRuns(groups, 1, 1, left);
  }
}
