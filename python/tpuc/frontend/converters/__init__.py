"""One function per ONNX operator, one file per family.

A converter gets the node, its operands and an emitter, and returns the
results. What it raises as UserError is reported with the node's name.
"""

from tpuc.frontend.converters import (  # noqa: F401
    activations,
    attention,
    casts,
    conv,
    elementwise,
    fused,
    fused_attention,
    grams,
    grouped_attention,
    indexing,
    integer_products,
    integers,
    matmul,
    norm,
    pooling,
    quantised,
    recurrent,
    reduction,
    resize,
    sampling,
    scatter,
    selection,
    sequences,
    shape,
    spectral,
    training,
    trigonometry,
    unpooling,
)
