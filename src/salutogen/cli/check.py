"""What `salutogen check` does: everything that is wrong or doubtful, and the design in words."""

from __future__ import annotations

from pathlib import Path

from salutogen.cli.outcome import REFUSED, Outcome, findings_of
from salutogen.errors import SalutogenError, StudyError
from salutogen.findings import Finding, refusals


def check_study(path: Path, data: Path | None, end: Outcome) -> None:
    """Check a study file, its frozen plan, its analyses and, where a folder is given, its data."""
    from salutogen.analyses.planning import plan_analyses
    from salutogen.study import Study, read_study
    from salutogen.study.outline import outline

    study: Study = read_study(path)
    findings: list[Finding] = [*study.findings]
    end.lines += [f"{path.name}: {study.title}", *outline(study)]
    try:
        plan_analyses(study)
    except StudyError as error:
        findings += findings_of(error)
    if data is not None:
        try:
            panel = study.read(data)
            findings += panel.findings
            from salutogen.scores import score

            scores = score(panel)
        except SalutogenError as error:
            findings += findings_of(error)
        else:
            findings += scores.findings
            end.lines.append(
                f"{panel.n_persons} persons, {panel.n_rows} answer forms, "
                f"{scores.valid.height} with both problems and exposure."
            )
    end.findings = findings
    if refusals(findings):
        end.finish(REFUSED)
