"""What `init`, `preregister`, `schema` and `explain` do."""

from __future__ import annotations

import difflib
import textwrap
from pathlib import Path
from typing import Any

import typer

from salutogen.cli.outcome import Outcome
from salutogen.errors import StudyError
from salutogen.findings import catalogue, finding

DEFAULT_TEMPLATE = "quarterly"


def start_study(
    template: str | None,
    source: Path | None,
    out: Path,
    *,
    force: bool,
    ask: bool,
    end: Outcome,
) -> None:
    """Write a study file from a template or a data file."""
    from salutogen.pipeline.output_folder import OutputNotEmptyError

    if out.exists() and not force:
        text = f"The file {out.name!r} already exists."
        raise OutputNotEmptyError([finding("output-not-empty", text, file=out.name)])
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
    """Guess a study file from a data file, asking where the guess is unsure."""
    from salutogen.panel.sources import open_table
    from salutogen.study.guess import fill, guess_study, questions

    guess = guess_study(open_table(source), source.name)
    answers = {}
    if ask:
        for question in questions(guess):
            answers[question.path] = typer.prompt(question.text, default=question.default, err=True)
    text = fill(guess, answers)
    return text, text.count("???")


def freeze_plan(study: Path, *, force: bool, end: Outcome) -> None:
    """Write the plan beside the study file."""
    from salutogen.pipeline.output_folder import OutputNotEmptyError
    from salutogen.study import read_study
    from salutogen.study.plan import plan_path, write_plan

    plan = read_study(study)
    target = plan_path(study)
    if target.exists() and not force:
        text = f"The plan {target.name!r} is already frozen."
        mend = "Give --force to freeze it anew; the old plan is then lost."
        raise OutputNotEmptyError([finding("output-not-empty", text, file=target.name, mend=mend)])
    end.lines.append(f"The plan is frozen in {write_plan(plan)}.")


def published_schema(of: str) -> dict[str, Any]:
    """Return the schema of the study file, with every step's settings, or of results.json."""
    if of == "results":
        from salutogen.pipeline.results_json import results_schema

        return results_schema()
    from salutogen.analyses.contract import available_steps
    from salutogen.study.schema import study_schema

    return study_schema(
        {
            name: step.settings_model().model_json_schema()
            for name, step in available_steps().items()
        }
    )


def explanation(code: str) -> str:
    """Tell the story of a finding code.

    Raises
    ------
    StudyError
        The code is unknown; the nearest one is named.
    """
    entries = catalogue()
    if code not in entries:
        near = difflib.get_close_matches(code, entries, n=1)
        hint = f" The nearest code is {near[0]!r}." if near else ""
        text = f"There is no finding code {code!r}.{hint}"
        raise StudyError([finding("unknown-code", text)])
    entry = entries[code]
    parts = [f"{entry.title}  [{entry.code}, {entry.severity.value}]", "", _wrapped(entry.story)]
    parts += ["", _wrapped(f"Mend: {entry.mend}")]
    if entry.source:
        parts += ["", _wrapped(f"Source: {entry.source}")]
    return "\n".join(parts)


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), width=88)
