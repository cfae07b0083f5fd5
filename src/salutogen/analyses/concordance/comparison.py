"""How far variants agree: correlations, ranks, and persons who change their quarter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salutogen.columns import Kind, Record, figure, record
from salutogen.models.correlation_matrix import Matrix, Order

FEWEST_IN_QUARTERS = 4
FEWEST_VALUES = 3
VALUES_LOOKED_AT = 1000
ROUNDING = 1e-10  # of a correlation that is 1


@record
class ChangedQuarter(Record):
    """Persons who stand in another quarter than by the primary variant; null for few values."""

    n: int = figure("Persons known by both", kind=Kind.COUNT)
    changed: int | None = figure("Persons in another quarter", kind=Kind.COUNT)
    share: float | None = figure("Their share", kind=Kind.SHARE)


def same_by_arithmetic(names: Sequence[str], correlation: Matrix, primary: str) -> dict[str, str]:
    """Find the variants that are another one in other units, and which.

    The primary score comes first, then the order of the names.
    """
    order = sorted(range(len(names)), key=lambda place: (names[place] != primary, place))
    found: dict[str, str] = {}
    for at, place in enumerate(order):
        for earlier in order[:at]:
            r = correlation[place][earlier]
            if names[earlier] not in found and r is not None and r > 1 - ROUNDING:
                found[names[place]] = names[earlier]
                break
    return found


def quarters(ranks: np.ndarray) -> np.ndarray:
    """Quarter (0 to 3) of each average rank (n,): 0 holds the least reactive."""
    result: np.ndarray = np.minimum(np.floor(4.0 * (ranks - 0.5) / max(ranks.size, 1)), 3.0)
    return result


def changed_quarter(primary: Order, other: Order) -> ChangedQuarter:
    """Count the persons whose quarter by another variant is not that by the primary one."""
    known = primary.known & other.known
    n = int(known.sum())
    of_few_values = np.unique(other.code[known][:VALUES_LOOKED_AT]).size < FEWEST_VALUES
    if n < FEWEST_IN_QUARTERS or of_few_values:
        return ChangedQuarter(n=n, changed=None, share=None)
    changed = int((quarters(primary.ranks(known)) != quarters(other.ranks(known))).sum())
    return ChangedQuarter(n=n, changed=changed, share=changed / n)
