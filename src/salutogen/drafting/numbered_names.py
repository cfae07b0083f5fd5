"""Names that differ in one number: a template with a slot, and the ranges of a study file."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from salutogen.study.format import OCCASION_PLACEHOLDER, expand_numbers, without_occasion

_DIGITS = re.compile(r"\d+")
_LONGEST_NUMBER = 6
_MOST_IN_RANGE = 1500


@dataclass(frozen=True, slots=True)
class Slot:
    """One number inside a name: what stands before it, its digits and what stands after it."""

    before: str
    digits: str
    after: str

    @property
    def template(self) -> tuple[str, str]:
        """The name without the number."""
        return self.before, self.after

    @property
    def number(self) -> int:
        """The number."""
        return int(self.digits)


@dataclass(frozen=True, slots=True)
class Run:
    """Names with one template, in the order of their numbers."""

    before: str
    after: str
    names: tuple[str, ...]
    digits: tuple[str, ...]

    @property
    def stem(self) -> str:
        """What the names have in common, without the place of the occasion."""
        return without_occasion(self.before + self.after).replace(OCCASION_PLACEHOLDER, "")


def slots(name: str) -> list[Slot]:
    """Every number inside a name; braces of `{occasion}` are no place for one."""
    return [
        Slot(name[: found.start()], found[0], name[found.end() :])
        for found in _DIGITS.finditer(name)
        if len(found[0]) <= _LONGEST_NUMBER and found[0].isascii()
    ]


def runs(names: Iterable[str]) -> list[Run]:
    """Group names by the number in which most of them differ; the last number where equal.

    Each name stands in one run at most. Runs come in the order of their first name.
    """
    every = {
        name: slots(name) for name in names if "{" not in name.replace(OCCASION_PLACEHOLDER, "")
    }
    sizes = Counter(slot.template for found in every.values() for slot in found)
    groups: dict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(list)
    for name, found in every.items():
        if not found:
            continue
        best = max(found, key=lambda slot: (sizes[slot.template], len(slot.before)))
        groups[best.template].append((best.number, best.digits, name))
    made = []
    for (before, after), members in groups.items():
        ordered = sorted(members)
        if len({number for number, _, _ in ordered}) < len(ordered):
            continue
        made.append(
            Run(
                before,
                after,
                tuple(name for _, _, name in ordered),
                tuple(digits for _, digits, _ in ordered),
            )
        )
    return made


def patterns(run: Run) -> tuple[str, ...]:
    """Write the names of a run as ranges such as `GE_{01..11}`, and singly where none fits."""
    written: list[str] = []
    rest = list(zip(run.digits, run.names, strict=True))
    while rest:
        length = _longest_range([digits for digits, _ in rest])
        if length >= 2:
            written.append(f"{run.before}{{{rest[0][0]}..{rest[length - 1][0]}}}{run.after}")
        else:
            written.append(rest[0][1])
        rest = rest[max(length, 1) :]
    return tuple(written)


def _longest_range(digits: Sequence[str]) -> int:
    """How many of the first numbers one range gives, each with its zeros."""
    first = digits[0]
    width = len(first) if first.startswith("0") and len(first) > 1 else 0
    length = 0
    for place, written in enumerate(digits[:_MOST_IN_RANGE]):
        if written != str(int(first) + place).zfill(width):
            break
        length += 1
    return length


def is_writable(name: str) -> bool:
    """Whether a column of this name can be named as an item in a study file."""
    try:
        return bool(name) and expand_numbers(name) == (name,)
    except ValueError:
        return False
