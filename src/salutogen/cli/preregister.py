"""What `salutogen preregister` does: the plan, frozen beside the study file."""

from __future__ import annotations

from pathlib import Path

from salutogen.cli.ending import Ending
from salutogen.findings import finding


def freeze_plan(study: Path, *, force: bool, end: Ending) -> None:
    """Write the plan beside the study file."""
    from salutogen.pipeline.output_folder import OutputNotEmptyError, require_possible
    from salutogen.study import read_study
    from salutogen.study.plan import plan_path, write_plan

    require_possible(study)
    plan = read_study(study)
    target = plan_path(study)
    if target.exists() and not force:
        there = finding("output-not-empty", variant="plan", name=target.name, file=target.name)
        raise OutputNotEmptyError([there])
    end.lines.append(f"The plan is frozen in {write_plan(plan)}.")
