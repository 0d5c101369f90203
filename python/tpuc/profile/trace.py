"""A profile as a trace for Perfetto (the trace-event JSON format)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tpuc.profile.fusions import nodes_text
from tpuc.profile.model import GDMA, TIU

if TYPE_CHECKING:
    from tpuc.profile.model import Profile

_PROCESS = 1
_ENGINES = {TIU: "TIU", GDMA: "GDMA"}
# Threads of the trace: an engine's commands, and behind them its waits; then the layers.
_WAITS = 2
_LAYERS = {0: (5, "layers"), 1: (6, "layers that only move data")}
_CYCLES_PER_US = 1000.0
_LANE_LINE_KIB = 64 / 1024


def trace_json(profile: Profile) -> str:
    """The trace as text; a line an event."""
    events = ",\n".join(json.dumps(event, separators=(",", ":")) for event in trace_events(profile))
    return f'{{"displayTimeUnit":"ns","traceEvents":[\n{events}\n]}}\n'


def trace_events(profile: Profile) -> Iterator[dict[str, Any]]:
    """Names of the tracks, commands, waits, dependencies and counters."""
    yield _named("process_name", 0, profile.title)
    for engine, name in _ENGINES.items():
        yield _named("thread_name", engine + 1, name)
        yield _named("thread_name", engine + 1 + _WAITS, f"{name} waits")
    for thread, name in _LAYERS.values():
        yield _named("thread_name", thread, name)
        # Above the engines, which have their own order.
        yield {**_named("thread_sort_index", thread, ""), "args": {"sort_index": thread - 10}}
    yield from _layers(profile)
    yield from _commands(profile)
    yield from _waits(profile)
    yield from _flows(profile)
    yield from _memory_counter(profile)
    yield from _bandwidth_counter(profile)


def _named(kind: str, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "pid": _PROCESS, "tid": thread, "name": kind, "args": {"name": name}}


def _time(cycle: float) -> float:
    return float(cycle) / _CYCLES_PER_US


def _slice(thread: int, name: str, start: int, cycles: int, args: dict) -> dict[str, Any]:
    return {
        "ph": "X", "pid": _PROCESS, "tid": thread, "name": name,
        "ts": _time(start), "dur": _time(cycles), "args": args,
    }  # fmt: skip


def layer_runs(profile: Profile) -> dict[str, np.ndarray]:
    """Which operation is computed when.

    A run is of commands of one operation that follow each other in the TIU's queue. Operations
    that have none there are taken from the GDMA's.

    Returns:
        Arrays ``command`` (the first of a run), ``start``, ``end`` and ``row``: 0 of the TIU, 1
        of the GDMA; empty where commands say nothing of operations.
    """
    c, (_, groups) = profile.commands, profile.groups("op")
    computing = np.unique(groups[c.engine == TIU])
    parts: list[np.ndarray] = []
    for row, engine in enumerate((TIU, GDMA) if profile.has_layers else ()):
        mine = np.flatnonzero(c.engine == engine)
        if engine == GDMA:
            mine = mine[~np.isin(groups[mine], computing)]
        if not len(mine):
            continue
        changes = np.flatnonzero((np.diff(groups[mine]) != 0) | (np.diff(mine) != 1)) + 1
        first = mine[np.concatenate([[0], changes])]
        last = mine[np.concatenate([changes - 1, [len(mine) - 1]])]
        rows = np.full(len(first), row)
        parts.append(np.stack([first, c.start[first], c.end[last], rows]).astype(np.int64))
    table = np.concatenate(parts, 1) if parts else np.zeros((4, 0), np.int64)
    return dict(zip(("command", "start", "end", "row"), table, strict=True))


def _layers(profile: Profile) -> Iterator[dict[str, Any]]:
    labels, groups = profile.groups("op")
    for command, start, end, row in zip(*layer_runs(profile).values(), strict=True):
        name, kind = labels[groups[command]]
        inputs, results = profile.fusions.tensors(name)
        nodes = profile.fusions.nodes(name)
        args = {"kind": kind, "nodes": list(nodes), "inputs": inputs, "results": results}
        yield _slice(_LAYERS[int(row)][0], nodes_text(name, nodes), start, end - start, args)


def _commands(profile: Profile) -> Iterator[dict[str, Any]]:
    c = profile.commands
    labels, groups = profile.groups("op")
    for i, text in enumerate(profile.texts()):
        name, kind = labels[groups[i]]
        args = {"command": text, "op": name, "kind": kind, "cycles": int(c.cycles[i])}
        if moved := int(c.read_bytes[i] + c.write_bytes[i]):
            args["DDR bytes"] = moved
        yield _slice(
            int(c.engine[i]) + 1, profile.functions[c.function[i]], c.start[i], c.cycles[i], args
        )


def _waits(profile: Profile) -> Iterator[dict[str, Any]]:
    c, gaps = profile.commands, profile.commands.waits()
    for i in np.flatnonzero(gaps > 0):
        engine, cause = int(c.engine[i]), int(c.dependency[i])
        name = f"for {profile.functions[c.function[cause]]}" if cause >= 0 else "for another group"
        yield _slice(engine + 1 + _WAITS, name, c.start[i] - gaps[i], gaps[i], {})


def new_dependencies(profile: Profile) -> Iterator[int]:
    """The commands whose dependency is not covered by an earlier one's."""
    c = profile.commands
    latest = {TIU: -1, GDMA: -1}
    for i in np.flatnonzero(c.dependency >= 0):
        engine = int(c.engine[i])
        if c.dependency[i] > latest[engine]:
            latest[engine] = int(c.dependency[i])
            yield int(i)


