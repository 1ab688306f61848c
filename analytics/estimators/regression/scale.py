"""Figures near one inside, in the units of the table outside.

Squares of 1e-200 are zero in a double, and 1e-300 over 1e300 is nothing: so every column is worked
on near one, and what comes out is refused where a double cannot hold it in the units of the table.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.cells import Floats
from analytics.estimators.errors import BadData, refuse


def find_exponent(values: Floats) -> int:
    """The power of two next above the largest value; dividing by it costs no bit."""
    return int(np.frexp(np.abs(values).max())[1])


def restore(
    figures: Floats, exponents: NDArray[np.intp] | int, names: tuple[str, ...] | None = None
) -> Floats:
    """The figures times two to their exponents.

    With `names`, refuses those that become infinite or lose digits near zero.
    """
    with np.errstate(over="ignore", under="ignore"):
        restored = np.ldexp(figures, exponents)
    if names is not None:
        lost = ~np.isfinite(restored) | (np.abs(restored) < np.finfo(np.float64).tiny)
        lost &= figures != 0
        if lost.any():
            columns = [name for name, is_lost in zip(names, lost, strict=True) if is_lost]
            raise BadData([refuse("not_representable", columns=list(dict.fromkeys(columns)))])
    return np.asarray(restored, dtype=np.float64)
