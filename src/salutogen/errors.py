"""One root error, one child per stage; each carries the findings that explain it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salutogen.findings import Finding


class SalutogenError(Exception):
    """Something prevents any result; `findings` says what, where and how to mend it.

    Parameters
    ----------
    findings : iterable of Finding, or str
        Everything that is wrong, all at once. A plain string is a message without evidence.
    """

    def __init__(self, findings: Iterable[Finding] | str) -> None:
        if isinstance(findings, str):
            self.findings: tuple[Finding, ...] = ()
            message = findings
        else:
            self.findings = tuple(findings)
            message = "\n".join(str(finding) for finding in self.findings)
        super().__init__(message)


class StudyError(SalutogenError):
    """The study file cannot be used."""


class PanelError(SalutogenError):
    """The answers cannot be read or contradict the study file."""


class ScoreError(SalutogenError):
    """Problems or exposure cannot be scored."""


class NormError(SalutogenError):
    """No E-P line can be fitted or applied."""


class ModelError(SalutogenError):
    """A statistical model cannot be fitted to these arrays."""


class AnalysisError(SalutogenError):
    """An analysis after the backbone refuses its input."""


class SimulationError(SalutogenError):
    """A cohort cannot be simulated as asked."""


class ReportError(SalutogenError):
    """Results cannot be written."""


class UsageError(SalutogenError):
    """The program was called or set up in a way that cannot work; nothing was begun."""
