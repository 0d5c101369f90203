"""Begins a pass of the top or tpu dialect: its definition, source and lit test.

    python utils/new_pass.py tpu fold-casts "Removes casts that change nothing"

The test fails until the pass does something: it shows IR before and after, and IR that must
not match.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from scaffold import DIALECTS, ROOT, add_source, banner, before, camel, create, report

DEFINITION = """\
def {cls} : Pass<"{argument}", "::mlir::func::FuncOp"> {{
  let summary = "{summary}";
  let description = [{{
    What it does, when, and why that is right.

    Before:

    ```mlir
    ```

    After:

    ```mlir
    ```
  }}];
  let dependentDialects = ["::tpuc::{dialect}::{prefix}Dialect"];
}}

"""
SOURCE = """\
{banner}//
// {summary}.
//
//===----------------------------------------------------------------------===//

#include "Dialect/{prefix}/IR/{prefix}.h"
#include "Dialect/{prefix}/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "{argument}"

namespace tpuc::{dialect} {{
#define GEN_PASS_DEF_{upper}
#include "Dialect/{prefix}/Transforms/Passes.h.inc"
}} // namespace tpuc::{dialect}

using namespace mlir;
using namespace tpuc::{dialect};

namespace {{

struct {cls}Pass
    : tpuc::{dialect}::impl::{cls}Base<{cls}Pass> {{
  void runOnOperation() override {{
    RewritePatternSet patterns(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }}
}};

}} // namespace
"""
TEST = """\
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func({argument}))" | FileCheck %s

// CHECK-LABEL: func.func @matches
// CHECK: after
func.func @matches(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {{
  return %x : tensor<4x8xf32>
}}

// CHECK-LABEL: func.func @must_not_match
// CHECK: unchanged
func.func @must_not_match(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {{
  return %x : tensor<4x8xf32>
}}
"""


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dialect", choices=DIALECTS)
    parser.add_argument("name", help="in words with dashes, without the dialect")
    parser.add_argument("summary", help="one sentence without a full stop")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the sources")
    args = parser.parse_args()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", args.name):
        parser.error(f"'{args.name}' is no name in lower case with dashes")
    prefix = DIALECTS[args.dialect]
    cls = prefix + camel(args.name)
    file = f"{camel(args.name)}.cpp"
    values = {
        "cls": cls,
        "upper": cls.upper(),
        "argument": f"{args.dialect}-{args.name}",
        "dialect": args.dialect,
        "prefix": prefix,
        "summary": args.summary.rstrip("."),
        "banner": banner(file, args.summary.rstrip(".").split(",")[0][:40]),
    }
    definition = args.root / f"include/Dialect/{prefix}/Transforms/Passes.td"
    sources = args.root / f"lib/Dialect/{prefix}/Transforms"
    folder = "Top/Transforms" if args.dialect == "top" else "Tpu"
    test = args.root / f"test/Dialect/{folder}/{args.name.replace('-', '_')}.mlir"
    create(sources / file, SOURCE.format(**values))
    create(test, TEST.format(**values))
    before(definition, "#endif", DEFINITION.format(**values))
    add_source(sources / "CMakeLists.txt", file)
    report(
        args.root,
        [sources / file, test, definition, sources / "CMakeLists.txt"],
        ["the patterns, and what the definition says of them", "IR in the test",
         "make docs, which writes the reference", "a place in a pipeline, in lib/Driver"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
