"""Compiles a Swin-T, runs it in the simulator and compares with onnxruntime."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import tpuc
from PIL import Image
from tpuc.compare import compare
from tpuc.console import print_table
from tpuc.inflate import inflate_to
from tpuc.outputs import write_text
from tpuc.profile.page import page_html
from tpuc.reference import run_onnx

ROOT = Path(__file__).resolve().parent.parent
# What the network was trained with: the mean and deviation of ImageNet.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load_image(path: Path, size: int = 224) -> np.ndarray:
    """An image as the network wants it: [1, 3, size, size], normalised."""
    image = Image.open(path).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.BICUBIC)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    pixels = np.asarray(image.crop((left, top, left + size, top + size)), np.float32) / 255
    normal = (pixels - np.float32(MEAN)) / np.float32(DEVIATION)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)


def top5(scores: np.ndarray) -> str:
    """The five best classes, best first."""
    return " ".join(str(index) for index in np.argsort(scores.reshape(-1))[::-1][:5])


def main() -> int:
    """Runs the demonstration; 1 when the results do not agree."""
    onnx_path = inflate_to(
        ROOT / "test/models/swin_t.skeleton.onnx.gz", ROOT / "build/demo/swin_t.onnx"
    )
    image = load_image(ROOT / "docs/images/sample.jpg")
    print(f"{onnx_path.name}: {onnx_path.stat().st_size / 2**20:.0f} MiB, weights from a seed")

    start = time.monotonic()
    model = tpuc.compile(onnx_path, quantize="F16")
    compiled = time.monotonic() - start
    target = onnx_path.with_suffix(".f16.bmodel")
    model.save(target)
    start = time.monotonic()
    actual = model.run({"input": image})["output"]
    simulated = time.monotonic() - start
    expected = run_onnx(onnx_path, {"input": image})["output"]

    result = compare(actual, expected, "output")
    profile = model.profile()
    print_table(
        "Swin-T in F16 on the simulated BM1684X",
        [
            ("compiled in", f"{compiled:.1f} s"),
            ("simulated in", f"{simulated:.1f} s"),
            ("top-5, tpuc", top5(actual)),
            ("top-5, onnxruntime", top5(expected)),
            ("cosine", f"{result.cosine:.8f}"),
            ("largest difference", f"{result.largest:.3e} ({result.relative:.2e} of the range)"),
            *profile.rows(),
        ],
    )
    page = target.with_suffix(".html")
    write_text(page, page_html(profile))
    print(f"profile: {page.relative_to(ROOT)} (a page for the browser), tpuc profile "
          f"{target.relative_to(ROOT)} (tables)")  # fmt: skip
    if result.cosine < 0.99999 or top5(actual) != top5(expected):
        print("error: the results do not agree", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    from tpuc.cli.common import run_command

    sys.exit(run_command(lambda _: main(), []))
