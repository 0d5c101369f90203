"""What several tests do with a network: run it in onnxruntime, and compile it in a precision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
import tpuc


def reference(model: onnx.ModelProto, data: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs by name, as onnxruntime computes them."""
    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, dict(data)), strict=True))


def compiled(model: onnx.ModelProto, precision: str, data: Mapping[str, np.ndarray]) -> tpuc.Model:
    """The compiled network; for INT8 with ranges found on the data."""
    ranges = tpuc.calibrate(model, [dict(data)]) if precision == "INT8" else None
    return tpuc.compile(model, precision, calibration_table=ranges)
