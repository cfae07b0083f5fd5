"""The model at its top, and what stops the analysis or makes it doubtful."""

from __future__ import annotations

import warnings

import numpy as np

from salutogen.analyses.coded_names import in_names
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings
from salutogen.analyses.continuous_time.variables import PERSON, TIME, FlowData
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings
from salutogen.models import ContinuousTime, ContinuousTimeFit, ConvergenceWarning
from salutogen.page.words import without_counts

# Parameters as the model calls them, and words for what they are.
_PARAMETERS = (
    (r"\bvar[(](v\d+)[)]", r"variance of levels of \1"),
    (r"\bcov[(](v\d+),(v\d+)[)]", r"covariance of levels of \1 and \2"),
    (r"\bfirst_var[(](v\d+)[)]", r"variance of \1 at the first visit"),
    (r"\bfirst_cov[(](v\d+),(v\d+)[)]", r"covariance of \1 and \2 at the first visit"),
    (r"\bdiffusion[(](v\d+)[)]", r"variance of shocks of \1"),
    (r"\bdiffusion[(](v\d+),(v\d+)[)]", r"covariance of shocks of \1 and \2"),
    (r"\berror[(](v\d+)[)]", r"error of measurement of \1"),
)


def moderated_parameters(settings: ContinuousTimeSettings, data: FlowData) -> tuple[str, ...]:
    """Rates that may depend on factors: the return of the effect, and what the cause does to it."""
    cause, effect = data.codes[settings.stress_test.cause], data.codes[settings.stress_test.effect]
    return tuple(dict.fromkeys((f"{effect}<-{effect}", f"{effect}<-{cause}")))


def fit_flow(
    data: FlowData, settings: ContinuousTimeSettings, found: Findings
) -> ContinuousTimeFit:
    """Fit the model.

    Raises
    ------
    AnalysisError
        It cannot be fitted, does not settle, or has a drift that explodes.
    """
    factors: dict[str, tuple[str, ...]] = {}
    if data.factors:
        codes = tuple(data.codes[name] for name in data.factors)
        # Levels may differ by a factor as well: else its part of them would lie in the random ones.
        level = f"mean({data.codes[settings.stress_test.effect]})"
        factors = dict.fromkeys((*moderated_parameters(settings, data), level), codes)
    model = ContinuousTime(
        processes=tuple(data.codes[name] for name in data.processes),
        inputs=tuple(data.codes[name] for name in data.inputs),
        person=PERSON,
        time=TIME,
        measurement_error=tuple(data.codes[name] for name in settings.measurement_error),
        first=settings.first,
        factors=factors,
    )
    titles = {code: data.title(name) for name, code in data.codes.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # its message is a finding
            fit = model.fit(data.frame)
        if not fit.converged:
            raise ModelError(fit.messages[0])
    except ModelError as error:
        reason = without_counts(in_names(str(error), titles, _PARAMETERS))
        found.tell("continuous-time-not-fitted", reason=reason)
        raise AnalysisError(tuple(found)) from error
    if not (np.linalg.eigvals(fit.drift).real < 0).all():
        found.tell("continuous-time-explodes", names=[data.title(n) for n in data.processes])
        raise AnalysisError(tuple(found))
    for message in fit.messages:
        told = without_counts(in_names(message, titles, _PARAMETERS))
        found.tell("continuous-time-doubtful", message=told)
    return fit
