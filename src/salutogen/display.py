"""What a notebook shows of a room's result: a short card with its main figures and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from salutogen.findings import Finding, Severity

SIGN = "SR = observed − expected problems. Positive = over-reactive = less resilient."


def card(
    title: str, facts: Mapping[str, object], findings: Sequence[Finding], *, note: str = ""
) -> str:
    """Return a small piece of HTML.

    Parameters
    ----------
    title : str
        Heading of the card.
    facts : mapping of str to object
        Names and values, in order; floats show four significant digits.
    findings : sequence of Finding
        Counted by severity; refusals and warnings are named.
    note : str
        A closing sentence, such as the sign convention.
    """
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(_shown(value))}</td></tr>"
        for name, value in facts.items()
    )
    counts = ", ".join(
        f"{sum(item.severity is level for item in findings)} {level.value}s"
        for level in reversed(Severity)
    )
    weighty = "".join(
        f"<li>{escape(item.severity.value)}: {escape(item.text)} "
        f"<code>{escape(item.code)}</code></li>"
        for item in findings
        if item.severity is not Severity.NOTE
    )
    return (
        f"<section><h3>{escape(title)}</h3><table>{rows}</table>"
        f"<p>Findings: {counts}.</p>{f'<ul>{weighty}</ul>' if weighty else ''}"
        f"{f'<p>{escape(note)}</p>' if note else ''}</section>"
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value)
    return str(value)
