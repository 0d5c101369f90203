"""Runs random commands on our simulator and on the vendor's functional model, bit for bit.

    TPU_CMODEL_LIB=<vendor library> python3 utils/compare_simulators.py \
        --simulator build/lib/libtpuc-simulator.so --count 200

Both start from the same local memory; after each command all 16 MiB must agree. Commands that ours
refuses, and those at which the vendor's model aborts, are counted and passed over. The exit code is
1 when any command differs. Build the simulator's library with `ninja TpucSimulatorC`.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from collections import Counter
from collections.abc import Mapping

import numpy as np

LOCAL_BYTES = 64 * 256 * 1024
I8, F16, F32, I16, I32, BF16 = range(6)
BYTES = {I8: 1, F16: 2, F32: 4, I16: 2, I32: 4, BF16: 2}
NAMES = {I8: "i8", F16: "f16", F32: "f32", I16: "i16", I32: "i32", BF16: "bf16"}
Fields = Mapping[str, int]


class Ours:
    """Our simulator, through its C interface."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.tpuc_simulator_create.restype = ctypes.c_void_p
        self.library.tpuc_simulator_local.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.tpuc_simulator_create(ctypes.c_uint(1)))
        address = self.library.tpuc_simulator_local(self.handle)
        self.local = view(address, LOCAL_BYTES)

    def encode(self, layout: str, fields: Fields) -> bytes:
        """The bytes of a command."""
        names = (ctypes.c_char_p * len(fields))(*(name.encode() for name in fields))
        values = (ctypes.c_uint64 * len(fields))(*fields.values())
        data = (ctypes.c_uint8 * 128)()
        message = ctypes.create_string_buffer(256)
        size = self.library.tpuc_encode(
            layout.encode(), names, values, len(fields), data, message, ctypes.c_uint64(256)
        )
        if not size:
            raise ValueError(message.value.decode())
        return bytes(data[:size])

    def execute(self, command: bytes) -> str | None:
        """Runs one TIU command; the reason when it is refused."""
        message = ctypes.create_string_buffer(256)
        failed = self.library.tpuc_simulator_execute(
            self.handle, 0, command, ctypes.c_uint64(len(command)), message, ctypes.c_uint64(256)
        )
        return message.value.decode() if failed else None


class _LocalMemory(ctypes.Structure):
    """The head of the vendor's description of local memory."""

    _fields_ = [("raw", ctypes.c_void_p)]


class Vendor:
    """The vendor's functional model."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.cmodel_init.argtypes = [ctypes.c_int32, ctypes.c_int64]
        self.library.get_local_mem.restype = ctypes.POINTER(_LocalMemory)
        self.library.cmodel_init(0, 1 << 26)
        self.local = view(self.library.get_local_mem(0).contents.raw, LOCAL_BYTES)

    def execute(self, command: bytes, memory: np.ndarray, expected: np.ndarray) -> int | None:
        """Runs the command in a child; how many bytes differ, or nothing when the model aborts."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            self.local[:] = memory
            buffer = (ctypes.c_uint8 * 256)(*command)
            self.library.execute_command(0, buffer, 0)
            os.write(writer, str(int((self.local != expected).sum())).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        return int(answer) if answer else None


def view(address: int, size: int) -> np.ndarray:
    """Memory at an address as bytes."""
    pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_uint8))
    return np.ctypeslib.as_array(pointer, (size,))


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


def main() -> int:
    """Compares the two; 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", default="build/lib/libtpuc-simulator.so")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    vendor_path = os.environ.get("TPU_CMODEL_LIB")
    if not vendor_path:
        print("error: set TPU_CMODEL_LIB to the vendor's library", file=sys.stderr)
        return 1
    ours, vendor = Ours(options.simulator), Vendor(vendor_path)
    rng = np.random.default_rng(options.seed)
    memories = {precision: random_memory(rng, precision) for precision in BYTES}
    results: Counter[str] = Counter()
    for _ in range(options.count):
        make = (elementwise, cast, matrix)[int(rng.integers(0, 3))]
        layout, precision, fields = make(rng)
        command = ours.encode(layout, fields)
        ours.local[:] = memories[precision]
        if ours.execute(command):
            results["refused"] += 1
            continue
        different = vendor.execute(command, memories[precision], ours.local)
        if different is None:
            results["vendor aborts"] += 1
        elif different:
            results["different"] += 1
            print(f"{layout} on {NAMES[precision]}: {different} bytes differ: {fields}")
        else:
            results["equal"] += 1
    print(", ".join(f"{count} {result}" for result, count in sorted(results.items())))
    return 1 if results["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
