"""Measures the page of a profile in headless Chromium, against its limits.

Without arguments the Swin-T of the benchmark is compiled in F16 and profiled;
else the given .bmodel files, two for a page side by side.

    python bench/page.py
    python bench/page.py OURS.bmodel THEIRS.bmodel --pictures build/page

The pictures of docs/profile.md are those of Swin-T, `page.py --pictures DIR`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import tpuc
from PIL import Image
from tpuc.console import print_table
from tpuc.inflate import inflate_to
from tpuc.profile import Profile, profile_bmodel
from tpuc.profile.page import page_html

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "python"))

from browser import Browser, find_chromium  # noqa: E402 (the tests' own)

READY = "!!document.documentElement?.dataset.readyMs"
MOST_SECONDS, MOST_BYTES, MOST_FRAME_MS = 2.0, 5_000_000, 50.0


def swin_t(folder: Path) -> Profile:
    """The profile of the benchmark's Swin-T in F16."""
    path = folder / "swin_t.onnx"
    inflate_to(ROOT / "test" / "models" / "swin_t.skeleton.onnx.gz", path)
    return tpuc.compile(path, "F16").profile()


# Window sizes and colour schemes of pictures.
VIEWS = tuple((w, h, s) for w, h in ((1400, 900), (900, 700)) for s in ("light", "dark"))
OPEN_GRAPH = """(async () => {
  const panel = document.querySelector(".network");
  panel.open = true;
  while (!panel.querySelector("g.box")) await new Promise((done) => setTimeout(done, 50));
  panel.scrollIntoView();
})()"""


def take_pictures(page: Path, folder: Path, pictures: Path) -> None:
    """Writes what the page shows as PNG files of few colours, which are small."""
    pictures.mkdir(parents=True, exist_ok=True)
    for width, height, scheme in VIEWS:
        with Browser(folder / f"picture{width}{scheme}") as browser:
            browser.window(width, height, scheme)
            browser.open(page, READY)
            names = ["page"]
            if browser.evaluate("document.querySelectorAll('.network').length"):
                names.append("graph")
            for name in names:
                if name == "graph":
                    browser.evaluate(OPEN_GRAPH)
                browser.evaluate("new Promise((done) => setTimeout(done, 300))")
                path = pictures / f"{name}-{width}-{scheme}.png"
                browser.screenshot(path)
                Image.open(path).convert("RGB").quantize(
                    256, Image.Quantize.MAXCOVERAGE, dither=0
                ).save(path, optimize=True)
                print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


def measure(page: Path, folder: Path, times: int) -> dict[str, float]:
    """Seconds until the page is drawn, milliseconds a frame, console errors."""
    opened, frames, slow, errors = [], [], [], 0
    for i in range(times):
        with Browser(folder / f"browser{i}") as browser:
            browser.open(f"{page}#measure", READY)
            data = "document.documentElement.dataset."
            opened.append(float(browser.evaluate(data + "readyMs")) / 1000)
            frames.append(float(browser.evaluate(data + "frameMs")))
            slow.append(float(browser.evaluate(data + "slowFrameMs")))
            errors += len(browser.errors)
    return {
        "seconds": statistics.median(opened),
        "frame": statistics.median(frames),
        "slow": statistics.median(slow),
        "errors": errors,
    }


def main() -> int:
    """Prints the figures; 1 when one is beyond its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help="one .bmodel or two")
    parser.add_argument("--times", type=int, default=5, help="how often the page is opened")
    parser.add_argument(
        "--pictures", type=Path, metavar="DIR", help="where to write pictures of it"
    )
    args = parser.parse_args()
    if find_chromium() is None:
        print("error: no chromium here, install the package chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        profiles = [profile_bmodel(model) for model in args.models] or [swin_t(folder)]
        page = folder / "profile.html"
        page.write_text(page_html(*profiles), encoding="utf-8")
        size = page.stat().st_size
        found = measure(page, folder, args.times)
        if args.pictures:
            take_pictures(page, folder, args.pictures)
    commands = sum(len(profile.commands) for profile in profiles)
    rows = [
        ("commands", f"{commands:,}", ""),
        ("page", f"{size / 1e6:.2f} MB", f"<= {MOST_BYTES / 1e6:.0f} MB"),
        ("opens in", f"{found['seconds']:.2f} s", f"<= {MOST_SECONDS:.0f} s"),
        ("frame of zoom and pan", f"{found['frame']:.1f} ms", f"<= {MOST_FRAME_MS:.0f} ms"),
        ("one frame of 20 takes", f"{found['slow']:.1f} ms", ""),
        ("console errors", f"{found['errors']:.0f}", "0"),
    ]
    print_table(" and ".join(p.title for p in profiles), rows, ("", "measured", "limit"))
    good = (
        size <= MOST_BYTES
        and found["seconds"] <= MOST_SECONDS
        and found["frame"] <= MOST_FRAME_MS
        and not found["errors"]
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
