"""How every command ends: findings for people on stderr, results on stdout, an exit code.

0 done, 1 refused or bad data, 2 wrong usage, 130 interrupted (128 and the number of the signal:
143 after SIGTERM). Once an output folder has its place the command has succeeded, whatever happens
afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from salutogen.cli.printing import json_text, printed
from salutogen.errors import SalutogenError, UsageError
from salutogen.findings import Finding, Severity, finding
from salutogen.pipeline.stopping import stops_as_interrupts

DONE, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130
SIGNALLED = 128  # and the number of the signal
_COLOURS = {
    Severity.REFUSAL: typer.colors.RED,
    Severity.WARNING: typer.colors.YELLOW,
    Severity.NOTE: typer.colors.CYAN,
}


_NO_MEMORY = ("start new thread", "failed to map segment", "Cannot allocate memory")
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
    written: bool = False  # whether the output folder has its place

    def place(self, out: Path) -> None:
        """Note that the output folder is complete and in its place."""
        self.out, self.written = str(out), True

    def after_writing(self, variant: str, problem: str = "") -> None:
        """Say what happened once the folder was complete."""
        told = finding("after-writing", variant=variant, out=self.out, problem=problem)
        self.findings = (*self.findings, told)

    def finish(self, exit_code: int) -> None:
        """Print and leave with `exit_code`."""
        try:
            exit_code = self._print(exit_code)
        except KeyboardInterrupt:  # all is done but for the printing
            exit_code = exit_code if self.written else INTERRUPTED
        raise typer.Exit(exit_code)

    def _print(self, exit_code: int) -> int:
        """Print; return the exit code, which is another one where the results are nowhere."""
        silent = self.quiet and exit_code == DONE
        if not silent:
            print_findings(self.findings)
        texts = [self._json(exit_code)] if self.as_json else [] if silent else self.lines
        if self.as_json:
            _said.append(exit_code)
        failed = next((error for text in texts if (error := printed(text)) is not None), None)
        if failed is None:
            return exit_code
        problem = str(getattr(failed, "strerror", None) or failed)
        if self.written:
            self.findings = ()
            self.after_writing("unprinted", problem)
            print_findings(self.findings)
        elif exit_code == DONE:
            print_findings([finding("not-printed", problem=problem)])
            return REFUSED
        return exit_code

    def _json(self, exit_code: int) -> str:
        content = {
            "exit_code": exit_code,
            "out": self.out,
            "findings": [item.to_dict() for item in self.findings],
            "results": self.results,
        }
        return json_text(content)


@contextmanager
def ending(*, as_json: bool = False, quiet: bool = False) -> Iterator[Ending]:
    """Run a command's body; turn refusals, interruption and defects into words and exit codes."""
    end = Ending(as_json=as_json, quiet=quiet)
    with stops_as_interrupts() as signals:
        try:
            yield end
            code, findings = DONE, tuple(end.findings)
        except (typer.Exit, typer.BadParameter, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            if _wants_traceback(error):
                raise
            code, findings = _ended_by(error, signals)
            if end.written:
                stopped = isinstance(error, KeyboardInterrupt)
                variant = "interrupted" if stopped else "failed"
                end.after_writing(variant, _problem(error))
                code, findings = DONE, tuple(end.findings)
        end.findings = findings
        if code != DONE:
            end.results, end.out = None, None
            end.lines.clear()
        end.finish(code)


def _ended_by(error: BaseException, signals: Sequence[int]) -> tuple[int, tuple[Finding, ...]]:
    """Return the exit code of an error that ended a command before it was done, and its words."""
    if isinstance(error, SalutogenError):
        unexplained = finding("unexpected-failure", problem=str(error))
        code = USAGE if isinstance(error, UsageError) else REFUSED
        return code, error.findings or (unexplained,)
    if isinstance(error, typer.Abort) and isinstance(error.__context__, EOFError):
        return USAGE, (finding("interrupted", variant="no-input"),)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        code = SIGNALLED + signals[0] if signals else INTERRUPTED
        return code, (finding("interrupted", variant="stopped"),)
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return REFUSED, (finding("out-of-memory", problem=_problem(error)),)
    return REFUSED, (finding("unexpected-failure", problem=_problem(error)),)


def _wants_traceback(error: BaseException) -> bool:
    """Whether a developer asked to see where a defect is."""
    known = isinstance(error, SalutogenError | KeyboardInterrupt | typer.Abort)
    return bool(os.environ.get("SALUTOGEN_DEBUG")) and not known


def _problem(error: BaseException) -> str:
    """Name an error in one line."""
    lines = f"{type(error).__name__}: {error}".splitlines()
    return lines[0].strip(": ")


def say_wrong_usage() -> None:
    """Print the one JSON object of a call that never reached a command, unless it was printed."""
    if not _said:
        told = finding("wrong-usage")
        content = {"exit_code": USAGE, "out": None, "findings": [told.to_dict()], "results": None}
        printed(json_text(content))


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings to stderr, refusals first; each with where, what and the mend."""
    order = list(Severity)[::-1]
    for item in sorted(findings, key=lambda found: order.index(found.severity)):
        label = typer.style(f"{item.severity.value:8}", fg=_COLOURS[item.severity])
        printed(f"{label} {_where(item)}{item.text}", err=True)
        printed(f"         {item.mend}  [{item.code}]", err=True)


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
    return sys.stderr is not None and sys.stderr.isatty()
