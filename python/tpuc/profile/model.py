"""A compiled model's profile: figures of the whole, of layers, of commands."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tpuc import _core
from tpuc.console import bytes_text, times_text
from tpuc.profile.fusions import Fusions, nodes_text

# The contract of `tpuc profile --json`, in this order.
JSON_KEYS = (
    "cycles", "ms", "tiu_busy", "gdma_busy", "tiu_commands", "gdma_commands",
    "ddr_read_bytes", "ddr_write_bytes", "roofline_ms", "vendor_ms", "silicon_ms", "parameters",
)  # fmt: skip

TIU, GDMA = 0, 1


@dataclass(frozen=True)
class Layer:
    """The share of an operation, or of another group of commands.

    Attributes:
        name: of the source model's node.
        kind: e.g. ``tpu.matmul``.
        start, end: first and last cycle of its commands.
        tiu_cycles, gdma_cycles: busy cycles of both engines.
        critical_cycles: cycles of the chain of commands that makes up the
            total; over all layers they sum up to the model's cycles.
        bound: what its critical cycles are mostly spent in, ``TIU`` or
            ``GDMA``, or ``hidden`` when it has none.
        nodes: all nodes of the source model that it computes, where known.
    """

    name: str
    kind: str
    start: int
    end: int
    tiu_cycles: int
    gdma_cycles: int
    commands: int
    critical_cycles: int = 0
    bound: str = "hidden"
    macs: int = 0
    read_bytes: int = 0
    write_bytes: int = 0
    nodes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its nodes as one name, or its name."""
        return nodes_text(self.name, self.nodes)


@dataclass(frozen=True, eq=False, repr=False)
class Commands:
    """An array for each property of the commands, TIU first, in queue order.

    Attributes:
        engine: 0 for the TIU, 1 for the GDMA.
        function: index into ``Profile.functions``.
        layer: index into ``Profile.names``, or -1.
        start, cycles: when and how long a command ran.
        dependency: index of the command that it names to wait for, or -1.
        critical: 1 for the chain of commands that makes up the total.
        macs: multiply-accumulates.
        read_bytes, write_bytes: of DDR.
        read_cause, write_cause: index into ``Profile.causes``.
    """

    engine: np.ndarray
    function: np.ndarray
    layer: np.ndarray
    start: np.ndarray
    cycles: np.ndarray
    dependency: np.ndarray
    critical: np.ndarray
    macs: np.ndarray
    read_bytes: np.ndarray
    write_bytes: np.ndarray
    read_cause: np.ndarray
    write_cause: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        tiu = int(np.count_nonzero(self.engine == TIU))
        return f"Commands({tiu:,} of the TIU, {len(self) - tiu:,} of the GDMA)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Commands) and all(
            np.array_equal(array, getattr(other, name)) for name, array in vars(self).items()
        )

    # Arrays have no hash.
    __hash__ = None

    @property
    def end(self) -> np.ndarray:
        """The cycle behind the last of each command."""
        return self.start + self.cycles

    def waits(self) -> np.ndarray:
        """Cycles that its engine stood still before each command."""
        gaps = np.zeros(len(self), np.int64)
        for engine in (TIU, GDMA):
            mine = np.flatnonzero(self.engine == engine)
            previous = np.concatenate([[0], self.end[mine][:-1]])
            gaps[mine] = self.start[mine] - previous
        return gaps


