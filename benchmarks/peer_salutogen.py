"""The same parts with salutogen, in one process (arguments: STUDY DATA [SCORES.csv]).

Prints one JSON object: seconds by part, and the estimates. With a third argument the scores are
written there as CSV, for other programs.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import polars as pl

import salutogen as sg
from salutogen.models import MixedModel


def main() -> None:
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    study = sg.read_study(sys.argv[1])
    scores = sg.score(study.read(sys.argv[2]))
    seconds["read and score"] = time.perf_counter() - begun

    begun = time.perf_counter()
    norm = sg.fit_norm(scores)
    seconds["lines"] = time.perf_counter() - begun

    table = scores.valid.select("subject", "P", "E")
    z = table.with_columns(
        ((pl.col(name) - pl.col(name).mean()) / pl.col(name).std()).alias(f"z{name}")
        for name in ("P", "E")
    )
    begun = time.perf_counter()
    mixed = MixedModel("zP ~ zE + (1 + zE | subject)").fit(z, reml=True)
    seconds["mixed model"] = time.perf_counter() - begun
    estimates = {
        "person": list(norm.lines.person.coefficients),
        "pooled": list(norm.lines.occasion.coefficients),
        "pooled_se": np.sqrt(np.diag(norm.lines.occasion.covariance)).tolist(),
        "mixed": list(mixed.fixed_effects.values()),
        "mixed_residual_sd": mixed.residual_variance**0.5,
        "criterion": mixed.reml_criterion,
    }
    if len(sys.argv) > 3:
        table.write_csv(sys.argv[3])
    print(json.dumps({"seconds": seconds, "estimates": estimates, "rows": table.height}))


if __name__ == "__main__":
    main()
