"""Answers to single items, turned and recoded as they enter the score, by person and occasion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.analyses.titles import title_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.names import did_you_mean
from salutogen.page.words import Share
from salutogen.scores.answers import Form, ItemAnswers, baseline_form, repeated_form
from salutogen.scores.problems import problem_rule
from salutogen.scores.scale import item_range, keyed_values, scale_faults
from salutogen.study import Instrument, ScoringRule

Float = NDArray[np.float64]

FEWEST_ITEMS = 3
FEWEST_ANSWERS = 10  # to each item, for an occasion to count
CROWDED = 0.5  # share of an item's answers at one end from which on they are no quantities
PER_QUANTITY = 3
BASELINE = "baseline"


@dataclass(frozen=True, kw_only=True)
class ItemTable:
    """An instrument's items.

    Attributes
    ----------
    instrument : Instrument
    problems : bool
        Whether it is one of the study's problem instruments: then higher = more problems.
    values : array (n_persons, n_occasions, n_items)
        As they enter the score; NaN where missing. All persons of the study.
    occasions : tuple of str
        Labels of those at which every item was answered often enough, in order.
    points : float
        Points of the score for a point of an item.
    of_means : bool
        Whether the score is the mean of items, not their sum.
    ordered : bool
        Whether answers are taken for ordered categories, not for quantities.
    why : str
        Words for the reason.
    apart : dict of tuple of str
        Answers that one place has and another lacks, by what is compared, where these are why
        answers are not taken for ordered categories.
    codes : dict
        Of each item, the answers as they were given that stand behind a value. Empty: the same.
    """

    instrument: Instrument
    problems: bool
    values: Float
    occasions: tuple[str, ...]
    points: float
    of_means: bool = False
    ordered: bool = False
    why: str = ""
    apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: Mapping[str, Mapping[float, tuple[float, ...]]] = field(default_factory=dict)

    def as_given(self, item: str, values: Sequence[float]) -> tuple[float, ...]:
        """Answers to an item as they were given, in order, that enter the score as `values`."""
        known = self.codes.get(item, {})
        return tuple(sorted(code for value in values for code in known.get(value, (value,))))

    @property
    def items(self) -> tuple[str, ...]:
        """Names of the items."""
        return self.instrument.items

    @property
    def turned(self) -> tuple[str, ...]:
        """Items whose higher codes enter the score as lower values."""
        return tuple(
            item
            for item, known in self.codes.items()
            if known and known[min(known)][0] > known[max(known)][-1]
        )

    @property
    def title(self) -> str:
        """What the instrument is called."""
        return self.instrument.title or self.instrument.name

    @property
    def categories(self) -> int:
        """Fewest different answers that an item has."""
        return min(len(np.unique(column)) for column in self._columns())

    @property
    def most_categories(self) -> int:
        """Most different answers that an item has."""
        return max(len(np.unique(column)) for column in self._columns())

    @property
    def per_place(self) -> int:
        """Free parameters of one place's model in which nothing is equal.

        Of a quantity an intercept, a loading and a residual variance; of ordered categories a
        loading and thresholds between them.
        """
        if not self.ordered:
            return PER_QUANTITY * len(self.items)
        return sum(len(np.unique(column)) for column in self._columns())

    @property
    def at_one_end(self) -> Share:
        """Largest share of an item's answers that are its lowest or its highest."""
        shares = (
            Share(np.mean(column == end), of=column.size)
            for column in self._columns()
            for end in (column.min(), column.max())
        )
        return max(shares)

    @property
    def crowded(self) -> bool:
        """Whether an item has half of its answers or more at one end; two categories always do."""
        return self.at_one_end >= CROWDED

    def _columns(self) -> list[Float]:
        """Answers to each item, over persons and occasions."""
        flat = self.values.reshape(-1, len(self.items))
        return [column[np.isfinite(column)] for column in flat.T]


