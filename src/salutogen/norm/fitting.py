"""`fit_norm`: a line for every level, each fitted on the units of its reference set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from salutogen.errors import NormError
from salutogen.findings import Finding, finding, refusals
from salutogen.norm.companions import lines_by_occasion, lines_by_type, variant_lines
from salutogen.norm.covariates import Covariates, gather_covariates
from salutogen.norm.external import External, external_lines
from salutogen.norm.line_fit import LineRecipe, fit_line, line_problems
from salutogen.norm.mixed import fit_mixed_line, mixed_as_line
from salutogen.norm.norm import Level, Line, Norm, ShapeTest
from salutogen.norm.periods import (
    Period,
    ValidRows,
    occasion_table,
    period_means,
    valid_rows,
    whole_follow_up,
)
from salutogen.norm.recipe import recipe_of, scoring_of
from salutogen.norm.reference import ReferenceSet, reference_set
from salutogen.norm.shape import shape_test, turn_finding
from salutogen.norm.spread import unequal_spread
from salutogen.norm.windows import phases_of, windows_of
from salutogen.scores import Scores
from salutogen.study.format import NormSettings

EXACT = 1e-12


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
        Constant E or P, fewer persons than coefficients, a reference set that does not exist, or
        a norm file that cannot be used; all problems at once.
    """
    work = _prepare(scores, settings or scores.study.plan.norm)
    external = external_lines(scores, work.settings)
    test = _decide_shape(work, seed, own=external is None)
    _refuse(work)
    norm = _fit_levels(work, test, external)
    return _add_companions(norm, work)


@dataclass(kw_only=True)
class _Work:
    """What `fit_norm` gathers on its way."""

    scores: Scores
    settings: NormSettings
    rows: ValidRows
    windows: tuple[Period, ...]
    phases: tuple[Period, ...]
    reference: ReferenceSet
    recipe: LineRecipe
    covariates: Covariates
    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    def means(self, period: Period, valid: int) -> pl.DataFrame:
        """Means of a period by person, with covariates."""
        table = period_means(
            self.rows,
            period,
            self.scores.persons["subject"],
            valid=valid,
            occasion_labels=self.scores.study.labels,
        )
        return self.covariates.join(table)

    def occasions(self, period: Period | None = None) -> pl.DataFrame:
        """Valid rows, with covariates."""
        keep = None if period is None else period.rows
        return self.covariates.join(occasion_table(self.rows, keep))

    @property
    def window_valid(self) -> int:
        """Fewest valid occasions in a window."""
        plan = self.scores.study.plan.resilience.windows
        return plan.valid if plan is not None else 1


def _prepare(scores: Scores, settings: NormSettings) -> _Work:
    rows = valid_rows(scores)
    resilience = scores.study.plan.resilience
    windows = windows_of(scores.study, rows, resilience)
    phases = phases_of(scores.study, rows, resilience)
    reference, problems = reference_set(scores, rows, windows, phases, settings)
    covariates = gather_covariates(scores, settings)
    work = _Work(
        scores=scores,
        settings=settings,
        rows=rows,
        windows=windows,
        phases=phases,
        reference=reference,
        recipe=recipe_of(scores, settings, covariates.columns),
        covariates=covariates,
        findings=[*problems, *covariates.findings],
    )
    work.tables["person"] = work.means(whole_follow_up(rows), 1)
    work.tables["person_reference"] = (
        work.means(reference.period, reference.valid)
        if reference.restricted
        else work.tables["person"]
    )
    work.tables["occasion_reference"] = work.occasions(reference.period)
    return work


def _decide_shape(work: _Work, seed: int, *, own: bool) -> ShapeTest | None:
    """Test the shape on persons, once; the study's choice or the test's holds for every level."""
    units = work.covariates.complete(work.tables["person_reference"])
    if own:
        linear = replace(work.recipe, shape="linear")
        work.findings += line_problems(units, linear, "person")
        occasions = work.covariates.complete(work.tables["occasion_reference"])
        if not refusals(work.findings):
            work.findings += line_problems(occasions, linear, "occasion")
    _refuse(work)
    test: ShapeTest | None = None
    try:
        test = shape_test(units, work.recipe, seed=seed)
    except NormError as error:
        work.findings += error.findings
        _refuse(work)
    wanted = work.settings.shape
    if wanted == "test":
        chosen = test.chosen if test is not None else "linear"
    else:
        chosen = wanted
    work.recipe = replace(work.recipe, shape=chosen)
    if own and chosen != "linear":
        work.findings += line_problems(units, work.recipe, "person")
    return test


def _refuse(work: _Work) -> None:
    if refusals(work.findings):
        raise NormError(refusals(work.findings))


def _fit_levels(work: _Work, test: ShapeTest | None, external: External | None) -> Norm:
    words = work.reference.words
    complete = work.covariates.complete
    if external is None:
        occasion = fit_line(
            complete(work.tables["occasion_reference"]),
            work.recipe,
            level="occasion",
            reference=words,
        )
        person = fit_line(
            complete(work.tables["person_reference"]),
            work.recipe,
            level="person",
            reference=words,
        )
    else:
        occasion, person = external.occasion, external.person
    _refuse_exact(person, occasion)
    windows, window_table = _period_lines(work, work.windows, "window", work.window_valid)
    phases, phase_table = _period_lines(work, work.phases, "phase", 1)
    frozen = external.window if external is not None else _frozen_line(work, windows)
    for line in (occasion, person, *((frozen,) if frozen is not None else ())):
        work.findings += turn_finding(line)
    primary = work.settings.unit
    return Norm(
        primary=primary,
        person=person,
        occasion=occasion,
        windows=windows,
        frozen_window=frozen,
        phases={work.phases[line.window - 1].name: line for line in phases if line.window},
        mixed=None,
        shape_test=test,
        period_tables={
            "person": work.tables["person"],
            "window": window_table,
            "phase": phase_table,
        },
        scores=work.scores,
        scoring=scoring_of(work.scores),
        frozen_phase=_frozen_phase(work, phases),
        external=external.name if external is not None else None,
    )


