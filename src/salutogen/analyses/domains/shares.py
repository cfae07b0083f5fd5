"""Shares of persons below the line by domain and in all, with what unrelated domains would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.domains.scored import (
    DomainScores,
    between_variance,
    chance_profile,
    clearly_below,
    lines,
    product,
    standard_errors,
)
from salutogen.columns import Column, Kind
from salutogen.models.resampling.bootstrap import percentile_interval

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
STREAM = 0xD0A
BELOW, CLEAR = "below the line", "clearly below the line"


def _share(name: str, meaning: str, heading: str) -> Column:
    return Column(name=name, meaning=meaning, heading=heading, unit="share", kind=Kind.SHARE,
                  n="n")  # fmt: skip


CRITERION = Column(
    name="criterion",
    meaning="SR below the line, or so by the false-discovery rate of 5 % over persons and domains",
    heading="Who counts",
    kind=Kind.LABEL,
)
PERSONS = Column(
    name="n", meaning="Persons with every domain", unit="persons", heading="Persons",
    kind=Kind.COUNT,
)  # fmt: skip
DOMAIN_COLUMNS = (
    Column(name="domain", meaning="Domain", heading="Domain", kind=Kind.LABEL),
    CRITERION,
    PERSONS,
    Column(
        name="n_below", meaning="Persons who count", unit="persons", heading="Who count",
        kind=Kind.COUNT, of="n",
    ),
    _share("share", "Their share", "Share"),
    _share("low", "Lower end of its 95 % interval", "from"),
    _share("high", "Upper end of its 95 % interval", "to"),
    Column(name="r_E", meaning="Correlation of the domain with E", heading="r with E"),
    Column(
        name="reliability",
        meaning="Share of the variance of SR that is between persons' levels",
        heading="Reliability of a person's SR",
    ),
    Column(
        name="between_low", meaning="Lower end of the 95 % interval of the variance of levels",
        heading="Variance of levels, from",
    ),
)  # fmt: skip
JOINT_COLUMNS = (
    CRITERION,
    PERSONS,
    Column(
        name="n_all", meaning="Persons who count in every domain", unit="persons",
        heading="In all", kind=Kind.COUNT, of="n",
    ),
    _share("share_all", "Their share; at most the smallest share of a domain", "Share in all"),
    _share("all_low", "Lower end of its 95 % interval", "from"),
    _share("all_high", "Upper end of its 95 % interval", "to"),
    _share("chance_all", "Share in all if domains were unrelated", "In all, unrelated domains"),
    _share("beyond", "Share in all less that of unrelated domains", "Beyond chance"),
    _share("beyond_low", "Lower end of its 95 % interval", "from"),
    _share("beyond_high", "Upper end of its 95 % interval", "to"),
    _share("smallest", "Smallest share of a domain: the most there can be", "Smallest share"),
    Column(
        name="n_any", meaning="Persons who count in at least one domain", unit="persons",
        heading="In any", kind=Kind.COUNT, of="n",
    ),
    _share("share_any", "Their share", "Share in any"),
    _share("chance_any", "Share in any if domains were unrelated", "In any, unrelated domains"),
)  # fmt: skip
PROFILE_COLUMNS = (
    Column(name="domains", meaning="Domains below the line", heading="Domains below the line",
           kind=Kind.LABEL),
    Column(name="persons", meaning="Persons", unit="persons", heading="Persons", kind=Kind.COUNT,
           adds_up=1),
    _share("share", "Their share", "Share"),
    _share("low", "Lower end of its 95 % interval", "from"),
    _share("high", "Upper end of its 95 % interval", "to"),
    _share("chance", "Share if domains were unrelated", "Share, unrelated domains"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Shares:
    """Tables of shares, and who counts; arrays are (persons, domains)."""

    domains: pl.DataFrame
    joint: pl.DataFrame
    profile: pl.DataFrame
    below: Bool
    clear: Bool
    told: tuple[bool, ...]


def shares_of(
    scores: DomainScores, names: list[str], *, limit: float, draws: int, seed: int
) -> Shares:
    """Count who lies below the line by domain and in all, with intervals over persons.

    The lines are fitted anew to each draw. Nobody counts as clearly below in a domain whose
    persons' levels do not differ: where the interval of their variance holds 0.
    """
    n, p = scores.X.shape
    own = between_variance(scores.SR, scores.variance, np.ones(n), p)
    variances = np.array(
        [
            between_variance(SR, scores.variance, times, p)
            for SR, times in _draws(scores, draws, seed)
        ]
    )
    lowest = np.where(
        np.isfinite(own), np.nan_to_num(percentile_interval(np.nan_to_num(variances))[0]), -np.inf
    )
    told = lowest > 0
    error = np.where(told, standard_errors(scores), np.nan)
    below, clear = _called(scores.SR, error, limit, np.ones(n), p)
    drawn: dict[str, list[Float]] = {BELOW: [], CLEAR: []}
    for SR, times in _draws(scores, draws, seed):
        for name, called in zip(drawn, _called(SR, error, limit, times, p), strict=True):
            drawn[name].append(_figures(called, times))
    total = (scores.SR**2).sum(axis=0) / (n - p)
    extra = {
        "r_E": [_pearson(scores.persons["E"].to_numpy(), one) for one in scores.means.T],
        "reliability": [None if not np.isfinite(v) else float(max(v, 0.0)) for v in own / total],
        "between_low": [None if not np.isfinite(v) else float(v) for v in lowest],
    }
    both = {BELOW: below, CLEAR: clear}
    ends = {name: percentile_interval(np.array(found)) for name, found in drawn.items()}
    return Shares(
        domains=_by_domain(names, both, ends, extra),
        joint=_joint(both, ends),
        profile=_profile(below, ends[BELOW]),
        below=below,
        clear=clear,
        told=tuple(bool(one) for one in told),
    )


def _draws(scores: DomainScores, draws: int, seed: int) -> Iterator[tuple[Float, Float]]:
    """SR by the lines of each draw of persons, and how often each person was drawn."""
    generator = np.random.default_rng([seed, STREAM])
    n = len(scores.X)
    for _ in range(draws):
        times = np.bincount(generator.integers(0, n, n), minlength=n).astype(float)
        yield scores.means - product(scores.X, lines(scores.X, scores.means, times)), times


def _called(SR: Float, error: Float, limit: float, times: Float, p: int) -> tuple[Bool, Bool]:
    sd = np.sqrt((times[:, None] * SR**2).sum(axis=0) / (times.sum() - 1))
    rows = np.repeat(np.arange(len(SR)), times.astype(int))  # a person drawn twice counts twice
    clear = np.zeros(SR.shape, dtype=bool)
    clear[rows] = clearly_below((SR / error)[rows])
    return -limit * sd > SR, clear


def _figures(called: Bool, times: Float) -> Float:
    """Shares by domain, in all, less chance, and of 0, 1, ... domains."""
    weight = times / times.sum()
    by_domain = (weight[:, None] * called).sum(axis=0)
    every = float((weight * called.all(axis=1)).sum())
    count = np.bincount(called.sum(axis=1), weight, minlength=called.shape[1] + 1)
    return np.array([*by_domain, every, every - float(np.prod(by_domain)), *count])


def _by_domain(
    names: list[str],
    both: dict[str, Bool],
    ends: dict[str, Float],
    extra: dict[str, list[float | None]],
) -> pl.DataFrame:
    rows = []
    for criterion, called in both.items():
        low, high = ends[criterion]
        for place, name in enumerate(names):
            rows.append(
                {
                    "domain": name,
                    "criterion": criterion,
                    "n": len(called),
                    "n_below": int(called[:, place].sum()),
                    "share": float(called[:, place].mean()),
                    "low": float(low[place]),
                    "high": float(high[place]),
                    **{key: values[place] for key, values in extra.items()},
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def _joint(both: dict[str, Bool], ends: dict[str, Float]) -> pl.DataFrame:
    rows = []
    for criterion, called in both.items():
        k = called.shape[1]
        low, high = ends[criterion]
        by_domain = called.mean(axis=0)
        every, some = called.all(axis=1), called.any(axis=1)
        chance = float(np.prod(by_domain))
        rows.append(
            {
                "criterion": criterion,
                "n": len(called),
                "n_all": int(every.sum()),
                "share_all": float(every.mean()),
                "all_low": float(low[k]),
                "all_high": float(high[k]),
                "chance_all": chance,
                "beyond": float(every.mean()) - chance,
                "beyond_low": float(low[k + 1]),
                "beyond_high": float(high[k + 1]),
                "smallest": float(by_domain.min()),
                "n_any": int(some.sum()),
                "share_any": float(some.mean()),
                "chance_any": 1 - float(np.prod(1 - by_domain)),
            }
        )
    return pl.DataFrame(rows)


def _profile(below: Bool, ends: Float) -> pl.DataFrame:
    k = below.shape[1]
    count = np.bincount(below.sum(axis=1), minlength=k + 1)
    low, high = ends[:, k + 2 :]
    return pl.DataFrame(
        {
            "domains": [f"{number} of {k}" for number in range(k + 1)],
            "persons": count,
            "share": count / len(below),
            "low": low,
            "high": high,
            "chance": chance_profile(below.mean(axis=0)),
        }
    )


def _pearson(x: Float, y: Float) -> float | None:
    from salutogen.models.descriptive import pearson

    return pearson(x, y)
