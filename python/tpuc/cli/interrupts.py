"""Ctrl-C ends a command within half a second, whatever it does, and leaves nothing behind.

A KeyboardInterrupt may be raised anywhere, also where an extension module makes something else of
it; so the signal's handler removes what was begun and ends the process. Python calls it between two
of its own instructions only, and while the compiler or onnxruntime runs that may be minutes later:
a thread waits for the signal as well.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tpuc.early import end_at_once

_STDERR = 2
# Seconds in which the handler may be called.
_PATIENCE = 0.1


def _wait(reader: int, folder: str) -> None:
    while data := os.read(reader, 1):
        if data[0] == signal.SIGINT:
            time.sleep(_PATIENCE)
            _end(folder)


def _end(folder: str) -> None:
    import shutil

    from tpuc.outputs import remove_temporaries

    remove_temporaries()
    shutil.rmtree(folder, ignore_errors=True)
    if os.isatty(_STDERR):
        # A progress bar hides the cursor.
        os.write(_STDERR, b"\x1b[?25h\r\x1b[K")
    end_at_once()


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block the signal ends the process, and leaves nothing that was begun."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    import shutil
    import tempfile

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # Temporary folders lie in one that can be removed from outside.
    outer, tempfile.tempdir = tempfile.tempdir, None
    folder = tempfile.tempdir = tempfile.mkdtemp(prefix="tpuc-")
    old = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reader, folder), daemon=True).start()
    signal.signal(signal.SIGINT, lambda *_: _end(folder))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, end_at_once)
        signal.set_wakeup_fd(old)
        os.close(writer)
        tempfile.tempdir = outer
        shutil.rmtree(folder, ignore_errors=True)
