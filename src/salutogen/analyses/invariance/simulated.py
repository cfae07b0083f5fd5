"""What answers that crowd at one end do where items measure alike: from simulated studies.

Figures of `benchmarks/bench_invariance.py`: nine items at two occasions, difficulties that differ
between items, a latent mean that moves by .5 SD, nobody who answers an item differently; the lowest
category takes 34 to 84 % of the answers to an item.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fooled:
    """How often a study without bias is said to have some.

    Attributes
    ----------
    categories, persons : int
    called : float
        Share of studies in which an item is called.
    failed : float
        Share of studies in which equal loadings or intercepts are said not to hold.
    part : float
        Size of what is put down to called items, beside the difference of the latent mean: its mean
        over studies.
    """

    categories: int
    persons: int
    called: float
    failed: float
    part: float


SIZES = (
    Fooled(2, 320, 0.38, 0.40, 0.019),
    Fooled(3, 320, 0.30, 0.14, 0.014),
    Fooled(4, 320, 0.38, 0.24, 0.013),
    Fooled(5, 320, 0.48, 0.25, 0.021),
)


def nearest(categories: int) -> Fooled:
    """Return the figures that come nearest to answers with so many categories.

    >>> nearest(9).categories
    5
    """
    return min(SIZES, key=lambda one: (abs(one.categories - categories), one.categories))
