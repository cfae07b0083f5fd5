"""What `salutogen run` does: free the way, run, compile where needed, and say where results are."""

from __future__ import annotations

import logging
from pathlib import Path

from salutogen.cli.ending import Ending
from salutogen.cli.printing import printed
from salutogen.cli.progress import progress_bar
from salutogen.cli.surroundings import require_surroundings
from salutogen.pipeline.output_folder import require_free, require_possible
from salutogen.pipeline.what_is_read import WhatIsRead


def run_study(
    study: Path,
    data: Path | None,
    out: Path,
    seed: int,
    force: bool,
    verbatim: bool,
    end: Ending,
) -> None:
    """Run a study and write its folder."""
    require_surroundings()
    require_possible(study, data)
    given = WhatIsRead(tuple(path for path in (study, data) if path is not None))
    require_free(out, force=force, reads=given)
    if end.quiet:  # kernels that are compiled where they are first needed say so in the log
        logging.getLogger("salutogen").setLevel(logging.ERROR)
    from salutogen.pipeline import run

    with progress_bar(shown=not end.quiet) as progress:

        def told(stage: str, done: int, total: int) -> None:
            if (
                stage == "answers"
            ):  # the study has passed: whatever is missing is compiled meanwhile
                begin_compiling(study)
            if (stage, done) == ("files", total):
                end.place(out)
            progress(stage, done, total)
            if stage == "norm":  # answers and scores have passed: no refusal of them had to wait
                compile_once(end)

        results = run(study, data, out, seed=seed, force=force, verbatim=verbatim, progress=told)
    end.findings = results.told_findings
    if end.as_json:
        end.results = results.to_dict()
    else:
        end.lines.append(f"Report: {out / 'report.html'}")


def begin_compiling(study: Path) -> None:
    """Compile what a first run needs in other processes, while answers are read and scored."""
    from salutogen.models.compiling.background import compile_in_background
    from salutogen.models.compiling.cache import K_MEANS, MIXTURES, NEEDED, is_warm

    if not (is_warm(K_MEANS) and is_warm(MIXTURES)) and _looks_for_classes(study):
        compile_in_background(NEEDED, K_MEANS)
        compile_in_background(MIXTURES)
    else:
        compile_in_background(NEEDED)


def compile_once(end: Ending) -> None:
    """Wait for the kernels before the first fit of a first run, and say why it takes longer."""
    from salutogen.models.compiling.ahead_of_time import warm
    from salutogen.models.compiling.background import is_compiling, wait_for_kernels
    from salutogen.models.compiling.cache import NEEDED, is_warm

    if (is_compiling() or not is_warm()) and not end.quiet:
        printed("compiling, once", err=True)
    wait_for_kernels(NEEDED)
    if not is_warm():  # another process could not
        warm(everything=False)


def _looks_for_classes(study: Path) -> bool:
    """Whether an analysis of the plan fits classes, whose kernels not every run needs."""
    from salutogen.analyses.planning import plan_analyses
    from salutogen.study import read_study

    planned = plan_analyses(read_study(study))
    return any(item.analysis.fits_classes for item in planned)
