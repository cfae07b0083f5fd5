"""What error in exposure and reports by mood may make of each factor's correlation with SR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.later import Later
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.sensitivity.assumptions import Assumptions
from salutogen.analyses.sensitivity.exposure_bands import Band, factor_band
from salutogen.analyses.sensitivity.person_bands import plausible_reliability
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.models.parallel.executors import run_each
from salutogen.resilience.between_within import scored_arrays
from salutogen.resilience.person_means import reliability_of_person_means
from salutogen.resilience.reliability import exposure_reliability

Float = NDArray[np.float64]
BAND_DRAWS = 500


def error_bands(
    inputs: AnalysisInputs, factors: Sequence[Factor], later: Later
) -> dict[str, ErrorBand]:
    """Bands of correlations with SR over errors of exposure and mood, straight lines only."""
    if later.terms.shape[1] != 2 or later.exposure.sum() != 1:
        return {}
    scored = scored_arrays(inputs.resilience.occasions, inputs.scores.persons.height)
    one = exposure_reliability(inputs.scores)
    means = reliability_of_person_means(one, scored.E, scored.person)
    plain = Assumptions(draws=BAND_DRAWS, seed=inputs.run.seed)
    reliability, given = plausible_reliability(one, means, plain.reliability)
    assumptions = replace(plain, reliability=reliability)
    task = _Banded(P=later.P, E=later.E, assumptions=assumptions)
    with inputs.run.cluster() as executor:
        bands = run_each(task.of, [factor.values for factor in factors], executor=executor)
    return {
        factor.name: ErrorBand.of(
            band, assumptions, given=given, reliability_of="persons' mean exposure"
        )
        for factor, band in zip(factors, bands, strict=True)
    }


@dataclass(frozen=True, kw_only=True)
class _Banded:
    """Later problems and exposure of persons; can be sent to another process."""

    P: Float
    E: Float
    assumptions: Assumptions

    def of(self, values: Float) -> Band:
        """Return the band of one factor."""
        return factor_band(self.P, self.E, values, self.assumptions)
