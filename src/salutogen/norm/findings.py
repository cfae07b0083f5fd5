"""What is doubtful about the fitted lines, told from the whole line and its errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from salutogen.findings import Finding, Findings
from salutogen.namespaces import combined_name
from salutogen.norm.line_claims import Change, LineClaims
from salutogen.norm.lines import Line, Lines

LEAST_SHARE = 0.05


def tell_exposure(lines: Lines, findings: Findings) -> None:
    """Say what exposure explains little of P over occasions, and which goes with fewer problems.

    Each type is judged by its line alone, all types by the occasions' line; what covariates explain
    is credited to none of them. More problems or fewer is told by the change of expected problems
    from low to high exposure, whatever the line's shape, and only where its interval leaves out 0.
    """
    found: dict[str, Line] = {**lines.by_exposure("occasion")}
    columns = {name: line.predictors[0] for name, line in found.items()}
    if len(found) != 1:
        together = combined_name(found)
        found[together], columns[together] = lines.occasion, "E"
    claims = {
        name: line.claims
        for name, line in found.items()
        if line.claims is not None and not line.exposure_is_thin
    }
    variant = "covariates" if lines.occasion.covariates else "plain"
    _tell_little(claims, variant, columns, findings)
    falling = {
        name: one.change
        for name, one in claims.items()
        if one.change.high is not None and one.change.high < 0
    }
    if falling:
        findings.tell(
            "exposure-lowers-problems",
            named=_listed({name: change_in_words(change) for name, change in falling.items()}),
            numbers={"change": {name: change.to_dict() for name, change in falling.items()}},
            column=_column(falling, columns),
        )


def _tell_little(
    claims: Mapping[str, LineClaims], variant: str, columns: Mapping[str, str], findings: Findings
) -> None:
    little = {name: one.share for name, one in claims.items() if one.share.share < LEAST_SHARE}
    if not little:
        return
    words = {
        name: f"{share.share:.1%}"
        + (f" (95 % interval {share.low:.1%} to {share.high:.1%})" if share.interval else "")
        for name, share in little.items()
    }
    findings.tell(
        "exposure-explains-little",
        variant=variant,
        named=_listed(words),
        numbers={
            "r_squared": {name: share.share for name, share in little.items()},
            "interval": {name: share.interval for name, share in little.items()},
        },
        column=_column(little, columns),
    )


def not_shown_to_rise(line: Line) -> bool:
    """Whether expected problems do not rise from low to high exposure: SR is no resilience then."""
    claims = line.claims
    return claims is not None and claims.change.change <= 0 and not line.exposure_is_thin


def tell_falling_lines(lines: Lines, findings: Findings) -> None:
    """Warn where expected problems do not rise from low to high exposure, at either level."""
    changes = {
        f"{line.level} line": line.claims.change
        for line in (lines.person, lines.occasion)
        if line.claims is not None and not_shown_to_rise(line)
    }
    if changes:
        findings.tell(
            "slope-not-positive",
            named=_listed({name: change_in_words(change) for name, change in changes.items()}),
            numbers={"change": {name: change.to_dict() for name, change in changes.items()}},
        )


def change_in_words(change: Change) -> str:
    """Write a change of expected problems with its interval."""
    told = f"{change.change:+.3g} points"
    if change.low is None or change.high is None:
        return told
    return f"{told} (95 % interval {change.low:+.3g} to {change.high:+.3g})"


def _listed(words: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {told}" for name, told in words.items())


def _column(names: Mapping[str, object], columns: Mapping[str, str]) -> str | None:
    """The one column that a finding is of."""
    return columns[next(iter(names))] if len(names) == 1 else None


class LeftOut:
    """Lines that could not be fitted, with the reasons, told as one finding."""

    def __init__(self) -> None:
        self._lines: dict[str, Sequence[Finding]] = {}

    def add(self, line: str, reasons: Sequence[Finding]) -> None:
        """Note a line and why it is not there."""
        self._lines[line] = reasons

    def tell(self, code: str, findings: Findings) -> None:
        """Say all at once which lines are not there; each reason once."""
        if not self._lines:
            return
        reasons = {one.text: one for found in self._lines.values() for one in found}
        findings.tell(
            code,
            lines=list(self._lines),
            reasons=list(reasons.values()),
            numbers={
                "lines": list(self._lines),
                "reasons": {
                    line: [one.code for one in found] for line, found in self._lines.items()
                },
            },
        )
