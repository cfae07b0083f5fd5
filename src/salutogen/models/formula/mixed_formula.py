"""Read mixed-model formulas: the random part here, the fixed part as plain text.

``P ~ E + (1 + E | id)``: outcome, fixed expression, random expressions and the person column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

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
        One expression per block of correlated random terms of the persons.
    group : str
        Name of the person column.
    outer_blocks : tuple of str
        The same for the groups that persons belong to (sites); empty with one level.
    outer_group : str or None
        Name of their column. Of two plain columns (``(1 | id) + (1 | site)``) only the data can
        say which is nested in which: `group` is the one named first.
    is_pair : bool
        Whether a person is a pair of labels, as in ``(1 | site/id)``.
    """

    outcome: str
    fixed: str
    blocks: tuple[str, ...]
    group: str
    outer_blocks: tuple[str, ...] = ()
    outer_group: str | None = None
    is_pair: bool = False

    def turned(self) -> MixedFormula:
        """Return the formula with the two groupings changed over."""
        if self.outer_group is None:
            return self
        return replace(
            self,
            blocks=self.outer_blocks,
            group=self.outer_group,
            outer_blocks=self.blocks,
            outer_group=self.group,
        )


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
        if name == INTERCEPT:
            raise ModelError(
                f"formula: {INTERCEPT} is the name of the constant, written 1; a column of that "
                "name needs another."
            )
        if name not in names:
            names.append(name)
    return (INTERCEPT, *names) if intercept else tuple(names)


def parse_formula(formula: str, *, levels: int = 1) -> MixedFormula:
    """Take a mixed-model formula apart.

    ``(1 + t | id)`` correlates the random terms, ``(1 + t || id)`` does not, ``(0 + t | id)``
    has no random intercept; several parentheses with the same person column are independent
    blocks. With two levels ``(1 | site/id)`` is ``(1 | site) + (1 | site:id)``.

    Parameters
    ----------
    formula : str
        In the language of lme4.
    levels : int
        How many nested groupings the caller can use: 1 (default) or 2.

    Raises
    ------
    ModelError
        No tilde, no or too many grouping columns, or an empty part.
    """
    if not isinstance(formula, str):
        raise ModelError(f"formula: expected text such as 'P ~ E + (1 + E | id)', got {formula!r}.")
    sides = split_at(formula, "~")
    if len(sides) != 2 or not sides[0].strip() or not sides[1].strip():
        raise ModelError(
            f"formula: expected one outcome and one tilde, as 'P ~ E + (1 + E | id)', "
            f"got {formula!r}."
        )
    fixed: list[str] = []
    groups: dict[tuple[str, ...], list[str]] = {}
    for part in split_at(sides[1], "+-"):
        inside = part[1:-1] if part.startswith("(") and part.endswith(")") else ""
        pieces = split_at(inside, "|")
        if "|" not in inside or len(pieces) < 2:
            fixed.append(part)
            continue
        keys = _grouping(pieces[1]) if len(pieces) == 2 else ()
        if not keys:
            raise ModelError(
                f"formula: right of the bar expected one column that names the person, "
                f"as '(1 | id)', or two nested ones, as '(1 | site/id)', got {part!r}."
            )
        for key in keys:
            blocks = _independent(pieces[0]) if "||" in inside else [pieces[0]]
            groups.setdefault(key, []).extend(blocks)
    if not groups:
        raise ModelError(f"formula: no random part such as '(1 | id)' in {formula!r}.")
    text = " ".join(
        part if index == 0 else f"- {part[1:].strip()}" if part.startswith("-") else f"+ {part}"
        for index, part in enumerate(fixed)
    )
    outer, inner = _levels(groups, levels)
    return MixedFormula(
        outcome=sides[0].strip(),
        fixed=text or "1",
        blocks=tuple(groups[inner]),
        group=next(name for name in inner[::-1] if outer is None or name != outer[0]),
        outer_blocks=tuple(groups[outer]) if outer else (),
        outer_group=outer[0] if outer else None,
        is_pair=len(inner) == 2,
    )


def _grouping(expression: str) -> tuple[tuple[str, ...], ...]:
    """Columns of each level that `site`, `site:id` or `site/id` names; none if unreadable."""
    nested = split_at(expression, "/")
    names = [plain_name(part) for part in split_at(expression, "/:")]
    known = [name for name in names if name is not None]
    if len(known) != len(names) or len(known) > 2 or len(set(known)) != len(known):
        return ()
    if len(nested) == 2:
        return ((known[0],), (known[0], known[1]))
    return (tuple(known),)


def _levels(
    groups: dict[tuple[str, ...], list[str]], levels: int
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Outer and inner grouping: a pair of labels is inside each of its parts."""
    keys = list(groups)
    listed = ", ".join(sorted(":".join(key) for key in keys))
    if len(keys) == 1 and len(keys[0]) == 1:
        return None, keys[0]
    if levels == 1:
        raise ModelError(f"formula: one column can group the rows here, got {listed}.")
    if len(keys) > 2:
        raise ModelError(f"formula: at most two nested levels, as '(1 | site/id)', got {listed}.")
    pairs = [key for key in keys if len(key) == 2]
    plain = [key for key in keys if len(key) == 1]
    if not pairs:
        return keys[1], keys[0]
    if len(pairs) != 1 or not plain or plain[0][0] not in pairs[0]:
        raise ModelError(
            f"formula: {listed}: expected '(1 | site/id)', which is '(1 | site) + (1 | site:id)'."
        )
    outer, pair = plain[0], pairs[0]
    return outer, pair


def _independent(expression: str) -> list[str]:
    """Blocks of `expression ||`: the intercept and every term by itself, as lme4 does.

    A factor is one term: its levels stay correlated.
    """
    parts = split_at(expression, "+-")
    switches = [p.replace(" ", "") for p in parts if p.replace(" ", "") in ("1", "0", "-1")]
    terms = [part for part in parts if part.replace(" ", "") not in ("1", "0", "-1")]
    if any(len(split_at(term, "*:/")) > 1 for term in terms):
        terms = _expanded(" + ".join(terms))
    intercept = [] if switches and switches[-1] != "1" else ["1"]
    return intercept + [f"0 + {term}" for term in terms]


def _expanded(expression: str) -> list[str]:
    """The single terms of an expression with crossings, such as ``a * b``."""
    from formulaic import Formula

    try:
        return [str(term) for term in Formula(f"0 + {translated(expression)}")]
    except Exception as error:
        raise ModelError(f"formula: {expression!r} cannot be read: {error}") from error


TRANSLATIONS = (
    (re.compile(r"\^"), "**"),
    (re.compile(r"(?<![\w.])sqrt\("), "np.sqrt("),
    (re.compile(r"(?<![\w.])(as\.)?factor\("), "C("),
    (re.compile(r"(?<![\w.])(?!(?:np|contr)\.)([^\W\d]\w*(?:\.\w+)+)(?![\w.(])"), r"`\1`"),
)


def translated(expression: str) -> str:
    """Write what R users write in the words of formulaic: powers, roots, factors, dotted names."""
    parts = re.split(r"(`[^`]*`|'[^']*'|\"[^\"]*\")", expression)
    for index in range(0, len(parts), 2):
        for pattern, words in TRANSLATIONS:
            parts[index] = pattern.sub(words, parts[index])
    return "".join(parts)