def _flows(profile: Profile) -> Iterator[dict[str, Any]]:
    """Arrows from the last cycle of what is waited for to the first of what waits."""
    c = profile.commands
    for i in new_dependencies(profile):
        cause = int(c.dependency[i])
        common = {"pid": _PROCESS, "name": "dependency", "cat": "dependency", "id": i}
        last = max(c.start[cause], c.end[cause] - 1)
        yield {"ph": "s", "tid": int(c.engine[cause]) + 1, "ts": _time(last), **common}
        yield {"ph": "f", "bp": "e", "tid": int(c.engine[i]) + 1, "ts": _time(c.start[i]), **common}


def _counter(name: str, cycle: float, values: dict[str, float]) -> dict[str, Any]:
    return {"ph": "C", "pid": _PROCESS, "name": name, "ts": _time(cycle), "args": values}


def _memory_counter(profile: Profile) -> Iterator[dict[str, Any]]:
    held = profile.residencies()
    lines = held["end"].astype(np.int64) - held["begin"]
    times = np.concatenate([held["first_cycle"], held["last_cycle"] + 1])
    steps = np.concatenate([lines, -lines])
    moments, where = np.unique(times, return_inverse=True)
    levels = np.cumsum(np.bincount(where, steps, len(moments)))
    for moment, level in zip(moments, levels, strict=True):
        yield _counter(
            "local memory in use (KiB a lane)", moment, {"KiB": float(level) * _LANE_LINE_KIB}
        )


def _bandwidth_counter(profile: Profile) -> Iterator[dict[str, Any]]:
    c = profile.commands
    name = "DDR bandwidth (GB/s)"
    last = None
    for i in np.flatnonzero((c.read_bytes + c.write_bytes > 0) & (c.cycles > 0)):
        if last is not None and last < c.start[i]:
            yield _counter(name, last, {"read": 0.0, "write": 0.0})
        # A byte a cycle is a GB/s at 1 GHz.
        read, written = c.read_bytes[i] / c.cycles[i], c.write_bytes[i] / c.cycles[i]
        values = {"read": round(float(read), 3), "write": round(float(written), 3)}
        yield _counter(name, c.start[i], values)
        last = c.end[i]
    if last is not None:
        yield _counter(name, last, {"read": 0.0, "write": 0.0})
