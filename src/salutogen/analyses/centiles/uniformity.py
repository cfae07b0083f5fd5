"""Whether centiles are spread evenly at every exposure: what a norm of this kind has to show."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.columns import Column, Kind

Float = NDArray[np.float64]
PER_GROUP = 20  # persons of a group of exposure: five expected in each quarter of the centiles
MOST_GROUPS = 10
CLASSES = 4
SCORES = {"centile": "SD changes with exposure", "equal": "one SD for all (plain SR)"}
GROUP_COLUMNS = (
    Column(name="score", meaning="Which centile", heading="Centile", kind=Kind.LABEL),
    Column(
        name="group", meaning="Group of equal size, from the least exposed", heading="Group of E",
        kind=Kind.LABEL,
    ),
    Column(name="n", meaning="Persons", unit="persons", heading="Persons", kind=Kind.COUNT,
           adds_up=1),
    Column(name="mean_E", meaning="Mean exposure of the group", unit="units of E",
           heading="Mean E"),
    Column(name="mean_centile", meaning="Mean centile; 50 where it is right",
           heading="Mean centile"),
    Column(name="sd_centile", meaning="SD of the centiles; 28.9 where they are spread evenly",
           heading="SD of centiles"),
    Column(name="D", meaning="Largest distance from an even spread (Kolmogorov-Smirnov)",
           heading="D", step=0.05),
    Column(name="p", meaning="p value of D", heading="p", step=0.05),
)  # fmt: skip
TEST_COLUMNS = (
    GROUP_COLUMNS[0],
    Column(name="groups", meaning="Groups of exposure", heading="Groups", kind=Kind.LABEL),
    Column(
        name="chi_square",
        meaning="Groups of exposure by quarters of the centile, against the same quarters in each",
        heading="Chi-square",
    ),
    Column(name="df", meaning="Degrees of freedom", heading="df"),
    Column(name="p", meaning="p value", heading="p"),
)


def groups_of(E: Float) -> NDArray[np.int64]:
    """Groups of equal size by exposure: tenths, or fewer where they would hold under 20 persons."""
    groups = int(np.clip(len(E) // PER_GROUP, 2, MOST_GROUPS))
    order = np.argsort(E, kind="stable")
    found = np.empty(len(E), dtype=np.int64)
    found[order] = np.arange(len(E)) * groups // len(E)
    for place in range(1, len(E)):  # equal exposures lie in one group
        if E[order[place]] == E[order[place - 1]]:
            found[order[place]] = found[order[place - 1]]
    _, dense = np.unique(found, return_inverse=True)
    return np.asarray(dense, dtype=np.int64)


def by_group(centile: Float, E: Float, score: str) -> pl.DataFrame:
    """One row per group of exposure, columns `GROUP_COLUMNS`."""
    from scipy.stats import kstwo

    group = groups_of(E)
    rows = []
    for number in range(int(group.max()) + 1):
        own = np.sort(centile[group == number]) / 100
        n = len(own)
        steps = np.arange(n)
        D = float(max(np.max((steps + 1) / n - own), np.max(own - steps / n)))
        rows.append(
            {
                "score": SCORES[score],
                "group": number + 1,
                "n": n,
                "mean_E": float(np.mean(E[group == number])),
                "mean_centile": float(100 * np.mean(own)),
                "sd_centile": float(100 * np.std(own, ddof=1)) if n > 1 else None,
                "D": D,
                "p": float(kstwo.sf(D, n)),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def even_spread(centile: Float, E: Float, score: str) -> dict[str, object]:
    """Chi-square test of groups of exposure by quarters of the centile; row of `TEST_COLUMNS`.

    The lines were fitted to the same persons, so that the quarters hold as many in all by
    construction: the degrees of freedom are those of a table with both margins given.
    """
    from scipy.special import chdtrc

    group = groups_of(E)
    groups = int(group.max()) + 1
    quarter = np.minimum((centile / 100 * CLASSES).astype(np.int64), CLASSES - 1)
    counts = np.zeros((groups, CLASSES))
    np.add.at(counts, (group, quarter), 1)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    used = expected > 0
    value = float(np.sum((counts - expected)[used] ** 2 / expected[used]))
    df = (groups - 1) * (int((counts.sum(axis=0) > 0).sum()) - 1)
    p = float(chdtrc(df, value)) if df > 0 else None
    return {"score": SCORES[score], "groups": groups, "chi_square": value, "df": df, "p": p}
