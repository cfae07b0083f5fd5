"""`norm.json`, format 1: every level's line as plain data, written, read and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from salutogen.errors import NormError
from salutogen.findings import Finding, finding, shortened
from salutogen.namespaces import term_of
from salutogen.norm.claims_file import claims_from_dict, claims_to_dict
from salutogen.norm.design_matrix import terms_of
from salutogen.norm.lines import Level, Line, LineKey, Lines, Shape
from salutogen.norm.norm_schema import damage_of, damage_of_line, terms_as_written
from salutogen.norm.plain_json import read_json
from salutogen.scores import Standardiser
from salutogen.study import Period

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
    lines : Lines
        Reference lines of occasions, persons and windows where it has them, and each window's and
        phase's own.
    """

    name: str
    scoring: Mapping[str, Any]
    primary: str
    lines: Lines


def norm_to_dict(norm: Norm) -> dict[str, Any]:
    """Turn a norm into the plain data of `norm.json`."""
    lines = norm.lines
    frozen = lines.reference("window")
    return {
        "format": NORM_FORMAT,
        "sign": SIGN,
        "scoring": dict(norm.scoring),
        "primary": norm.primary,
        "external": norm.external,
        "lines": {
            "occasion": line_to_dict(lines.occasion),
            "window": [line_to_dict(line) for line in lines.by_period("window").values()],
            "window_frozen": None if frozen is None else line_to_dict(frozen),
            "phase": {
                period.label: line_to_dict(line)
                for period, line in lines.by_period("phase").items()
            },
            "person": line_to_dict(lines.person),
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
        "terms": list(line.names),
        "coefficients": dict(zip(line.names, line.coefficients, strict=True)),
        "covariance": line.covariance.tolist(),
        "residual_sd": line.residual_sd,
        "r_squared": line.r_squared,
        "range_E": list(line.exposure_range),
        "n": line.n,
        "n_persons": line.n_persons,
        "claims": None if line.claims is None else claims_to_dict(line.claims),
        "knots": list(line.knots),
        "covariates": list(line.covariates),
        "labels": {name: list(known) for name, known in line.labels.items()},
        "window": None if line.period is None else line.period.number,
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
        The file cannot be read, is not a norm, has another format, or something in it cannot be
        what a run has written; the first such key is named.
    """
    source = Path(path)
    try:
        content = read_json(source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NormError([_unreadable(source, "unread", reason=reason)]) from error
    found = content.get("format") if isinstance(content, dict) else type(content).__name__
    if not isinstance(content, dict) or found is True or found != NORM_FORMAT:
        shown = shortened(repr(found), 60)
        raise NormError([_unreadable(source, "format", format=shown, known=NORM_FORMAT)])
    if damage := damage_of(content):
        raise NormError([_unreadable(source, "damaged", reason=damage)])
    return _norm_file(source.name, content)


def _unreadable(source: Path, variant: str, **values: Any) -> Finding:
    return finding("norm-file-unreadable", variant=variant, file=source.name, **values)


def _norm_file(name: str, content: Mapping[str, Any]) -> NormFile:
    stored = content["lines"]
    lines: dict[LineKey, Line] = {}
    levels: tuple[Level, ...] = ("occasion", "person")
    for level in levels:
        if stored.get(level):
            lines[LineKey(level)] = _line(stored[level])
    for item in stored.get("window") or ():
        period = _window(item)
        lines[LineKey("window", period)] = _line(item, period)
    frozen = stored.get("window_frozen") or next(iter(stored.get("window") or ()), None)
    if frozen:
        lines[LineKey("window")] = _line(frozen, _window(frozen))
    for number, (label, item) in enumerate((stored.get("phase") or {}).items(), start=1):
        period = Period(kind="phase", number=item.get("window") or number, label=label)
        lines[LineKey("phase", period)] = _line(item, period)
    return NormFile(
        name=name,
        scoring=dict(content["scoring"]),
        primary=str(content["primary"]),
        lines=Lines(lines),
    )


def _window(item: Mapping[str, Any]) -> Period | None:
    number = item.get("window")
    return None if number is None else Period(kind="window", number=number, label=str(number))


def line_from_dict(item: Mapping[str, Any]) -> Line:
    """Make a line of the plain data that `line_to_dict` gives.

    Raises
    ------
    ValueError
        The data are damaged; the first key that is wrong is named.
    """
    if damage := damage_of_line(item):
        raise ValueError(damage)
    return _line(item)


def _line(item: Mapping[str, Any], period: Period | None = None) -> Line:
    """Make a line of plain data that are sound; coefficients are told by name."""
    labels = item.get("labels") or {}
    covariates = tuple(item.get("covariates") or ())
    given, shape = item["coefficients"], cast("Shape", item["shape"])
    terms = item.get("terms") or terms_as_written(
        item["predictors"], shape, covariates, labels, given
    )
    low, high = item["range_E"]
    standardiser = item.get("standardiser")
    ours = terms_of(tuple(item["predictors"]), shape)
    return Line(
        level=cast("Level", item["level"]),
        terms=tuple(term_of(name, ours) for name in terms),
        coefficients=tuple(float(given[name]) for name in terms),
        covariance=np.asarray(item["covariance"], dtype=float),
        residual_sd=float(item["residual_sd"]),
        r_squared=float(item["r_squared"]),
        n=item["n"],
        n_persons=item["n_persons"],
        shape=shape,
        reference=item["reference"],
        exposure_range=(float(low), float(high)),
        outcome=item["outcome"],
        predictors=tuple(item["predictors"]),
        units=dict(item["units"]),
        knots=tuple(float(knot) for knot in item.get("knots") or ()),
        standardiser=None if standardiser is None else _standardiser(standardiser),
        covariates=covariates,
        labels={name: tuple(known) for name, known in labels.items()},
        period=period,
        possible={
            key: (float(bounds[0]), float(bounds[1]))
            for key, bounds in (item.get("possible") or {}).items()
        },
        claims=claims_from_dict(item["claims"]) if item.get("claims") else None,
    )


def _standardiser(item: Mapping[str, Any]) -> Standardiser:
    return Standardiser(
        columns=tuple(item["columns"]),
        means=tuple(float(value) for value in item["means"]),
        sds=tuple(float(value) for value in item["sds"]),
        n=int(item["n"]),
        reference=str(item["reference"]),
    )
