"""What a compiled model takes on the chip, by the timing model."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tpuc.console import bytes_text

# The contract of `tpuc profile --json`, in this order.
JSON_KEYS = (
    "cycles", "ms", "tiu_busy", "gdma_busy", "tiu_commands", "gdma_commands",
    "ddr_read_bytes", "ddr_write_bytes", "roofline_ms",
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A layer's share: cycles from and to, and busy cycles of both engines."""

    name: str
    kind: str
    start: int
    end: int
    tiu_cycles: int
    gdma_cycles: int
    commands: int


@dataclass(frozen=True)
class Profile:
    """Cycles at 1 GHz, busy shares between 0 and 1, bytes of DDR traffic.

    ``roofline_ms`` is the time that the multiply-accumulates at peak rate, or
    weights, inputs and outputs at 64 GB/s take, whichever is longer. In a
    notebook a profile shows itself as a timeline of its layers.
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
    layers: tuple[Layer, ...]

    @classmethod
    def from_core(cls, data: Mapping) -> Profile:
        """Takes what the extension module returns."""
        fields = {key: value for key, value in data.items() if key != "layers"}
        return cls(**fields, layers=tuple(Layer(**layer) for layer in data["layers"]))

    def to_json(self) -> str:
        """One JSON object with the figures of the whole model."""
        return json.dumps({key: getattr(self, key) for key in JSON_KEYS})

    def rows(self) -> list[tuple[str, str]]:
        """The figures of the whole model for reading."""
        share = self.roofline_ms / self.ms if self.ms else 0.0
        return [
            ("estimated time", f"{self.ms:.3f} ms ({self.cycles:,} cycles)"),
            ("roofline", f"{self.roofline_ms:.3f} ms ({share:.0%} of it reached)"),
            ("TIU busy", f"{self.tiu_busy:.0%} ({self.tiu_commands:,} commands)"),
            ("GDMA busy", f"{self.gdma_busy:.0%} ({self.gdma_commands:,} commands)"),
            ("multiply-accumulates", f"{self.macs / 1e9:.3f} G"),
            ("DDR read", bytes_text(self.ddr_read_bytes)),
            ("DDR written", bytes_text(self.ddr_write_bytes)),
            ("weights", bytes_text(self.weight_bytes)),
        ]

    def __str__(self) -> str:
        return "\n".join(f"{name:<22}{value}" for name, value in self.rows())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in self.rows())
        return f"<table>{rows}</table>{self.timeline()}"

    def timeline(self, width: int = 900) -> str:
        """The layers over time as an SVG image: TIU above, GDMA below."""
        scale = width / max(self.cycles, 1)
        bars = []
        for layer in self.layers:
            left = layer.start * scale
            tip = html.escape(
                f"{layer.name} ({layer.kind}): TIU {layer.tiu_cycles:,}, "
                f"GDMA {layer.gdma_cycles:,} cycles"
            )
            lanes = ((4, layer.tiu_cycles, "#3b6fb6"), (26, layer.gdma_cycles, "#d98032"))
            for top, cycles, colour in lanes:
                if cycles:
                    wide = max(0.5, min(cycles, layer.end - layer.start + 1) * scale)
                    bars.append(
                        f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="18" '
                        f'fill="{colour}" fill-opacity="0.7"><title>{tip}</title></rect>'
                    )
        return (
            f'<svg width="{width}" height="64" xmlns="http://www.w3.org/2000/svg">'
            f'{"".join(bars)}<text x="0" y="60" font-size="11">0</text>'
            f'<text x="{width - 60}" y="60" font-size="11">{self.ms:.3f} ms</text></svg>'
        )
