"""`norm.json`, format 1: every level's line as plain data, written, read and checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from salutogen.errors import NormError
from salutogen.findings import finding
from salutogen.norm.norm import Level, Line, Shape
from salutogen.scores import Standardiser

if TYPE_CHECKING:
    from salutogen.norm.norm import Norm

NORM_FORMAT = 1
SIGN = "SR = observed - expected problems; positive = over-reactive = less resilient"


@dataclass(frozen=True, kw_only=True)
class NormFile:
    """The lines of another study, as its `norm.json` holds them.

    Attributes
    ----------
    name : str
        File name.
    scoring : mapping
        How P and E were scored: must be equal wherever the lines are used.
    primary : str
    occasion, person : Line or None
    windows : tuple of Line
    phases : mapping of str to Line
    frozen_window : Line or None
        The line of SR_frozen in that study.
    """

    name: str
    scoring: Mapping[str, Any]
    primary: str
    occasion: Line | None
    person: Line | None
    windows: tuple[Line, ...] = ()
    phases: Mapping[str, Line] = field(default_factory=dict)
    frozen_window: Line | None = None


def norm_to_dict(norm: Norm) -> dict[str, Any]:
    """Turn a norm into the plain data of `norm.json`."""
    frozen = norm.frozen_window
    return {
        "format": NORM_FORMAT,
        "sign": SIGN,
        "scoring": dict(norm.scoring),
        "primary": norm.primary,
        "external": norm.external,
        "lines": {
            "occasion": line_to_dict(norm.occasion),
            "window": [line_to_dict(line) for line in norm.windows],
            "window_frozen": None if frozen is None else line_to_dict(frozen),
            "phase": {name: line_to_dict(line) for name, line in norm.phases.items()},
            "person": line_to_dict(norm.person),
        },
    }


def line_to_dict(line: Line) -> dict[str, Any]:
    """Turn a line into plain data; floats keep all their digits."""
    standardiser = line.standardiser
    return {
        "level": line.level,
        "outcome": line.outcome,
        "predictors": list(line.predictors),
        "units": dict(line.units),
        "possible": {name: list(bounds) for name, bounds in line.possible.items()},
        "reference": line.reference,
        "shape": line.shape,
        "coefficients": dict(zip(line.terms, line.coefficients, strict=True)),
        "covariance": line.covariance.tolist(),
        "residual_sd": line.residual_sd,
        "r_squared": line.r_squared,
        "range_E": list(line.exposure_range),
        "n": line.n,
        "n_persons": line.n_persons,
        "knots": list(line.knots),
        "covariates": list(line.covariates),
        "window": line.window,
        "standardiser": None
        if standardiser is None
        else {
            "columns": list(standardiser.columns),
            "means": list(standardiser.means),
            "sds": list(standardiser.sds),
            "n": standardiser.n,
            "reference": standardiser.reference,
        },
    }


def write_norm(norm: Norm, path: str | Path) -> Path:
    """Write `norm.json`; reading it back gives the same SR to the last bit."""
    target = Path(path)
    text = json.dumps(norm_to_dict(norm), ensure_ascii=False, indent=1, allow_nan=False)
    target.write_text(text + "\n", encoding="utf-8", newline="\n")
    return target


def read_norm(path: str | Path) -> NormFile:
    """Read a `norm.json`.

    Raises
    ------
    NormError
        The file cannot be read, is not a norm, has another format, or a line in it is damaged.
    """
    source = Path(path)
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        text = f"The norm file {source.name} cannot be read: {reason}."
        raise NormError([finding("norm-file-unreadable", text, file=source.name)]) from error
    if not isinstance(content, dict) or content.get("format") != NORM_FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        text = f"{source.name} is not a norm file of format {NORM_FORMAT} (found {found!r})."
        raise NormError(
            [finding("norm-file-unreadable", text, file=source.name, numbers={"format": found})]
        )
    try:
        return _norm_file(source.name, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"The norm file {source.name} is damaged: {type(error).__name__} at {error}."
        raise NormError([finding("norm-file-unreadable", text, file=source.name)]) from error


def _norm_file(name: str, content: Mapping[str, Any]) -> NormFile:
    lines = content["lines"]
    windows = tuple(_line(item) for item in lines.get("window") or ())
    frozen = lines.get("window_frozen")
    return NormFile(
        name=name,
        scoring=dict(content["scoring"]),
        primary=str(content["primary"]),
        occasion=_line(lines["occasion"]) if lines.get("occasion") else None,
        person=_line(lines["person"]) if lines.get("person") else None,
        windows=windows,
        phases={key: _line(item) for key, item in (lines.get("phase") or {}).items()},
        frozen_window=_line(frozen) if frozen else (windows[0] if windows else None),
    )


def _line(item: Mapping[str, Any]) -> Line:
    coefficients = {str(term): float(value) for term, value in item["coefficients"].items()}
    covariance = np.asarray(item["covariance"], dtype=float)
    size = len(coefficients)
    if covariance.shape != (size, size):
        raise ValueError(f"covariance of shape {covariance.shape} for {size} coefficients")
    if not all(math.isfinite(value) for value in coefficients.values()):
        raise ValueError("coefficients that are not finite")
    low, high = item["range_E"]
    standardiser = item.get("standardiser")
    return Line(
        level=cast("Level", item["level"]),
        terms=tuple(coefficients),
        coefficients=tuple(coefficients.values()),
        covariance=covariance,
        residual_sd=float(item["residual_sd"]),
        r_squared=float(item["r_squared"]),
        n=int(item["n"]),
        n_persons=int(item["n_persons"]),
        shape=cast("Shape", item["shape"]),
        reference=str(item["reference"]),
        exposure_range=(float(low), float(high)),
        outcome=str(item["outcome"]),
        predictors=tuple(item["predictors"]),
        units=dict(item["units"]),
        knots=tuple(float(knot) for knot in item.get("knots") or ()),
        standardiser=None if standardiser is None else _standardiser(standardiser),
        covariates=tuple(item.get("covariates") or ()),
        window=item.get("window"),
        possible={
            key: (float(bounds[0]), float(bounds[1]))
            for key, bounds in (item.get("possible") or {}).items()
        },
    )


def _standardiser(item: Mapping[str, Any]) -> Standardiser:
    return Standardiser(
        columns=tuple(item["columns"]),
        means=tuple(float(value) for value in item["means"]),
        sds=tuple(float(value) for value in item["sds"]),
        n=int(item["n"]),
        reference=str(item["reference"]),
    )
