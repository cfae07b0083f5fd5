"""What `salutogen check` does: everything that is wrong or doubtful, and the design in words."""

from __future__ import annotations

from pathlib import Path

from salutogen.cli.ending import REFUSED, Ending
from salutogen.findings import refusals


def check_study(path: Path, data: Path | None, end: Ending) -> None:
    """Check a study file, its frozen plan, its analyses and, where a folder is given, its data."""
    from salutogen.analyses.planning import plan_analyses
    from salutogen.study import read_study
    from salutogen.study.outline import outline

    study = read_study(path)
    plan_analyses(study)
    findings = list(study.findings)
    end.lines += [f"{path.name}: {study.title}", *outline(study)]
    if data is not None:
        from salutogen.scores import score

        panel = study.read(data)
        scores = score(panel)
        findings += [*panel.findings, *scores.findings]
        end.lines.append(
            f"{panel.n_persons} persons, {panel.n_rows} answer forms, "
            f"{scores.n_valid} with both problems and exposure."
        )
    end.findings = findings
    if refusals(findings):
        end.finish(REFUSED)