@dataclass(frozen=True, repr=False)
class Profile:
    """Cycles at 1 GHz, busy shares between 0 and 1, bytes of DDR traffic.

    ``roofline_ms`` is the time that the multiply-accumulates at peak rate, or
    weights, inputs and outputs at 64 GB/s take, whichever is longer. ``layers``
    are the operations of the source model; a model that does not say which
    command belongs to which operation is shown by the functions of its
    commands. In a notebook a profile shows itself as a timeline.

    ``vendor_ms`` and ``silicon_ms`` are the time by both timing models, ``ms`` is
    that by ``parameters``.

    ``fused_groups`` are the names of groups of operations that were scheduled
    together, ``fused_group_of_layers`` has the group of each entry of
    ``names``, or -1, and ``explanation`` is a JSON text of the compiler on its
    choices, or empty.
    """

    cycles: int
    ms: float
    tiu_busy: float
    gdma_busy: float
    tiu_commands: int
    gdma_commands: int
    ddr_read_bytes: int
    ddr_write_bytes: int
    roofline_ms: float
    macs: int
    weight_bytes: int
    parameters: str
    commands: Commands
    functions: tuple[str, ...]
    causes: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    fused_groups: tuple[str, ...] = ()
    fused_group_of_layers: tuple[int, ...] = ()
    explanation: str = ""
    vendor_ms: float = 0.0
    silicon_ms: float = 0.0
    title: str = field(default="model", compare=False)
    _source: _core.Bmodel | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_core(
        cls, data: Mapping, source: _core.Bmodel | None = None, title: str = "model"
    ) -> Profile:
        """Takes what the extension module returns.

        Args:
            data: the result of ``_core.Bmodel.profile``.
            source: the model, which knows the commands' texts.
            title: how reports call the model.
        """
        fields = dict(data)
        fusions = Fusions(fields["explanation"])
        names = tuple((name, fusions.kind(name, kind)) for name, kind in fields.pop("layers"))
        for key in ("functions", "causes", "fused_groups", "fused_group_of_layers"):
            fields[key] = tuple(fields[key])
        fields["commands"] = Commands(**fields["commands"])
        return cls(**fields, names=names, title=title, _source=source)

    @cached_property
    def fusions(self) -> Fusions:
        """Which nodes and tensors of the source model operations stand for."""
        return Fusions(self.explanation)

    @property
    def has_layers(self) -> bool:
        """Whether the model says which operation its commands belong to."""
        return bool(self.names)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The operations, in the order of their start."""
        labels, groups = self.groups("op" if self.has_layers else "function")
        return self.sums(labels, groups)

    def groupings(self) -> tuple[str, ...]:
        """What the commands can be grouped by; the first tells most."""
        if not self.has_layers:
            return ("function",)
        return ("op", *(["group"] if self.fused_groups else []), "kind", "function")

    def groups(self, by: str) -> tuple[list[tuple[str, str]], np.ndarray]:
        """Sorts the commands into groups.

        Args:
            by: "op", "group" (operations that were scheduled together), "kind"
                or "function".

        Returns:
            Name and kind of each group, and each command's group.
        """
        if by == "function" or not self.has_layers:
            return [(name, name) for name in self.functions], self.commands.function.astype(int)
        labels = [*self.names, ("(no operation)", "none")]
        groups = self.commands.layer.astype(int) % len(labels)
        if by == "op":
            return labels, groups
        if by == "group":
            return self._fused(labels, groups)
        kinds = sorted({kind for _, kind in labels})
        numbers = np.array([kinds.index(kind) for _, kind in labels])
        return [(kind, kind) for kind in kinds], numbers[groups]

    def _fused(
        self, labels: list[tuple[str, str]], groups: np.ndarray
    ) -> tuple[list[tuple[str, str]], np.ndarray]:
        """Fused groups; an operation outside of any is a group of its own."""
        fused = [(name, name) for name in self.fused_groups]
        numbers = np.arange(len(labels)) + len(fused)
        for i, group in enumerate(self.fused_group_of_layers):
            if group >= 0:
                numbers[i] = group
        return [*fused, *labels], numbers[groups]

    def sums(self, labels: Sequence[tuple[str, str]], groups: np.ndarray) -> tuple[Layer, ...]:
        """What each group of commands takes, without empty groups, by start."""
        c, count = self.commands, len(labels)

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(groups, values.astype(float), count).astype(np.int64)

        commands = np.bincount(groups, minlength=count)
        tiu, gdma = total(c.cycles * (c.engine == TIU)), total(c.cycles * (c.engine == GDMA))
        critical = total(c.cycles * c.critical)
        critical_tiu = total(c.cycles * (c.critical * (c.engine == TIU)))
        macs, read, written = total(c.macs), total(c.read_bytes), total(c.write_bytes)
        first = np.full(count, np.iinfo(np.int64).max)
        last = np.full(count, -1, np.int64)
        np.minimum.at(first, groups, c.start)
        np.maximum.at(last, groups, c.end - 1)
        layers = []
        for i in sorted(np.flatnonzero(commands), key=lambda i: (first[i], i)):
            bound = "TIU" if 2 * critical_tiu[i] >= critical[i] else "GDMA"
            layers.append(
                Layer(
                    name=labels[i][0], kind=labels[i][1], start=int(first[i]), end=int(last[i]),
                    tiu_cycles=int(tiu[i]), gdma_cycles=int(gdma[i]), commands=int(commands[i]),
                    critical_cycles=int(critical[i]), bound=bound if critical[i] else "hidden",
                    macs=int(macs[i]), read_bytes=int(read[i]), write_bytes=int(written[i]),
                    nodes=self.fusions.nodes(labels[i][0]),
                )
            )  # fmt: skip
        return tuple(layers)

    def traffic(self) -> dict[str, tuple[int, int]]:
        """Bytes of DDR read and written for each cause that occurs."""
        c = self.commands
        read = np.bincount(c.read_cause, c.read_bytes, len(self.causes))
        written = np.bincount(c.write_cause, c.write_bytes, len(self.causes))
        pairs = zip(self.causes, read.astype(int), written.astype(int), strict=True)
        return {cause: (int(r), int(w)) for cause, r, w in pairs if r or w}

    def texts(self) -> list[str]:
        """A line for each command: function, ids, fields that are not zero."""
        return self._source.command_texts() if self._source else [""] * len(self.commands)

    def tensors(self) -> list[dict[str, Any]]:
        """Where tensors of the source model lie, a dictionary of each place."""
        return self._source.tensors() if self._source else []

    def residencies(self) -> dict[str, np.ndarray]:
        """What local memory holds when.

        Returns:
            Arrays ``begin`` and ``end`` (lines of 64 bytes of a lane),
            ``first_cycle``, ``last_cycle`` and ``command`` (the writer), by
            first cycle.
        """
        if self._source is None:
            empty = np.zeros(0, np.int64)
            return dict.fromkeys(("begin", "end", "first_cycle", "last_cycle", "command"), empty)
        arrays = dict(self._source.residencies(self.parameters))
        arrays.pop("unknown")
        order = np.argsort(arrays["first_cycle"], kind="stable")
        return {key: array[order] for key, array in arrays.items()}

    def to_json(self) -> str:
        """One JSON object with the figures of the whole model."""
        return json.dumps({key: getattr(self, key) for key in JSON_KEYS})

    def to_full_json(self) -> str:
        """The figures of the whole, the traffic by cause and the layers."""
        data = {key: getattr(self, key) for key in (*JSON_KEYS, "macs", "weight_bytes")}
        data["traffic"] = {
            cause: {"read_bytes": read, "write_bytes": written}
            for cause, (read, written) in self.traffic().items()
        }
        data["layers"] = [asdict(layer) for layer in self.layers]
        if self.fused_groups:
            data["groups"] = [asdict(group) for group in self.sums(*self.groups("group"))]
        if self.explanation:
            data["explanation"] = self._explanation()
        return json.dumps(data, indent=1)

    def _explanation(self) -> Any:
        """The explanation's contents, or its text when it is not JSON."""
        try:
            return json.loads(self.explanation)
        except (ValueError, RecursionError):
            return self.explanation

    def rows(self) -> list[tuple[str, str]]:
        """The figures of the whole model for reading."""
        return [
            ("estimated time", times_text(self.vendor_ms, self.silicon_ms)),
            ("cycles", f"{self.cycles:,} (cycle model {self.parameters})"),
            ("roofline", f"{self.roofline_ms:.3f} ms ({self.roofline_share:.0%} of it reached)"),
            *self.figures(),
        ]

    @property
    def roofline_share(self) -> float:
        """How much of the roofline is reached, between 0 and 1."""
        return self.roofline_ms / self.ms if self.ms else 0.0

    def figures(self) -> list[tuple[str, str]]:
        """What is no time of the figures for reading."""
        return [
            ("TIU busy", f"{self.tiu_busy:.0%} ({self.tiu_commands:,} commands)"),
            ("GDMA busy", f"{self.gdma_busy:.0%} ({self.gdma_commands:,} commands)"),
            ("multiply-accumulates", f"{self.macs / 1e9:.3f} G"),
            ("DDR read", bytes_text(self.ddr_read_bytes)),
            ("DDR written", bytes_text(self.ddr_write_bytes)),
            ("weights", bytes_text(self.weight_bytes)),
        ]

    def __repr__(self) -> str:
        return (f"Profile({self.title}: {times_text(self.vendor_ms, self.silicon_ms)}, "
                f"{len(self.commands):,} commands)")  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(f"{name:<22}{value}" for name, value in self.rows())

    def _repr_html_(self) -> str:
        from tpuc.profile.notebook import render

        return render(self)


