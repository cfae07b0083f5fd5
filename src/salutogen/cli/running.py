"""What `run`, `check` and `simulate` do: one call into the library each, then words."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import typer

from salutogen.cli.outcome import Outcome
from salutogen.cli.progress import progress_bar
from salutogen.pipeline.output_folder import require_free


def run_study(
    study: Path, data: Path | None, out: Path, seed: int, force: bool, end: Outcome
) -> None:
    """Run a study and write its folder."""
    require_free(out, force=force, inputs=(study, data))
    compile_once(study, end)
    from salutogen.pipeline import run

    with progress_bar(shown=not end.quiet) as progress:
        results = run(study, data, out, seed=seed, force=force, progress=progress)
    end.findings = results.findings
    end.out = str(out)
    if end.as_json:
        end.results = results.to_dict()
    elif not end.quiet:
        end.lines.append(f"Report: {out / 'report.html'}")


def check_study_and_data(study: Path, data: Path | None, end: Outcome) -> None:
    """Check a study file and, where a folder is given, its data."""
    from salutogen.analyses.planning import plan_analyses
    from salutogen.findings import refusals
    from salutogen.study import read_study
    from salutogen.study.checking import design_lines

    plan = read_study(study)
    plan_analyses(plan)
    findings = list(plan.findings)
    if data is not None:
        from salutogen.scores import score

        panel = plan.read(data)
        scores = score(panel)
        findings += [*panel.findings, *scores.findings]
        end.lines.append(
            f"{panel.n_persons} persons, {panel.n_rows} answer forms, "
            f"{scores.valid.height} with both problems and exposure."
        )
    end.findings = findings
    end.lines[:0] = [f"{study.name}: {plan.title}", *design_lines(plan)]
    if refusals(findings):
        end.finish(1)


def simulate_study(
    study: Path,
    persons: int,
    seed: int,
    out: Path,
    file_format: Literal["parquet", "csv"],
    force: bool,
    end: Outcome,
) -> None:
    """Simulate a study's answers into a folder, complete or not at all."""
    from salutogen.pipeline.folder import write_folder
    from salutogen.simulation import simulate
    from salutogen.study import read_study

    require_free(out, force=force, inputs=(study,))
    plan = read_study(study)

    def fill(folder: Path) -> None:
        simulate(plan, persons=persons, seed=seed, out=folder, format=file_format)

    write_folder(out, fill, force=force)
    end.out = str(out)
    end.lines.append(f"{persons} persons simulated into {out} (the truth in {out / 'truth'}).")


def compile_once(study: Path, end: Outcome) -> None:
    """Compile the kernels before a first run, and say why it takes longer."""
    from salutogen.models.compiling.ahead_of_time import warm
    from salutogen.models.compiling.cache import MIXTURES, is_warm

    if end.quiet:  # other kernels, compiled where they are first needed, say so in the log
        logging.getLogger("salutogen").setLevel(logging.ERROR)
    if is_warm() and is_warm(MIXTURES):
        return
    needs_classes = _looks_for_classes(study)
    if is_warm() and not needs_classes:
        return
    if not end.quiet:
        typer.echo("compiling, once", err=True)
    warm(everything=False, classes=needs_classes)


def _looks_for_classes(study: Path) -> bool:
    """Whether an analysis of the plan fits classes, whose kernels not every run needs."""
    from salutogen.analyses.planning import plan_analyses
    from salutogen.study import read_study

    planned = plan_analyses(read_study(study))
    return any(item.analysis.fits_classes for item in planned)
