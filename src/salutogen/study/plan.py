"""Preregistration: a frozen copy of the plan, and what a later study file does differently."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from salutogen.errors import StudyError
from salutogen.findings import Finding, Findings, finding
from salutogen.plain_files import read_plain
from salutogen.study.findings_by_line import shown
from salutogen.study.study import Study
from salutogen.version import VERSION

PLAN_FORMAT = 1
MOST_BYTES = 50_000_000  # of a frozen plan
ALL_SCORES = "all scores"
LEVELS = "errors of persons' levels, and who is called clearly off the line"
# What a departure makes exploratory: the longest dotted beginning decides; * is any name.
CONSEQUENCES: dict[str, str] = {
    "title": "",
    "description": "",
    "question": "",
    "report": "",
    "simulation": "",
    "salutogen": "",
    "population": ALL_SCORES,
    "arms": "every comparison of arms",
    "background": "lines with covariates",
    "occasions": ALL_SCORES,
    "sources": ALL_SCORES,
    "instruments": ALL_SCORES,
    "instruments.*.adaptations": "scores of blocks, and comparisons with the published list",
    "instruments.*.item_metadata": "",
    "instrument_folder": ALL_SCORES,
    "problems": ALL_SCORES,
    "exposure": ALL_SCORES,
    "missing": ALL_SCORES,
    "invalid": ALL_SCORES,
    "factors": "results on these factors",
    "momentary": "analyses of momentary answers",
    "norm": "expected problems and every SR",
    "resilience.windows": "window scores, and SR_frozen whose line is the first window's",
    "resilience.phases": "phase scores",
    "resilience.bootstrap": "intervals",
    "resilience.stability": LEVELS,
    "resilience.autocorrelation": LEVELS,
    "resilience.exposure_reliability": "the sensitivity band for error in E",
    "resilience.mood_reporting": "the sensitivity band for mood-congruent reporting",
    "resilience": "window, phase and person scores",
    "analyses": "the analyses after the scores",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One setting that is not as planned.

    `planned` or `now` is None where the setting is new or gone; `exploratory` says which results
    are exploratory because of it (empty: none).
    """

    path: str
    planned: Any
    now: Any
    exploratory: str


def plan_path(study_file: str | Path) -> Path:
    """Where the plan of a study file is frozen: `study.yaml` has `study.plan.json` beside it."""
    path = Path(study_file)
    return path.with_name(f"{path.stem}.plan.json")


def write_plan(study: Study, *, on: date | None = None) -> Path:
    """Freeze the plan beside the study file, whole or not at all.

    Parameters
    ----------
    study : Study
        A study that was read from a file.
    on : date, optional
        Date of the plan; today (UTC) if left out.

    Returns
    -------
    Path
        The file: date, version, SHA-256 of the parsed plan, and the plan.

    Raises
    ------
    StudyError
        The study has no file, or the plan cannot be written.
    """
    if study.path is None:
        raise StudyError([finding("plan-not-written", variant="no-file")])
    target = plan_path(study.path)
    content = {
        "format": PLAN_FORMAT,
        "date": (on or datetime.now(UTC).date()).isoformat(),
        "version": VERSION,
        "sha256": study.hash,
        "plan": json.loads(study.to_json()),
    }
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):  # a disk that takes nothing lets nothing go either
            temporary.unlink(missing_ok=True)
        failed = finding(
            "plan-not-written", variant="file", reason=error.strerror, file=target.name
        )
        raise StudyError([failed]) from error
    return target


def departures(study: Study) -> tuple[Finding, ...]:
    """Compare a study with the plan frozen beside its file.

    Returns
    -------
    tuple of Finding
        One warning per setting that differs, naming what is exploratory as a consequence; a
        warning if the plan was tampered with or cannot be read; nothing without a plan.
    """
    if study.path is None:
        return ()
    target = plan_path(study.path)
    if not target.is_file():
        return ()
    try:
        frozen = json.loads(read_plain(target, MOST_BYTES))
        planned, stated, on = frozen["plan"], frozen["sha256"], str(frozen["date"])
        if not isinstance(planned, dict):
            raise TypeError("the plan is no object")
        agrees = plan_hash(planned) == stated
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return (finding("plan-unreadable", file=target.name),)
    found = Findings()
    if not agrees:
        found.tell("plan-tampered", file=target.name)
    current = json.loads(study.to_json())
    if current != planned:
        for one in differences(planned, current):
            _tell(one, study, on, found)
    return tuple(found)


def plan_hash(plan: Mapping[str, Any]) -> str:
    """SHA-256 of a plan as parsed: keys sorted, no spaces."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(planned: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Settings that differ between two plans, by dotted path in alphabetical order.

    Examples
    --------
    >>> differences({"norm": {"shape": "linear"}}, {"norm": {"shape": "test"}})[0].exploratory
    'expected problems and every SR'
    """
    pairs = [*_analyses(planned, now), *_walk("", _rest(planned), _rest(now))]
    return tuple(
        Difference(path=path, planned=before, now=after, exploratory=consequence(path, before))
        for path, before, after in sorted(pairs, key=lambda pair: pair[0])
    )


def consequence(path: str, planned: Any = None) -> str:
    """Which results are exploratory if the setting at a path is not as planned."""
    if path.startswith("analyses."):
        name = path.split(".")[1]
        return f"the analysis {name!r}" + ("" if planned is not None else ", which was not planned")
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        for beginning in (parts[:end], [parts[0], "*", *parts[2:end]]):
            if ".".join(beginning) in CONSEQUENCES:
                return CONSEQUENCES[".".join(beginning)]
    return ALL_SCORES


def _rest(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plan.items() if key != "analyses"}


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _walk(f"{path}.{key}" if path else key, before.get(key), after.get(key))
    elif before != after:
        yield path, before, after


def _analyses(planned: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Compare analyses by their names, so that their order does not matter."""
    before, after = _by_name(planned.get("analyses")), _by_name(now.get("analyses"))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"analyses.{name}", before.get(name), after.get(name)


def _by_name(analyses: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, one in enumerate(analyses if isinstance(analyses, list) else []):
        name = one.get("name", one.get("step")) if isinstance(one, Mapping) else None
        key = str(name if name is not None else index + 1)
        while key in found:
            key += "+"
        found[key] = one
    return found


def _tell(one: Difference, study: Study, on: str, found: Findings) -> None:
    found.tell(
        "departed-from-plan",
        variant="exploratory" if one.exploratory else "harmless",
        key=one.path,
        date=on,
        planned_as=_words(one.planned),
        now_as=_words(one.now),
        exploratory=one.exploratory,
        numbers={"planned": one.planned, "now": one.now},
        file=study.path.name if study.path else None,
        line=study.line_of(one.path),
    )


def _words(value: Any) -> str:
    return "not set" if value is None else shown(value)
