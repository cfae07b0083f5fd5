"""The same scores and lines, written directly with pandas and statsmodels.

    python benchmarks/peer_pandas.py ANSWERS.parquet

Prints one JSON object: seconds by part, and the estimates.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf


def prorated(items: pd.DataFrame, share: float = 0.8) -> pd.Series:
    """Sum of problem items from at least 80 % answered ones."""
    enough = items.notna().mean(axis=1) >= share
    return (items.mean(axis=1) * items.shape[1]).where(enough)


def checklist(items: pd.DataFrame, share: float = 0.2) -> pd.Series:
    """Sum of a checklist; missing where more than 20 % were skipped."""
    return items.sum(axis=1).where(items.isna().mean(axis=1) <= share)


def main() -> None:
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    answers = pd.read_parquet(Path(sys.argv[1]))
    table = answers[["subject", "occasion"]].copy()
    table["P"] = prorated(answers.filter(regex="^P_"))
    table["E"] = checklist(answers.filter(regex="^G_")) + checklist(answers.filter(regex="^S_"))
    table = table.dropna()
    seconds["read and score"] = time.perf_counter() - begun

    begun = time.perf_counter()
    persons = table.groupby("subject")[["P", "E"]].mean()
    person = smf.ols("P ~ E", persons).fit()
    codes = pd.factorize(table["subject"])[0]
    pooled = smf.ols("P ~ E", table).fit(cov_type="cluster", cov_kwds={"groups": codes})
    seconds["lines"] = time.perf_counter() - begun

    begun = time.perf_counter()
    z = table.assign(
        zP=(table["P"] - table["P"].mean()) / table["P"].std(),
        zE=(table["E"] - table["E"].mean()) / table["E"].std(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mixed = smf.mixedlm("zP ~ zE", z, groups=z["subject"], re_formula="~zE").fit(reml=True)
    seconds["mixed model"] = time.perf_counter() - begun
    estimates = {
        "person": person.params.tolist(),
        "pooled": pooled.params.tolist(),
        "pooled_se": pooled.bse.tolist(),
        "mixed": mixed.fe_params.tolist(),
        "mixed_residual_sd": float(np.sqrt(mixed.scale)),
    }
    print(json.dumps({"seconds": seconds, "estimates": estimates, "rows": len(table)}))


if __name__ == "__main__":
    main()