def read_items(inputs: AnalysisInputs, settings: InvarianceSettings, found: Findings) -> ItemTable:
    """Take the answers to an instrument's items, or refuse what has none that could be compared.

    Raises
    ------
    AnalysisError
        An unknown instrument, a total, a list of events, fewer than three items, occasions that
        are not planned or have too few answers.
    """
    instrument = _instrument(inputs, settings, found)
    problems = instrument.name in inputs.study.problems.instruments
    rule = problem_rule(instrument, inputs.study.problems) if problems else instrument.scoring
    faults = scale_faults(instrument, rule)
    if faults:
        raise AnalysisError((*found, *faults))
    turned = problems and instrument.higher == "better"
    repeated = instrument.name in inputs.panel.answers
    labels = inputs.study.labels if repeated else (BASELINE,)
    values = np.full((inputs.panel.persons.height, len(labels), len(instrument.items)), np.nan)
    if repeated:
        form = repeated_form(inputs.panel, instrument.name, None)
        rows = inputs.panel.rows
        at = rows["person"].to_numpy(), rows["occasion"].to_numpy()
    else:
        form = baseline_form(inputs.panel, instrument.name)
        at = np.arange(len(values)), np.zeros(len(values), dtype=np.intp)
    codes = {}
    for number, (item, answers) in enumerate(_keyed(form, rule, turned=turned)):
        values[at[0], at[1], number] = answers
        codes[item.item] = _codes(item, answers)
    kept = _occasions(labels, values, settings, found)
    points = rule.multiply / (len(instrument.items) if rule.method == "mean" else 1)
    return ItemTable(
        instrument=instrument,
        problems=problems,
        values=values[:, kept],
        occasions=tuple(labels[place] for place in kept),
        points=points,
        of_means=rule.method == "mean",
        codes=codes,
    )


def _codes(item: ItemAnswers, values: Float) -> dict[float, tuple[float, ...]]:
    """Answers as they were given, by the value with which they enter the score."""
    known = np.isfinite(values)
    pairs = np.unique(
        np.stack([values[known], np.asarray(item.values, dtype=np.float64)[known]]), axis=1
    )
    given: dict[float, tuple[float, ...]] = {}
    for value, code in pairs.T.tolist():
        given[value] = (*given.get(value, ()), code)
    return given


def _keyed(form: Form, rule: ScoringRule, *, turned: bool) -> Iterator[tuple[ItemAnswers, Float]]:
    """Each item as it enters the score, NaN where missing; turned where higher = better."""
    ends = item_range(form.instrument, rule)
    for item in form.items():
        keyed = np.asarray(
            keyed_values(form.instrument, rule, item.item, item.values), dtype=np.float64
        )
        if turned and ends is not None:
            keyed = sum(ends) - keyed
        yield item, np.where(_missing(item), np.nan, keyed)


def _missing(item: ItemAnswers) -> NDArray[np.bool_]:
    return np.zeros(len(item.values), dtype=bool) if item.missing is None else item.missing


def _instrument(
    inputs: AnalysisInputs, settings: InvarianceSettings, found: Findings
) -> Instrument:
    study, name = inputs.study, settings.instrument
    known = [one.name for one in study.instruments.values() if _has_items(one)]
    if name is None:
        names = study.problems.instruments
        if len(names) > 1:
            found.tell("invariance-instrument-unclear", names=names)
            found.raise_refusals(AnalysisError)
        name = names[0]
    instrument = study.instruments.get(name)
    if instrument is None:
        found.tell("invariance-instrument-unknown", name=name, near=did_you_mean(name, known),
                   known=known or ["none"])  # fmt: skip
    elif instrument.is_checklist:
        found.tell("invariance-of-events", name=title_of(inputs, name))
    elif instrument.may_be_total:
        found.tell("invariance-of-a-total", name=title_of(inputs, name))
    elif len(instrument.items) < FEWEST_ITEMS:
        found.tell("invariance-too-few-items", name=title_of(inputs, name), n=len(instrument.items))
    found.raise_refusals(AnalysisError)
    assert instrument is not None
    return instrument


def _has_items(one: Instrument) -> bool:
    return not one.is_checklist and not one.may_be_total and len(one.items) >= FEWEST_ITEMS


def _occasions(
    labels: tuple[str, ...], values: Float, settings: InvarianceSettings, found: Findings
) -> list[int]:
    """Places of the occasions at which each item has enough answers."""
    wanted = labels if settings.occasions is None else settings.occasions
    for label in dict.fromkeys(wanted):
        if label not in labels:
            near = did_you_mean(label, labels)
            found.tell("invariance-occasion-unknown", label=label, near=near)
    found.raise_refusals(AnalysisError)
    answered = np.isfinite(values).sum(axis=0).min(axis=1)
    enough = [place for place, n in enumerate(answered) if n >= FEWEST_ANSWERS]
    asked = [labels.index(label) for label in dict.fromkeys(wanted)]
    few = [labels[place] for place in asked if place not in enough]
    if settings.occasions is not None and few:
        found.tell("invariance-occasion-without-answers", labels=few, fewest=FEWEST_ANSWERS)
    kept = [place for place in asked if place in enough]
    if not kept:
        found.tell("invariance-no-answers", fewest=FEWEST_ANSWERS)
    found.raise_refusals(AnalysisError)
    return kept
