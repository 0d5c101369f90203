"""Everything that `tpuc compile` can be told, in one place.

The fields are the keys of a configuration file and, with two dashes, the
arguments of the command; their descriptions are its help.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tpuc.errors import UserError, unknown
from tpuc.outputs import read_text
from tpuc.postprocess import OPTIONS, Postprocess, make_postprocess
from tpuc.preprocess import Preprocess

_CALIBRATED = 32
_HELD_OUT = 8
_MOST = (1 << 31) - 1
# More lists than any configuration has.
_DEEPEST = 1000
# Keys that name files, relative to the configuration file.
INPUT_PATHS = ("source", "quantize_table", "calibration_table", "calibration", "data_list",
               "test_data", "labels", "test_input", "test_reference")  # fmt: skip
PATHS = (*INPUT_PATHS, "output", "test_result", "explain", "report")
_PREPROCESS = ("mean", "scale", "resize_dims", "keep_aspect_ratio", "keep_ratio_mode", "pad_value",
               "pad_type", "pixel_format", "channel_format")  # fmt: skip


def _split(value: Any) -> Any:
    """``1,2,3`` as on the command line, or a list as in a file."""
    return value.strip("[]()").split(",") if isinstance(value, str) else value


def _names(value: Any) -> Any:
    return [n.strip() for n in value.split(",") if n.strip()] if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _stages(value: Any) -> Any:
    from tpuc.frontend.stages import parse_stages

    return None if value is None else parse_stages(value)


def _buckets(value: Any) -> Any:
    from tpuc.frontend.stages import check_sizes, parse_buckets

    if isinstance(value, dict):
        return {n: check_sizes(n, v if isinstance(v, list) else [v]) for n, v in value.items()}
    return None if value is None else parse_buckets(value if isinstance(value, list) else [value])


def _fixed(value: Any) -> Any:
    from tpuc.frontend.fixed import parse_fixed

    if value is None or isinstance(value, dict):
        return value
    return parse_fixed(value if isinstance(value, list) else [value])


_Numbers = Annotated[list[float], BeforeValidator(_split)]
_Names = Annotated[list[str], BeforeValidator(_names)]
_Sizes = Annotated[list[int], BeforeValidator(_split)]
_Stages = Annotated[list[list[list[int]]], BeforeValidator(_stages)]
_Buckets = Annotated[dict[str, list[int]], BeforeValidator(_buckets)]
_Phase = Literal["top", "tpu", "layout", "plan", "commands"]
# What a compilation passes through; a .mlir file resumes at the phase that it is at.
PHASES: tuple[str, ...] = get_args(_Phase)


class CompileConfig(BaseModel):
    """One compilation."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    source: str | None = Field(None, description="an ONNX model or a .mlir file")
    output: str | None = Field(None, description="the file to write")
    quantize: Annotated[Literal["F32", "F16", "BF16", "INT8"], BeforeValidator(_upper)] = Field(
        "F16", description="precision of operators"
    )
    chip: Literal["bm1684x"] = Field("bm1684x", description="the chip to compile for")
    input_shapes: _Stages | None = Field(
        None,
        description="shapes of the inputs in order, e.g. [[1,3,224,224]]; may change any axis; "
        "given several times, the file holds the network for each",
    )
    shape_buckets: _Buckets | None = Field(
        None,
        description="sizes of an axis, e.g. batch=1,4,8 or seq=64:512:64 (first, last, step): the "
        "file holds the network for each; may be given several times",
    )
    dynamic: bool = Field(
        False, description="choose such sizes for batches and sequences that the model leaves open"
    )
    fix_input: Annotated[dict[str, Any], BeforeValidator(_fixed)] | None = Field(
        None,
        description="an input that becomes a constant, e.g. sr=16000; may be given several times",
    )
    output_names: _Names | None = Field(
        None,
        description="tensors to return instead of the model's outputs, with commas between them",
    )
    model_name: str | None = Field(
        None, description="name of the network in the .bmodel (default: the ONNX file's name)"
    )
    quantize_table: str | None = Field(
        None, description="a file of precisions of single operators: NAME TYPE a line"
    )
    auto_precision: bool | None = Field(
        None,
        description="F32 for tensors that leave the range of F16 on samples (default: where it "
        "costs under 2 %% of the time)",
    )

    opt: int = Field(
        2, ge=1, le=3,
        description="1: one operator after the other, 2: the usual, 3: compare many schedules "
        "(slow)",
    )  # fmt: skip

    calibration: str | None = Field(None, description="a folder or file of sample inputs")
    data_list: str | None = Field(None, description="a file that lists such inputs, instead")
    calibration_table: str | None = Field(
        None, description="the ranges that run_calibration wrote, instead"
    )
    input_num: int = Field(
        _CALIBRATED, ge=1, le=_MOST, description="how many sample inputs are used at most"
    )
    method: str | None = Field(
        None,
        description="how thresholds are chosen: max, percentile, kl, mse or search (default: mse)",
    )
    asymmetric: bool = Field(
        True,
        description="asymmetric quantisation: zero points where ranges are not symmetric",
    )
    equalize: bool = Field(
        False,
        description="channel equalisation: similar ranges by factors in the weights",
    )
    round_weights: bool = Field(True, description="round weights for the least error of results")
    correct_bias: bool = Field(
        True, description="bias correction: subtract the mean INT8 error of each channel"
    )
    ray: str | None = Field(None, description="address of a Ray cluster that shares calibration")

    max_drop: float | None = Field(
        None, ge=0, le=100,
        description="move layers to F16 until at most so many points of top-1 are lost",
    )  # fmt: skip
    min_cosine: float | None = Field(
        None, ge=-1, le=1, description="move layers to F16 until the results have this cosine"
    )
    report: str | None = Field(None, description="a .html to write about all layers")

    mean: _Numbers | None = Field(
        None, description="subtracted from pixels of 0 to 255, one number or one a channel"
    )
    scale: _Numbers | None = Field(None, description="then multiplied, one number or one a channel")
    resize_dims: _Sizes | None = Field(
        None, description="height,width before the cut (default: the input's)"
    )
    keep_aspect_ratio: bool | None = Field(None, description="keep a picture's proportions")
    keep_ratio_mode: Literal["letterbox", "short_side_scale"] | None = Field(
        None, description="with proportions kept: letterbox pads, short_side_scale cuts"
    )
    pad_value: int | None = Field(
        None, ge=0, le=255, description="what letterbox pads with (default: 0)"
    )
    pad_type: Literal["center", "normal"] | None = Field(
        None, description="where letterbox puts the picture; normal is top left (default: center)"
    )
    pixel_format: Literal["rgb", "bgr", "gray", "rgba"] | None = Field(
        None, description="order of the channels (default: bgr)"
    )
    channel_format: Literal["nchw", "nhwc"] | None = Field(
        None, description="where the channels lie (default: nchw)"
    )

    add_postprocess: str | None = Field(
        None,
        description="detections of a detector's outputs: yolov5, yolov8, yolo11 or ssd",
    )
    postprocess_score: float | None = Field(
        None, description="detections have a higher score (default: 0.25)"
    )
    postprocess_iou: float | None = Field(
        None,
        description="the most that boxes of detections overlap (default: 0.7 of yolov8 and yolo11, "
        "else 0.45)",
    )
    postprocess_detections: int | None = Field(
        None, description="how many rows detections have (default: 300)"
    )
    postprocess_candidates: int | None = Field(
        None, description="how many boxes, the best by score, are looked at (default: 1000)"
    )
    postprocess_agnostic: bool | None = Field(
        None, description="compare boxes of different classes, too"
    )
    postprocess_anchors: _Numbers | None = Field(
        None,
        description="of yolov5's heads: widths and heights, three a head (default: the published)",
    )

    fuse_preprocess: bool = Field(
        False, description="take pixels of 8 bits and scale them in the network"
    )
    customization_format: str | None = Field(
        None,
        description="with --fuse_preprocess: order of the pixels, e.g. RGB_PACKED (default: the "
        "network's)",
    )
    quant_input: bool = Field(
        False, description="take inputs in the type of the layer that reads them"
    )
    quant_output: bool = Field(
        False, description="give outputs in the type of the layer that makes them"
    )

    test_data: str | None = Field(
        None, description="inputs to measure on (default: those after the calibrated ones)"
    )
    labels: str | None = Field(
        None, description="their classes: a text of one a line, an .npy, or an .npz with 'label'"
    )
    test_num: int = Field(
        _HELD_OUT, ge=0, le=_MOST, description="how many inputs to measure on at most, 0 for none"
    )
    test_input: str | None = Field(
        None,
        description="inputs to compare on: an .npz, or an .npy or a picture for each input",
    )
    test_reference: str | None = Field(None, description="an .npz of results to expect")
    test_result: str | None = Field(None, description="an .npz for the inputs and results")
    tolerance: str = Field("0.8,0.5", description="least cosine and euclidean similarity")
    compare_all: bool = Field(False, description="compare after every stage, not only the last")
    stop_after: _Phase | None = Field(
        None, description=f"write the module after this phase: {', '.join(PHASES)}"
    )
    compile_to: _Phase | None = Field(None, description="the same as stop_after")
    compile_from: _Phase | None = Field(
        None, description="refuse a .mlir file that is not at the end of this phase"
    )
    text: bool = Field(False, description="with stop_after: write text instead of bytecode")
    explain: str | None = Field(
        None, description="a .json to write the compiler's choices and reasons to"
    )
    debug: bool = Field(
        False, description="keep intermediate files, show unforeseen errors in full"
    )

    def preprocess(self) -> Preprocess | None:
        """How pictures become inputs, None when nothing is said."""
        given = {n: getattr(self, n) for n in _PREPROCESS if getattr(self, n) is not None}
        return Preprocess(**given) if given else None

    def postprocess(self) -> Postprocess | None:
        """How outputs become detections, None when they stay as they are."""
        return make_postprocess(
            self.add_postprocess, {n: getattr(self, f"postprocess_{n}") for n in OPTIONS}
        )


