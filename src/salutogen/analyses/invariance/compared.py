"""What is compared with what: occasions of the same persons, or groups at one occasion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.group_labels import (
    group_labels,
    names_of_groups,
    sizes_left,
    told_names,
)
from salutogen.analyses.invariance.answers import FEWEST_ANSWERS, ItemTable
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.names import did_you_mean

Float = NDArray[np.float64]

FEWEST_PER_PARAMETER = 2  # persons: below, nothing is fitted
ENOUGH_PER_PARAMETER = 5  # persons: below, tests find bias that is not there too often
ENOUGH_ORDERED = 3  # the same of ordered categories, whose thresholds ask for little
MOST_BY_DEFAULT, MOST_VARIABLES = 40, 60  # items times occasions
MOST_GROUPS = 8
GROUPS_NEEDED = 2


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Persons and places (occasions or groups) of one comparison.

    Attributes
    ----------
    over : {"occasions", "groups"}
    by : str
        What groups persons; empty over occasions.
    at : str
        Occasion at which groups are compared; empty over occasions.
    places : tuple of str
        Occasions or groups; the first is the standard.
    values : array (n_persons, n_occasions, n_items)
        Persons with any answer.
    group : array (n_persons,)
        Place of each person's group; 0 over occasions.
    per_place : int
        Free parameters of one place's model in which nothing is equal.
    left : dict of int
        Persons who answered but are in no group that is compared, by label.
    """

    over: Literal["occasions", "groups"]
    by: str
    at: str
    places: tuple[str, ...]
    values: Float
    group: NDArray[np.intp]
    per_place: int
    left: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_answered(self) -> int:
        """Number of persons who answered, compared or not."""
        return self.n + sum(self.left.values())

    @property
    def n(self) -> int:
        """Number of persons."""
        return len(self.values)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.places) if self.over == "groups" else 1

    @property
    def n_parameters(self) -> int:
        """Free parameters where nothing is held equal."""
        _, occasions, items = self.values.shape
        return self.n_groups * parameters_of(occasions, items, self.per_place)

    def at_place(self, place: int) -> Float:
        """Answers at a place (n, n_items) of persons who belong there, missing ones too."""
        if self.over == "groups":
            found: Float = self.values[self.group == place, 0]
        else:
            found = self.values[:, place]
        return found


def parameters_of(occasions: int, items: int, per_place: int) -> int:
    """Free parameters of a group's one-factor model with nothing held equal over occasions."""
    return per_place * occasions + (items + 1) * occasions * (occasions - 1) // 2


def comparisons_of(
    inputs: AnalysisInputs, table: ItemTable, settings: InvarianceSettings, found: Findings
) -> list[Compared]:
    """Return what can be compared, the occasions first.

    Raises
    ------
    AnalysisError
        One occasion and no groups, groups that cannot be used, too few persons, items that do not
        vary.
    """
    made = []
    if len(table.occasions) > 1:
        made.append(_over_occasions(table, settings, found))
    elif settings.groups is None:
        found.tell(
            "invariance-one-occasion",
            variant="answered" if settings.occasions is None else "named",
            name=table.title,
            labels=table.occasions,
            fewest=FEWEST_ANSWERS,
        )
    if settings.groups is not None:
        grouped = _over_groups(inputs, table, settings, found)
        made += [] if grouped is None else [grouped]
    for one in made:
        _refuse_few(one, table, settings, found)
    found.raise_refusals(AnalysisError)
    return made


def _over_occasions(table: ItemTable, settings: InvarianceSettings, found: Findings) -> Compared:
    k, places = len(table.items), list(range(len(table.occasions)))
    persons = int(np.isfinite(table.values).any(axis=(1, 2)).sum())
    if settings.occasions is None:
        places = spread_places(
            len(places), items=k, most=persons // _enough(table), per_place=table.per_place
        )
        if len(places) < len(table.occasions):
            chosen = [table.occasions[place] for place in places]
            found.tell("invariance-occasions-chosen", labels=chosen, n=len(table.occasions))
    if k * len(places) > MOST_VARIABLES:
        found.tell("invariance-too-large", items=k, occasions=len(places), most=MOST_VARIABLES)
        found.raise_refusals(AnalysisError)
    values = table.values[:, places]
    values = values[np.isfinite(values).any(axis=(1, 2))]
    return Compared(
        over="occasions",
        by="",
        at="",
        places=tuple(table.occasions[place] for place in places),
        values=values,
        group=np.zeros(len(values), dtype=np.intp),
        per_place=table.per_place,
    )


def _enough(table: ItemTable) -> int:
    """Persons for each parameter that are enough."""
    return ENOUGH_ORDERED if table.ordered else ENOUGH_PER_PARAMETER


