"""Read mixed-model formulas: the random part here, the fixed part as plain text.

``P ~ E + (1 + E | id)``: outcome, fixed expression, random expressions and the person column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from salutogen.errors import ModelError

NAME = re.compile(r"`([^`]+)`|([^\W\d][\w.]*)")
INTERCEPT = "Intercept"


@dataclass(frozen=True, kw_only=True)
class MixedFormula:
    """A mixed-model formula, taken apart.

    Attributes
    ----------
    outcome, fixed : str
        Expressions left and right of the tilde, without the random part.
    blocks : tuple of str
        One expression per block of correlated random terms.
    group : str
        Name of the person column.
    """

    outcome: str
    fixed: str
    blocks: tuple[str, ...]
    group: str


def split_at(text: str, separators: str) -> list[str]:
    """Split outside parentheses, brackets and backticks; a minus stays with what follows it."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, character in enumerate(text):
        if character == "`":
            quoted = not quoted
        if quoted:
            continue
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in separators:
            parts.append(text[start:index])
            start = index + (character != "-")
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def plain_name(expression: str) -> str | None:
    """Return the column an expression names, or None if it is more than a name."""
    match = NAME.fullmatch(expression.strip())
    return None if match is None else match[1] or match[2]


def simple_terms(expression: str) -> tuple[str, ...] | None:
    """Return the terms of a sum of names, or None where formulaic has to read it.

    `1` and `0` (or `-1`) switch the intercept on and off; it is there by default and first.
    """
    intercept, names = True, []
    for part in split_at(expression, "+-"):
        compact = part.replace(" ", "")
        if compact in ("1", "0", "-1"):
            intercept = compact == "1"
            continue
        name = plain_name(part)
        if name is None:
            return None
        if name not in names:
            names.append(name)
    return (INTERCEPT, *names) if intercept else tuple(names)


def parse_formula(formula: str) -> MixedFormula:
    """Take a mixed-model formula apart.

    ``(1 + t | id)`` correlates the random terms, ``(1 + t || id)`` does not, ``(0 + t | id)``
    has no random intercept; several parentheses with the same person column are independent
    blocks.

    Raises
    ------
    ModelError
        No tilde, no or several grouping columns, or an empty part.
    """
    sides = formula.split("~")
    if len(sides) != 2 or not sides[0].strip() or not sides[1].strip():
        raise ModelError(
            f"formula: expected one outcome and one tilde, as 'P ~ E + (1 + E | id)', "
            f"got {formula!r}."
        )
    fixed, blocks, groups = [], [], []
    for part in split_at(sides[1], "+-"):
        inside = part[1:-1] if part.startswith("(") and part.endswith(")") else ""
        pieces = split_at(inside, "|")
        if "|" not in inside or len(pieces) < 2:
            fixed.append(part)
            continue
        group = plain_name(pieces[1])
        if len(pieces) != 2 or group is None:
            raise ModelError(
                f"formula: right of the bar expected one column that names the person, "
                f"as '(1 | id)', got {part!r}."
            )
        groups.append(group)
        blocks += _independent(pieces[0]) if "||" in inside else [pieces[0]]
    if not blocks:
        raise ModelError(f"formula: no random part such as '(1 | id)' in {formula!r}.")
    if len(set(groups)) > 1:
        raise ModelError(
            f"formula: one column can group the rows, got {', '.join(sorted(set(groups)))}."
        )
    text = " ".join(
        part if index == 0 else f"- {part[1:].strip()}" if part.startswith("-") else f"+ {part}"
        for index, part in enumerate(fixed)
    )
    return MixedFormula(
        outcome=sides[0].strip(), fixed=text or "1", blocks=tuple(blocks), group=groups[0]
    )


def _independent(expression: str) -> list[str]:
    """Blocks of `expression ||`: the intercept and every term by itself."""
    parts = split_at(expression, "+-")
    switches = [p.replace(" ", "") for p in parts if p.replace(" ", "") in ("1", "0", "-1")]
    terms = [part for part in parts if part.replace(" ", "") not in ("1", "0", "-1")]
    intercept = [] if switches and switches[-1] != "1" else ["1"]
    return intercept + [f"0 + {term}" for term in terms]
