"""A bound on the memory that importing one node may take.

A few bytes of a model can ask for any number of constants: indices of a large tensor, a matrix of
resampling, a folded Tile. What numpy cannot allocate under the bound is refused like any other
node that is not supported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import resource
except ImportError:  # pragma: no cover  no Unix
    resource = None  # type: ignore[assignment]

# More than nodes need beside copies of the model's weights.
_HEADROOM = 3 << 28
_PAGES = Path("/proc/self/statm")


@contextmanager
def bounded_memory(weight_bytes: int) -> Iterator[None]:
    """Within the block, allocations fail that a model of so many bytes of weights does not need.

    Raises:
        MemoryError: from the block, where it asks for more.
    """
    if resource is None or not _PAGES.exists():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(_PAGES.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limit = used + _HEADROOM + 2 * weight_bytes
    limits = [each for each in (limit, soft, hard) if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
