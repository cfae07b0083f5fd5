"""What a `norm.json` must hold before a line of it is used: names, kinds, sizes, covariances.

The file may come from anywhere. Numbers are numbers (neither text nor true and false), finite and
of a size that scores can have; coefficients are told by name, whatever their order; nothing is
missing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from salutogen.findings import shortened
from salutogen.namespaces import covariate_column, covariate_term, told_term
from salutogen.norm.design_matrix import terms_of
from salutogen.norm.lines import Level, Shape

LARGEST = 1e15  # no score, and no coefficient of one, comes near
MOST_TERMS = 500
MOST_LINES = 10_000
SLACK = 1e-8  # of standard errors: what rounding may do to a covariance
INDEFINITE = 1e-6  # of correlations, likewise
SHOWN = 60

Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Product = Annotated[float, Field(ge=-(LARGEST**2), le=LARGEST**2)]
Text = Annotated[str, Field(max_length=2000)]
Count = Annotated[int, Field(ge=1, le=10**12)]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]
Names = Annotated[list[Text], Field(max_length=MOST_TERMS)]
Numbers = Annotated[list[Number], Field(max_length=4 * MOST_TERMS)]
Degrees = Annotated[list[Annotated[float, Field(gt=0, le=LARGEST)]], Field(max_length=MOST_TERMS)]


class _Part(BaseModel):
    """A part of the file: kinds as they are written, no infinities; unknown keys are left aside."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore", frozen=True)


class _Moments(_Part):
    """How E is made of raw types."""

    columns: Annotated[Names, Field(min_length=1)]
    means: Numbers
    sds: list[Annotated[float, Field(gt=0, le=LARGEST)]]
    n: Count
    reference: Text

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        _require_distinct("columns", self.columns)
        for name, values in (("means", self.means), ("sds", self.sds)):
            if len(values) != len(self.columns):
                raise ValueError(f"{name} has {len(values)} numbers for {len(self.columns)} types")
        return self


class _Expected(_Part):
    E: Number | None
    P: Number
    se: float | None
    low: float | None
    high: float | None
    types: dict[Text, Number]


class _Change(_Part):
    change: Number
    se: float | None
    low: float | None
    high: float | None
    E_from: Number | None
    E_to: Number | None


class _Test(_Part):
    F: Annotated[float, Field(ge=0)]
    df1: Count
    df2: Annotated[float, Field(gt=0)]
    p: Annotated[float, Field(ge=0, le=1)]


class _Claims(_Part):
    """What a line says of exposure."""

    exposure_r_squared: Number
    exposure_r_squared_adjusted: Number
    exposure_r_squared_interval: Pair | None
    exposure_r_squared_by_type: dict[Text, Number]
    exposure_test: _Test | None
    expected_at: dict[Literal["low", "middle", "high"], _Expected]
    expected_change: _Change
    covariance_robust: list[list[Product | None]]
    df: Annotated[float, Field(ge=0)]
    df_by_term: Degrees | None = None
    interval: Text

    @model_validator(mode="after")
    def _all_places(self) -> Self:
        if len(self.expected_at) != 3:
            raise ValueError(f"expected_at has {sorted(self.expected_at)}, not low, middle, high")
        return self


