"""tpuc: an open compiler and simulator for the Sophgo BM1684X TPU."""

from tpuc.errors import UserError

__version__ = "0.1.0"
__all__ = ["UserError", "__version__"]
