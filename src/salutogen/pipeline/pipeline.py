"""From a study and its answers to results: the rooms in their order, then the analyses.

Sign convention: SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from salutogen.analyses.contract import Backbone
from salutogen.analyses.planning import PlannedAnalysis, plan_analyses
from salutogen.analyses.registry import registration_findings
from salutogen.analyses.running import Outcome, run_analyses
from salutogen.context import Progress, RunContext, silent, unfailing
from salutogen.errors import SalutogenError
from salutogen.findings import Finding
from salutogen.memory import give_back_memory
from salutogen.norm import Norm, fit_norm
from salutogen.page.audience import Audience
from salutogen.page.identifiers import struck_from_all
from salutogen.panel import Panel
from salutogen.panel.secret import secret_of
from salutogen.pipeline.results import Results
from salutogen.resilience import Resilience, score_resilience
from salutogen.scores import score
from salutogen.scores.flow import forms_of_study
from salutogen.study import Study, read_study

STAGES = ("answers", "scores", "norm", "resilience", "analyses", "report", "files")


def run(
    study: Study | str | Path,
    data: Any = None,
    out: str | Path | None = None,
    *,
    seed: int = 1,
    force: bool = False,
    verbatim: bool = False,
    progress: Progress = silent,
    scheduler: str | None = None,
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
        Replace an `out` folder that holds an earlier output. What the program did not write is
        never replaced, nor what the run reads.
    verbatim : bool, default False
        Keep texts in CSV files to the letter, also those that spreadsheets take for formulas.
    progress : callable, optional
        Called as `progress(stage, done, total)`; an analysis that takes long is a stage of its own.
        With `out`, the last call is `progress("files", 7, 7)`, as soon as the folder has its place.
    scheduler : str, optional
        Address of a Dask cluster on which analyses do their long work; this machine's cores
        without it. The results are the same.

    Returns
    -------
    Results

    Raises
    ------
    SalutogenError
        One of its children, by stage, carrying every finding that stands in the way.
    """
    progress = unfailing(progress)
    plan = study if isinstance(study, Study) else read_study(study)
    planned = plan_analyses(plan)
    if out is None:
        return _compute(plan, planned, data, seed, progress, scheduler)
    from salutogen.page.drawing_processes import drawing_processes
    from salutogen.pipeline.level_tables import tables_beside
    from salutogen.pipeline.output_folder import claimed
    from salutogen.pipeline.what_is_read import what_is_read
    from salutogen.pipeline.writing import write_results

    reads = what_is_read(plan, data)
    with (
        claimed(Path(out), force=force, reads=reads) as place,
        drawing_processes() as drawing,
        tables_beside(place.partial, verbatim=verbatim) as tables,
    ):
        results = _compute(plan, planned, data, seed, progress, scheduler, tables.begin)
        return write_results(
            results, place, progress, drawing=drawing, verbatim=verbatim, tables=tables
        )


def _compute(
    plan: Study,
    planned: tuple[PlannedAnalysis, ...],
    data: Any,
    seed: int,
    progress: Progress,
    scheduler: str | None,
    beside: Callable[[Resilience, Norm], None] | None = None,
) -> Results:
    """Go through the rooms in their order, then the analyses; `beside` begins what can be done
    while these go on.
    """

    def begin(stage: str) -> None:
        give_back_memory()
        progress(stage, STAGES.index(stage), len(STAGES))

    begin("answers")
    panel: Panel = plan.read(data)
    identifiers = panel.identifiers
    try:
        backbone = _backbone(panel, seed, begin)
    except SalutogenError as error:
        told: Any = struck_from_all(error.findings, identifiers)
        raise type(error)(told or identifiers.struck(str(error))) from error.__cause__
    begin("analyses")
    if beside is not None:
        beside(backbone.resilience, backbone.norm)
    scores = backbone.scores
    context = RunContext(
        seed=seed,
        audience=Audience(
            individuals=plan.plan.report.individuals == "show",
            n_persons=panel.n_persons,
            seed=seed,
            secret=secret_of(panel),
            forms=forms_of_study(scores.table, panel.n_persons, len(plan.occasions)),
            most_each=_most_each(panel),
        ),
        scheduler=scheduler,
        progress=progress,
    )
    return _assemble(backbone, run_analyses(planned, backbone, context), context)


def _most_each(panel: Panel) -> int:
    """Most cells of answers that one person can have in a source."""
    study = panel.study
    items = (len(instrument.columns) for instrument in study.instruments.values())
    most = len(study.occasions) * max(items, default=1)
    if panel.momentary is None:
        return most
    prompts = panel.momentary.prompts["person"].value_counts()["count"].max()
    asked = (len(instrument.columns) for instrument in study.prompted.values())
    return max(most, int(str(prompts or 0)) * max(asked, default=1))


def _backbone(panel: Panel, seed: int, begin: Callable[[str], None]) -> Backbone:
    """Score the answers, fit the lines and score resilience.

    What only the answers tell of single columns stands in the panel's study.
    """
    begin("scores")
    scores = score(panel)
    begin("norm")
    norm = fit_norm(scores, seed=seed)
    begin("resilience")
    resilience = score_resilience(scores, norm, seed=seed)
    return Backbone(study=panel.study, panel=panel, scores=scores, norm=norm, resilience=resilience)


def _assemble(backbone: Backbone, outcomes: tuple[Outcome, ...], context: RunContext) -> Results:
    from salutogen.pipeline.manifest import provenance

    found = [
        *backbone.scores.findings,
        *backbone.norm.findings,
        *backbone.resilience.findings,
    ]
    findings = [
        *backbone.study.findings,
        *backbone.panel.findings,
        *struck_from_all(found, backbone.panel.identifiers),
    ]
    findings.extend(registration_findings())
    for outcome in outcomes:
        findings.extend(outcome.findings)
    return Results(
        study=backbone.study,
        panel=backbone.panel,
        score_table=backbone.scores,
        norm=backbone.norm,
        resilience=backbone.resilience,
        context=context,
        analyses=outcomes,
        findings=_without_repeats(findings),
        provenance=provenance(backbone.study, backbone.panel, context.seed),
    )


def _without_repeats(findings: list[Finding]) -> tuple[Finding, ...]:
    """Drop findings that two rooms made alike, keeping the first."""
    first = {(item.code, item.text): item for item in reversed(findings)}
    return tuple(item for item in findings if first[item.code, item.text] is item)
