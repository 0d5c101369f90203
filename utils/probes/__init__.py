"""Probes of single commands: inputs from a seed, command bytes, and a hash of memory afterwards.

`record.py` runs every probe on the vendor's functional model and writes what the unit tests of the
simulator compare with. The other modules say what is probed, a command family each.
"""

from . import convolution, elementwise, extra, functions, gather, gdma, matrix, special

#: The probes of each family, made anew by every call.
FAMILIES = {
    "elementwise": elementwise.probes,
    "convolution": convolution.probes,
    "matrix": matrix.probes,
    "functions": functions.probes,
    "gather": gather.probes,
    "gdma": gdma.probes,
    "extra": extra.probes,
    "special": special.probes,
}
