"""The same line in other units: raw points to z scores. SR stays the same but for its unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salutogen.errors import NormError
from salutogen.findings import finding
from salutogen.norm.norm import Line


def in_z_units(line: Line, *, mean_P: float, sd_P: float, mean_E: float, sd_E: float) -> Line:
    """Rewrite a straight or quadratic line of E for standardised P and E.

    SR of the rewritten line times `sd_P` is SR of the line. Its possible range is rewritten too,
    so that raw values are refused by it, as z values are by the raw line.

    Raises
    ------
    NormError
        The line is a spline, has several predictors, covariates or a composite (z already).
    """
    if line.shape == "spline" or line.predictors != ("E",) or line.covariates or line.standardiser:
        text = "Only straight and quadratic lines of one plain E can be rewritten for z scores."
        raise NormError([finding("units-differ", text)])
    powers = 3 if "E^2" in line.terms else 2
    mapping = np.array([[1.0, mean_E, mean_E**2], [0.0, sd_E, 2 * mean_E * sd_E], [0, 0, sd_E**2]])
    mapping = mapping[:powers, :powers] / sd_P
    raw = np.asarray(line.coefficients)
    coefficients = (mapping * raw[None, :]).sum(axis=1)
    coefficients[0] -= mean_P / sd_P
    moments = {"P": (mean_P, sd_P), "E": (mean_E, sd_E)}
    return replace(
        line,
        coefficients=tuple(float(value) for value in coefficients),
        covariance=np.einsum("ia,ab,jb->ij", mapping, line.covariance, mapping),
        residual_sd=line.residual_sd / sd_P,
        exposure_range=(
            (line.exposure_range[0] - mean_E) / sd_E,
            (line.exposure_range[1] - mean_E) / sd_E,
        ),
        units={name: f"z (mean {mean:.10g}, SD {sd:.10g})" for name, (mean, sd) in moments.items()},
        possible={
            name: (
                (low - moments[name][0]) / moments[name][1],
                (high - moments[name][0]) / moments[name][1],
            )
            for name, (low, high) in line.possible.items()
            if name in moments
        },
    )
