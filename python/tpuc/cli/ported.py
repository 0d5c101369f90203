"""Options of tpu-mlir's commands: what each one is here.

One table serves the commands, which take or refuse the options, and the page
docs/porting.md, which ``scripts/porting_table.py`` writes from it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tpuc.cli.common import note
from tpuc.errors import UserError

WORKS, TAKEN, REFUSED = "works", "taken", "refused"


@dataclass(frozen=True)
class Ported:
    """An option of a command.

    Attributes:
        flag: its name.
        treatment: ``works`` (the command has it), ``taken`` (means nothing here: a note says
            why), or ``refused``.
        text: what it does here, why it means nothing, or how to do it here.
        values: of an option that is taken: the only ones; others are refused.
        nargs: values that follow it; 0 for a switch, ``?`` for one that may be left out.
    """

    flag: str
    treatment: str
    text: str
    values: tuple[str, ...] = ()
    nargs: int | str = 1


def _works(flag: str, text: str) -> Ported:
    return Ported(flag, WORKS, text)


def _taken(flag: str, text: str, values: Sequence[str] = (), nargs: int | str = 1) -> Ported:
    return Ported(flag, TAKEN, text, tuple(values), nargs)


def _refused(flag: str, text: str, nargs: int | str = 1) -> Ported:
    return Ported(flag, REFUSED, text, (), nargs)


_CUDA = _refused("--cuda", "networks run in the simulator or in onnxruntime on the host", 0)
_REMOTE = (
    _refused("--ip", "copy the .bmodel to the board and run bmrt_test or sail there"),
    _refused("--pwd", "copy the .bmodel to the board and run bmrt_test or sail there"),
)
_CACHE = _taken("--cache_skip", "nothing is cached between runs", nargs=0)
_PATTERNS = _taken("--patterns_count", "checks the passes of tpu-mlir")
_LOG = _taken("--log_level", "tpuc-opt --debug shows what patterns do")
_COMMAND = _refused("--debug_cmd", "tpuc-opt runs single passes, tpuc debug finds faults")
_MASKRCNN = _refused("--enable_maskrcnn", "compile the backbone, post-process on the host", 0)
_REWRITER = _refused("--use_rewriter_config", "tpuc-opt runs single passes", 0)
_VERSION = _works("--version", "")
_EXCEPTS = _works("--excepts", "tensors that are not compared, with commas between them")

_TRANSFORM = (
    _works("--model_name", ""), _works("--model_def", "an ONNX model"),
    _works("--input_shapes", ""), _works("--output_names", ""), _works("--mlir", ""),
    _works("--test_input", "an .npz, or .npy files and pictures with commas between them"),
    _works("--test_result", ""), _works("--tolerance", ""), _EXCEPTS,
    _works("--mean", ""), _works("--scale", ""), _works("--resize_dims", ""),
    _works("--keep_aspect_ratio", ""), _works("--keep_ratio_mode", ""),
    _works("--pixel_format", "rgb, bgr, gray or rgba"),
    _works("--channel_format", "nchw, nhwc, or none for inputs that are no pictures"),
    _works("--pad_value", ""), _works("--pad_type", ""), _works("--debug", ""), _VERSION,
    _works("--not_inference", "leaves the comparison with onnxruntime out"),
    _works("--dynamic_shape_input_names", "the names are checked; the network is compiled for the "
           "sizes of --input_shapes"),
    _works("--do_onnx_sim", "constants and shapes are folded by every import"),
    _taken("--onnx_sim", "constants and shapes are folded by every import"),
    _taken("--struct_optimize", "composite operators are recognised by every import"),
    _taken("--input_types", "types are those of the ONNX model"),
    _taken("--preprocess_list", "pictures are for the first input", ["1"]),
    _CACHE, _PATTERNS, _LOG,
    _refused("--model_extern", "export the network as one ONNX model"),
    _refused("--model_data", "convert the Caffe model to ONNX first"),
    _works("--add_postprocess", "yolov5, yolov8, yolo11 or ssd, of outputs that fit"),
    _refused("--pruning", "prune the ONNX model before"),
    _refused("--path_yaml", "tpuc compile --config takes all of it from a file"),
    _refused("--op_custom_shape", "give the sizes of inputs with --input_shapes"),
    _refused("--shape_influencing_input_names", "make the input a constant of the ONNX model"),
    _refused("--dynamic", "tpuc compile --dynamic or --shape_buckets makes a file for several "
             "input shapes", 0),
    _refused("--replace_topk_indices", "compare indices on the host"),
    _refused("--yuv_type", "convert pictures to RGB before"),
    _MASKRCNN, _REWRITER, _COMMAND,
)  # fmt: skip

_DEPLOY = (
    _works("--mlir", ""), _works("--model", ""), _works("--quantize", "F32, F16, BF16 or INT8"),
    _works("--chip", "bm1684x"), _works("--processor", "as --chip"),
    _works("--calibration_table", ""), _works("--quantize_table", ""),
    _works("--asymmetric", "on without it; --no-asymmetric makes every zero point 0"),
    _works("--quant_input", ""), _works("--quant_output", ""),
    _works("--quant_input_list", "numbers of inputs, from 1, that --quant_input is for"),
    _works("--quant_output_list", "numbers of outputs, from 1, that --quant_output is for"),
    _works("--fuse_preprocess", ""), _works("--customization_format", "without YUV and raw Bayer"),
    _works("--test_input", "an .npz, or .npy files and pictures with commas between them"),
    _works("--gen_test_input", "random inputs"), _works("--gen_test_seed", ""),
    _works("--test_reference", ""), _works("--compare_all", ""), _works("--tolerance", ""),
    _EXCEPTS, _works("--skip_validation", "leaves comparisons out"),
    _works("--disable_layer_group", "one operator after the other, as --opt 1"),
    _works("--ignore_f16_overflow", "normalisations and average pools compute in F32"),
    _works("--high_precision", "these, softmax, exponentials and powers compute in F32"),
    _works("--opt", "1, 2 or 3"), _works("--debug", ""), _VERSION,
    _taken("--correctness", "there is one comparison, with --tolerance"),
    _taken("--num_device", "the chip is one device", ["1"]),
    _taken("--num_core", "the BM1684X has one core", ["1"]),
    _taken("--group_by_cores", "the BM1684X has one core", ["auto", "false"]),
    _taken("--addr_mode", "inputs and outputs lie in the activations' memory", ["auto", "basic"]),
    _taken("--aligned_input", "the BM1684X takes pixels without gaps", nargs=0),
    _taken("--compress_mode", "the BM1684X does not compress", ["none"]),
    _taken("--merge_weight", "equal weights of a file are stored once; model_tool --combine joins "
           "files", nargs=0),
    _taken("--weight_deduplicate", "equal weights of a file are stored once", nargs=0),
    _taken("--matmul_perchannel", "weights have a scale for each output channel", nargs=0),
    _taken("--op_divide", "operators are divided where they have to be", nargs=0),
    _taken("--do_winograd", "convolutions are computed directly", nargs=0),
    _taken("--gelu_mode", "GELU is computed to the precision of its type", ["normal"]),
    _taken("--shape_secs_search_strategy", "--opt 3 looks at more schedules"),
    _taken("--disable_structure_detect_opt", "no structures are looked for by name", nargs=0),
    _taken("--disable_topo_sort", "operators keep the model's order", nargs=0),
    _taken("--disable_affine", "moves are joined where that is exact", nargs=0),
    _taken("--disable_gdma_check", "commands are checked always", nargs=0),
    _taken("--opt_post_processor", "--opt 3 looks at more schedules", nargs=0),
    _taken("--enable_lghash", "nothing is cached between runs", nargs=0),
    _taken("--lghash_dir", "nothing is cached between runs"),
    _taken("--lg_debugger", "--explain writes why groups are as they are", ["0"]),
    _taken("--fazzy_match", "tensors are compared by name", nargs=0),
    _taken("--includeWeight", "weights are in every module", nargs=0),
    _CACHE, _PATTERNS, _LOG,
    _refused("--dynamic", "tpuc compile --dynamic or --shape_buckets makes a file for several "
             "input shapes", 0),
    _refused("--q_group_size", "weights of 4 and 8 bits with float activations are not supported, "
             "use --quantize INT8 or F16"),
    _refused("--q_symmetric", "weights of 4 and 8 bits with float activations are not supported, "
             "use --quantize INT8 or F16", 0),
    _refused("--quant_output_bf16", "use --quantize BF16 and --quant_output", 0),
    _refused("--quant_input_int8", "--quant_input takes the type of the layer that reads it", 0),
    _refused("--quant_output_int8", "--quant_output gives the type of the layer that makes it", 0),
    _refused("--layer_group_config", "--opt 3 looks at more schedules, --explain says why"),
    _refused("--same_addr", "copy outputs to inputs on the host"),
    _refused("--save_io_alone_config", "inputs and outputs lie in the activations' memory"),
    _refused("--use_io_alone_config", "inputs and outputs lie in the activations' memory"),
    _refused("--io_alone", "inputs and outputs lie in the activations' memory", 0),
    _refused("--iomem_set", "inputs and outputs lie in the activations' memory"),
    _refused("--not_gen_bmodel", "tpuc compile --stop_after tpu writes the module", 0),
    _refused("--trunc_final", "tpuc debug reduce cuts a model down", "*"),
    _refused("--rvti", "it is for other chips", 0),
    _refused("--model_version", "it is for .cvimodel files"),
    _refused("--time_fixed_subnet", "it is for other chips"),
    _refused("--subnet_params", "it is for other chips"),
    _refused("--global_op_types", "--opt 1 computes every operator through global memory"),
    _MASKRCNN, _REWRITER, _CUDA, *_REMOTE, _COMMAND,
)  # fmt: skip

_SEARCH = "run_qtable or tpuc quantize find the layers that need F16"
_CALIBRATION = (
    _works("--dataset", "a folder of pictures, .npy or .npz files, or one such file"),
    _works("--data_list", ""), _works("--input_num", ""), _works("--calibration_table", ""),
    _works("--cali_method", "as --method; mse, max, kl, percentile9999; also with use_ before it"),
    _works("--use_mse", "as --method mse"), _works("--use_kl", "as --method kl"),
    _works("--use_max", "as --method max"),
    _works("--use_percentile9999", "as --method percentile"),
    _works("--tune_num", "inputs for rounding weights and correcting biases"),
    _works("--tune_list", "a list of these inputs, one a line"),
    _works("--bc", "bias correction; on without it, --no-correct_bias leaves it out"),
    _works("--bc_inference_num", "as --tune_num"),
    _works("--we", "weight equalization, as --equalize"),
    _works("--histogram_bin_num", "bins that --method kl compares"),
    _works("--chip", "bm1684x"), _works("--processor", "as --chip"), _works("--debug", ""),
    _taken("--sq", "factors of normalisations are in the weights behind them already", nargs=0),
    _taken("--smc", "softmax computes in F16", nargs=0),
    _taken("--fp_type", "layers that are not INT8 compute in F16", ["auto", "F16"]),
    _taken("--mix_mode", "INT8 and F16 are mixed", ["wi8ai8_fp"]),
    _taken("--search", "--method search chooses between thresholds", ["False", "search_threshold"]),
    _taken("--inference_num", "all of --input_num are used"),
    _taken("--benchmark_method", "thresholds are chosen by --method"),
    _taken("--part_asymmetric", "zero points are used where they help", nargs=0),
    _taken("--debug_log", "--debug shows unforeseen errors in full", nargs=0),
    _refused("--expected_cos", _SEARCH), _refused("--min_layer_cos", _SEARCH),
    _refused("--max_float_layers", _SEARCH), _refused("--quantize_method_list", _SEARCH),
    _refused("--quantize_table", _SEARCH), _refused("--pre_qtable", _SEARCH),
    _refused("--global_compare_layers", _SEARCH), _refused("--cluster", _SEARCH, 0),
    _refused("--kurtosis_analysis", "tpuc quantize --report shows every layer's distribution", 0),
    _refused("--part_quantize", "list the layers that stay F16 in a --quantize_table"),
    _refused("--custom_operator", "list the layers that stay F16 in a --quantize_table"),
    _refused("--post_process", "results are compared as the network gives them"),
    _refused("--q_group_size", "weights of 4 bits are not supported"),
    _COMMAND,
)  # fmt: skip

_QTABLE = (
    _works("--dataset", ""), _works("--data_list", ""), _works("--input_num", ""),
    _works("--calibration_table", "the ranges to use; found on the inputs without it"),
    _works("--quantize_table", "the table to write, also -o"),
    _works("--chip", "bm1684x"), _works("--processor", "as --chip"),
    _works("--expected_cos", "the cosine that the results must have"),
    _works("--max_drop", "points of top-1 that may be lost"),
    _taken("--min_layer_cos", "layers move to F16 in order of error removed per microsecond added"),
    _taken("--max_float_layers", "as few layers as possible move to F16"),
    _taken("--loss_table", "--report writes a page of all layers"),
    _taken("--fp_type", "layers that are not INT8 compute in F16", ["auto", "F16"]),
    _taken("--inference_num", "all of --input_num are used"),
    _refused("--global_compare_layers", "results are compared as the network gives them"),
    _refused("--post_process", "results are compared as the network gives them"),
    _COMMAND,
)  # fmt: skip

_RUNNER = (
    _works("--input", "an .npz, .npy files or pictures; random numbers without it"),
    _works("--model", "a .bmodel, .mlir or .onnx file"), _works("--output", ""),
    _works("--dump_all_tensors", "of a .mlir file"),
    _works("--out_fixed", "as --raw"), _works("--debug", ""),
    _refused("--weight", "convert the Caffe model to ONNX first"),
    _refused("--decrypt_lib", "encrypted files are not supported"),
    _CUDA, *_REMOTE,
)  # fmt: skip

_PROFILE = (
    _works("-o", "the folder to write"),
    _taken("--arch", "the simulated chip is a BM1684X", ["BM1684X"]),
    _taken("--mode", "the simulator's profile is shown", ["time", "sim"]),
    _taken("--format", "-o writes HTML and JSON, without it the terminal shows the profile",
           ["html", "console"]),
    _refused("--option", "--parameters chooses the timing model"),
)  # fmt: skip

OPTIONS: dict[str, tuple[Ported, ...]] = {
    "model_transform": _TRANSFORM,
    "run_calibration": _CALIBRATION,
    "run_qtable": _QTABLE,
    "model_deploy": _DEPLOY,
    "model_runner": _RUNNER,
    "tpu_profile": _PROFILE,
}


class _Answer(argparse.Action):
    """Takes or refuses an option that the command does not have."""

    def __init__(self, option: Ported, **arguments: Any) -> None:
        self._option = option
        super().__init__(**arguments)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        option = self._option
        given = values[0] if isinstance(values, list) and values else values
        shown = option.flag if given in (None, []) else f"{option.flag} {given}"
        if option.treatment == REFUSED:
            raise UserError(f"{shown} is not supported: {option.text}")
        if option.values and str(given) not in option.values:
            raise UserError(
                f"{shown} is not supported, only {' and '.join(option.values)}: {option.text}"
            )
        note(f"{shown} changes nothing: {option.text}")


def add_ported(parser: argparse.ArgumentParser, command: str) -> None:
    """Adds the options of the peer's command that this one has no use for; help hides them."""
    for option in OPTIONS[command]:
        if option.treatment != WORKS and option.flag not in parser._option_string_actions:
            parser.add_argument(
                option.flag, action=_Answer, option=option, nargs=option.nargs,
                default=argparse.SUPPRESS, dest=argparse.SUPPRESS, help=argparse.SUPPRESS,
            )  # fmt: skip


def markdown() -> str:
    """The tables of docs/porting.md."""
    words = {WORKS: "works", TAKEN: "taken, changes nothing", REFUSED: "refused"}
    parts = []
    for command, options in OPTIONS.items():
        rows = [f"## {command}", "", "| option | here | what it does, or what to do |"]
        rows.append("| --- | --- | --- |")
        for option in options:
            flag = f"`{option.flag}`"
            if option.values:
                flag = ", ".join(f"`{option.flag} {value}`" for value in option.values)
            rows.append(f"| {flag} | {words[option.treatment]} | {option.text or 'the same'} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"
