"""Runs random commands on our simulator and on the vendor's functional model, bit for bit.

    TPU_CMODEL_LIB=<vendor library> python3 utils/compare_simulators.py \
        --simulator build/lib/libtpuc-simulator.so --count 200

Both start from the same local memory; after each command all 16 MiB must agree. Commands that ours
refuses, and those at which the vendor's model aborts, are counted and passed over. The exit code is
1 when any command differs. Build the simulator's library with `ninja TpucSimulatorC`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

import numpy as np
from simulators import SIZES, Command, Ours, Vendor

LOCAL_BYTES = SIZES["l"]
I8, F16, F32, I16, I32, BF16 = range(6)
BYTES = {I8: 1, F16: 2, F32: 4, I16: 2, I32: 4, BF16: 2}
NAMES = {I8: "i8", F16: "f16", F32: "f32", I16: "i16", I32: "i32", BF16: "bf16"}


def random_memory(rng: np.random.Generator, precision: int) -> np.ndarray:
    """Numbers of a few magnitudes in local memory; any bytes for integers."""
    count = LOCAL_BYTES // 16 // BYTES[precision]
    if precision in (I8, I16, I32):
        part = rng.integers(0, 256, LOCAL_BYTES // 16).astype(np.uint8)
    else:
        values = (rng.standard_normal(count) * np.exp2(rng.uniform(-4, 4, count))).astype(
            np.float32
        )
        if precision == F16:
            part = values.astype(np.float16).view(np.uint8)
        elif precision == BF16:
            part = (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        else:
            part = values.view(np.uint8)
    return np.tile(part, 16)


def shape(rng: np.random.Generator) -> dict[str, int]:
    """A small result."""
    return {
        "res0_n": int(rng.integers(1, 3)),
        "res0_c": int(rng.integers(1, 130)),
        "res0_h": int(rng.integers(1, 5)),
        "res0_w": int(rng.integers(1, 40)),
        "res0_addr": 0x30000,
    }


def elementwise(rng: np.random.Generator) -> tuple[str, int, dict[str, int]]:
    """A float operation of AR."""
    precision = int(rng.choice([F32, F16, BF16]))
    function = int(rng.choice([0, 2, 3, 4, 5, 26]))
    fields = {
        "tsk_eu_typ": function,
        "tsk_opd_num": 1 if function == 26 else 2,
        "res0_prec": precision,
        "opd0_prec": precision,
        "opd1_prec": precision,
        "opd1_addr": 0x10000 + 0x40000 * int(rng.integers(0, 64)),
    }
    return "sAR", precision, {**shape(rng), **fields}


def cast(rng: np.random.Generator) -> tuple[str, int, dict[str, int]]:
    """A conversion."""
    precision = int(rng.choice([F32, F16, BF16, I8, I16, I32]))
    fields = {
        "tsk_eu_typ": 14,
        "tsk_opd_num": 1,
        "res0_prec": int(rng.choice([F32, F16, BF16, I8, I16, I32])),
        "opd0_prec": precision,
        "opd0_sign": int(rng.integers(0, 2)),
        "opd2_sign": int(rng.integers(0, 2)),
        "opd2_n_str": int(rng.integers(0, 5)),
    }
    return "sAR", precision, {**shape(rng), **fields}


def matrix(rng: np.random.Generator) -> tuple[str, int, dict[str, int]]:
    """A matrix product MM2."""
    precision = int(rng.choice([F16, BF16, I8]))
    rows, inner, columns = (int(rng.integers(1, 90)) for _ in range(3))
    function = int(rng.choice([4, 5]))
    fields = {
        "tsk_eu_typ": function,
        "opd0_sign": int(rng.integers(0, 2)),
        "opd1_sign": int(rng.integers(0, 2)),
        "res0_prec": I32 if precision == I8 else int(rng.choice([precision, F32])),
        "opd0_prec": precision,
        "opd2_const": 1,
        "opd2_addr": int(rng.integers(0, 256)) if precision == I8 else 0,
        "res0_c": rows,
        "res0_w": columns,
        "opd1_c": inner if function == 4 else columns,
        "opd1_w": columns if function == 4 else inner,
        "opd1_addr": 0x10000,
        "res0_addr": 0x30000,
    }
    return "sMM2", precision, fields


def linear(rng: np.random.Generator) -> tuple[str, int, dict[str, int]]:
    """A scale and an offset a channel (LIN), which lie in a lane one after the other."""
    precision = int(rng.choice([F32, F16]))
    fields = {
        "tsk_eu_typ": 1,
        "res0_prec": precision,
        "opd1_addr": 0x10000,
        "opd2_addr": 0x20000,
        "res0_n": 1,
        "res0_c": int(rng.integers(1, 1025)),
        "res0_h": 1,
        "res0_w": int(rng.integers(1, 200)),
        "res0_addr": 0x30000,
    }
    return "sLIN", precision, fields


MAKERS = (elementwise, cast, matrix, linear)


def main() -> int:
    """Compares the two; 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", default="build/lib/libtpuc-simulator.so")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if "TPU_CMODEL_LIB" not in os.environ:
        print("error: set TPU_CMODEL_LIB to the vendor's library", file=sys.stderr)
        return 1
    ours, vendor = Ours(options.simulator), Vendor()
    rng = np.random.default_rng(options.seed)
    memories = {precision: random_memory(rng, precision) for precision in BYTES}
    results: Counter[str] = Counter()
    for _ in range(options.count):
        make = MAKERS[int(rng.integers(0, len(MAKERS)))]
        layout, precision, fields = make(rng)
        commands = [Command(0, ours.encode(layout, fields))]
        memory = {"l": memories[precision]}
        if ours.run(memory, commands):
            results["refused"] += 1
            continue
        expected = vendor.run(memory, commands)
        if expected is None:
            results["vendor aborts"] += 1
        elif different := int((expected["l"] != ours.memories["l"]).sum()):
            results["different"] += 1
            print(f"{layout} on {NAMES[precision]}: {different} bytes differ: {fields}")
        else:
            results["equal"] += 1
    print(", ".join(f"{count} {result}" for result, count in sorted(results.items())))
    return 1 if results["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
