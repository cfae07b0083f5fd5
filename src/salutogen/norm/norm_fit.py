"""`fit_norm`: a line for every level, each fitted on the units of its reference set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import NormError
from salutogen.findings import Finding, Findings, finding, refusals
from salutogen.models.parallel.threads import at_once
from salutogen.norm.clustered_support import tell_thin_support
from salutogen.norm.covariates import Covariates, gather_covariates
from salutogen.norm.curve_support import tell_straight_lines
from salutogen.norm.external import External, covariate_problems, external_lines
from salutogen.norm.findings import LeftOut, tell_exposure, tell_falling_lines
from salutogen.norm.heteroscedasticity import residual_spread
from salutogen.norm.known_labels import rows_known, tell_unknown_labels
from salutogen.norm.line_fit import fit_line, line_problems
from salutogen.norm.line_spec import LineSpec, line_spec, scoring_of
from salutogen.norm.lines import MIXED, Level, Line, LineKey, Lines, Shape, name_of
from salutogen.norm.mixed import fit_mixed_line, mixed_as_line
from salutogen.norm.norm import Norm
from salutogen.norm.periods import (
    PLACE,
    PeriodRows,
    ValidRows,
    occasion_table,
    period_means,
    rows_of_phases,
    rows_of_windows,
    valid_rows,
    whole_follow_up,
)
from salutogen.norm.reference import ReferenceSet, reference_set
from salutogen.norm.secondary_lines import lines_by_occasion, lines_by_type, variant_lines
from salutogen.norm.shape import ShapeTest, refusal_of_shape, shape_test, turn_finding
from salutogen.scores import Scores
from salutogen.study import Period
from salutogen.study.format import NormSettings

EXACT = 1e-12
FIRST_WINDOW = Period(kind="window", number=1)


def fit_norm(scores: Scores, *, settings: NormSettings | None = None, seed: int = 1) -> Norm:
    """Fit the E-P lines of a study: occasions, windows, phases and persons.

    Each level has a least-squares line of its own. Occasions: pooled over rows, standard errors
    clustered by person (CR1). Windows, phases and persons: over the period's means. The mixed
    line, lines by exposure type and by occasion, winsorised, robust and quadratic variants stand
    beside. SR = observed - expected; positive = over-reactive = less resilient.

    Parameters
    ----------
    scores : Scores
    settings : NormSettings, optional
        `norm` of the study file by default.
    seed : int
        Of the cross-validation folds.

    Returns
    -------
    Norm

    Raises
    ------
    NormError
        Constant E or P, fewer persons than coefficients, a reference set that does not exist,
        windows in time without any time, or a norm file that cannot be used; all problems at once.
    """
    settings = settings or scores.study.plan.norm
    external = external_lines(scores, settings)
    fit = _prepare(scores, settings, external)
    if external is not None:
        fit.findings.extend(external.findings)
        fit.findings.extend(covariate_problems(external, fit.covariates))
    test = _decide_shape(fit, seed, own=external is None)
    _refuse(fit)
    norm = _fit_levels(fit, test, external)
    return _add_secondary_lines(norm, fit)


@dataclass(kw_only=True)
class _Fit:
    """What `fit_norm` gathers on its way."""

    scores: Scores
    settings: NormSettings
    rows: ValidRows
    windows: tuple[PeriodRows, ...]
    phases: tuple[PeriodRows, ...]
    reference: ReferenceSet
    spec: LineSpec
    covariates: Covariates
    findings: Findings
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    without_line: LeftOut = field(default_factory=LeftOut)

    def means(self, period: PeriodRows, valid: int) -> pl.DataFrame:
        """Means of a period by person, with covariates."""
        table = period_means(
            self.rows,
            period,
            valid=valid,
            occasion_labels=self.scores.study.labels,
        )
        return self.covariates.join(table)

    def occasions(self, period: PeriodRows | None = None) -> pl.DataFrame:
        """Valid rows, with covariates."""
        keep = None if period is None else period.rows
        return self.covariates.join(occasion_table(self.rows, keep))

    @property
    def window_valid(self) -> int:
        """Fewest valid occasions in a window."""
        plan = self.scores.study.plan.resilience.windows
        return plan.valid if plan is not None else 1


def _prepare(scores: Scores, settings: NormSettings, external: External | None) -> _Fit:
    rows = valid_rows(scores)
    schedule = scores.study.schedule
    findings = Findings()
    windows = rows_of_windows(schedule, rows, findings)
    phases = rows_of_phases(schedule, rows)
    findings.raise_refusals(NormError)
    reference = reference_set(scores, rows, windows, phases, settings, findings)
    needed = () if external is None else external.lines.person.covariates
    covariates = gather_covariates(scores, settings, needed=needed)
    findings.extend(covariates.findings)
    fit = _Fit(
        scores=scores,
        settings=settings,
        rows=rows,
        windows=windows,
        phases=phases,
        reference=reference,
        spec=line_spec(scores, covariates.names),
        covariates=covariates,
        findings=findings,
    )
    fit.tables["person"] = fit.means(whole_follow_up(rows), 1)
    fit.tables["person_reference"] = (
        fit.means(reference.rows, reference.valid) if reference.restricted else fit.tables["person"]
    )
    fit.tables["occasion_reference"] = fit.occasions(
        reference.rows if reference.restricted else None
    )
    return fit


def _decide_shape(fit: _Fit, seed: int, *, own: bool) -> ShapeTest | None:
    """Test the shape on persons, once; the study's choice or the test's holds for every level."""
    units = fit.covariates.complete(fit.tables["person_reference"])
    if own:
        linear = replace(fit.spec, shape="linear")
        part = fit.reference.words if fit.reference.restricted else ""
        everybody = fit.tables["person_reference"]
        fit.findings.extend(line_problems(units, linear, "person", part, everybody))
        occasions = fit.covariates.complete(fit.tables["occasion_reference"])
        if not refusals(tuple(fit.findings)):
            fit.findings.extend(line_problems(occasions, linear, "occasion", part))
    _refuse(fit)
    wished = fit.settings.shape
    test: ShapeTest | None = None
    untested: tuple[Finding, ...] = ()
    try:
        test = shape_test(units, fit.spec, seed=seed)
    except NormError as error:
        untested = tuple(error.findings)
    chosen: Shape = "linear" if wished == "test" else wished
    if wished == "test" and test is not None:
        chosen = test.chosen
    asked = replace(fit.spec, shape=chosen)
    known = chosen == "linear" or (test is not None and chosen == test.chosen)  # they carry it
    refused = None if known else refusal_of_shape(units, asked, seed=seed)
    if refused is None:
        fit.findings.extend(untested)
    else:
        fit.findings.tell(
            "straight-for-want-of-support",
            shape=chosen,
            lines=["all lines"],
            reasons=[refused],
            numbers={"reasons": [refused.text]},
        )
        asked = replace(asked, shape="linear")
    _refuse(fit)
    fit.spec = asked
    if own and asked.shape == "linear" and test is not None and test.chosen != "linear":
        fit.findings.tell(
            "curve-left-out",
            F=test.f,
            p=test.p if test.f_robust is None else test.p_robust,
            bic=test.bic_linear - test.bic_quadratic,
        )
    return test


def _refuse(fit: _Fit) -> None:
    fit.findings.raise_refusals(NormError)


def _fit_levels(fit: _Fit, test: ShapeTest | None, external: External | None) -> Norm:
    """Fit the reference line of each level, and each window's and phase's own."""
    found: dict[LineKey, Line] = {}
    if external is None:
        words, complete = fit.reference.words, fit.covariates.complete
        levels: tuple[Level, ...] = ("occasion", "person")
        units = {level: complete(fit.tables[f"{level}_reference"]) for level in levels}
        lines = at_once(
            [partial(fit_line, units[one], fit.spec, level=one, reference=words) for one in levels],
            cost=units["occasion"].height,
        )
        found.update(zip(map(LineKey, levels), lines, strict=True))
    else:
        found.update(external.lines)
    if exact := _exact(*found.values()):
        raise NormError(exact)
    source = "" if external is None else external.name
    tell_unknown_labels(found[LineKey("person")], fit.tables["person"], source, fit.findings)
    windows, window_table = _period_lines(fit, fit.windows, "window", fit.window_valid)
    phases, phase_table = _period_lines(fit, fit.phases, "phase", 1)
    if external is None:
        frozen = _frozen_line(fit, windows)
        if frozen is not None:
            found[LineKey("window")] = frozen
    for line in found.values():
        fit.findings.extend(turn_finding(line))
    first = _frozen_phase(fit, phases)
    if first is not None:
        found[LineKey("phase")] = first
    found.update({LineKey("window", period): line for period, line in windows.items()})
    found.update({LineKey("phase", period): line for period, line in phases.items()})
    return Norm(
        primary=fit.settings.unit,
        lines=Lines(found),
        shape_test=test,
        period_tables={
            "person": fit.tables["person"],
            "window": window_table,
            "phase": phase_table,
        },
        scores=fit.scores,
        scoring=scoring_of(fit.scores),
        external=external.name if external is not None else None,
    )


def _exact(*lines: Line) -> list[Finding]:
    """Lines that leave nothing: SR would be rounding error."""
    exact = [line for line in lines if line.r_squared > 1.0 - EXACT]
    if not exact:
        return []
    levels = " and ".join(line.level for line in exact)
    numbers: dict[str, float] = {line.level: line.r_squared for line in exact}
    return [finding("nothing-left-to-explain", levels=levels, numbers=numbers)]


def _period_lines(
    fit: _Fit, periods: tuple[PeriodRows, ...], level: Level, valid: int
) -> tuple[dict[Period, Line], pl.DataFrame]:
    """Each period's own line, and the table of all periods' means."""
    lines: dict[Period, Line] = {}

    def fitted(placed: PeriodRows) -> tuple[pl.DataFrame, Line | Sequence[Finding]]:
        period = placed.period
        table = fit.means(placed, valid)
        name = (
            pl.lit(period.number, dtype=pl.UInt16).alias("window")
            if level == "window"
            else pl.lit(period.label).alias("phase")
        )
        units = fit.covariates.complete(table)
        return table.with_columns(name), _try_line(fit.spec, units, level, str(period), period)

    found = at_once([partial(fitted, one) for one in periods], cost=fit.tables["person"].height)
    tables = [table for table, _ in found]
    for placed, (_, line) in zip(periods, found, strict=True):
        if isinstance(line, Line):
            lines[placed.period] = line
        else:
            fit.without_line.add(str(placed.period), line)
    if tables:
        return lines, pl.concat(tables).sort("person", maintain_order=True)
    column = pl.Series("window", [], dtype=pl.UInt16)
    if level == "phase":
        column = pl.Series("phase", [], dtype=pl.String)
    return {}, fit.tables["person"].clear().with_columns(column)


def _frozen_line(fit: _Fit, windows: Mapping[Period, Line]) -> Line | None:
    """The line of SR_frozen: the first window, unless the study names another reference."""
    reference = fit.reference
    if reference.frozen is None:
        return None
    period = reference.frozen.period
    if period in windows and not reference.one_arm:
        return windows[period]
    units = fit.covariates.complete(fit.means(reference.frozen, fit.window_valid))
    words = reference.words
    if reference.one_arm and period == FIRST_WINDOW:
        words = f"{words}, first window"
    line = _try_line(fit.spec, units, "window", words, period)
    if isinstance(line, Line):
        return line
    fit.without_line.add(words, line)
    return None


def _try_line(
    spec: LineSpec, units: pl.DataFrame, level: Level, reference: str, period: Period
) -> Line | Sequence[Finding]:
    """Fit a window's or phase's line; where that is impossible, say why."""
    problems = line_problems(units, spec, level)
    if problems:
        return problems
    try:
        line = fit_line(units, spec, level=level, reference=reference, period=period)
    except NormError as error:
        return error.findings
    return _exact(line) or line


def _frozen_phase(fit: _Fit, phases: Mapping[Period, Line]) -> Line | None:
    """The line of SR_frozen over phases: the reference phase, else the first."""
    named = fit.reference.named
    if named is not None and named.kind == "phase":
        return phases.get(named)
    return next(iter(phases.values()), None)


def _add_secondary_lines(norm: Norm, fit: _Fit) -> Norm:
    """Add the lines beside: by type, by occasion, variants, mixed; and what is doubtful."""
    words, spec, findings = fit.reference.words, fit.spec, fit.findings
    complete, lines = fit.covariates.complete, norm.lines
    levels: tuple[Level, ...] = ("occasion", "person")
    units = {
        level: rows_known(lines[LineKey(level)], complete(fit.tables[f"{level}_reference"]))
        for level in levels
    }
    fit.windows, fit.phases = (), ()  # done with; of a large study they are long
    fit.without_line.tell("period-without-line", findings)
    left_out = LeftOut()
    own = {} if norm.external else {level: lines[LineKey(level)] for level in levels}
    more = variant_lines(units, spec, words, left_out, own)
    of_spread, of_mixed = Findings(), Findings()
    primary: dict[Level, Line] = {"person": lines.person, "occasion": lines.occasion}
    side_by_side: list[Callable[[], Any]] = [
        partial(fit_mixed_line, fit.rows, of_mixed),
        partial(residual_spread, primary, units, of_spread),
    ]
    (mixed, covariance), spread = at_once(side_by_side, cost=units["occasion"].height)
    findings.extend([*of_spread, *of_mixed])
    if mixed is not None and covariance is not None:
        line = mixed_as_line(mixed, covariance, lines.occasion, fit.rows, fit.spec.smallest)
        more[LineKey("occasion", variant=MIXED)] = line
    if fit.reference.frozen is not None:
        units["window"] = complete(fit.means(fit.reference.frozen, fit.window_valid))
    types = {name: fit.scores.type_column(name) for name in fit.scores.exposure_types}
    more |= lines_by_type(units, spec, types, words, left_out)
    more |= lines_by_occasion(
        complete(fit.occasions()), spec, fit.scores.study.schedule.occasions, left_out
    )
    left_out.tell("variant-not-fitted", findings)
    lines = lines.joined(more)
    tell_falling_lines(lines, findings)
    tell_exposure(lines, findings)
    named = [(name_of(key), line) for key, line in lines.items() if not key.variant]
    tell_thin_support(named, findings)
    tell_straight_lines(named, spec.shape, findings)
    return replace(
        norm,
        lines=lines,
        mixed=mixed,
        heteroscedasticity=spread,
        reference_units={level: table for level, table in units.items() if level != "occasion"},
        reference_rows=_rows_of(units["occasion"], fit.scores),
        findings=tuple(findings),
    )


def _rows_of(units: pl.DataFrame, scores: Scores) -> pl.Series:
    """Rows of `Scores.table` that stand in a table of occasions."""
    valid = scores.table["valid"].to_numpy()
    found = np.zeros(valid.size, dtype=bool)
    found[np.flatnonzero(valid)[units[PLACE].to_numpy()]] = True
    return pl.Series("reference", found)
