"""From the plan of occasions to the list of them."""

from __future__ import annotations

from itertools import pairwise

from salutogen.study.format import Duration, OccasionBlock
from salutogen.study.study import Occasion

MOST_OCCASIONS = 20_000


def expand_occasions(
    blocks: OccasionBlock | tuple[OccasionBlock, ...],
) -> tuple[Occasion, ...]:
    """Write out the planned occasions of one block or of several that follow one another.

    A block is evenly spaced (`every`, `count`) or listed (`labels`, `at`). The first block begins
    on day 0; a later evenly spaced block goes on one of its own steps after the occasion before
    it. `at` counts from day 0 of the study. Occasions without labels are numbered on from 1.

    Raises
    ------
    ValueError
        A block says nothing or contradicts itself, labels repeat, or days do not rise.
    """
    parts = blocks if isinstance(blocks, tuple) else (blocks,)
    if not parts:
        raise ValueError("no occasion is planned")
    labels: list[str] = []
    days: list[float | None] = []
    for block in parts:
        number = occasions_in(block)
        if len(labels) + number > MOST_OCCASIONS:
            raise ValueError(f"more than {MOST_OCCASIONS} occasions are planned")
        days += _days(block, number, days)
        before = len(labels)
        labels += block.labels or [str(before + index + 1) for index in range(number)]
    repeated = (
        sorted({label for label in labels if labels.count(label) > 1})
        if (len(set(labels)) < len(labels))
        else []
    )
    if repeated:
        raise ValueError(f"two occasions are called {repeated[0]!r}")
    known = [day for day in days if day is not None]
    if any(later <= earlier for earlier, later in pairwise(known)):
        raise ValueError("each occasion must be planned later than the one before it")
    return tuple(
        Occasion(label, index, day)
        for index, (label, day) in enumerate(zip(labels, days, strict=True))
    )


def occasions_in(block: OccasionBlock) -> int:
    """Number of occasions of a block.

    Raises
    ------
    ValueError
        `count`, `labels` and `at` disagree, or none is given.
    """
    numbers = {
        "count": block.count,
        "labels": None if block.labels is None else len(block.labels),
        "at": None if block.at is None else len(block.at),
    }
    given = {name: number for name, number in numbers.items() if number is not None}
    if not given:
        raise ValueError("give `every` and `count`, or `labels`, or `at`")
    if len(set(given.values())) > 1:
        words = " and ".join(f"`{name}` {number}" for name, number in given.items())
        raise ValueError(f"the number of occasions is not clear: {words}")
    if block.every is not None and block.at is not None:
        raise ValueError("give either `every` or `at`, not both")
    number = next(iter(given.values()))
    if number == 0:
        raise ValueError("a block has at least one occasion")
    return number


def _days(block: OccasionBlock, number: int, before: list[float | None]) -> list[float | None]:
    """Planned days of a block, counted from the study's first occasion."""
    if block.at is not None:
        return [day.days if isinstance(day, Duration) else 0.0 for day in block.at]
    if block.every is None:
        return [None] * number
    step = block.every.days
    if not before:
        return [step * index for index in range(number)]
    last = before[-1]
    if last is None:
        return [None] * number
    return [last + step * (index + 1) for index in range(number)]
