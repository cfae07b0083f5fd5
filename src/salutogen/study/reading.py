"""Reads a study file: everything that is wrong is said at once, each with its line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding, refusals
from salutogen.study.coverage import check_coverage
from salutogen.study.cross_checks import check_references
from salutogen.study.loading import Loaded, decode, load_yaml, read_bytes
from salutogen.study.model import FORMAT, StudyFile
from salutogen.study.notes import GAP, Notes, shown
from salutogen.study.objectivity import check_objectivity
from salutogen.study.quantities import AnswerRange, Duration
from salutogen.study.registry import RegisteredInstrument, read_folder
from salutogen.study.resolving import resolve_instruments
from salutogen.study.roles import check_roles
from salutogen.study.schedule import Occasion, expand_occasions
from salutogen.study.study import Study
from salutogen.study.validating import validate_plan

DEEPEST = 40


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
        Frozen and validated; `study.findings` holds what its plan makes doubtful.

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
    notes = Notes(path.name if path else None, loaded.lines)
    notes.findings += loaded.findings
    _require_text(loaded.values, notes)
    values = _require_format(loaded.values, notes)
    plan, _ = validate_plan(values, notes)
    if plan is None:
        raise StudyError(_in_order(notes.findings))
    study = _build(plan, path, values, notes)
    if study is None or refusals(notes.findings):
        raise StudyError(_in_order(notes.findings))
    return study


def _load(source: str | Path | Mapping[str, Any]) -> tuple[Loaded, Path | None]:
    """Load values from a path, from YAML text or from a mapping."""
    if isinstance(source, Mapping):
        return Loaded(values=_plain(source), lines={}), None
    if isinstance(source, str) and "\n" in source:
        return load_yaml(source, "study file"), None
    try:
        path = Path(source)
    except TypeError as error:
        text = f"A path, YAML text or a mapping is expected, not {type(source).__name__}."
        raise StudyError([finding("study-file-unreadable", text)]) from error
    return load_yaml(decode(read_bytes(path), path.name), path.name), path


def _plain(value: Any, depth: int = 0) -> Any:
    """Copy a mapping of the caller's into plain values with text as keys."""
    if depth > DEEPEST:
        text = f"Values are nested more than {DEEPEST} deep."
        raise StudyError([finding("study-file-not-yaml", text)])
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, depth + 1) for inner in value]
    if value is None or isinstance(value, bool | str | Duration | AnswerRange):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    return str(value)


def _require_text(values: Any, notes: Notes) -> None:
    """Refuse halves of characters: they can be neither written nor hashed."""
    try:
        json.dumps(values, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        text = f"The study file holds half a character ({error.object[error.start]!a})."
        notes.add("study-file-encoding", "", text)
        raise StudyError(notes.findings) from error


def _require_format(values: Any, notes: Notes) -> dict[str, Any]:
    """Refuse at once what is no study file, or one of a format this program does not know."""
    if not isinstance(values, dict):
        text = f"A study file consists of keys and values; this one is {shown(values)}."
        notes.add("study-file-not-yaml", "", text)
        raise StudyError(notes.findings)
    version = values.get("salutogen")
    if "salutogen" in values and (version != FORMAT or isinstance(version, bool)):
        text = (
            f"`salutogen` is {shown(version)}, a format of study files that this program does "
            f"not know; it reads format {FORMAT}."
        )
        notes.add("format-unknown", "salutogen", text, found=shown(version), expected=FORMAT)
        raise StudyError(notes.findings)
    return values


def _build(
    plan: StudyFile, path: Path | None, values: dict[str, Any], notes: Notes
) -> Study | None:
    """Look everything up and check how the parts of the file fit together."""
    instruments = resolve_instruments(plan, _own_instruments(plan, path, notes), notes)
    occasions = _occasions(plan, notes)
    study = Study(
        plan=plan,
        instruments=instruments,
        occasions=occasions,
        path=path,
        lines=dict(notes.lines),
    )
    raw = values.get("instruments")
    named = frozenset(raw) if isinstance(raw, dict) else frozenset(plan.instruments)
    check_references(study, named, notes)
    check_roles(study, notes)
    check_objectivity(study, notes)
    if not refusals(notes.findings):
        check_coverage(study, notes)
    return Study(
        plan=plan,
        instruments=instruments,
        occasions=occasions,
        path=path,
        lines=study.lines,
        findings=_in_order(notes.findings),
    )


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings by line of the file, those without a line last."""
    return tuple(sorted(findings, key=lambda item: item.evidence.line or math.inf))


def _occasions(plan: StudyFile, notes: Notes) -> tuple[Occasion, ...]:
    if notes.is_open("occasions"):
        return ()
    try:
        return expand_occasions(plan.occasions)
    except ValueError as error:
        text = f"`occasions` cannot be written out: {error}."
        notes.add("occasions-invalid", "occasions", text)
        return ()


def _own_instruments(
    plan: StudyFile, path: Path | None, notes: Notes
) -> dict[str, RegisteredInstrument]:
    if plan.instrument_folder is None or plan.instrument_folder == GAP:
        return {}
    folder = Path(plan.instrument_folder)
    if path is not None:
        folder = path.parent / folder
    try:
        return read_folder(folder)
    except StudyError as error:
        notes.findings += error.findings
        return {}
