"""Reads a study file: everything that is wrong is said at once, each with its line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding, refusals
from salutogen.study.check import check_plan
from salutogen.study.findings_by_line import FindingsByLine, shown
from salutogen.study.format import FORMAT, GAP, AnswerRange, Duration, StudyFile
from salutogen.study.format.plain_yaml import (
    DEEPEST,
    LARGEST_WHOLE,
    Loaded,
    decode,
    load_yaml,
    read_bytes,
)
from salutogen.study.format.validation import validate
from salutogen.study.instruments.in_study import instruments_of
from salutogen.study.instruments.registry import RegisteredInstrument, read_folder
from salutogen.study.plan import departures
from salutogen.study.schedule import Occasion, expand_occasions
from salutogen.study.study import Study


def read_study(source: str | Path | Mapping[str, Any]) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    source : path, YAML text or mapping
        The path of a study file; text with line ends is taken as YAML itself; a mapping as
        its values.

    Returns
    -------
    Study
        Frozen and validated; `study.findings` holds what its plan makes doubtful, and where it
        departs from a plan frozen beside the file.

    Raises
    ------
    StudyError
        The file cannot be used. Its findings say everything that is wrong, with file and line,
        what was found and expected, the nearest valid name for a typo, and the mend.

    Examples
    --------
    >>> study = read_study({
    ...     "salutogen": 1, "title": "Two weeks", "occasions": {"every": "7 days", "count": 2},
    ...     "sources": {"answers": {"person": "id", "occasion": "week"}},
    ...     "instruments": {
    ...         "ghq-12": {"columns": "G_{01..12}"},
    ...         "hassles": {"columns": "H_{1..9}", "answers": "0..5", "recall": "2 weeks",
    ...                     "did_not_occur": 0},
    ...     },
    ...     "problems": "ghq-12", "exposure": {"types": ["hassles"]},
    ... })
    >>> study.labels
    ('1', '2')
    >>> len(study.instruments["ghq-12"].items)
    12
    """
    loaded, path = _load(source)
    found = FindingsByLine(path.name if path else None, loaded.lines)
    found.extend(loaded.findings)
    _require_text(loaded.values, found)
    values = _require_format(loaded.values, found)
    plan = validate(values, found)
    study = None if plan is None else _build(plan, path, values, found)
    if study is None or refusals(tuple(found)):
        raise StudyError(_in_order(found))
    return replace(study, findings=(*_in_order(found), *departures(study)))


def _load(source: str | Path | Mapping[str, Any]) -> tuple[Loaded, Path | None]:
    """Load values from a path, from YAML text or from a mapping."""
    if isinstance(source, Mapping):
        return Loaded(values=_plain(source), lines={}), None
    if isinstance(source, str) and "\n" in source:
        return load_yaml(source, "study file"), None
    try:
        path = Path(source)
    except TypeError as error:
        kind = type(source).__name__
        raise StudyError([finding("study-file-unreadable", variant="kind", kind=kind)]) from error
    return load_yaml(decode(read_bytes(path), path.name), path.name), path


def _plain(value: Any, depth: int = 0) -> Any:
    """Copy a mapping of the caller's into plain values with text as keys."""
    if depth > DEEPEST:
        raise StudyError([finding("study-file-not-yaml", variant="deep", deepest=DEEPEST)])
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, depth + 1) for inner in value]
    if value is None or isinstance(value, bool | str | Duration | AnswerRange):
        return value
    if isinstance(value, Integral) and abs(int(value)) < LARGEST_WHOLE:
        return int(value)
    if isinstance(value, Real):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        return number if math.isfinite(number) else repr(number)
    return str(value)


def _require_text(values: Any, found: FindingsByLine) -> None:
    """Refuse halves of characters: they can be neither written nor hashed."""
    try:
        json.dumps(values, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        half = f"{error.object[error.start]!a}"
        found.tell("study-file-encoding", variant="half", found=half)
        raise StudyError(found) from error


def _require_format(values: Any, found: FindingsByLine) -> dict[str, Any]:
    """Refuse at once what is no study file, or one of a format this program does not know."""
    if not isinstance(values, dict):
        found.tell("study-file-not-yaml", variant="values", found=shown(values))
        raise StudyError(found)
    version = values.get("salutogen")
    if "salutogen" in values and (version != FORMAT or isinstance(version, bool)):
        found.tell("format-unknown", at="salutogen", found=shown(version), expected=FORMAT)
        raise StudyError(found)
    return values


def _build(
    plan: StudyFile, path: Path | None, values: dict[str, Any], found: FindingsByLine
) -> Study:
    """Look everything up and check how the parts of the file fit together."""
    built = instruments_of(plan, _own_instruments(plan, path, found), found)
    prompted = {name: one for name, one in built.items() if one.source in plan.prompt_sources}
    study = Study(
        plan=plan,
        instruments={name: one for name, one in built.items() if name not in prompted},
        prompted=prompted,
        occasions=_occasions(plan, found),
        path=path,
        lines=dict(found.lines),
    )
    raw = values.get("instruments")
    named = raw if isinstance(raw, dict) else plan.instruments
    check_plan(study, frozenset(named), found)
    return study


def _in_order(found: FindingsByLine) -> tuple[Finding, ...]:
    """Findings by line of the file, those without a line last."""
    return tuple(sorted(found, key=lambda item: item.evidence.line or math.inf))


def _occasions(plan: StudyFile, found: FindingsByLine) -> tuple[Occasion, ...]:
    if found.is_open("occasions"):
        return ()
    try:
        return expand_occasions(plan.occasions)
    except ValueError as error:
        found.tell("occasions-invalid", at="occasions", problem=str(error))
        return ()


def _own_instruments(
    plan: StudyFile, path: Path | None, found: FindingsByLine
) -> dict[str, RegisteredInstrument]:
    if plan.instrument_folder is None or plan.instrument_folder == GAP:
        return {}
    folder = Path(plan.instrument_folder)
    if path is not None:
        folder = path.parent / folder
    try:
        return read_folder(folder)
    except StudyError as error:
        found.extend(error.findings)
        return {}
