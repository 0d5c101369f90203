"""tpuc: an open compiler and simulator for the Sophgo BM1684X TPU.

Example:
    >>> import tpuc
    >>> model = tpuc.compile("swin_t.onnx", quantize="F16")
    >>> outputs = model.run({"input": image})
    >>> print(model.profile())
"""

from __future__ import annotations

# First, so that Ctrl-C ends a command from here on.
import tpuc.early  # isort: skip  # noqa: F401

from typing import TYPE_CHECKING, Any

from tpuc.errors import UserError

if TYPE_CHECKING:
    from tpuc.calibration import CalibrationTable, calibrate
    from tpuc.compilation import compile
    from tpuc.model import Model, TensorSpec
    from tpuc.preprocess import Preprocess
    from tpuc.profile import Profile

__version__ = "0.1.0"
__all__ = [
    "CalibrationTable", "Model", "Postprocess", "Preprocess", "Profile", "TensorSpec", "UserError",
    "calibrate", "compile", "__version__",
]  # fmt: skip

_HOMES = {
    "CalibrationTable": "tpuc.calibration",
    "Postprocess": "tpuc.postprocess",
    "Preprocess": "tpuc.preprocess",
    "calibrate": "tpuc.calibration",
    "Model": "tpuc.model",
    "TensorSpec": "tpuc.model",
    "compile": "tpuc.compilation",
    "Profile": "tpuc.profile",
}


def __dir__() -> list[str]:
    """What there is to use, also before it is imported."""
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "Any", "annotations"})


def __getattr__(name: str) -> Any:
    """Imports the API when it is first used, so that small commands start fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tpuc' has no attribute '{name}'")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
