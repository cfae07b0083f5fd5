"""The analysis of growth: functioning above and below its baseline, beside what chance gives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.growth.areas import STREAM, areas, by_fluctuation, spans
from salutogen.analyses.growth.settings import GrowthSettings
from salutogen.analyses.growth.surplus import SURPLUS_COLUMNS, Surplus, surplus_of
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.scales import NamedScale, named_scale
from salutogen.analyses.times_of_occasions import times_of_occasions
from salutogen.columns import Column, Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.person_levels.model import PersonLevels, fit_person_levels
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.page.words import points, say, signed

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

Float = NDArray[np.float64]
FEWEST, FEWEST_LATER = 20, 2
ABOVE, BELOW, NET = "above the baseline", "below the baseline", "above less below"
# Questionnaires and wordings that ask in retrospect how much one has changed.
IN_RETROSPECT = re.compile(
    r"\bptgi\b|post-?traumatic growth|stress-?related growth|\bsrgs\b|benefit[- ]finding|"
    r"perceived (growth|change)|as a result of (my|the|this)|"
    r"because of (my|the|this) (crisis|event)",
    re.IGNORECASE,
)
POSITIVE = "positive = better functioning"
_SCALE = "points of the scale"
HEIGHT_COLUMNS = (
    Column(name="part", meaning="Part of the courses", heading="Mean height", kind=Kind.LABEL),
    Column(name="mean", meaning="Mean over persons of area / time", unit=_SCALE, sign=POSITIVE,
           heading="Observed"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=_SCALE, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=_SCALE, heading="to"),
    Column(name="chance", meaning="Mean of courses that fluctuate without lasting change",
           unit=_SCALE, heading="Fluctuation alone"),
    Column(name="chance_low", meaning="2.5 % of draws of fluctuation lie below", unit=_SCALE,
           heading="from"),
    Column(name="chance_high", meaning="97.5 % of draws of fluctuation lie below", unit=_SCALE,
           heading="to"),
)  # fmt: skip


def _of_a_person(name: str, meaning: str, unit: str = _SCALE, sign: str = "") -> Column:
    return Column(name=name, meaning=meaning, unit=unit, sign=sign, kind=Kind.PERSON)


PERSON_COLUMNS = (
    Column(name="subject", meaning="Person, as written in the data", unit="text",
           kind=Kind.IDENTIFIER),
    _of_a_person("n_later", "Occasions after the baseline", "occasions"),
    _of_a_person("span", "Time from the baseline to the last occasion", "days or occasions"),
    _of_a_person("area_above", "Area of functioning above its baseline", "points by time"),
    _of_a_person("area_below", "Area of functioning below its baseline", "points by time"),
    _of_a_person("height_above", "Mean height above the baseline: area / time"),
    _of_a_person("height_below", "Mean height below the baseline: area / time"),
    _of_a_person("net", "Mean height above less below: the mean change", sign=POSITIVE),
)  # fmt: skip


@record
class GrowthResult(AnalysisResult):
    """Functioning above and below its own baseline; positive = better, the other way than SR."""

    n: int = figure(
        "Persons with a baseline and two later occasions", unit="persons", kind=Kind.COUNT
    )
    scale: str = figure("Scale of positive functioning", kind=Kind.LABEL)
    baseline: str = figure("Occasion of the baseline", kind=Kind.LABEL)
    time_unit: str = figure("Unit of time of the areas", kind=Kind.LABEL)
    within_sd: float | None = figure("SD of functioning within persons", unit=_SCALE)
    within_correlation: float | None = figure(
        "Its correlation from one occasion to the next, about the mean of the occasion"
    )
    heights: pl.DataFrame = rows("Mean heights of the courses over persons", HEIGHT_COLUMNS)
    surplus: Surplus | None = figure("Functioning beyond that expected at the person's exposure")
    persons: pl.DataFrame = beside()
    surplus_persons: pl.DataFrame | None = beside(default=None)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Heights above and below the baseline, and functioning given exposure."""
        from salutogen.analyses.growth.section import growth_section

        return (growth_section(self),)

    def files(self) -> Mapping[str, ResultFile]:
        """Areas of each person, and functioning beyond that expected."""
        found = {"growth.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS)}
        if self.surplus_persons is not None:
            found["growth_surplus.csv"] = ResultFile(
                table=self.surplus_persons, columns=SURPLUS_COLUMNS
            )
        return found

    def answer(self) -> Text:
        """Say whether functioning rose above its baseline more than fluctuation brings about."""
        above, _, net = (self.heights.row(place, named=True) for place in range(3))
        chance = (
            f"fluctuation alone gives {points(above['chance'])} ({points(above['chance_low'])} to "
            f"{points(above['chance_high'])})"
        )
        change = (
            f"mean change {signed(net['mean'])} ({signed(net['low'])} to {signed(net['high'])})"
        )
        if net["low"] > 0 and above["mean"] > above["chance_high"]:
            head = f"Functioning ({self.scale}) rose above its baseline"
        elif net["high"] < 0:
            head = f"Functioning ({self.scale}) fell below its baseline"
        else:
            head = f"Growth of functioning ({self.scale}) above its baseline is not shown"
        return (
            f"{head}: on average it lay {points(above['mean'])} points above over time, {chance}; "
            f"{change}."
        )

    def methods(self) -> Text:
        """Say how growth was measured."""
        return say(
            "Growth of {n:# person|# persons} was followed forwards: courses of {scale} from "
            "occasion {baseline}, joined by straight lines, were split into areas above and below "
            "the person's own baseline. They are compared with AR(1) courses of the same SD within "
            "persons and no lasting change.",
            scale=self.scale,
            n=Persons(self.n),
            baseline=self.baseline,
        )


def compute(inputs: AnalysisInputs, settings: GrowthSettings) -> GrowthResult:
    """Measure areas above and below the baseline, and functioning beyond that expected."""
    found = Findings()
    scale = _scale(inputs, settings, found)
    first, label = _baseline(inputs, settings, found)
    table = inputs.scores.table
    place = (table["person"].to_numpy(), table["occasion_index"].to_numpy())
    shape = (inputs.scores.persons.height, len(inputs.study.labels))
    values = np.full(shape, np.nan)
    values[place] = scale.values
    times, unit = times_of_occasions(inputs, np.isfinite(values))
    later = values[:, first:]
    known = np.isfinite(later)
    kept = known[:, 0] & (known[:, 1:].sum(axis=1) >= FEWEST_LATER)
    if int(kept.sum()) < FEWEST:
        found.tell("too-few-for-growth", n=Persons(int(kept.sum())), least=FEWEST)
        found.raise_refusals(AnalysisError)
    later, known, own_times = later[kept], known[kept], times[kept, first:]
    if float(np.nanmax(later) - np.nanmin(later)) == 0:
        found.tell("functioning-never-varies", name=scale.name)
        found.raise_refusals(AnalysisError)
    above, below = areas(later, own_times)
    span = spans(known, own_times)
    heights = np.column_stack([above / span, below / span, (above - below) / span])
    spread = _levels(values)
    chance = None
    if spread is not None:
        chance = by_fluctuation(
            spread.within,
            spread.autocorrelation,
            known,
            own_times,
            draws=settings.fluctuation,
            seed=inputs.run.seed,
        )
    surplus, of_persons = surplus_of(inputs, scale, found)
    found.tell("growth-is-not-recovery", label=label)
    return GrowthResult(
        n=int(kept.sum()),
        scale=scale.title,
        baseline=label,
        time_unit=unit,
        within_sd=None if spread is None else float(np.sqrt(spread.within)),
        within_correlation=None if spread is None else spread.autocorrelation,
        heights=_heights(heights, chance, settings.bootstrap, inputs.run.seed),
        surplus=surplus,
        persons=pl.DataFrame(
            {
                "subject": inputs.scores.persons["subject"].filter(pl.Series(kept)),
                "n_later": known[:, 1:].sum(axis=1),
                "span": span,
                "area_above": above,
                "area_below": below,
                "height_above": heights[:, 0],
                "height_below": heights[:, 1],
                "net": heights[:, 2],
            }
        ),
        surplus_persons=of_persons,
        findings=tuple(found),
    )


def _levels(values: Float) -> PersonLevels | None:
    """Levels of persons about the mean of each occasion; None where they cannot be fitted."""
    seen = np.isfinite(values)
    about = values - np.nanmean(np.where(seen.any(axis=0), values, 0.0), axis=0)
    person, occasion = np.nonzero(seen)
    try:
        return fit_person_levels(about[person, occasion], person, occasion)
    except ModelError:
        return None


def _scale(inputs: AnalysisInputs, settings: GrowthSettings, found: Findings) -> NamedScale:
    """The scale, if it is of positive functioning and asked as it is, not in retrospect."""
    declared = inputs.study.instruments.get(settings.scale)
    words = [settings.scale]
    if declared is not None:
        words += [declared.registered or "", declared.title, *declared.texts.values()]
    if any(IN_RETROSPECT.search(text.replace("_", " ")) for text in words):
        found.tell("growth-in-retrospect", name=settings.scale)
        found.raise_refusals(AnalysisError)
    if declared is not None and declared.measured == "baseline":
        found.tell("growth-asked-once", name=settings.scale)
        found.raise_refusals(AnalysisError)
    scale = named_scale(inputs, settings.scale)
    if scale.higher == "worse":
        found.tell("growth-of-problems", name=settings.scale)
        found.raise_refusals(AnalysisError)
    return scale


def _baseline(inputs: AnalysisInputs, settings: GrowthSettings, found: Findings) -> tuple[int, str]:
    labels = inputs.study.labels
    label = labels[0] if settings.baseline is None else settings.baseline
    refuse_unplanned(inputs, [label], found, unknown="baseline-unknown")
    if labels.index(label) + FEWEST_LATER >= len(labels):
        found.tell("growth-needs-later-occasions", label=label)
    found.raise_refusals(AnalysisError)
    return labels.index(label), label


def _heights(heights: Float, chance: Float | None, draws: int, seed: int) -> pl.DataFrame:
    """Means over persons with intervals, beside those of fluctuation alone."""
    rng = np.random.default_rng([seed, STREAM, 1])
    n = len(heights)
    drawn = np.array([heights[rng.integers(0, n, n)].mean(axis=0) for _ in range(draws)])
    low, high = percentile_interval(drawn)
    rows_ = []
    for place, part in enumerate((ABOVE, BELOW, NET)):
        row: dict[str, object] = {
            "part": part,
            "mean": float(heights[:, place].mean()),
            "low": float(low[place]),
            "high": float(high[place]),
        }
        if chance is not None:
            own = chance[:, place] if place < 2 else chance[:, 0] - chance[:, 1]
            ends = percentile_interval(own)
            row |= {
                "chance": float(own.mean()),
                "chance_low": float(ends[0]),
                "chance_high": float(ends[1]),
            }
        rows_.append(row)
    names = ("mean", "low", "high", "chance", "chance_low", "chance_high")
    return pl.DataFrame(rows_, schema={"part": pl.String, **dict.fromkeys(names, pl.Float64)})