class _Line(_Part):
    """One line."""

    level: Level
    outcome: Literal["P"]
    predictors: Annotated[Names, Field(min_length=1)]
    units: dict[Text, Text]
    possible: dict[Text, Pair] = {}
    reference: Text
    shape: Shape
    coefficients: Annotated[dict[Text, Number], Field(min_length=2, max_length=MOST_TERMS)]
    terms: Names | None = None
    covariance: list[list[Product]]
    residual_sd: Annotated[float, Field(ge=0, le=LARGEST)]
    r_squared: Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)]
    range_E: Pair
    n: Count
    n_persons: Count
    claims: _Claims | None = None
    knots: Numbers = []
    covariates: Names = []
    labels: dict[Text, Names] = {}
    window: Annotated[int, Field(ge=1, le=10**9)] | None = None
    standardiser: _Moments | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in ("predictors", "covariates"):
            _require_distinct(name, getattr(self, name))
        single = self.predictors == ["E"]
        if not single and not all(name.startswith("E_") for name in self.predictors):
            raise ValueError(f"predictors is {self.predictors}; expected E, or E_ and a type")
        if self.standardiser is not None and not single:
            raise ValueError("standardiser makes one exposure of types, and predictors has several")
        if self.n_persons > self.n:
            raise ValueError(f"n_persons is {self.n_persons}, more than n, {self.n}")
        for name, bounds in (("range_E", self.range_E), *self.possible.items()):
            if bounds[0] > bounds[1]:
                raise ValueError(f"{name} goes from {bounds[0]:g} to {bounds[1]:g}")
        self._require_knots()
        self._require_terms()
        _require_covariance("covariance", self.covariance, len(self.coefficients))
        if self.claims is not None:
            robust = self.claims.covariance_robust
            _require_covariance("claims.covariance_robust", robust, len(self.coefficients))
            if len(self.claims.df_by_term or self.coefficients) != len(self.coefficients):
                raise ValueError("claims.df_by_term has not one number for each coefficient")
        return self

    def _require_knots(self) -> None:
        needed = 4 * len(self.predictors) if self.shape == "spline" else 0
        if len(self.knots) != needed:
            raise ValueError(f"knots has {len(self.knots)} numbers; expected {needed}")
        if needed and (np.diff(np.reshape(self.knots, (-1, 4)), axis=1) <= 0).any():
            raise ValueError(f"knots do not ascend: {shortened(str(self.knots), SHOWN)}")

    def _require_terms(self) -> None:
        for name, known in self.labels.items():
            if name not in self.covariates:
                raise ValueError(f"labels has {name!r}, which is no covariate")
            if not known:
                raise ValueError(f"labels.{name} is empty")
            _require_distinct(f"labels.{name}", known)
        names = terms_as_written(
            self.predictors, self.shape, self.covariates, self.labels, self.coefficients
        )
        _require_distinct("coefficients", names)
        for where, given in (("coefficients", list(self.coefficients)), ("terms", self.terms)):
            if given is None:
                continue
            _require_distinct(where, given)
            if missing := [name for name in names if name not in given]:
                raise ValueError(f"{where} lacks {', '.join(map(repr, missing))}")
            if unknown := [name for name in given if name not in names]:
                told = ", ".join(repr(shortened(name, SHOWN)) for name in unknown)
                raise ValueError(f"{where} has {told}, which this line cannot have")


class _Lines(_Part):
    """Lines by level."""

    occasion: _Line | None = None
    person: _Line | None = None
    window: Annotated[list[_Line], Field(max_length=MOST_LINES)] | None = None
    window_frozen: _Line | None = None
    phase: Annotated[dict[Text, _Line], Field(max_length=MOST_LINES)] | None = None

    @model_validator(mode="after")
    def _at_their_level(self) -> Self:
        placed: list[tuple[str, str, _Line | None]] = [
            ("occasion", "occasion", self.occasion),
            ("person", "person", self.person),
            ("window_frozen", "window", self.window_frozen),
            *((f"window.{place}", "window", one) for place, one in enumerate(self.window or ())),
            *((f"phase.{label}", "phase", one) for label, one in (self.phase or {}).items()),
        ]
        for where, level, line in placed:
            if line is not None and line.level != level:
                raise ValueError(f"{where}.level is {line.level!r}; expected {level!r}")
            if line is not None and level in ("occasion", "person") and line.residual_sd == 0:
                raise ValueError(f"{where}.residual_sd is 0: there is nothing to measure SR by")
        numbers = [str(line.window) for line in self.window or ()]
        _require_distinct("window", numbers)
        return self


