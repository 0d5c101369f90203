"""The operator set's node tests, lowered to what the chip computes and evaluated."""

import numpy as np
from node_tests import check_all
from tpuc import UserError

# How a refusal by the lowering begins.
CANNOT = "cannot be lowered"


def lower(module, feeds):
    """Lowers the module; the inputs as the chip has them, None for a refusal."""
    # Every input of an integer type is i32 on the chip.
    if any(feed.dtype == np.int64 and np.abs(feed).max(initial=0) > 2**31 for feed in feeds):
        return None
    try:
        module.run_pipeline(
            "top-canonicalize,top-assign-precision{precision=F32},convert-top-to-tpu,canonicalize"
        )
    except UserError as error:
        if CANNOT in str(error):
            return None
        raise
    return [feed if feed.dtype == np.float32 else feed.astype(np.int32) for feed in feeds]


def test_every_lowered_node_test_agrees_or_is_refused():
    check_all(least=1000, lower=lower)
