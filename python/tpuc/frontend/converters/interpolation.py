"""Interpolation as a product with a constant matrix an axis: all forms of Resize."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpuc.errors import UserError


@dataclass(frozen=True)
class Interpolation:
    """How an axis is resized; names and defaults as in ONNX.

    Attributes:
        mode: nearest, linear or cubic.
        coordinate: coordinate_transformation_mode.
        nearest: nearest_mode.
        cubic: cubic_coeff_a.
        exclude_outside: whether elements beyond the border have no weight.
        antialias: whether the filter widens as the axis shrinks.
    """

    mode: str
    coordinate: str
    nearest: str
    cubic: float
    exclude_outside: bool
    antialias: bool

    def positions(
        self, size: int, result: int, scale: float, region: tuple[float, float]
    ) -> np.ndarray:
        """Where the elements of the result lie among those of the operand."""
        x = np.arange(result, dtype=np.float64)
        half = (x + 0.5) / scale - 0.5
        if self.coordinate == "half_pixel":
            return half
        if self.coordinate == "pytorch_half_pixel":
            return half if result > 1 else np.zeros(1)
        if self.coordinate == "half_pixel_symmetric":
            adjustment = result / (scale * size)
            return size / 2 * (1 - adjustment) + half
        if self.coordinate == "asymmetric":
            return x / scale
        if self.coordinate == "align_corners":
            return x * (size - 1) / (result - 1) if result > 1 else np.zeros(1)
        if self.coordinate == "tf_crop_and_resize":
            begin, end = region
            if result > 1:
                return begin * (size - 1) + x * (end - begin) * (size - 1) / (result - 1)
            return np.array([0.5 * (begin + end) * (size - 1)])
        raise UserError(
            f"has coordinate_transformation_mode '{self.coordinate}', which is not supported, "
            "use half_pixel"
        )

    def matrix(
        self, size: int, result: int, scale: float, region: tuple[float, float] = (0.0, 1.0)
    ) -> np.ndarray:
        """The weights of the operand's elements for each of the result, [result, size]."""
        places = self.positions(size, result, scale, region)
        weights = np.zeros((result, size))
        for row, place in enumerate(places):
            taken, factors = self._taps(place, min(scale, 1.0) if self.antialias else 1.0)
            if self.exclude_outside:
                factors = np.where((taken < 0) | (taken >= size), 0.0, factors)
                factors = factors / factors.sum()
            np.add.at(weights[row], np.clip(taken, 0, size - 1), factors)
        return weights.astype(np.float32)

    def _taps(self, place: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
        if self.mode == "nearest":
            return np.array([self._nearest(place)]), np.ones(1)
        radius = (1 if self.mode == "linear" else 2) / scale
        taken = np.arange(int(np.floor(place - radius)), int(np.ceil(place + radius)) + 1)
        distance = np.abs(taken - place) * scale
        factors = self._filter(distance)
        return taken, factors / factors.sum()

    def _filter(self, t: np.ndarray) -> np.ndarray:
        if self.mode == "linear":
            return np.clip(1 - t, 0, 1)
        a = self.cubic
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        return np.where(t <= 1, near, np.where(t < 2, far, 0.0))

    def _nearest(self, place: float) -> int:
        floor = int(np.floor(place))
        part = place - floor
        if self.nearest == "floor":
            return floor
        if self.nearest == "ceil":
            return int(np.ceil(place))
        if part == 0.5:
            return floor if self.nearest == "round_prefer_floor" else floor + 1
        return int(np.floor(place + 0.5))
