"""From a study and its answers to results: the rooms in their order, then the steps.

Sign convention: SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.contract import PlannedStep, StepInputs, StepOutcome, plan_steps
from salutogen.display import SIGN, card
from salutogen.errors import SalutogenError
from salutogen.findings import Finding, finding
from salutogen.norm import Norm, fit_norm
from salutogen.panel import Panel
from salutogen.resilience import Resilience, score_resilience
from salutogen.scores import Scores, score
from salutogen.study import Study, read_study

if TYPE_CHECKING:
    from salutogen.report.report import Report

Progress = Callable[[str, int, int], None]
STAGES = ("answers", "scores", "norm", "resilience", "analyses", "report", "files")


def _silent(stage: str, done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything one run found. SR = observed - expected problems; positive = less resilient.

    Attributes
    ----------
    study, panel, score_table, norm, resilience
        What each room gave.
    steps : tuple of StepOutcome
        The analyses after the backbone.
    findings : tuple of Finding
        All findings, in the order of the rooms.
    seed : int
        Seed of every random step.
    """

    study: Study
    panel: Panel
    score_table: Scores
    norm: Norm
    resilience: Resilience
    steps: tuple[StepOutcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    seed: int = 1
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scores(self) -> pl.DataFrame:
        """Occasions: `subject, occasion, time, E, P, P_expected, SR`, then more."""
        return self.resilience.occasions

    @property
    def windows(self) -> pl.DataFrame:
        """Windows: `subject, window, ..., SR_frozen, SR_refit`."""
        return self.resilience.windows

    @property
    def persons(self) -> pl.DataFrame:
        """Persons: `subject, n_valid, E, P, P_expected, SR`, then more."""
        return self.resilience.persons

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `results.json`."""
        from salutogen.pipeline.results_json import results_to_dict

        return results_to_dict(self)

    def report(self) -> Report:
        """Build the report page with its figures and tables."""
        from salutogen.report import build_report

        return build_report(self)

    def save(self, out: str | Path, *, force: bool = False, progress: Progress = _silent) -> Path:
        """Write everything into a folder, complete or not at all.

        Raises
        ------
        ReportError
            The folder holds something (and `force` is not set) or cannot be written.
        """
        from salutogen.pipeline.writing import write_results

        return write_results(self, Path(out), force=force, progress=progress)

    def _repr_html_(self) -> str:
        line = self.norm.primary_line
        facts: dict[str, object] = {
            "Persons": self.panel.n_persons,
            "Answer forms": self.panel.n_rows,
            f"Line over {line.level}s": f"n = {line.n}, R² = {line.r_squared:.3f}",
            **dict(zip(line.terms, line.coefficients, strict=True)),
        }
        return card(self.study.title, facts, self.findings, note=SIGN)


def run(
    study: Study | str | Path,
    data: Any = None,
    out: str | Path | None = None,
    *,
    seed: int = 1,
    force: bool = False,
    progress: Progress = _silent,
) -> Results:
    """Run a study: answers, scores, norm, resilience, analyses and, with `out`, all files.

    Parameters
    ----------
    study : Study, str or Path
        A study or the path of its file.
    data : folder, file, frame or mapping of source name to frame, optional
        Where the answers are; default: the study file's folder.
    out : path, optional
        Folder for the report and all files. Nothing is written without it.
    seed : int, default 1
        Seed of every random step.
    force : bool, default False
        Replace an `out` folder that already holds something.
    progress : callable, optional
        Called as `progress(stage, done, total)`.

    Returns
    -------
    Results

    Raises
    ------
    SalutogenError
        One of its children, by stage, carrying every finding that stands in the way.
    """
    plan = study if isinstance(study, Study) else read_study(study)
    planned = plan_steps(plan)
    if out is None:
        return _compute(plan, planned, data, seed, progress)
    from salutogen.page.drawing_processes import artists
    from salutogen.pipeline.output_folder import require_free
    from salutogen.pipeline.writing import write_results

    require_free(Path(out), force=force, inputs=_inputs(plan, data))
    with artists() as drawing:
        results = _compute(plan, planned, data, seed, progress)
        write_results(results, Path(out), force=force, progress=progress, drawing=drawing)
    return results


def _inputs(plan: Study, data: Any) -> tuple[Path | None, ...]:
    """Files and folders a run reads; they must not be replaced by its results."""
    given = Path(data) if isinstance(data, str | Path) else None
    folder = given or (plan.path.parent if plan.path else Path())
    named = (folder / source.file for source in plan.plan.sources.values() if source.file)
    return plan.path, given, *named


def _compute(
    plan: Study, planned: tuple[PlannedStep, ...], data: Any, seed: int, progress: Progress
) -> Results:
    """Go through the rooms in their order, then the steps."""
    progress("answers", 0, len(STAGES))
    panel = plan.read(data)
    progress("scores", 1, len(STAGES))
    scores = score(panel)
    progress("norm", 2, len(STAGES))
    norm = fit_norm(scores, seed=seed)
    progress("resilience", 3, len(STAGES))
    resilience = score_resilience(scores, norm, seed=seed)
    progress("analyses", 4, len(STAGES))
    inputs = StepInputs(
        study=plan,
        panel=panel,
        scores=scores,
        norm=norm,
        resilience=resilience,
        before={},
        seed=seed,
    )
    return _assemble(inputs, _run_steps(planned, inputs), seed)


def _run_steps(planned: tuple[PlannedStep, ...], inputs: StepInputs) -> tuple[StepOutcome, ...]:
    """Run each step; a refusal stops that step alone."""
    outcomes: list[StepOutcome] = []
    before: dict[str, Any] = {}
    for item in planned:
        given = StepInputs(**{**_shallow(inputs), "before": dict(before)})
        try:
            result = item.step.function()(given, item.settings)
        except SalutogenError as error:
            refused = finding("step-refused", f"The analysis {item.label!r} was refused.")
            outcomes.append(
                StepOutcome(
                    label=item.label,
                    step=item.step,
                    result=None,
                    findings=(refused, *error.findings),
                )
            )
            continue
        before[item.step.name] = result
        outcomes.append(
            StepOutcome(
                label=item.label, step=item.step, result=result, findings=tuple(result.findings)
            )
        )
    return tuple(outcomes)


def _shallow(inputs: StepInputs) -> dict[str, Any]:
    return {name: getattr(inputs, name) for name in inputs.__dataclass_fields__}


def _assemble(inputs: StepInputs, outcomes: tuple[StepOutcome, ...], seed: int) -> Results:
    from salutogen.pipeline.manifest import provenance

    findings = [
        *inputs.study.findings,
        *inputs.panel.findings,
        *inputs.scores.findings,
        *inputs.norm.findings,
        *inputs.resilience.findings,
    ]
    for outcome in outcomes:
        findings.extend(outcome.findings)
    return Results(
        study=inputs.study,
        panel=inputs.panel,
        score_table=inputs.scores,
        norm=inputs.norm,
        resilience=inputs.resilience,
        steps=outcomes,
        findings=_without_repeats(findings),
        seed=seed,
        provenance=provenance(inputs.study, inputs.panel, seed),
    )


def _without_repeats(findings: list[Finding]) -> tuple[Finding, ...]:
    """Drop findings that two rooms made alike, keeping the first."""
    first = {(item.code, item.text): item for item in reversed(findings)}
    return tuple(item for item in findings if first[item.code, item.text] is item)
