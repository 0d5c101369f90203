"""Finds the layers that have to fall back to F16 for the accuracy that is asked for.

Layers leave in the order of the error that they take with them by the time that
they cost; how many have to go is found by compiling and running the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tpuc.calibration.accuracy import Accuracy
from tpuc.console import times_text
from tpuc.model import Model
from tpuc.tuning.layers import Trials
from tpuc.tuning.sensitivity import Effect

# A cost below this, in microseconds, is none: casts that fall away can make a
# layer faster in floats.
_LEAST_COST = 0.05
# How many layers are tried for a way back, the most expensive first.
_RETURNS = 4
PRECISION = "F16"


@dataclass(frozen=True)
class Target:
    """The accuracy that is asked for.

    Attributes:
        max_drop: points of top-1 that may be lost: by labels; without labels inputs whose
            best class changes; for networks without classes a hundred times what the
            cosine lacks of 1.
        min_cosine: the least cosine of all results.
    """

    max_drop: float
    min_cosine: float = -1.0

    def drop(self, found: Accuracy) -> float:
        """What was lost, in points."""
        if found.right is not None and found.float_right is not None:
            return 100 * (found.float_right - found.right) / found.inputs
        if found.agree is not None:
            return 100 * (found.inputs - found.agree) / found.inputs
        return 100 * (1 - found.cosine)

    def met(self, found: Accuracy) -> bool:
        """Whether this is good enough."""
        # Counts by an input have no more than rounding between them.
        return self.drop(found) <= self.max_drop + 1e-9 and found.cosine >= self.min_cosine


@dataclass
class Choice:
    """A layer, the time that it costs in F16, and the error that this removes."""

    effect: Effect
    microseconds: float

    @property
    def gain(self) -> float:
        """Error by microsecond."""
        return self.effect.output_error / max(self.microseconds, _LEAST_COST)


@dataclass(frozen=True)
class Step:
    """A network that was compiled and measured: how many layers are not in INT8.

    The milliseconds are the vendor's cycle model's, and those with what it leaves out.
    """

    layers: int
    accuracy: Accuracy
    milliseconds: float
    silicon: float = 0.0

    @property
    def time(self) -> str:
        """Both times in words."""
        return times_text(self.milliseconds, self.silicon)


@dataclass
class Result:
    """What the search found.

    Attributes:
        order: all layers, the best to take out first.
        chosen: those that are out.
        steps: the networks that were measured, in the order in which they were.
        best: that with the chosen layers.
        is_met: whether it is good enough.
    """

    order: list[Choice]
    chosen: list[Choice] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    best: Step | None = None
    is_met: bool = False

    def precisions(self) -> dict[str, str]:
        """The entries of the quantize table."""
        return {choice.effect.layer.name: PRECISION for choice in self.chosen}


def costs_of(
    trials: Trials, effects: Sequence[Effect], advance: Callable[[], None] = lambda: None
) -> list[Choice]:
    """What each layer costs when it alone falls back to F16, by the timing model.

    Args:
        trials: compiles the network.
        effects: the layers.
        advance: called for each.
    """
    base = trials.compile({}).profile().ms
    by_name: dict[str, float] = {}
    choices = []
    for effect in effects:
        name = effect.layer.name
        if name not in by_name:
            by_name[name] = trials.compile({name: PRECISION}).profile().ms - base
        choices.append(Choice(effect, 1e3 * by_name[name]))
        advance()
    return sorted(choices, key=lambda choice: -choice.gain)


def most_steps(layers: int) -> int:
    """How many networks a search compiles and runs at most."""
    return 2 * layers.bit_length() + 2 + _RETURNS


def search(
    trials: Trials,
    order: Sequence[Choice],
    measure: Callable[[Model], Accuracy],
    target: Target,
) -> Result:
    """Moves as few layers to F16 as the target allows.

    Args:
        trials: compiles the network.
        order: the layers, the best to take out first.
        measure: the accuracy of a compiled network.
        target: what is asked for.
    """
    result = Result(list(order))

    def attempt(chosen: Sequence[Choice]) -> bool:
        model = trials.compile({choice.effect.layer.name: PRECISION for choice in chosen})
        profile = model.profile()
        step = Step(len(chosen), measure(model), profile.ms, profile.silicon_ms)
        result.steps.append(step)
        met = target.met(step.accuracy)
        if met or result.best is None or not result.is_met:
            result.chosen, result.best, result.is_met = list(chosen), step, met
        return met

    # The least number that is known to do, and the largest known not to.
    low, high = -1, 0
    while not attempt(order[:high]):
        if high == len(order):
            return result
        low, high = high, min(max(1, 2 * high), len(order))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if attempt(order[:middle]) else (middle, high)
    for choice in sorted(result.chosen, key=lambda choice: -choice.microseconds)[:_RETURNS]:
        if choice.microseconds <= 0:
            break
        attempt([other for other in result.chosen if other is not choice])
    return result
