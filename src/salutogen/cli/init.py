"""What `salutogen init` does: a study file from a template, a data file or a folder of them."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from salutogen.cli.ending import USAGE, Ending
from salutogen.errors import PanelError, StudyError
from salutogen.findings import finding

if TYPE_CHECKING:
    from salutogen.drafting import Draft

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
    """Write a study file from a template or from data."""
    from salutogen.pipeline.output_folder import OutputNotEmptyError, require_possible

    require_possible(source, out)
    if out.exists() and not force:
        there = finding("output-not-empty", variant="study", name=out.name, file=out.name)
        raise OutputNotEmptyError([there])
    if source is not None and ask and not is_asked():
        end.findings = (finding("interrupted", variant="no-terminal"),)
        end.finish(USAGE)
    if source is not None:
        text = _from_data(source, ask=ask)
        folder = source if source.is_dir() else source.parent
        data = f" --data {shlex.quote(str(folder))}"
    else:
        from salutogen.study.templates import read_template

        text, data = read_template(template or DEFAULT_TEMPLATE), ""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or str(error)
        told = finding("study-file-not-written", path=str(out), reason=reason)
        raise StudyError([told]) from error
    end.lines.append(f"Wrote {out}.{_gaps(text) if source is not None else ''}")
    end.lines.append(f"Next: salutogen check {shlex.quote(str(out))}{data}")


def is_asked() -> bool:
    """Whether a person can be asked: questions need a terminal."""
    return sys.stdin.isatty()


def _from_data(source: Path, *, ask: bool) -> str:
    """Draft a study file from data, asking where the draft is unsure."""
    if not source.exists():
        raise PanelError([finding("nothing-to-draft-from", variant="absent", path=str(source))])
    draft = _draft(source)
    answers = {}
    if ask:
        for question in draft.questions:
            answers[question.path] = typer.prompt(question.text, default=question.default, err=True)
    return draft.filled(answers)


def _draft(source: Path) -> Draft:
    from salutogen.drafting import draft_file, draft_folder

    return draft_folder(source) if source.is_dir() else draft_file(source)


def _gaps(text: str) -> str:
    """Say how many gaps a person has to fill."""
    from salutogen.study.format.plain_yaml import load_yaml
    from salutogen.study.format.validation import find_gaps

    gaps = len(list(find_gaps(load_yaml(text, "draft").values)))
    if not gaps:
        return ""
    return (
        f" {gaps} gap (???) is left to fill."
        if gaps == 1
        else f" {gaps} gaps (???) are left to fill."
    )