def make_config(path: str | os.PathLike | None, arguments: Mapping[str, Any]) -> CompileConfig:
    """A configuration file's values, overruled by arguments.

    Args:
        path: a .yaml, .yml or .json file, or None.
        arguments: values by key; None is not given.

    Raises:
        UserError: the file is broken, or a value not allowed; names file and key.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values = _read(Path(path))
    given = {key: value for key, value in arguments.items() if value is not None}
    try:
        return CompileConfig(**{**values, **given})
    except ValidationError as error:
        problem = error.errors()[0]
        key = str(problem["loc"][0]) if problem["loc"] else ""
        where = f"--{key}" if key in given or path is None else f"{path}: {key}"
        if problem["type"] == "extra_forbidden":
            raise UserError(f"{where} is not known, see tpuc compile --help") from None
        if problem["type"] == "literal_error":
            choices = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
            raise unknown(where, str(problem["input"]), choices) from None
        message = problem["msg"].removeprefix("Value error, ")
        shown = problem["input"]
        raise UserError(f"{where} '{shown}': {message[0].lower()}{message[1:]}") from None


def _read_yaml(path: Path, text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Without aliases, by which a few lines stand for any number of values."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not supported")
            return super().compose_node(parent, index)

    # The scanner takes a time that grows with the square of the depth.
    depth = max(map(text.count, "[{")), *(line.count("- ") for line in text.splitlines())
    if max(depth) > _DEEPEST:
        raise UserError(f"{path}: is no YAML that can be read (it is nested too deeply)")
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UserError(f"{path}: is no YAML ({error})") from None


def _read(path: Path) -> dict[str, Any]:
    text = read_text(path, "configuration")
    if path.suffix.lower() == ".json":
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: is no JSON ({error})") from None
    else:
        values = _read_yaml(path, text)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UserError(f"{path}: is no list of keys and values")
    for key in PATHS:
        if isinstance(values.get(key), str):
            values[key] = str(path.parent / values[key])
    return {str(key): value for key, value in values.items()}
