"""The analysis of centiles: persons among those of the same exposure, where spread is unequal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.centiles.centile_norm import (
    CentileNorm,
    make_norm,
    read_centile_norm,
    without_types,
)
from salutogen.analyses.centiles.curves import (
    CURVE_COLUMNS,
    SpreadChange,
    centile_curves,
    spread_change,
)
from salutogen.analyses.centiles.settings import CentilesSettings
from salutogen.analyses.centiles.spread import Units, centile, drawn, out_of_fold, units_of
from salutogen.analyses.centiles.transfer import TRANSFER_COLUMNS, Transfer, transfer
from salutogen.analyses.centiles.uniformity import (
    GROUP_COLUMNS,
    SCORES,
    TEST_COLUMNS,
    by_group,
    even_spread,
)
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.columns import Column, Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.quantiles import NORMAL_95
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.norm.lines import LineKey
from salutogen.norm.terms_of_few import types_of_few
from salutogen.norm.terms_of_few import units_of as behind
from salutogen.norm.told_lines import INTERCEPT
from salutogen.page.words import points, say, without_counts
from salutogen.resilience.levels import COLUMNS

if TYPE_CHECKING:
    from salutogen.models.regression.location_scale import LocationScale
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

FEWEST = 40
NOTABLE = 0.05
MORE = "higher = more problems than others of the same exposure (less resilient)"


def _centile_column(name: str, meaning: str) -> Column:
    return Column(name=name, meaning=meaning, unit="centile", sign=MORE, kind=Kind.PERSON)


PERSON_COLUMNS = (
    *(item for item in COLUMNS["person"] if item.name in ("subject", "E", "P")),
    _centile_column("centile", "Centile of P at this exposure, by a line fitted to other persons"),
    _centile_column("norm_low", "Lower end of its 95 % interval: error of the norm"),
    _centile_column("norm_high", "Upper end of its 95 % interval: error of the norm"),
    _centile_column("person_low", "Centile at the lower end of the 95 % interval of SR"),
    _centile_column("person_high", "Centile at the upper end of the 95 % interval of SR"),
)
OCCASION_COLUMNS = (
    *(item for item in COLUMNS["occasion"] if item.name in ("subject", "occasion", "E", "P")),
    _centile_column("centile", "Centile of P at this exposure, by a line fitted to other persons"),
)


@record
class CentilesResult(AnalysisResult):
    """Centiles of problems among persons of the same exposure; high = less resilient."""

    n: int = figure("Persons placed", unit="persons", kind=Kind.COUNT)
    n_reference: int = figure("Persons the lines rest on", unit="persons", kind=Kind.COUNT)
    folds: int = figure("Parts of the persons; each is placed by the others")
    draws: int = figure("Draws of persons for intervals")
    location: Mapping[str, float] = figure("Line of expected problems, by term")
    scale: Mapping[str, float] = figure("Line of the log SD about it, by term")
    spread: SpreadChange = figure("SD about the line at low, middle and high exposure")
    curves: pl.DataFrame = rows("Centile curves over exposure", CURVE_COLUMNS)
    tests: pl.DataFrame = rows(
        "Whether centiles are spread evenly along exposure, persons placed by others", TEST_COLUMNS
    )
    groups: pl.DataFrame = rows("Centiles by group of exposure", GROUP_COLUMNS)
    norm: CentileNorm = figure("The norm, for another study")
    transfer: Transfer | None = figure("These persons against the norm of another study")
    persons: pl.DataFrame = beside()
    occasions: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Curves, spread, the test along exposure, and the norm of another study."""
        from salutogen.analyses.centiles.section import centiles_section

        return (centiles_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """Centiles of persons and occasions, and those by the norm of another study."""
        found = {
            "centiles.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS),
            "centiles_occasions.csv": ResultFile(table=self.occasions, columns=OCCASION_COLUMNS),
        }
        if self.transfer is not None:
            table = self.transfer.persons
            found["centiles_transferred.csv"] = ResultFile(table=table, columns=TRANSFER_COLUMNS)
        return found

    def answer(self) -> Text:
        """Say whether the spread changes with exposure, and by how much."""
        spread = self.spread
        told = (
            f"SD {points(spread.sd_low, 1)} points at low exposure (10th percentile) and "
            f"{points(spread.sd_high, 1)} at high (90th), ratio {points(spread.ratio)} (95 % "
            f"interval {points(spread.ratio_low)} to {points(spread.ratio_high)})"
        )
        if not spread.settled:
            return f"Whether problems spread unequally along exposure is not settled: {told}."
        way = "more" if spread.ratio > 1 else "less"
        return f"Problems spread {way} about the line where exposure is high: {told}."

    def methods(self) -> Text:
        """Say how persons were placed."""
        told = (
            "Centiles come from a line whose log SD changes linearly with exposure (maximum "
            "likelihood) and from the standardised residuals of {n:# person|# persons}; each "
            "person was placed by lines fitted to the other {parts} of {folds} parts of the "
            "persons. Intervals are percentile intervals of {draws} draws of persons."
        )
        return say(
            told,
            n=Persons(self.n_reference),
            parts=self.folds - 1,
            folds=self.folds,
            draws=self.draws,
        )


def compute(inputs: AnalysisInputs, settings: CentilesSettings) -> CentilesResult:
    """Fit the line and the log SD, place persons and occasions, and test the centiles.

    Centiles run from 0 to 100: the share of persons who have fewer problems at the same exposure.
    """
    found, norm, seed = Findings(), inputs.norm, inputs.run.seed
    scored = units_of(norm, norm.period_tables["person"], "person")
    reference = _reference(inputs, scored)
    _require_enough(reference, found)
    folds = min(settings.folds, len(np.unique(reference.person)))
    n_persons = inputs.scores.persons.height
    try:
        fit = reference.fitted()
        placed, equal = out_of_fold(reference, scored, n_persons=n_persons, folds=folds, seed=seed)
        draws = drawn(
            reference, scored, curves=settings.curves, draws=settings.bootstrap, seed=seed
        )
        occasions = _occasions(inputs, n_persons, folds)
    except ModelError as error:
        found.tell("centiles-not-fitted", reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error
    tests = pl.DataFrame(
        [even_spread(values, scored.E, name) for name, values in _by_score(placed, equal).items()]
    )
    smallest = inputs.run.audience.smallest
    spread = spread_change(reference, fit, draws, smallest)
    _tell(tests, spread, found)
    made = make_norm(
        reference.line,
        fit,
        reference.standardised(fit),
        np.column_stack([draws.location, draws.scale]),
        norm.scoring,
        inputs.run.audience,
    )
    made = without_types(made, _types_of_few(inputs))
    # Beside the line of the norm, in the same steps: it is one line.
    location = {name: made.line["coefficients"][name] for name in fit.names}
    own = dict(zip(fit.names, fit.location.tolist(), strict=True))
    return CentilesResult(
        n=len(placed),
        n_reference=len(np.unique(reference.person)),
        folds=folds,
        draws=len(draws.location),
        location=location,
        scale=dict(zip(fit.scale_names, fit.scale.tolist(), strict=True)),
        spread=spread,
        curves=centile_curves(
            reference,
            fit,
            draws,
            settings.curves,
            smallest,
            raised=location[INTERCEPT] - own[INTERCEPT],
        ),
        tests=tests,
        groups=pl.concat(
            by_group(values, scored.E, name) for name, values in _by_score(placed, equal).items()
        ),
        norm=made,
        transfer=_transferred(inputs, settings, found),
        persons=_persons(inputs, scored, fit, reference, placed, draws.centiles),
        occasions=occasions,
        findings=tuple(found),
    )


def _types_of_few(inputs: AnalysisInputs) -> tuple[str, ...]:
    """Types of a composite that few persons of the line met, where persons are hidden."""
    norm = inputs.norm
    if norm.external:
        return ()
    units = behind(norm, LineKey("person"))
    return types_of_few(norm.lines.person, units, inputs.run.audience)


def _by_score(placed: np.ndarray, equal: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(SCORES, (placed, equal), strict=True))


def _reference(inputs: AnalysisInputs, scored: Units) -> Units:
    """The persons of the study's reference set; everyone where the line is another study's."""
    table = inputs.norm.units("person")
    if table is None or inputs.norm.external:
        return scored
    return units_of(inputs.norm, table, "person")


def _require_enough(reference: Units, found: Findings) -> None:
    n = len(np.unique(reference.person))
    if len(reference.line.predictors) > 1:
        found.tell("centiles-need-one-exposure", types=list(reference.line.predictors))
    elif n < FEWEST:
        found.tell("too-few-for-centiles", n=Persons(n), least=FEWEST)
    found.raise_refusals(AnalysisError)


def _persons(
    inputs: AnalysisInputs,
    scored: Units,
    fit: LocationScale,
    reference: Units,
    placed: np.ndarray,
    draws: np.ndarray,
) -> pl.DataFrame:
    """Centiles with the error of the norm, and with that of the person's own SR."""
    low, high = percentile_interval(draws)
    errors = inputs.resilience.persons.select("person", "SR_se")
    se = scored.table.select("person").join(errors, on="person", how="left", maintain_order="left")
    half = NORMAL_95 * se["SR_se"].fill_null(float("nan")).to_numpy() / fit.sd(scored.Z)
    z, known = scored.standardised(fit), reference.standardised(fit)
    ends = {
        name: np.where(np.isfinite(half), centile(np.nan_to_num(z + sign * half), known), np.nan)
        for name, sign in (("person_low", -1.0), ("person_high", 1.0))
    }
    return (
        _with_subjects(inputs, scored.table)
        .select("subject", "E", "P")
        .with_columns(
            pl.Series("centile", placed),
            pl.Series("norm_low", np.minimum(low, placed)),
            pl.Series("norm_high", np.maximum(high, placed)),
            *(pl.Series(name, values).fill_nan(None) for name, values in ends.items()),
        )
    )


def _occasions(inputs: AnalysisInputs, n_persons: int, folds: int) -> pl.DataFrame:
    """Centiles of single occasions, by lines fitted to occasions of other persons."""
    norm = inputs.norm
    units = units_of(norm, inputs.scores.valid, "occasion")
    table = norm.units("occasion")
    outside = table is None or norm.external
    reference = units if outside or table is None else units_of(norm, table, "occasion")
    placed, _ = out_of_fold(
        reference, units, n_persons=n_persons, folds=folds, seed=inputs.run.seed
    )
    table = _with_subjects(inputs, units.table).select("subject", "occasion", "E", "P")
    return table.with_columns(pl.Series("centile", placed))


def _with_subjects(inputs: AnalysisInputs, table: pl.DataFrame) -> pl.DataFrame:
    """Say of each row whose it is."""
    subjects = inputs.scores.persons["subject"]
    return table.with_columns(subjects.gather(table["person"]).alias("subject"))


def _transferred(
    inputs: AnalysisInputs, settings: CentilesSettings, found: Findings
) -> Transfer | None:
    if settings.norm is None:
        return None
    path = Path(settings.norm)
    if inputs.study.path is not None:
        path = inputs.study.path.parent / path
    theirs, line = read_centile_norm(path)
    norm = inputs.norm
    return transfer(
        theirs,
        line,
        _with_subjects(inputs, norm.with_covariates(norm.period_tables["person"])),
        scoring=norm.scoring,
        file=path.name,
        draws=settings.bootstrap,
        seed=inputs.run.seed,
        found=found,
    )


def _tell(tests: pl.DataFrame, spread: SpreadChange, found: Findings) -> None:
    own = tests.row(0, named=True)
    if own["p"] is not None and own["p"] < NOTABLE:
        found.tell(
            "centiles-uneven", chi_square=own["chi_square"], df=own["df"], p=own["p"],
            groups=own["groups"],
        )  # fmt: skip
    if not spread.settled:
        found.tell(
            "spread-not-unequal",
            ratio=spread.ratio,
            low=spread.ratio_low,
            high=spread.ratio_high,
        )