def _refuse_exact(*lines: Line) -> None:
    """Refuse lines that leave nothing: SR would be rounding error."""
    exact = [line for line in lines if line.r_squared > 1.0 - EXACT]
    if exact:
        levels = " and ".join(line.level for line in exact)
        text = f"The {levels} line passes through every point: P follows from E exactly."
        numbers: dict[str, float] = {line.level: line.r_squared for line in exact}
        raise NormError([finding("nothing-left-to-explain", text, numbers=numbers)])


def _period_lines(
    work: _Work, periods: tuple[Period, ...], level: Level, valid: int
) -> tuple[tuple[Line, ...], pl.DataFrame]:
    """Each period's own line, and the table of all periods' means."""
    lines: list[Line] = []
    tables: list[pl.DataFrame] = []
    for period in periods:
        table = work.means(period, valid)
        name = (
            pl.lit(period.number, dtype=pl.UInt16).alias("window")
            if level == "window"
            else pl.lit(period.name).alias("phase")
        )
        tables.append(table.with_columns(name))
        units = work.covariates.complete(table)
        line = _try_line(work, units, level, f"{level} {period.name}", period.number)
        if line is not None:
            lines.append(line)
    if tables:
        return tuple(lines), pl.concat(tables)
    column = pl.Series("window", [], dtype=pl.UInt16)
    if level == "phase":
        column = pl.Series("phase", [], dtype=pl.String)
    return (), work.tables["person"].clear().with_columns(column)


def _frozen_line(work: _Work, windows: tuple[Line, ...]) -> Line | None:
    """The line of SR_frozen: the first window, unless the study names another reference."""
    period = work.reference.frozen
    if period is None:
        return None
    is_window = any(period.number == line.window for line in windows) and period.name.isdigit()
    no_arm = getattr(work.settings.reference, "arm", None) is None
    if is_window and no_arm:
        return next(line for line in windows if line.window == period.number)
    units = work.covariates.complete(work.means(period, work.window_valid))
    words = work.reference.words
    if not no_arm and period.number == 1:
        words = f"{words}, first window"
    return _try_line(work, units, "window", words, period.number)


def _try_line(
    work: _Work, units: pl.DataFrame, level: Level, reference: str, number: int | None
) -> Line | None:
    """Fit a window's or phase's line; where that is impossible, say why and go on."""
    problems: Sequence[Finding] = line_problems(units, work.recipe, level)
    if not problems:
        try:
            return fit_line(units, work.recipe, level=level, reference=reference, window=number)
        except NormError as error:
            problems = error.findings
    reasons = " ".join(problem.text for problem in problems)
    text = f"There is no line for {reference}: {reasons}"
    numbers = {"reference": reference, "reasons": [problem.code for problem in problems]}
    work.findings.append(finding("period-without-line", text, numbers=numbers))
    return None


def _frozen_phase(work: _Work, phases: tuple[Line, ...]) -> Line | None:
    """The line of SR_frozen over phases: the reference phase, else the first."""
    named = getattr(work.settings.reference, "phase", None)
    for line in phases:
        if named is None or line.reference == f"phase {named}":
            return line
    return None


def _add_companions(norm: Norm, work: _Work) -> Norm:
    """Add the lines beside: by type, by occasion, variants, mixed; and what is doubtful."""
    words = work.reference.words
    complete = work.covariates.complete
    units: dict[Level, pl.DataFrame] = {
        "occasion": complete(work.tables["occasion_reference"]),
        "person": complete(work.tables["person_reference"]),
    }
    variants, found = variant_lines(units, work.recipe, words)
    work.findings += found
    spread, found = unequal_spread({"person": norm.person, "occasion": norm.occasion}, units)
    work.findings += found
    mixed, covariance, found = fit_mixed_line(work.rows)
    work.findings += found
    if mixed is not None and covariance is not None:
        variants["mixed"] = mixed_as_line(mixed, covariance, norm.occasion, work.rows)
    if work.reference.frozen is not None:
        units["window"] = complete(work.means(work.reference.frozen, work.window_valid))
    by_type, found = lines_by_type(units, work.recipe, work.scores.exposure_types, words)
    work.findings += found
    refits, found = lines_by_occasion(
        complete(work.occasions()), work.recipe, work.scores.study.labels
    )
    work.findings += found
    work.findings += _slope_findings(norm)
    return replace(
        norm,
        by_type=by_type,
        occasion_refits=refits,
        variants=variants,
        mixed=mixed,
        heteroscedasticity=spread,
        reference_units=dict(units),
        findings=tuple(work.findings),
    )


def _slope_findings(norm: Norm) -> list[Finding]:
    found = []
    for line in (norm.person, norm.occasion):
        if line.shape == "linear" and line.slope is not None and line.slope <= 0:
            text = (
                f"Expected problems do not rise with exposure: the {line.level} slope is "
                f"{line.slope:.4g} (n = {line.n}, R squared {line.r_squared:.3f})."
            )
            numbers = {"slope": line.slope, "n": line.n, "r_squared": line.r_squared}
            found.append(finding("slope-not-positive", text, numbers=numbers))
    return found