class _Scoring(_Part):
    model_config = ConfigDict(extra="allow")

    P: dict[str, Any] | None
    E: dict[str, Any]


class _File(_Part):
    """The file, its format aside."""

    scoring: _Scoring
    primary: Literal["person", "occasion", "window", "mixed"]
    lines: _Lines


def damage_of(content: Any) -> str:
    """Say what is wrong with the content of a `norm.json`: the key, and what was found there.

    Returns
    -------
    str
        Empty where it can be used.
    """
    return _damage(_File, content)


def damage_of_line(content: Any) -> str:
    """Say what is wrong with one line's plain data; empty where it can be used."""
    return _damage(_Line, content)


def terms_as_written(
    predictors: Sequence[str],
    shape: Shape,
    covariates: Sequence[str],
    labels: Mapping[str, Sequence[str]],
    given: Iterable[str],
) -> tuple[str, ...]:
    """Terms of a line as files have them, in the order of its matrices: exposure's, then others.

    A category whose labels are not told has those of `given` that name it, in alphabetical order.
    """
    names = list(terms_of(tuple(predictors), shape))
    for name in covariates:
        told, mark = told_term(covariate_column(name)), told_term(covariate_term(name, ""))
        if name in labels:
            names += [f"{mark}{label}" for label in labels[name][1:]]
        elif told in given:
            names.append(told)
        else:
            names += sorted(term for term in given if term.startswith(mark))
    return tuple(names)


def _require_distinct(where: str, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{where} has {shortened(repr(twice[0]), SHOWN)} twice")


def _require_covariance(where: str, rows: Sequence[Sequence[float | None]], size: int) -> None:
    """A covariance is square, symmetric and positive semi-definite where it is known."""
    if len(rows) != size or any(len(row) != size for row in rows):
        widths = sorted({len(row) for row in rows})
        found = f"{len(rows)} rows of {', '.join(map(str, widths)) or 'no'} numbers"
        raise ValueError(f"{where} has {found} for {size} coefficients")
    matrix = np.array(rows, dtype=float)
    known = np.isfinite(np.diag(matrix))
    told = np.isfinite(matrix)
    if (told != (known[:, None] & known)).any():
        raise ValueError(f"{where} has null in some places of a coefficient and not in others")
    matrix = matrix[np.ix_(known, known)]
    variances = np.diag(matrix)
    least = SLACK**2 * float(variances.max(initial=0.0))
    if (variances < -least).any():
        raise ValueError(f"{where} has the negative variance {variances.min():.4g}")
    errors = np.sqrt(np.clip(variances, 0.0, None))
    if (np.abs(matrix - matrix.T) > SLACK * np.outer(errors, errors) + least).any():
        raise ValueError(f"{where} is not symmetric")
    scale = np.where(errors > 0, errors, 1.0)
    scaled = matrix / np.outer(scale, scale)
    lowest = float(np.linalg.eigvalsh(scaled).min()) if scaled.size else 0.0
    if lowest < -INDEFINITE * max(1, size):
        raise ValueError(f"{where} is not the covariance of anything (eigenvalue {lowest:.3g})")


def _damage(model: type[BaseModel], content: Any) -> str:
    try:
        model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        return _in_words(".".join(str(part) for part in first["loc"]), first)
    return ""


def _in_words(key: str, error: ErrorDetails) -> str:
    """Name the key and what was found there."""
    key = shortened(key, 2 * SHOWN) or "it"
    if error["type"] == "value_error":
        told = error["msg"].removeprefix("Value error, ")
        return told if key == "it" else f"{key}.{told}"
    if error["type"] == "missing":
        return f"{key} is missing"
    expected = error["msg"].removeprefix("Input should be ")
    return f"{key} is {_shown(error['input'])}; expected {expected}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"an object of {len(value)} keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        return "a number too large"
    in_json = {None: "null", True: "true", False: "false"}
    written = in_json[value] if value is None or isinstance(value, bool) else repr(value)
    return shortened(written, SHOWN)
