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


class _CommandHead(ctypes.Structure):
    """TpucCommandHead of SimulatorC.h."""

    _fields_ = [
        ("id", ctypes.c_uint32),
        ("dependency", ctypes.c_uint32),
        ("is_system", ctypes.c_int),
        ("is_end", ctypes.c_int),
    ]


def in_order(path: str, tiu: bytes, gdma: bytes, first: int = 0) -> list[Command]:
    """The commands of two queues in an order that their waits allow, system commands left out.

    Args:
        path: of our simulator's library.
        tiu: the stream of the TIU.
        gdma: the stream of the GDMA.
        first: the engine that runs whenever it may.

    Raises:
        ValueError: bytes that are no command, or a wait that never ends.
    """
    library = ctypes.CDLL(path)
    queues: list[list[tuple[Command, int]]] = []
    for engine, stream in enumerate((tiu, gdma)):
        queues.append([])
        head, at = _CommandHead(), 0
        while at < len(stream) and not head.is_end:
            rest = stream[at : at + 128]
            size = library.tpuc_command_head(
                engine, rest, ctypes.c_uint64(len(rest)), ctypes.byref(head)
            )
            if not size:
                raise ValueError(f"no command at byte {at} of queue {engine}")
            if not head.is_system:
                queues[-1].append((Command(engine, rest[:size]), head.dependency))
            at += size
    done, order = [0, 0], []
    while done != [len(queue) for queue in queues]:
        before = len(order)
        for engine in (first, 1 - first):
            queue = queues[engine]
            while done[engine] < len(queue) and queue[done[engine]][1] <= done[1 - engine]:
                order.append(queue[done[engine]][0])
                done[engine] += 1
        if len(order) == before:
            raise ValueError("a command waits for one that never completes")
    return order


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

    def __init__(self, path: str, sizes: Mapping[str, int] = SIZES) -> None:
        self.library = ctypes.CDLL(path)
        for name in ("create", "local", "static", "global"):
            getattr(self.library, f"tpuc_simulator_{name}").restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.tpuc_simulator_create(ctypes.c_uint(1)))
        outside = self.library.tpuc_simulator_global(
            self.handle, ctypes.c_uint64(GLOBAL_BASE), ctypes.c_uint64(sizes["g"])
        )
        self.memories = {
            "l": view(self.library.tpuc_simulator_local(self.handle), sizes["l"]),
            "s": view(self.library.tpuc_simulator_static(self.handle), sizes["s"]),
            "g": view(outside, sizes["g"]),
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

    def decode(self, command: Command) -> tuple[str, dict[str, tuple[int, int]]]:
        """The layout of a command, and each field's value and width in bits."""
        most = 128
        layout = ctypes.c_char_p()
        names = (ctypes.c_char_p * most)()
        values, widths = (ctypes.c_uint64 * most)(), (ctypes.c_uint * most)()
        size = ctypes.c_uint64(len(command.data))
        count = self.library.tpuc_decode(
            command.engine, command.data, size, ctypes.byref(layout), names, values, widths, most
        )
        if not count:
            raise ValueError(f"no command: {command.data.hex()}")
        fields = zip(names[:count], values[:count], widths[:count], strict=True)
        return layout.value.decode(), {n.decode(): (v, w) for n, v, w in fields}

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
    """The vendor's functional model; TPU_CMODEL_LIB names its library.

    Loading it makes the process flush denormal numbers. Only children run commands.

    Args:
        sizes: bytes of the memories.
    """

    def __init__(self, sizes: Mapping[str, int] = SIZES) -> None:
        self.sizes = sizes
        self.library = ctypes.CDLL(os.environ["TPU_CMODEL_LIB"])
        self.library.cmodel_init.argtypes = [ctypes.c_int32, ctypes.c_int64]
        self.library.get_local_mem.restype = ctypes.POINTER(_LocalMemory)
        for name in ("get_static_memaddr_by_node", "get_global_memaddr"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.library.cmodel_init(0, max(1 << 26, sizes["g"]))
        places = {
            "l": self.library.get_local_mem(0).contents.raw,
            "s": self.library.get_static_memaddr_by_node(0),
            "g": self.library.get_global_memaddr(0),
        }
        self.memories = {name: view(place, sizes[name]) for name, place in places.items()}
        # Each child starts from zeros.
        for memory in self.memories.values():
            memory[:] = 0
        self.died_at: int | None = None

    def run(self, memories: Memories, commands: Sequence[Command]) -> Memories | None:
        """Runs commands on `memories`; the memories afterwards, or nothing when the model dies.

        Results come back through memory that the child shares. `died_at` is then the index of
        the command at which it died.
        """
        sizes = self.sizes
        shared = {name: np.frombuffer(mmap.mmap(-1, sizes[name]), np.uint8) for name in sizes}
        reached = np.frombuffer(mmap.mmap(-1, 8), np.int64)
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            for name, memory in memories.items():
                copy_into_zeros(self.memories[name], memory)
            for number, command in enumerate(commands):
                reached[0] = number
                buffer = (ctypes.c_uint8 * 256)(*command.data)
                self.library.execute_command(0, buffer, command.engine)
            for name in sizes:
                copy_into_zeros(shared[name], self.memories[name])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        self.died_at = int(reached[0]) if status else None
        return None if status else shared
