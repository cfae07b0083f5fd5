"""How every command ends: findings for people on stderr, results on stdout, an exit code.

0 done, 1 refused or bad data, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer

from salutogen.errors import SalutogenError
from salutogen.findings import Finding, Severity, finding

DONE, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130
_COLOURS = {
    Severity.REFUSAL: typer.colors.RED,
    Severity.WARNING: typer.colors.YELLOW,
    Severity.NOTE: typer.colors.CYAN,
}


_said: list[int] = []  # exit codes of JSON objects printed: one process prints one


@dataclass
class Ending:
    """What a command has to say at its end; with `as_json` as one object on stdout."""

    as_json: bool = False
    quiet: bool = False
    out: str | None = None
    findings: Sequence[Finding] = ()
    results: Mapping[str, Any] | None = None
    lines: list[str] = field(default_factory=list)

    def finish(self, exit_code: int) -> None:
        """Print and leave with `exit_code`."""
        if not self.quiet or exit_code != DONE:
            print_findings(self.findings)
        if self.as_json:
            _said.append(exit_code)
            content = {
                "exit_code": exit_code,
                "out": self.out,
                "findings": [item.to_dict() for item in self.findings],
                "results": self.results,
            }
            typer.echo(json.dumps(content, ensure_ascii=False, allow_nan=False))
        else:
            for line in self.lines:
                typer.echo(line)
        raise typer.Exit(exit_code)


@contextmanager
def ending(*, as_json: bool = False, quiet: bool = False) -> Iterator[Ending]:
    """Run a command's body; turn refusals, interruption and defects into words and exit codes."""
    end = Ending(as_json=as_json, quiet=quiet)
    code = DONE
    try:
        yield end
    except SalutogenError as error:
        from salutogen.pipeline.output_folder import OutputNotEmptyError

        unexplained = finding("unexpected-failure", problem=str(error))
        end.findings = error.findings or (unexplained,)
        code = USAGE if isinstance(error, OutputNotEmptyError) else REFUSED
    except KeyboardInterrupt:
        end.findings = (finding("interrupted", variant="stopped"),)
        code = INTERRUPTED
    except typer.Abort as error:
        asked = isinstance(error.__context__, EOFError)
        end.findings = (finding("interrupted", variant="no-input" if asked else "stopped"),)
        code = USAGE if asked else INTERRUPTED
    except (typer.Exit, typer.BadParameter):
        raise
    except Exception as error:
        if os.environ.get("SALUTOGEN_DEBUG"):
            raise
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        end.findings = (finding("unexpected-failure", problem=problem),)
        code = REFUSED
    if code != DONE:
        end.results, end.out = None, None
        end.lines.clear()
    end.finish(code)


def say_wrong_usage() -> None:
    """Print the one JSON object of a call that never reached a command, unless it was printed."""
    if not _said:
        told = finding("wrong-usage")
        content = {"exit_code": USAGE, "out": None, "findings": [told.to_dict()], "results": None}
        typer.echo(json.dumps(content, ensure_ascii=False))


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings to stderr, refusals first; each with where, what and the mend."""
    order = list(Severity)[::-1]
    for item in sorted(findings, key=lambda found: order.index(found.severity)):
        label = typer.style(f"{item.severity.value:8}", fg=_COLOURS[item.severity])
        typer.echo(f"{label} {_where(item)}{item.text}", err=True)
        typer.echo(f"         {item.mend}  [{item.code}]", err=True)


def _where(item: Finding) -> str:
    evidence = item.evidence
    parts = []
    if evidence.file:
        parts.append(evidence.file if evidence.line is None else f"{evidence.file}:{evidence.line}")
    elif evidence.line is not None:
        parts.append(f"line {evidence.line}")
    if evidence.column and evidence.column not in item.text:
        parts.append(f"column {evidence.column}")
    if evidence.rows:
        more = "" if evidence.n_rows is None or evidence.n_rows <= len(evidence.rows) else ", …"
        parts.append("rows " + ", ".join(str(row) for row in evidence.rows) + more)
    return f"{', '.join(parts)}: " if parts else ""


def is_terminal() -> bool:
    """Whether a person watches stderr."""
    return sys.stderr.isatty()
