"""Products and convolutions of random sizes in the simulator against numpy.

Every element must be as near as the arithmetic allows: see `allowed`. A case
depends on the seed and its number alone, so that one can be repeated.

    python bench/grid.py --products 2000 --convs 1000 --seed 1
    python bench/grid.py --seed 1 --only product:17 conv:5 --verbose
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grid_cases import UNITS, Case
from grid_convs import make_conv
from grid_products import make_product
from tpuc import _core
from tpuc.compiler import deploy, transform
from tpuc.errors import UserError
from tpuc.model import Model

# What makes the cases of each kind.
GENERATORS = {"product": make_product, "conv": make_conv}


@dataclass
class Verdict:
    """What became of a case.

    Attributes:
        kind: ``right``, ``wrong``, ``refused`` or ``failed``.
        text: the worst element, or the message.
        ratio: the largest error over what is allowed.
    """

    kind: str
    text: str = ""
    ratio: float = 0.0


def make_case(kind: str, seed: int, number: int) -> Case:
    """The case of that number."""
    rng = np.random.default_rng([seed, list(GENERATORS).index(kind), number])
    return GENERATORS[kind](rng)


def allowed(case: Case, dtype: str, scale: float) -> np.ndarray:
    """How far each element may be from the exact result.

    Operands are exact in the precision, so that only three things round. Sums in
    f32: each of n partial sums rounds by half a unit of it at most, and what n roundings
    of random signs add up to is some sqrt(n) of these; partial sums themselves grow as
    sqrt(n) times a product, or towards the result where that is large. The result: half
    a unit in the last place of its type, once for each operation that was not
    fused. In INT8 the sums are exact, but may be shifted to 16 bits, so that
    one unit of these 16 bits is lost, and then pass a factor and a cast in F16.
    """
    unit = UNITS[case.result_precision]
    bound = UNITS["F32"] * (4 * case.magnitude + np.sqrt(case.terms) * case.size)
    bound += case.roundings * unit * case.size
    # Half the smallest number of F16, below which precision ends.
    bound += 2.0**-25 if case.result_precision == "F16" else 1e-37
    if case.shifted is not None:
        bound += case.shifted
    if dtype in ("i8", "ui8"):
        bound += 0.5 * scale * (1 + 1e-6)
    return bound


def table_of(case: Case, module: _core.Module) -> str:
    """The calibration table: the ranges of what is still a tensor of its own."""
    known = {value.name for value in _core.read_graph(module).values}
    ranges = {name: span for name, span in case.ranges if name in known}
    return "".join(
        f"{name} {max(-least, most):.9g} {least:.9g} {most:.9g}\n"
        for name, (least, most) in ranges.items()
    )


def check(case: Case) -> Verdict:
    """Compiles and runs a case and compares every element."""
    try:
        module = transform(case.model, "grid")
        with tempfile.TemporaryDirectory() as folder:
            table = None
            if case.precision == "INT8":
                table = Path(folder) / "table"
                table.write_text(table_of(case, module))
            core = deploy(
                module,
                case.precision,
                calibration_table=table,
                opt=case.opt,
                quant_output=case.quant_output,
            )
        model = Model(core, "grid")
        (got,) = model.real_results(model.run(case.inputs)).values()
    except UserError as error:
        return Verdict("refused", str(error))
    (output,) = model.outputs
    if got.size != case.expected.size:
        return Verdict("wrong", f"{got.shape} instead of {case.expected.shape}", np.inf)
    got = got.reshape(case.expected.shape).astype(np.float64)
    bound = allowed(case, output.dtype, output.scale)
    expected = case.expected
    if output.dtype in ("i8", "ui8"):
        # What saturates is right at the end of the range.
        low, high = (-128, 127) if output.dtype == "i8" else (0, 255)
        zero = output.zero_point
        expected = np.clip(expected, (low - zero) * output.scale, (high - zero) * output.scale)
    error = np.abs(got - expected)
    ratios = np.where(np.isnan(error), np.inf, error / bound)
    worst = np.unravel_index(np.argmax(ratios), ratios.shape)
    ratio = float(ratios[worst])
    if ratio <= 1:
        return Verdict("right", ratio=ratio)
    place = ",".join(map(str, worst))
    bad = int((ratios > 1).sum())
    return Verdict(
        "wrong",
        f"[{place}] is {got[worst]:.7g} instead of {expected[worst]:.7g}, {ratio:.3g} of what is "
        f"allowed; {bad} of {ratios.size} elements",
        ratio,
    )


def run(
    kind: str, numbers: Sequence[int], seed: int, verbose: bool = False
) -> Iterator[tuple[int, Case, Verdict]]:
    """Checks the cases of these numbers, one after the other."""
    for number in numbers:
        case = make_case(kind, seed, number)
        if verbose:
            print(f"{kind}:{number} {case.text}", flush=True)
        yield number, case, check(case)


def _parse_only(items: Sequence[str]) -> dict[str, list[int]]:
    only: dict[str, list[int]] = collections.defaultdict(list)
    for item in items:
        kind, _, number = item.partition(":")
        if kind not in GENERATORS or not number.isdigit():
            raise SystemExit(f"--only '{item}' is not like product:17 or conv:5")
        only[kind].append(int(number))
    return only


def main() -> int:
    """Prints what is not right, and a line a kind; exit code 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--convs", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="of the cases (default 1)")
    parser.add_argument("--only", nargs="+", default=[], help="numbers, e.g. product:17")
    parser.add_argument("--verbose", action="store_true", help="name each case before it runs")
    args = parser.parse_args()
    numbers = {"product": list(range(args.products)), "conv": list(range(args.convs))}
    if args.only:
        numbers = _parse_only(args.only)
    is_right = True
    for kind, wanted in numbers.items():
        if not wanted:
            continue
        counts: collections.Counter[str] = collections.Counter()
        worst, start = 0.0, time.time()
        for number, case, verdict in run(kind, wanted, args.seed, args.verbose):
            counts[verdict.kind] += 1
            if verdict.kind == "right":
                worst = max(worst, verdict.ratio)
                continue
            is_right = False
            print(f"{kind}:{number} {verdict.kind}: {case.text}: {verdict.text}", flush=True)
        parts = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        seconds = time.time() - start
        print(f"{kind}s: {parts}; largest error {worst:.2f} of what is allowed, {seconds:.0f} s")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
