"""Our simulator and the vendor's functional model behind one interface, for comparisons."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

#: Bytes of each memory that is compared: local, static, global from its base.
SIZES = {"l": 64 * 256 * 1024, "s": 16 * 1024, "g": 4 << 20}
PAGE_WORDS = 512
GLOBAL_BASE = 0x100000000
Fields = Mapping[str, int]
Memories = dict[str, np.ndarray]


@dataclass
class Command:
    """An encoded command of engine 0 (TIU) or 1 (GDMA)."""

    engine: int
    data: bytes


def view(address: int, size: int) -> np.ndarray:
    """Memory at an address as bytes."""
    pointer = ctypes.cast(address, ctypes.POINTER(ctypes.c_uint8))
    return np.ctypeslib.as_array(pointer, (size,))


def pages(memory: np.ndarray) -> np.ndarray:
    """Memory as pages of words."""
    return memory.view(np.uint64).reshape(-1, PAGE_WORDS)


def copy_into_zeros(target: np.ndarray, source: np.ndarray) -> None:
    """Copies the pages of `source` that are not all zeros; the target must be zeros."""
    touched = np.flatnonzero(pages(source).any(axis=1))
    pages(target)[touched] = pages(source)[touched]


class Ours:
    """Our simulator, through its C interface."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        for name in ("create", "local", "static", "global"):
            getattr(self.library, f"tpuc_simulator_{name}").restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.tpuc_simulator_create(ctypes.c_uint(1)))
        outside = self.library.tpuc_simulator_global(
            self.handle, ctypes.c_uint64(GLOBAL_BASE), ctypes.c_uint64(SIZES["g"])
        )
        self.memories = {
            "l": view(self.library.tpuc_simulator_local(self.handle), SIZES["l"]),
            "s": view(self.library.tpuc_simulator_static(self.handle), SIZES["s"]),
            "g": view(outside, SIZES["g"]),
        }

    def use_reference_code(self, reference: bool) -> None:
        """Chooses plain scalar code."""
        self.library.tpuc_simulator_reference(self.handle, int(reference))

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
            raise ValueError(f"{layout}: {message.value.decode()}")
        return bytes(data[:size])

    def execute(self, command: Command) -> str | None:
        """Runs one command; the reason when it is refused."""
        message = ctypes.create_string_buffer(256)
        size = ctypes.c_uint64(len(command.data))
        failed = self.library.tpuc_simulator_execute(
            self.handle, command.engine, command.data, size, message, ctypes.c_uint64(256)
        )
        return message.value.decode() if failed else None

    def run(self, memories: Memories, commands: Sequence[Command]) -> str | None:
        """Runs commands on a copy of `memories`, which is then self.memories."""
        for name, memory in memories.items():
            self.memories[name][:] = memory
        for command in commands:
            if reason := self.execute(command):
                return reason
        return None


class _LocalMemory(ctypes.Structure):
    """The head of the vendor's description of local memory."""

    _fields_ = [("raw", ctypes.c_void_p)]


class Vendor:
    """The vendor's functional model; TPU_CMODEL_LIB names its library."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(os.environ["TPU_CMODEL_LIB"])
        self.library.cmodel_init.argtypes = [ctypes.c_int32, ctypes.c_int64]
        self.library.get_local_mem.restype = ctypes.POINTER(_LocalMemory)
        for name in ("get_static_memaddr_by_node", "get_global_memaddr"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.library.cmodel_init(0, 1 << 26)
        places = {
            "l": self.library.get_local_mem(0).contents.raw,
            "s": self.library.get_static_memaddr_by_node(0),
            "g": self.library.get_global_memaddr(0),
        }
        self.memories = {name: view(place, SIZES[name]) for name, place in places.items()}
        # Only children run commands: each starts from zeros.
        for memory in self.memories.values():
            memory[:] = 0

    def run(self, memories: Memories, commands: Sequence[Command]) -> Memories | None:
        """Runs commands on `memories`; the memories afterwards, or nothing when the model aborts.

        Results come back through memory that the child shares.
        """
        shared = {name: np.frombuffer(mmap.mmap(-1, SIZES[name]), np.uint8) for name in SIZES}
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            for name, memory in memories.items():
                copy_into_zeros(self.memories[name], memory)
            for command in commands:
                buffer = (ctypes.c_uint8 * 256)(*command.data)
                self.library.execute_command(0, buffer, command.engine)
            for name in SIZES:
                copy_into_zeros(shared[name], self.memories[name])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return shared if status == 0 else None
