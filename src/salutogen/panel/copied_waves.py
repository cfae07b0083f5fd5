"""Occasions that are copies of another: nearly everyone's answers are exactly the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons

if TYPE_CHECKING:
    from salutogen.study import Study

Hashes = NDArray[np.uint64]

NEARLY_ALL = 0.9  # of the persons with both occasions answered the same
BY_CHANCE = 0.1  # share of two different persons' forms that may be the same
BY_CHANCE_OF_MANY = 0.2  # the same where many persons have both occasions
FEWEST_PERSONS = 10
MANY_PERSONS = 30
FEWEST_DIFFERENT = 5  # different forms at an occasion
MOST_PERSONS = 5_000  # as many tell as well as all
MOST_PAIRS = 1_500


@dataclass(frozen=True, slots=True)
class Copy:
    """Two occasions (places in the plan) at which so many persons of so many answered the same."""

    first: int
    second: int
    same: int
    both: int


def check_copied_waves(
    study: Study, answers: Mapping[str, pl.DataFrame], rows: pl.DataFrame, findings: Findings
) -> None:
    """Warn of occasions at which nearly all persons answered exactly as at another.

    Each instrument of the line is looked at by itself, then all of them together, since a form of
    few answers says little alone. Two forms are the same if every item is.
    """
    roles = dict.fromkeys((*study.problems.instruments, *study.exposure_types))
    names = [name for name in roles if name in answers]
    height = int(np.searchsorted(rows["person"].to_numpy(), MOST_PERSONS))
    person = rows["person"].to_numpy()[:height].astype(np.int64)
    occasion = rows["occasion"].to_numpy()[:height].astype(np.int64)
    if not height or np.unique(occasion).size < 2:
        return
    frames = {name: answers[name].head(height) for name in names}
    groups = [[name] for name in names] + ([names] if len(names) > 1 else [])
    known: set[int] = set()
    for group in groups:
        table = _by_occasion(
            pl.concat([_named(name, frames[name]) for name in group], how="horizontal"),
            person, occasion, len(study.labels),
        )  # fmt: skip
        copies = [one for one in copies_in(*table) if len(group) == 1 or one.second not in known]
        known |= {one.second for one in copies}
        if copies:
            _tell(study, group, copies, findings)


def _named(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({column: f"{name}\n{column}" for column in frame.columns})


def _by_occasion(
    frame: pl.DataFrame, person: NDArray[np.int64], occasion: NDArray[np.int64], occasions: int
) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hash of each form, persons by occasions, and where there is one."""
    answered = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    size = (int(person[-1]) + 1, occasions)
    hashes, there = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=bool)
    hashes[person, occasion] = frame.hash_rows(seed=1).to_numpy()
    there[person, occasion] = answered
    return hashes, there


def copies_in(forms: Hashes, there: NDArray[np.bool_]) -> list[Copy]:
    """Find for each occasion the first that it copies.

    Parameters
    ----------
    forms : array (persons, occasions)
        A number for each form, equal where the forms are.
    there : array of bool (persons, occasions)
        Where there is a form.
    """
    occasions = forms.shape[1]
    longest = occasions - 1
    while longest > 1 and longest * occasions > MOST_PAIRS:
        longest -= 1
    found: list[Copy] = []
    for second in range(1, occasions):
        for first in range(max(0, second - longest), second):
            copy = _copy(forms, there, first, second)
            if copy is not None:
                found.append(copy)
                break
    return found


def _copy(forms: Hashes, there: NDArray[np.bool_], first: int, second: int) -> Copy | None:
    both = there[:, first] & there[:, second]
    n = int(both.sum())
    if n < FEWEST_PERSONS:
        return None
    one, two = forms[both, first], forms[both, second]
    same = int((one == two).sum())
    if same < NEARLY_ALL * n or np.unique(one).size < FEWEST_DIFFERENT:
        return None
    _, counts = np.unique(one, return_counts=True)
    by_chance = float((counts * (counts - 1)).sum()) / (n * (n - 1))
    most = BY_CHANCE_OF_MANY if n >= MANY_PERSONS else BY_CHANCE
    return Copy(first, second, same, n) if by_chance <= most else None


def _tell(study: Study, names: list[str], copies: list[Copy], findings: Findings) -> None:
    labels = study.labels
    first = copies[0]
    findings.tell(
        "wave-copied",
        variant="several" if len(copies) > 1 else "",
        named=names,
        first=labels[first.first],
        second=labels[first.second],
        same=Persons(first.same, of=first.both),
        both=Persons(first.both),
        pairs=[f"{labels[one.second]!r} (of {labels[one.first]!r})" for one in copies],
        column=_column(study, names),
    )


def _column(study: Study, names: list[str]) -> str | None:
    """Column of the answers, where they stand in one."""
    columns = [column for name in names for column in study.instruments[name].columns.values()]
    return columns[0] if len(columns) == 1 else None
