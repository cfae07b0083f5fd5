"""Every name that the program uses for a column, a figure or a key, read from its own source."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "salutogen"
NAMING = {"col", "alias", "Series", "Column", "with_row_index", "exclude", "drop", "select"}
FRAMES = {"DataFrame", "with_columns", "agg", "select", "filter", "struct"}
ODD = (
    " ", "1", "0", "None", "nan", "true", "a+b", "a*b", "a:b", "a^2", "E^2", "E2", "E:spline1",
    "E_general^2", "C(x)", "np.log(x)", "Intercept", "intercept", "I(E)", "~", "-1", "x|id", "a=b",
    "site=B", "site", "site=", "=", "%3D", "covariate:E", "background:subject", "factor:x",
    "covariate:covariate:E", "index", "row", "row_nr", "level_0", "literal", "count", "len", "id",
    "__index__", "column_0", "key", "values", "name", "type", "self", "cls", "subject.ID", "a[b]",
    "a.b", "a b", " a", "a ", "{x}", "{", "}", "{0}", "{n:# person|# persons}", "%s", "'", '"', "`",
    "\\", "/", "../x", "<b>", "<script>alert(1)</script>", "&amp;", "#", "$E$", "*", "^.*$", "^E$",
    "a\tb", "\u00e4", "a\u0308", "ﬁ", "名前", "İ", "ı", "😀", "\u200bE", "e", "p", "sr", "TIME",
    "Time",
    "all types", "type_low", "low", "high", "skipped", "z", "se", "frozen", "refit", "common",
    "frozen_z", "se_days", "shrunken", "prorated", "expected", "E_low",
)  # fmt: skip


@cache
def names_in_use() -> tuple[str, ...]:
    """Names of columns, figures and keys in the source, in alphabetical order."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= set(_names_of(node))
    whole = sorted(name for name in found if re.fullmatch(r"[A-Za-z_]\w{0,30}", name))
    return tuple(whole)


def any_names() -> tuple[str, ...]:
    """Names in use, then names that are odd elsewhere."""
    return tuple(dict.fromkeys([*names_in_use(), *ODD]))


def _names_of(node: ast.AST) -> list[str]:
    """Names in one piece of source: columns that are asked for, made, declared or given."""
    if isinstance(node, ast.Subscript):
        return _texts([node.slice])
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    if not isinstance(node, ast.Call):
        return []
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    names: list[str] = []
    if called in NAMING:
        names += _texts(node.args)
    if called in FRAMES:
        names += [one.arg for one in node.keywords if one.arg]
        names += [key for one in node.args if isinstance(one, ast.Dict) for key in _texts(one.keys)]
    if called in ("Column", "figure", "rows", "_own", "_score", "_label"):
        names += _texts(node.args[:1])
        names += _texts([one.value for one in node.keywords if one.arg in ("name", "key")])
    return names


def _texts(nodes: object) -> list[str]:
    return [
        node.value
        for node in nodes  # type: ignore[attr-defined]
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
