"""A draft is read as `check` reads it before it is written, with stand-ins in the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from salutogen.drafting.cells import LOOKED_AT
from salutogen.drafting.layout import Layout
from salutogen.errors import PanelError, StudyError
from salutogen.findings import Finding, refusals
from salutogen.study import read_study
from salutogen.study.format import GAP
from salutogen.study.format.plain_yaml import load_yaml

_STAND_INS = {
    "title": "Trial",
    "every": "1 month",
    "count": 2,
    "recall": "1 month",
    "unit": "days",
    "invalid": "missing",
    "combine": "sum",
    "answers": "-100000..100000",
    "did_not_occur": 0,
}


def refused_instruments(text: str, answers: pl.DataFrame, layout: Layout) -> dict[str, str]:
    """Read a draft and its answers; name the instruments that are refused, each with the reason.

    Where the person or the occasion is open, only the study file is read.
    """
    values = _filled(load_yaml(text, "draft").values)
    named = values["instruments"]
    if GAP in named:
        return {}
    try:
        study = read_study(values)
    except StudyError as error:
        return _blamed(refusals(error.findings), named)
    told = layout.person and (layout.occasion or layout.waves or layout.single)
    if not told or GAP in str(values["sources"]):
        return {}
    try:
        study.read({"answers": answers if layout.item else answers.head(LOOKED_AT)})
    except PanelError as error:
        return _blamed(refusals(error.findings), named, study.instruments)
    return {}


def _filled(values: Any) -> Any:
    """Put stand-ins into the gaps, and give every instrument the role that suits the trial."""
    values = _stood_in(values, "")
    named = list(values["instruments"])
    problems, *others = [*named, GAP]
    types = [name for name in others if name != GAP][:1] or named[:1]
    values |= {"problems": problems, "exposure": {"types": types}, "factors": []}
    for name, use in values["instruments"].items():
        use["measures"] = "exposure" if name in types else "problems"
        use.setdefault("recall", "1 month")
        words = use.get("recode", {})
        use |= {"recode": {word: place for place, word in enumerate(words)}} if words else {}
    source = values["sources"].get("answers", {})
    source.pop("header_rows", None)
    return values


def _stood_in(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _stood_in(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_stood_in(inner, key) for inner in value]
    return _STAND_INS.get(key, value) if value == GAP else value


def _blamed(
    found: Sequence[Finding], named: dict[str, Any], instruments: Any = None
) -> dict[str, str]:
    """The instruments that refusals speak of, by the path in the study file or by the column."""
    owner = {
        column: name for name, one in (instruments or {}).items() for column in one.columns.values()
    }
    blamed: dict[str, str] = {}
    for finding in found:
        key = str(finding.evidence.numbers.get("key", ""))
        by_path = next((name for name in named if key.startswith(f"instruments.{name}.")), None)
        column = finding.evidence.column
        name = by_path or owner.get(column or "") or _of_wave(column, owner)
        if name is not None:
            blamed.setdefault(name, f"cannot be read ({finding.untold().rstrip('.')})")
    return blamed


def _of_wave(column: str | None, owner: dict[str, str]) -> str | None:
    """The instrument whose pattern a column of one occasion belongs to."""
    for pattern, name in owner.items():
        before, mark, after = pattern.partition("{occasion}")
        if column and mark and column.startswith(before) and column.endswith(after):
            return name
    return None
