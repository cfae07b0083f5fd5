"""The analysis of problems given a baseline before exposure: analysis of covariance beside SR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.baseline_adjusted.lines import (
    ADJUSTED,
    MODEL_COLUMNS,
    PLAIN,
    RELIABILITY_COLUMNS,
    Adjusted,
    Measured,
    adjust,
)
from salutogen.analyses.baseline_adjusted.settings import BaselineAdjustedSettings
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import (
    LESS_RESILIENT,
    POINTS,
    Column,
    Kind,
    Record,
    beside,
    figure,
    record,
    rows,
)  # fmt: skip
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson, present_means
from salutogen.names import did_you_mean
from salutogen.norm.design_matrix import line_matrix, term_matrix, terms_of, with_exposure
from salutogen.page.audience import told_quantiles
from salutogen.page.words import p_value, points, say, signed, without_counts
from salutogen.resilience.levels import COLUMNS

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

Float = NDArray[np.float64]
FEWEST = 20
LOW_AND_HIGH = (0.1, 0.9)


def _of_a_person(name: str, meaning: str, sign: str = "") -> Column:
    return Column(name=name, meaning=meaning, unit=POINTS, sign=sign, kind=Kind.PERSON)


PERSON_COLUMNS = (
    *(item for item in COLUMNS["person"] if item.name in ("subject", "n_valid", "E")),
    _of_a_person("P0", "Mean problems before exposure", "higher = more problems"),
    _of_a_person("P", "Mean problems after the baseline", "higher = more problems"),
    _of_a_person("SR", "P less that expected at this exposure, after the baseline", LESS_RESILIENT),
    _of_a_person("SR_adjusted", "P less that expected at this exposure and baseline",
                 LESS_RESILIENT),
    _of_a_person("SR_change", "Change of P less that expected at this exposure", LESS_RESILIENT),
)  # fmt: skip


@record
class Agreement(Record):
    """How the three scores go together; those with baseline P are partly arithmetic."""

    SR_adjusted: float | None = figure("SR with the adjusted score")
    SR_change: float | None = figure("SR with the change score")
    adjusted_change: float | None = figure("The adjusted score with the change score")
    SR_baseline: float | None = figure("SR with baseline P")
    adjusted_baseline: float | None = figure("The adjusted score with baseline P: 0 by arithmetic")
    change_baseline: float | None = figure(
        "The change score with baseline P: negative where the baseline has error"
    )
    exposure_baseline: float | None = figure("Exposure with baseline P")


@record
class BaselineAdjustedResult(AnalysisResult):
    """Problems after exposure given those before it; positive = less resilient."""

    n: int = figure("Persons with a baseline and a later occasion", unit="persons", kind=Kind.COUNT)
    baseline: tuple[str, ...] = figure("Occasions before exposure", kind=Kind.LABEL)
    beyond_exposure: float = figure(
        "Share of the variance of later P that baseline P explains beyond exposure"
    )
    exposure_before: float | None = figure("Mean E at the baseline", unit="units of E")
    exposure_after: float = figure("Mean E after it", unit="units of E")
    models: pl.DataFrame = rows("Exposure in three lines over the same persons", MODEL_COLUMNS)
    reliabilities: pl.DataFrame = rows(
        "If baseline P were measured with error", RELIABILITY_COLUMNS
    )
    agreement: Agreement = figure("Correlations over persons")
    persons: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """The three lines side by side."""
        from salutogen.analyses.baseline_adjusted.section import baseline_section

        return (baseline_section(self),)

    def files(self) -> Mapping[str, ResultFile]:
        """The three scores of each person."""
        return {"baseline_adjusted.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS)}

    def answer(self) -> Text:
        """Say what exposure goes with, given the baseline and without it."""
        given, plain = (
            self.models.filter(model=name).row(0, named=True) for name in (ADJUSTED, PLAIN)
        )
        settled = side_of_zero(given["low"], given["high"]) != 0
        head = "" if settled else "Not settled: "
        apart = points(abs(given["effect"]))
        way = f"{apart} points {'above' if given['effect'] >= 0 else 'below'}"
        return (
            f"{head}{'a' if head else 'A'}t equal problems before exposure, problems at high "
            f"exposure (90th percentile) lie {way} those at low "
            f"(10th; 95 % interval {signed(given['low'])} to {signed(given['high'])}, "
            f"{p_value(given['p'])}); without the baseline {signed(plain['effect'])} "
            f"({signed(plain['low'])} to {signed(plain['high'])})."
        )

    def methods(self) -> Text:
        """Say how it was adjusted."""
        return say(
            "Problems after the baseline ({labels}) of {n:# person|# persons} were regressed on "
            "later exposure and on baseline problems (analysis of covariance; errors for unequal "
            "scatter, HC3).",
            labels=", ".join(self.baseline),
            n=Persons(self.n),
        )


def compute(inputs: AnalysisInputs, settings: BaselineAdjustedSettings) -> BaselineAdjustedResult:
    """Fit P after the baseline on exposure, with and without baseline P, and their difference."""
    found = Findings()
    labels = _baseline(inputs, settings, found)
    table, measured = _measured(inputs, labels, found)
    try:
        made = adjust(
            measured, settings.reliabilities, draws=settings.bootstrap, seed=inputs.run.seed
        )
    except ModelError as error:
        found.tell("baseline-line-not-fitted", reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error
    before, after = table["E0"].to_numpy(), table["E"].to_numpy()
    _tell(before, after, made, found)
    known = np.isfinite(before)
    return BaselineAdjustedResult(
        n=table.height,
        baseline=labels,
        beyond_exposure=made.beyond,
        exposure_before=float(np.mean(before[known])) if known.any() else None,
        exposure_after=float(np.mean(after)),
        models=made.models,
        reliabilities=made.reliabilities,
        agreement=Agreement(
            SR_adjusted=pearson(made.SR, made.adjusted),
            SR_change=pearson(made.SR, made.change),
            adjusted_change=pearson(made.adjusted, made.change),
            SR_baseline=pearson(made.SR, measured.P0),
            adjusted_baseline=pearson(made.adjusted, measured.P0),
            change_baseline=pearson(made.change, measured.P0),
            exposure_baseline=pearson(after, measured.P0),
        ),
        persons=table.select("subject", "n_valid", "E", "P0", "P").with_columns(
            SR=pl.Series(made.SR),
            SR_adjusted=pl.Series(made.adjusted),
            SR_change=pl.Series(made.change),
        ),
        findings=tuple(found),
    )


def _baseline(
    inputs: AnalysisInputs, settings: BaselineAdjustedSettings, found: Findings
) -> tuple[str, ...]:
    """Labels of the pre-exposure occasions, in the order of the plan."""
    known, asked = inputs.study.labels, settings.baseline
    if asked is None:
        found.tell("no-pre-exposure-wave", known=list(known))
        found.raise_refusals(AnalysisError)
    wanted = (asked,) if isinstance(asked, str) else tuple(asked or ())
    for label in wanted:
        if label not in known:
            found.tell("baseline-unknown", label=label, near=did_you_mean(label, known))
    if wanted and wanted[-1] in known and set(known) <= set(wanted):
        found.tell("nothing-after-baseline")
    found.raise_refusals(AnalysisError)
    return tuple(label for label in known if label in wanted)


def _measured(
    inputs: AnalysisInputs, labels: tuple[str, ...], found: Findings
) -> tuple[pl.DataFrame, Measured]:
    """Persons with P at the baseline and valid occasions after it, with the terms of their line."""
    scores, norm = inputs.scores, inputs.norm
    line, last = norm.lines.person, inputs.study.labels.index(labels[-1])
    rows = scores.table.with_columns(scores.table["occasion_index"].cast(pl.Int64))
    before = rows.filter(pl.col("occasion").is_in(labels))
    after = rows.filter(pl.col("valid") & (pl.col("occasion_index") > last))
    start = _means(before, ["P", "E"], scores.persons.height)
    columns = ["P", "E", *scores.type_columns]
    later = _means(after, columns, scores.persons.height)
    size = np.bincount(after["person"].to_numpy(), minlength=scores.persons.height)
    table = scores.persons.select("person", "subject").with_columns(
        pl.Series("n_valid", size),
        *(pl.Series(name, later[name]) for name in columns),
        pl.Series("P0", start["P"]),
        pl.Series("E0", start["E"]),
    )
    kept = np.isfinite(start["P"]) & (size > 0)
    table = with_exposure(line, norm.with_covariates(table.filter(pl.Series(kept))))
    X = line_matrix(line, table, level="person") if table.height else np.empty((0, 2))
    complete = np.isfinite(X).all(axis=1)
    table, X = table.filter(pl.Series(complete)), X[complete]
    least = max(FEWEST, X.shape[1] + 2)
    if table.height < least:
        found.tell("too-few-with-baseline", n=Persons(table.height), least=least)
        found.raise_refusals(AnalysisError)
    ends = pl.DataFrame(
        {
            name: told_quantiles(table[name].to_numpy(), LOW_AND_HIGH, inputs.run.audience.smallest)
            for name in line.predictors
        }
    )
    own = terms_of(line.predictors, line.shape)[1:]
    terms = term_matrix(ends, own, predictors=line.predictors, knots=line.knots)
    contrast = np.zeros(len(line.terms))
    for place, term in enumerate(own):
        contrast[line.terms.index(term)] = terms[1, place] - terms[0, place]
    return table, Measured(
        names=line.names,
        X=X,
        P=table["P"].to_numpy(),
        P0=table["P0"].to_numpy(),
        contrast=contrast,
    )


def _means(table: pl.DataFrame, names: list[str], n_persons: int) -> dict[str, Float]:
    """Means of persons (n_persons,) over their known values, NaN where there are none."""
    person = table["person"].to_numpy().astype(np.int64)
    found = {}
    for name in names:
        values = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        known = np.isfinite(values)
        means = np.full(n_persons, np.nan)
        has = np.bincount(person[known], minlength=n_persons) > 0
        means[has] = present_means(values[known], person[known], n_persons)
        found[name] = means
    return found


def _tell(before: Float, after: Float, made: Adjusted, found: Findings) -> None:
    from scipy.special import stdtrit

    rise = (after - before)[np.isfinite(before)]
    if rise.size > 2:
        se = float(np.std(rise, ddof=1)) / np.sqrt(rise.size)
        half = float(stdtrit(rise.size - 1, 0.975)) * se
        if float(np.mean(rise)) - half <= 0:
            found.tell(
                "baseline-not-before-exposure",
                rise=float(np.mean(rise)),
                low=float(np.mean(rise)) - half,
                high=float(np.mean(rise)) + half,
            )
    else:
        found.tell("baseline-exposure-unknown")
    slope = made.models.filter(model=ADJUSTED)["baseline_slope"].item()
    found.tell("change-is-coupled", slope=slope - 1, baseline=slope)