def spread_places(occasions: int, *, items: int, most: int, per_place: int) -> list[int]:
    """Return places of the first and last occasion, and of as many between as persons allow.

    At most `most` parameters.

    >>> spread_places(6, items=9, most=60, per_place=27)
    [0, 5]
    >>> spread_places(6, items=9, most=200, per_place=27)
    [0, 2, 3, 5]
    """
    n = 2
    while (
        n < occasions
        and (n + 1) * items <= MOST_BY_DEFAULT
        and most >= parameters_of(n + 1, items, per_place)
    ):
        n += 1
    return [round(place) for place in np.linspace(0, occasions - 1, n).tolist()]


def _over_groups(
    inputs: AnalysisInputs, table: ItemTable, settings: InvarianceSettings, found: Findings
) -> Compared | None:
    name = settings.groups
    assert name is not None
    label = _labels(inputs, name, found)
    if label is None:
        return None
    values = table.values[:, :1]
    answered = np.isfinite(values).any(axis=(1, 2))
    known = answered & label.is_not_null().to_numpy()
    counts = label.filter(pl.Series(known)).value_counts(sort=True)
    needed = FEWEST_PER_PARAMETER * parameters_of(1, len(table.items), table.per_place)
    order = sorted(counts[label.name].to_list())
    sizes = dict(counts.iter_rows())
    kept = tuple(one for one in order if sizes[one] >= needed)
    left = [one for one in order if one not in kept]
    if len(kept) < GROUPS_NEEDED:
        found.tell("invariance-groups-too-small", name=name, needed=needed,
                   variant=_small(table, settings, sizes, needed))  # fmt: skip
        return None
    if left:
        told = told_names({one: sizes[one] for one in left}, inputs.run.audience)
        found.tell("invariance-groups-left-out", name=name, labels=told, needed=needed)
    place = {one: number for number, one in enumerate(kept)}
    number = np.array([place.get(one, -1) for one in label.to_list()], dtype=np.intp)
    chosen = known & (number >= 0)
    return Compared(
        over="groups",
        by=name,
        at=table.occasions[0],
        places=kept,
        values=values[chosen],
        group=number[chosen],
        per_place=table.per_place,
        left=sizes_left(label.filter(pl.Series(answered)), kept, inputs.run.audience),
    )


def _small(
    table: ItemTable, settings: InvarianceSettings, sizes: Mapping[str, int], needed: int
) -> str:
    """Return which way is left where groups are too small."""
    if len(sizes) > GROUPS_NEEDED and sum(sizes.values()) >= GROUPS_NEEDED * needed:
        return "join"
    if len(table.occasions) > 1:
        return "occasions"
    return "answered" if settings.occasions is None else "named"


def _labels(inputs: AnalysisInputs, name: str, found: Findings) -> pl.Series | None:
    """Each person's group as a text; None where groups cannot be used."""
    labels = group_labels(inputs, name)
    if labels is None:
        near = did_you_mean(name, names_of_groups(inputs))
        found.tell("invariance-groups-unknown", name=name, near=near)
        return None
    n = labels.drop_nulls().n_unique()
    if not GROUPS_NEEDED <= n <= MOST_GROUPS:
        found.tell("invariance-groups-labels", name=name, n=n, most=MOST_GROUPS)
        return None
    return labels


def _refuse_few(
    one: Compared, table: ItemTable, settings: InvarianceSettings, found: Findings
) -> None:
    """Refuse too few persons, items without variance, and items that hardly anybody has."""
    q, persons = one.n_parameters, Persons(one.n, of=one.n_answered)
    if one.n < FEWEST_PER_PARAMETER * q:
        found.tell("invariance-too-few-persons", n=persons, parameters=q, over=one.over,
                   needed=FEWEST_PER_PARAMETER * q)  # fmt: skip
        return
    flat = _without_variance(one, table.items)
    if flat:
        always = [
            item for item, column in zip(table.items, table.values.T, strict=True)
            if np.nanmin(column) == np.nanmax(column)
        ]  # fmt: skip
        variant = "everywhere" if always else "all" if settings.occasions is None else "there"
        found.tell("invariance-item-constant", items=flat, always=always, variant=variant)
        return
    present = np.isfinite(one.values.reshape(one.n, -1)).astype(float)
    if (present.T @ present).min() < FEWEST_ANSWERS:
        found.tell("invariance-answers-apart", over=one.over, fewest=FEWEST_ANSWERS)
        return
    if one.n < _enough(table) * q:
        code = "invariance-few-persons-ordered" if table.ordered else "invariance-few-persons"
        found.tell(code, n=persons, parameters=q, over=one.over, enough=_enough(table))


def _without_variance(one: Compared, items: Sequence[str]) -> list[str]:
    """Items to which all who answered at a place gave one answer, or hardly anybody did."""
    flat = []
    for number, label in enumerate(one.places):
        for item, column in zip(items, one.at_place(number).T, strict=True):
            known = column[np.isfinite(column)]
            if len(known) < FEWEST_ANSWERS or np.ptp(known) == 0:
                flat.append(f"{item} ({label})")
    return flat
