"""What `salutogen init` does: a study file from a template or from a data file."""

from __future__ import annotations

from pathlib import Path

import typer

from salutogen.cli.ending import Ending
from salutogen.findings import finding

DEFAULT_TEMPLATE = "quarterly"


def start_study(
    template: str | None,
    source: Path | None,
    out: Path,
    *,
    force: bool,
    ask: bool,
    end: Ending,
) -> None:
    """Write a study file from a template or a data file."""
    from salutogen.pipeline.output_folder import OutputNotEmptyError

    if out.exists() and not force:
        there = finding("output-not-empty", variant="study", name=out.name, file=out.name)
        raise OutputNotEmptyError([there])
    if source is not None:
        text, gaps = _from_data(source, ask=ask)
    else:
        from salutogen.study.templates import read_template

        text, gaps = read_template(template or DEFAULT_TEMPLATE), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8", newline="\n")
    end.lines.append(f"Wrote {out}." + (f" {gaps} gaps (???) are left to fill." if gaps else ""))
    end.lines.append(f"Next: salutogen check {out}")


def _from_data(source: Path, *, ask: bool) -> tuple[str, int]:
    """Draft a study file from a data file, asking where the draft is unsure."""
    from salutogen.drafting import draft_study
    from salutogen.panel.sources import open_table

    draft = draft_study(open_table(source), source.name)
    answers = {}
    if ask:
        for question in draft.questions:
            answers[question.path] = typer.prompt(question.text, default=question.default, err=True)
    text = draft.filled(answers)
    return text, text.count("???")
