"""``python -m tpuc.cli COMMAND ...``: any command without its script."""

from __future__ import annotations

import importlib
import sys

COMMANDS = (
    "model_transform", "model_deploy", "model_runner", "model_tool", "npz_tool", "run_calibration",
    "run_qtable", "bmodel_dis", "tpu_profile",
)  # fmt: skip


def main() -> int:
    """Runs the named command, else the front door."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in COMMANDS:
        return importlib.import_module(f"tpuc.cli.{name}").main(sys.argv[2:])
    from tpuc.cli import front

    return front.main()


if __name__ == "__main__":
    sys.exit(main())
