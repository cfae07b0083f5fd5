"""Lines of another study, used as they are: refused unless scoring and levels fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from salutogen.errors import NormError
from salutogen.findings import Finding, finding, refusals, shortened
from salutogen.norm.known_labels import with_labels
from salutogen.norm.line_spec import scoring_of
from salutogen.norm.lines import Level, Line, LineKey, Lines
from salutogen.norm.norm_file import NormFile, read_norm
from salutogen.scores import Scores
from salutogen.study import Period
from salutogen.study.format import NormSettings, Reference

SHOWN, MOST_SHOWN = 100, 10  # characters of a value, and how many differences are told


@dataclass(frozen=True, kw_only=True)
class External:
    """The reference lines of another study that stand in for this study's own.

    `findings` says what is doubtful about using them.
    """

    name: str
    lines: Lines
    findings: tuple[Finding, ...] = field(default=())


def external_lines(scores: Scores, settings: NormSettings) -> External | None:
    """Read and check the norm file that `norm.file` names; None where none is named.

    Raises
    ------
    NormError
        The file cannot be read, P or E were scored differently there (`norm-scoring-differs`), or
        a level this study needs is missing (`norm-level-missing`), or the reference label of a
        category cannot be told (`reference-label-unknown`).
    """
    if settings.file is None:
        return None
    norm_file = read_norm(_locate(scores, settings.file))
    problems = scoring_problems(norm_file.scoring, scoring_of(scores), norm_file.name)
    period = None
    if isinstance(settings.reference, Reference) and settings.reference.window is not None:
        period = Period(kind="window", number=settings.reference.window)
    by_level: dict[Level, Line | None] = {
        "occasion": norm_file.lines.reference("occasion"),
        "person": norm_file.lines.reference("person"),
        "window": norm_file.lines.of("window", period=period),
    }
    without_windows = scores.study.plan.resilience.windows is None
    missing = [
        level
        for level, line in by_level.items()
        if line is None and not (level == "window" and without_windows)
    ]
    if missing:
        problems.append(finding("norm-level-missing", file=norm_file.name, missing=missing))
    lines: dict[LineKey, Line] = {}
    for level, line in by_level.items():
        if line is not None:
            named, unclear = with_labels(_named(line, norm_file), scores, norm_file.name)
            problems += [one for one in unclear if one not in problems]
            lines[LineKey(level)] = named
    if refusals(problems):
        raise NormError(problems)
    return External(name=norm_file.name, lines=Lines(lines), findings=tuple(problems))


def scoring_problems(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], name: str
) -> list[Finding]:
    """Compare how two studies scored P and E, difference by difference.

    Other items, ranges, methods and units are refused; items that one of the two reworded are
    told.
    """
    everything = _differences(_plain(theirs), _plain(ours), "")
    differences = [one for one in everything if not _is_wording(one)]
    problems = wording_problems(theirs, ours, name)
    if not differences:
        return problems
    shown = "; ".join(
        f"{path}: {shortened(repr(left), SHOWN)} there, {shortened(repr(right), SHOWN)} here"
        for path, left, right in differences[:MOST_SHOWN]
    )
    units = [item for item in differences if item[0].endswith("unit")]
    if units:
        problems.append(_differ("units-differ", name, shown, units, variant="lines"))
    if len(units) < len(differences):
        problems.append(_differ("norm-scoring-differs", name, shown, differences))
    return problems


def same_but_for_wording(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether P and E were scored alike, items that were reworded left aside."""
    return all(map(_is_wording, _differences(_plain(theirs), _plain(ours), "")))


def wording_problems(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], name: str
) -> list[Finding]:
    """Say which items one of two studies reworded and the other did not."""
    found = _differences(_plain(theirs), _plain(ours), "")
    return [_worded_otherwise(one, name) for one in found if _is_wording(one)]


def _is_wording(difference: tuple[str, Any, Any]) -> bool:
    return difference[0].endswith(".reworded")


def _worded_otherwise(difference: tuple[str, Any, Any], name: str) -> Finding:
    path, there, here = difference
    return finding(
        "norm-wording-differs",
        file=name,
        measure=path.removesuffix(".reworded"),
        there=there or ["none"],
        here=here or ["none"],
    )


def covariate_problems(external: External, persons: pl.DataFrame) -> list[Finding]:
    """Refuse lines with other covariates than the study's: SR would not be what it says.

    Parameters
    ----------
    external : External
    persons : DataFrame
        The study's covariates, one row per person.
    """
    line = external.lines.person
    theirs, ours = line.covariates, persons.columns
    if set(theirs) != set(ours):
        return [
            finding(
                "norm-covariates-differ",
                file=external.name,
                theirs=", ".join(theirs) or "none",
                ours=", ".join(ours) or "none",
                numbers={"theirs": list(theirs), "ours": list(ours)},
            )
        ]
    kinds = {True: "a number", False: "a category"}
    return [
        finding(
            "norm-covariates-differ",
            variant="kind",
            file=external.name,
            column=name,
            theirs=kinds[name in line.terms],
            ours=kinds[persons[name].dtype.is_numeric()],
        )
        for name in theirs
        if (name in line.terms) != persons[name].dtype.is_numeric()
    ]


def _differ(
    code: str, name: str, shown: str, differences: list[tuple[str, Any, Any]], variant: str = ""
) -> Finding:
    numbers = {
        "differences": [
            (path, _brief(left), _brief(right)) for path, left, right in differences[:MOST_SHOWN]
        ]
    }
    return finding(code, variant=variant, file=name, shown=shown, numbers=numbers)


def _brief(value: Any) -> Any:
    return shortened(str(value), SHOWN) if isinstance(value, str | list | dict) else value


def _locate(scores: Scores, name: str) -> Path:
    path = Path(name)
    folder = scores.study.path.parent if scores.study.path is not None else Path()
    return path if path.is_absolute() else folder / path


def _named(line: Line, norm_file: NormFile) -> Line:
    return replace(line, reference=f"{line.reference} of {norm_file.name}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _differences(theirs: Any, ours: Any, path: str) -> list[tuple[str, Any, Any]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = []
        for key in sorted({*theirs, *ours}):
            inner = f"{path}.{key}" if path else key
            found += _differences(theirs.get(key), ours.get(key), inner)
        return found
    same = theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool)
    return [] if same else [(path, theirs, ours)]
