"""Begins an operation of the top or tpu dialect: its definition, verifier and lit test.

    python utils/new_op.py tpu Norm cumulative_sum "Sums along the last axis"

The family is a file of the dialect, such as Norm for TpuNormOps.td. The test fails until it
has the operation's diagnostics.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from scaffold import DIALECTS, ROOT, before, camel, create, report

DEFINITION = """\
def {prefix}_{cls}Op : Op<{prefix}_Dialect, "{name}",
    [Pure, SameOperandsAndResultType, {evaluation}]> {{
  let summary = "{summary}";
  let description = [{{
    The formula of an element of the result.

    Constraints: (C1) rank >= 1.

    Example:

    ```mlir
    %1 = {dialect}.{name} %0 : tensor<4x8xf32>
    ```
  }}];
  let arguments = (ins Arg<{type}, "Operand.">:$input);
  let results = (outs Res<{type}, "Result, of the operand's type.">:$output);
  let assemblyFormat = "$input attr-dict `:` type($output)";
  let hasVerifier = 1;
}}

"""
VERIFIER = """
LogicalResult {cls}Op::verify() {{
  /*{name}_c1*/
  if (getInput().getType().getRank() < 1)
    return emitOpError("has an operand of rank 0, expected at least 1 axis");
  return success();
}}
"""
TEST = """\
// RUN: tpuc-opt %s -split-input-file -verify-diagnostics --verify-roundtrip

func.func @{name}(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {{
  %0 = {dialect}.{name} %x : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}}

// -----

func.func @{name}_c1_rank(%x: tensor<f32>) -> tensor<f32> {{
  // expected-error @+1 {{{{has an operand of rank 0, expected at least 1 axis}}}}
  %0 = {dialect}.{name} %x : tensor<f32>
  return %0 : tensor<f32>
}}
"""
# How an operation is evaluated on the host. The build fails until what is declared is there.
EVALUATION = {
    "top": "DeclareOpInterfaceMethods<EvaluableOp>",
    "tpu": "Tpu_EvaluatesAsTop",
}
LEFT = {
    "top": [
        "operands, attributes, constraints and their diagnostics",
        "what it says to passes, where it is more than nothing: Top_Pointwise, Top_TakesRows, "
        "Top_MovesElements, MagnitudeOpInterface",
        "lib/Dialect/Top/Evaluate: what it computes, and test/Interpret",
        "python/tpuc/frontend/converters: the ONNX operator; twins() where it is one",
        "lib/Conversion/TopToTpu/Lower*.cpp: what it is on the chip",
    ],
    "tpu": [
        "operands, attributes, constraints and their diagnostics",
        "what it says to passes, where it is more than nothing: Tpu_Pointwise, Tpu_KeepsAxes, "
        "Tpu_MovesElements, Tpu_SplitsBatch, LaneLayoutOpInterface",
        "Tpu_Evaluates in place of Tpu_EvaluatesAsTop, and lib/Dialect/Tpu/Evaluate, where the "
        "operation of top has another name or other attributes",
        "lib/Kernel: commands for one tile, with a unit test on odd sizes, unless one that is "
        "there does it",
        "lib/Conversion/TpuToBM1684X/*Kernels.cpp: the kernel of the operation",
    ],
}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dialect", choices=DIALECTS)
    parser.add_argument("family", help="a file of operations, such as Norm")
    parser.add_argument("name", help="in words with underscores, as in the text form")
    parser.add_argument("summary", help="one sentence without a full stop")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the sources")
    args = parser.parse_args()
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", args.name):
        parser.error(f"'{args.name}' is no name in lower case with underscores")
    prefix = DIALECTS[args.dialect]
    stem = f"{prefix}{args.family}Ops"
    definition = args.root / f"include/Dialect/{prefix}/IR/{stem}.td"
    source = args.root / f"lib/Dialect/{prefix}/IR/{stem}.cpp"
    if not definition.exists() or not source.exists():
        known = sorted(
            path.stem.removeprefix(prefix).removesuffix("Ops")
            for path in definition.parent.glob("*Ops.td")
            if (source.parent / f"{path.stem}.cpp").exists()
        )
        parser.error(f"'{args.family}' is no family of {args.dialect}; one of {', '.join(known)}")
    values = {
        "prefix": prefix,
        "cls": camel(args.name),
        "name": args.name,
        "dialect": args.dialect,
        "summary": args.summary.rstrip("."),
        "type": f"{prefix}_F32Tensor",
        "evaluation": EVALUATION[args.dialect],
    }
    if f"{prefix}_{values['cls']}Op " in definition.read_text():
        parser.error(f"{args.dialect}.{args.name} exists already")
    test = args.root / f"test/Dialect/{prefix}/{args.name}.mlir"
    create(test, TEST.format(**values))
    before(definition, "#endif", DEFINITION.format(**values))
    source.write_text(source.read_text() + VERIFIER.format(**values))
    report(args.root, [test, definition, source], [*LEFT[args.dialect], "make docs"])


if __name__ == "__main__":
    main()
