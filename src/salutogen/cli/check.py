"""What `salutogen check` does: everything that is wrong or doubtful, and the design in words."""

from __future__ import annotations

from pathlib import Path

from salutogen.cli.ending import REFUSED, Ending
from salutogen.cli.surroundings import require_surroundings
from salutogen.findings import finding, refusals

DATA_FOLDER = "data"


def check_study(path: Path, data: Path | None, end: Ending) -> None:
    """Check a study file, its frozen plan and its analyses; and its data, where there are any.

    Data are read from the folder that is given, else from a folder `data` beside the study file.
    """
    require_surroundings()
    from salutogen.analyses.planning import plan_analyses
    from salutogen.pipeline.output_folder import require_possible
    from salutogen.study import read_study
    from salutogen.study.outline import outline

    require_possible(path, data)
    study = read_study(path)
    plan_analyses(study)
    findings = list(study.findings)
    end.lines += [f"{path.name}: {study.title}", *outline(study)]
    beside = path.parent / DATA_FOLDER
    if data is None and beside.is_dir():
        data = beside
    if data is None:
        findings.append(finding("no-data-read"))
    else:
        from salutogen.scores import score

        panel = study.read(data)
        scores = score(panel)
        end.lines[1:] = outline(panel.study)  # answers tell which single columns are scores
        findings += [*panel.findings, *scores.findings]
        end.lines.append(
            f"{panel.n_persons} persons, {scores.table.height} answer forms, "
            f"{scores.n_valid} with both problems and exposure."
        )
        if panel.momentary is not None:
            planned, given = panel.momentary.planned.height, panel.momentary.given.height
            end.lines.append(f"{planned:,} planned prompts, {given:,} answered, whole or in part.")
    end.findings = findings
    if refusals(findings):
        end.finish(REFUSED)
