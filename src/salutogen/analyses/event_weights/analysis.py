"""The analysis of empirical event weights: whether they tell more than the number of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.event_weights.learning import Splits, try_splits
from salutogen.analyses.event_weights.settings import EventWeightsSettings
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson, present_means
from salutogen.names import did_you_mean
from salutogen.page.words import points, say, signed
from salutogen.resilience.levels import COLUMNS
from salutogen.scores.answers import answered_rows, repeated_form
from salutogen.scores.checklist import happened, rating

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

Float = NDArray[np.float64]
FEWEST = 60
FEWEST_ITEMS = 3
MOST_NAMED = 3
PER_UNIT = "points of P per unit of the item"
WEIGHT_COLUMNS = (
    Column(name="type", meaning="Exposure type", heading="Exposure type", kind=Kind.LABEL),
    Column(name="item", meaning="Item of the event list", heading="Item", kind=Kind.LABEL),
    Column(name="n", meaning="Persons who met it at least once", unit="persons",
           heading="Persons who met it", kind=Kind.COUNT),
    Column(name="weight", meaning="Mean weight over halves and splits", unit=PER_UNIT,
           sign="positive = goes with more problems", heading="Weight"),
    Column(name="sd", meaning="SD of the weight over halves and splits", unit=PER_UNIT,
           heading="SD"),
    Column(name="r_with_P", meaning="Correlation of the item with P over persons",
           heading="r with P"),
)  # fmt: skip
SPLIT_COLUMNS = (
    Column(name="split", meaning="Split of the persons into halves", heading="Split",
           kind=Kind.LABEL),
    Column(name="explained", meaning="Variance of P explained in persons left out, by weights",
           heading="R², weighted"),
    Column(name="explained_equal", meaning="The same by equal weights", heading="R², equal"),
    Column(name="gain", meaning="Difference of the two", heading="Gain"),
    Column(name="stability", meaning="Correlation of the weights of both halves",
           heading="Correlation of weights"),
)  # fmt: skip
PERSON_COLUMNS = (
    *(item for item in COLUMNS["person"] if item.name in ("subject", "P")),
    Column(name="SR_weighted", unit=POINTS, sign=LESS_RESILIENT, kind=Kind.PERSON,
           meaning="P less that expected by weights learned on other persons; mean over splits"),
)  # fmt: skip


@record
class EventWeightsResult(AnalysisResult):
    """Events weighted by what they go with; the study's exposure stays as it is."""

    n: int = figure("Persons with exposure and problems", unit="persons", kind=Kind.COUNT)
    method: str = figure("How weights are learned", kind=Kind.LABEL)
    n_splits: int = figure("Splits of the persons into halves")
    equal_chosen: float = figure("Share of halves in which equal weights were chosen")
    explained: float = figure("Variance of P explained in persons left out, by learned weights")
    explained_equal: float = figure("The same by equal weights")
    gain: float = figure("Difference of the two, mean over splits")
    gain_low: float = figure("Lower end of its 95 % interval, for splits that overlap")
    gain_high: float = figure("Upper end of its 95 % interval, for splits that overlap")
    stability: float | None = figure("Correlation of the weights of two halves, mean over splits")
    r_SR: float | None = figure("Correlation of SR by learned weights with SR")
    weights: pl.DataFrame = rows("Weights by item", WEIGHT_COLUMNS)
    splits: pl.DataFrame = rows("Splits", SPLIT_COLUMNS)
    persons: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Gain, stability and weights."""
        from salutogen.analyses.event_weights.section import weights_section

        return (weights_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """SR of each person by weights learned on others."""
        return {"event_weights.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS)}

    def answer(self) -> Text:
        """Say whether learned weights tell more of persons who had no part in learning them."""
        ends = f"95 % interval {signed(self.gain_low, 3)} to {signed(self.gain_high, 3)}"
        if self.gain_low > 0:
            head = "Events weighted by what they go with tell more of problems than their sum"
        elif self.gain_high < 0:
            head = "Events weighted by what they go with tell less of problems than their sum"
        else:
            head = (
                "That events weighted by what they go with tell more of problems than their sum "
                "is not shown"
            )
        return (
            f"{head}: in persons left out, R² {points(self.explained)} against "
            f"{points(self.explained_equal)} (gain {signed(self.gain, 3)}, {ends})."
        )

    def methods(self) -> Text:
        """Say how weights were learned and tried."""
        return say(
            "Event weights ({method}) were learned on one half of {n:# person|# persons} and "
            "tried, frozen, on the other, both ways, in {splits} splits; penalties were chosen "
            "within the training half. The interval of the gain allows for splits that overlap "
            "(Nadeau and Bengio, 2003). The exposure of the study was not changed.",
            method=self.method,
            n=Persons(self.n),
            splits=self.n_splits,
        )


def compute(inputs: AnalysisInputs, settings: EventWeightsSettings) -> EventWeightsResult:
    """Learn weights on halves of the persons and try them on the others."""
    found = Findings()
    types = _types(inputs, settings, found)
    person, names, items = _items(inputs, types)
    table = inputs.scores.valid_rows("person", "P")
    P = present_means(
        table["P"].cast(pl.Float64).to_numpy(),
        table["person"].to_numpy().astype(np.int64),
        inputs.scores.persons.height,
    )
    varies = np.ptp(items, axis=0) > 0 if len(items) else np.zeros(items.shape[1], dtype=bool)
    names = [name for name, kept in zip(names, varies, strict=True) if kept]
    items = items[:, varies]
    _require_enough(len(P), items.shape[1], found)
    made = try_splits(
        items, P, method=settings.method, splits=settings.splits, seed=inputs.run.seed
    )
    gain, low, high = made.gain
    stability = made.stability[np.isfinite(made.stability)]
    weights = _weights(names, items, P, made)
    _tell(weights, made, stability, found)
    own = pl.DataFrame({"person": person}).join(
        inputs.resilience.persons.select(pl.col("person").cast(pl.Int64), "SR"),
        on="person", how="left", maintain_order="left",
    )  # fmt: skip
    return EventWeightsResult(
        n=len(P),
        method=settings.method,
        n_splits=settings.splits,
        equal_chosen=float(made.equal.mean()),
        explained=float(made.explained.mean()),
        explained_equal=float(made.explained_equal.mean()),
        gain=gain,
        gain_low=low,
        gain_high=high,
        stability=float(stability.mean()) if stability.size else None,
        r_SR=pearson(made.left, own["SR"].fill_null(float("nan")).to_numpy()),
        weights=weights,
        splits=pl.DataFrame(
            {
                "split": np.arange(1, settings.splits + 1),
                "explained": made.explained,
                "explained_equal": made.explained_equal,
                "gain": made.explained - made.explained_equal,
                "stability": pl.Series(made.stability).fill_nan(None),
            }
        ),
        persons=pl.DataFrame(
            {
                "subject": inputs.scores.persons["subject"].gather(person),
                "P": P,
                "SR_weighted": made.left,
            }
        ),
        findings=tuple(found),
    )


def _types(
    inputs: AnalysisInputs, settings: EventWeightsSettings, found: Findings
) -> tuple[str, ...]:
    known = inputs.scores.exposure_types
    for name in settings.types or ():
        if name not in known:
            near = did_you_mean(name, known)
            found.tell("weights-of-unknown-type", name=name, near=near, known=list(known))
    found.raise_refusals(AnalysisError)
    return settings.types or known


def _items(
    inputs: AnalysisInputs, types: tuple[str, ...]
) -> tuple[NDArray[np.int64], list[tuple[str, str]], Float]:
    """Mean of each item over a person's valid occasions, as the study scores its type.

    A count takes whether an event happened, other scores its code; what was skipped counts as not
    happened, as in the exposure itself.

    Returns
    -------
    person : array (n,)
    names : list of (type, item)
    items : array (n, k)
    """
    scores, panel = inputs.scores, inputs.panel
    keep = answered_rows(panel)
    valid = scores.table["valid"].to_numpy()
    person = scores.table["person"].to_numpy().astype(np.int64)[valid]
    names: list[tuple[str, str]] = []
    columns: list[Float] = []
    for kind in types:
        form = repeated_form(panel, kind, keep)
        counted = inputs.study.exposure_score(kind) == "count"
        threshold = inputs.study.plan.exposure.threshold
        for answer in form.items():
            values = (
                happened(form.instrument, answer, threshold)
                if counted
                else rating(form.instrument, answer)
            )
            if answer.missing is not None:
                values = np.where(answer.missing, 0, values)
            names.append((kind, answer.item))
            columns.append(np.asarray(values, dtype=np.float64)[valid])
    n_persons = scores.persons.height
    means = [present_means(values, person, n_persons) for values in columns]
    return np.unique(person), names, np.column_stack(means)


def _require_enough(n: int, items: int, found: Findings) -> None:
    if n < FEWEST:
        found.tell("too-few-for-weights", n=Persons(n), least=FEWEST)
    if items < FEWEST_ITEMS:
        found.tell("too-few-items-for-weights", n=items, least=FEWEST_ITEMS)
    found.raise_refusals(AnalysisError)


def _weights(names: list[tuple[str, str]], items: Float, P: Float, made: Splits) -> pl.DataFrame:
    flat = made.weights.reshape(-1, items.shape[1])
    return pl.DataFrame(
        {
            "type": [kind for kind, _ in names],
            "item": [item for _, item in names],
            "n": (items > 0).sum(axis=0),
            "weight": flat.mean(axis=0),
            "sd": flat.std(axis=0, ddof=1),
            "r_with_P": [pearson(item, P) for item in items.T],
        }
    )


def _tell(weights: pl.DataFrame, made: Splits, stability: Float, found: Findings) -> None:
    heaviest = weights.sort("weight", descending=True, maintain_order=True).head(MOST_NAMED)
    found.tell("weights-follow-mood", items=heaviest["item"].to_list())
    if made.equal.all():
        found.tell("equal-weights-chosen")
    elif stability.size and float(stability.mean()) < 0.5:
        found.tell("weights-unstable", r=float(stability.mean()))
