"""Kernels give the same numbers as plain Python, so that what is compiled is what is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np

FITS = """
import json
import numpy as np
from salutogen.models import ChainedImputation, ContinuousAR1, ContinuousTime, GrowthMixture
from salutogen.models import GraphicalLasso, LongitudinalKMeans, MixedModel

generator = np.random.default_rng(5)
n, t = 24, np.arange(4.0)
kind = np.arange(n) % 2
wide = 3.0 * kind[:, None] + (1 - 2 * kind[:, None]) * 0.5 * t
wide = wide + generator.normal(size=(n, 1)) + 0.5 * generator.normal(size=(n, 4))
frame = {
    "id": np.repeat(np.arange(n), 4),
    "site": np.repeat(np.arange(n) // 6, 4),
    "t": np.tile(t, n),
    "half": np.tile(t // 2, n),
    "y": wide.ravel(),
}
told = []
for formula, residual in [
    ("y ~ t + (1 | id)", None),
    ("y ~ t + (1 + t | id)", None),
    ("y ~ t + (1 | id) + (1 | site)", None),
    ("y ~ t + (1 | id)", ContinuousAR1("t")),
    ("y ~ t + (1 | id)", ContinuousAR1("t", within="half")),
]:
    more = {} if residual is None else {"residual": residual}
    fit = MixedModel(formula, **more).fit(frame)
    told += [fit.log_likelihood, *fit.coefficients]
mixture = GrowthMixture("y ~ t + (1 | id)", classes=2, starts=3).fit(frame)
told += [mixture.log_likelihood, *mixture.shares]
for distance in ("gower", "frechet"):
    found = LongitudinalKMeans(classes=[2], starts=3, distance=distance).fit(wide)
    told += [float(label) for label in found.labels]
network = GraphicalLasso(n_penalties=5).fit(wide)
told += [network.penalty, *network.estimates.values()]
wide[::3, 1] = wide[1::4, 3] = np.nan
for method in ("norm", "pmm"):
    told += ChainedImputation(method=method, imputations=2).fit(wide).imputed.ravel().tolist()
flow = ContinuousTime(
    processes="y", person="id", time="t", random_means=False, factors={"y<-y": "site"}
).fit(frame)
told += [flow.log_likelihood, *flow.coefficients]
print(json.dumps(told))
"""


def test_kernels_run_uncompiled_to_the_same_numbers():
    told = []
    for disabled in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", FITS],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
        )
        told.append(json.loads(done.stdout))
    np.testing.assert_allclose(told[1], told[0], rtol=1e-6, atol=1e-8)