def profile_bmodel(
    source: str | os.PathLike | bytes, parameters: str = "vendor", network: str | None = None
) -> Profile:
    """Profiles a .bmodel, ours or another compiler's: the first stage of a network.

    The operations of another compiler's file are known when the list that the
    vendor's compiler writes, X.bmodel.json, lies beside it.

    Args:
        source: its path or its contents.
        parameters: "vendor" for the vendor's own cycle model, "silicon" for
            estimates of what that leaves out.
        network: which network of a file that holds several.

    Raises:
        UserError: missing, damaged, or of an unsupported kind.
    """
    from tpuc.model import choose_network, load_core

    if isinstance(source, bytes):
        core, title = _core.Bmodel.parse(source), "model"
    else:
        core, title = load_core(source), Path(source).stem
    number = choose_network(core, network, title if isinstance(source, bytes) else str(source))
    core.select(number, 0)
    if network is not None and len(core.networks) > 1:
        title = f"{title} {network}"
    profile = Profile.from_core(core.profile(parameters), core, title)
    if profile.has_layers or isinstance(source, bytes):
        return profile
    from tpuc.profile.companion import read_companion

    found = read_companion(Path(source), (profile.tiu_commands, profile.gdma_commands))
    if found is None:
        return profile
    # With the operations known, more is known of the traffic.
    core.attach_layers(*found)
    return Profile.from_core(core.profile(parameters), core, title)
