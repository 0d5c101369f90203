"""Ranges, and the constants that suit them, from sample inputs."""

from __future__ import annotations

from tpuc import _core
from tpuc.calibration import CalibrationTable, Dataset, calibrate_module, canonical
from tpuc.console import Steps, no_steps
from tpuc.tuning.bias import corrections_of
from tpuc.tuning.constants import Constants
from tpuc.tuning.equalise import with_equalised_channels
from tpuc.tuning.rounding import INPUTS


def calibrate_all(
    module: _core.Module,
    inputs: Dataset,
    method: str,
    *,
    asymmetric: bool = True,
    equalize: bool = False,
    round_weights: bool = True,
    correct_bias: bool = True,
    ray: str | None = None,
    tuning_inputs: Dataset | None = None,
    tuning_count: int = INPUTS,
    steps: Steps = no_steps,
) -> tuple[CalibrationTable, Constants]:
    """Finds ranges and constants for INT8.

    Args:
        module: in the top dialect; it is not changed.
        inputs: sample inputs.
        method: how ranges are chosen.
        asymmetric: whether zero points may be other than 0.
        equalize: whether to give channels similar ranges by factors in the weights.
        round_weights: whether to round weights for the least error of results.
        correct_bias: whether to take the mean error out of biases.
        ray: address of a Ray cluster that shares the search for ranges.
        tuning_inputs: other inputs for the constants.
        tuning_count: how many of them.
        steps: shows progress.

    Raises:
        UserError: the network cannot be run, or has no INT8 form.
    """
    plain = work = canonical(module)
    if equalize:
        with steps("equalising channels", 0):
            work = with_equalised_channels(plain, inputs)
    with steps("calibrating", len(inputs)) as advance:
        table = calibrate_module(work, inputs, method, advance, ray)
    corrections = corrections_of(
        work, tuning_inputs or inputs, table, asymmetric=asymmetric, round_weights=round_weights,
        correct_bias=correct_bias, steps=steps, count=tuning_count,
    )  # fmt: skip
    return table, Constants.between(plain, work, corrections, asymmetric)
