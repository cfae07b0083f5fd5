"""Lines of another study, used as they are: refused unless scoring and levels fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from salutogen.errors import NormError
from salutogen.findings import Finding, finding
from salutogen.norm.norm import Line
from salutogen.norm.norm_file import NormFile, read_norm
from salutogen.norm.recipe import scoring_of
from salutogen.scores import Scores
from salutogen.study.format import NormSettings, Reference


@dataclass(frozen=True, kw_only=True)
class External:
    """The lines of another study that stand in for this study's own."""

    name: str
    occasion: Line
    person: Line
    window: Line | None


def external_lines(scores: Scores, settings: NormSettings) -> External | None:
    """Read and check the norm file that `norm.file` names; None where none is named.

    Raises
    ------
    NormError
        The file cannot be read, P or E were scored differently there (`norm-scoring-differs`), or
        a level this study needs is missing (`norm-level-missing`).
    """
    if settings.file is None:
        return None
    norm_file = read_norm(_locate(scores, settings.file))
    problems = scoring_problems(norm_file.scoring, scoring_of(scores), norm_file.name)
    window = norm_file.frozen_window
    if isinstance(settings.reference, Reference) and settings.reference.window is not None:
        number = settings.reference.window
        window = next((line for line in norm_file.windows if line.window == number), None)
    needed: dict[str, Line | None] = {
        "occasion": norm_file.occasion,
        "person": norm_file.person,
    }
    if scores.study.plan.resilience.windows is not None:
        needed["window"] = window
    missing = [level for level, line in needed.items() if line is None]
    if missing:
        text = (
            f"{norm_file.name} has no line for {', '.join(missing)}, which this study needs; a "
            f"line of another level cannot stand in."
        )
        problems.append(
            finding("norm-level-missing", text, file=norm_file.name, numbers={"missing": missing})
        )
    if problems or norm_file.occasion is None or norm_file.person is None:
        raise NormError(problems)
    return External(
        name=norm_file.name,
        occasion=_named(norm_file.occasion, norm_file),
        person=_named(norm_file.person, norm_file),
        window=None if window is None else _named(window, norm_file),
    )


def scoring_problems(
    theirs: Mapping[str, Any], ours: Mapping[str, Any], name: str
) -> list[Finding]:
    """Compare how two studies scored P and E, difference by difference."""
    differences = list(_differences(_plain(theirs), _plain(ours), ""))
    if not differences:
        return []
    shown = "; ".join(
        f"{path}: {left!r} there, {right!r} here" for path, left, right in differences
    )
    units = [item for item in differences if item[0].endswith("unit")]
    problems = []
    if units:
        text = f"The lines of {name} are in other units: {shown}."
        problems.append(finding("units-differ", text, file=name, numbers={"differences": units}))
    if len(units) < len(differences):
        text = f"P or E were scored differently in {name}: {shown}."
        problems.append(
            finding("norm-scoring-differs", text, file=name, numbers={"differences": differences})
        )
    return problems


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
    return [] if theirs == ours else [(path, theirs, ours)]
