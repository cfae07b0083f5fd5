"""Every analysis that a study file can name: built in, or from other packages."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from salutogen.analyses.contract import Analysis, AnalysisSettings
from salutogen.findings import Finding, finding, unread_codes

GROUP = "salutogen.analyses"
# Places in `results.json` that are not an analysis's.
OWN_PLACES = {
    "format", "title", "sign", "seed", "panel", "scores", "norm", "resilience", "steps", "findings",
}  # fmt: skip

# In the order of the page. Those on by default come before what the study file asks for.
BUILT_IN = (
    Analysis(
        name="windows",
        title="Windows: frozen against refitted",
        settings="salutogen.analyses.windows.settings:WindowsSettings",
        compute="salutogen.analyses.windows.analysis:compute",
        result="salutogen.analyses.windows.analysis:WindowsResult",
        default=True,
        results_at={
            "windows": "resilience.windows",
            "change": "resilience.change_over_windows",
        },
    ),
    Analysis(
        name="concordance",
        title="Concordance of variants",
        settings="salutogen.analyses.concordance.settings:ConcordanceSettings",
        compute="salutogen.analyses.concordance.analysis:compute",
        result="salutogen.analyses.concordance.analysis:ConcordanceResult",
        default=True,
        results_at={"": "resilience.variants"},
    ),
    Analysis(
        name="sensitivity",
        title="Sensitivity bands",
        settings="salutogen.analyses.sensitivity.settings:SensitivitySettings",
        compute="salutogen.analyses.sensitivity.analysis:compute",
        result="salutogen.analyses.sensitivity.analysis:SensitivityResult",
        needs=("outliers",),
        default=True,
        results_at={"": "resilience.sensitivity"},
    ),
    Analysis(
        name="quality",
        title="Reliability and quality of exposure",
        settings="salutogen.analyses.quality.settings:QualitySettings",
        compute="salutogen.analyses.quality.analysis:compute",
        result="salutogen.analyses.quality.analysis:QualityResult",
        default=True,
        results_at={
            "intervals": "resilience.intervals",
            "leavers": "resilience.leavers",
            "problems": "scores.problems",
            "covered": "scores.time_covered",
            "between_within": "scores.between_within",
        },
    ),
    Analysis(
        name="outliers",
        title="Outliers",
        settings="salutogen.analyses.outliers.settings:OutliersSettings",
        compute="salutogen.analyses.outliers.analysis:compute",
        result="salutogen.analyses.outliers.analysis:OutliersResult",
        default=True,
    ),
    Analysis(
        name="trajectories",
        title="Trajectories locked to events",
        settings="salutogen.analyses.trajectories.settings:TrajectorySettings",
        compute="salutogen.analyses.trajectories.analysis:compute",
        result="salutogen.analyses.trajectories.analysis:Trajectories",
        results_at={"": "trajectories"},
        fits_classes=True,
    ),
    Analysis(
        name="centiles",
        title="Centiles at equal exposure",
        settings="salutogen.analyses.centiles.settings:CentilesSettings",
        compute="salutogen.analyses.centiles.analysis:compute",
        result="salutogen.analyses.centiles.analysis:CentilesResult",
    ),
    Analysis(
        name="domains",
        title="Resilience by domain",
        settings="salutogen.analyses.domains.settings:DomainsSettings",
        compute="salutogen.analyses.domains.analysis:compute",
        result="salutogen.analyses.domains.analysis:DomainsResult",
    ),
    Analysis(
        name="baseline-adjusted",
        title="Problems given a baseline before exposure",
        settings="salutogen.analyses.baseline_adjusted.settings:BaselineAdjustedSettings",
        compute="salutogen.analyses.baseline_adjusted.analysis:compute",
        result="salutogen.analyses.baseline_adjusted.analysis:BaselineAdjustedResult",
    ),
    Analysis(
        name="change-on-baseline",
        title="Change on baseline, without regression to the mean",
        settings="salutogen.analyses.change_on_baseline.settings:ChangeOnBaselineSettings",
        compute="salutogen.analyses.change_on_baseline.analysis:compute",
        result="salutogen.analyses.change_on_baseline.analysis:ChangeOnBaselineResult",
    ),
    Analysis(
        name="growth",
        title="Growth above the baseline",
        settings="salutogen.analyses.growth.settings:GrowthSettings",
        compute="salutogen.analyses.growth.analysis:compute",
        result="salutogen.analyses.growth.analysis:GrowthResult",
    ),
    Analysis(
        name="change",
        title="What comes first",
        settings="salutogen.analyses.change.settings:ChangeSettings",
        compute="salutogen.analyses.change.analysis:compute",
        result="salutogen.analyses.change.analysis:ChangeResult",
    ),
    Analysis(
        name="continuous-time",
        title="What would a standard stressor do",
        settings="salutogen.analyses.continuous_time.settings:ContinuousTimeSettings",
        compute="salutogen.analyses.continuous_time.analysis:compute",
        result="salutogen.analyses.continuous_time.analysis:ContinuousTimeResult",
        waits_for=("change",),
    ),
    Analysis(
        name="invariance",
        title="Do the items mean the same",
        settings="salutogen.analyses.invariance.settings:InvarianceSettings",
        compute="salutogen.analyses.invariance.analysis:compute",
        result="salutogen.analyses.invariance.analysis:ItemInvariance",
    ),
    Analysis(
        name="event-weights",
        title="Empirical event weights",
        settings="salutogen.analyses.event_weights.settings:EventWeightsSettings",
        compute="salutogen.analyses.event_weights.analysis:compute",
        result="salutogen.analyses.event_weights.analysis:EventWeightsResult",
    ),
    Analysis(
        name="mechanism",
        title="Through what? A mechanism",
        settings="salutogen.analyses.mechanism.settings:MechanismSettings",
        compute="salutogen.analyses.mechanism.analysis:compute",
        result="salutogen.analyses.mechanism.analysis:MechanismResult",
    ),
    Analysis(
        name="factors",
        title="Which factors protect",
        settings="salutogen.analyses.factors.settings:FactorsSettings",
        compute="salutogen.analyses.factors.analysis:compute",
        result="salutogen.analyses.factors.analysis:FactorsResult",
    ),
    Analysis(
        name="adherence",
        title="Adherence to momentary prompts",
        settings="salutogen.analyses.adherence.settings:AdherenceSettings",
        compute="salutogen.analyses.adherence.analysis:compute",
        result="salutogen.analyses.adherence.analysis:AdherenceResult",
    ),
    Analysis(
        name="reactivity",
        title="Reactivity to momentary stressors",
        settings="salutogen.analyses.reactivity.settings:ReactivitySettings",
        compute="salutogen.analyses.reactivity.analysis:compute",
        result="salutogen.analyses.reactivity.analysis:ReactivityResult",
    ),
    Analysis(
        name="recovery",
        title="How do people recover from a stressor",
        settings="salutogen.analyses.recovery.settings:RecoverySettings",
        compute="salutogen.analyses.recovery.analysis:compute",
        result="salutogen.analyses.recovery.analysis:RecoveryResult",
    ),
    Analysis(
        name="early-warning",
        title="Do early-warning indicators rise",
        settings="salutogen.analyses.early_warning.settings:EarlyWarningSettings",
        compute="salutogen.analyses.early_warning.analysis:compute",
        result="salutogen.analyses.early_warning.analysis:EarlyWarningResult",
    ),
    Analysis(
        name="network",
        title="Networks of momentary answers",
        settings="salutogen.analyses.network.settings:NetworkSettings",
        compute="salutogen.analyses.network.analysis:compute",
        result="salutogen.analyses.network.analysis:NetworkResult",
    ),
    Analysis(
        name="attrition",
        title="Who was lost",
        settings="salutogen.analyses.attrition.settings:AttritionSettings",
        compute="salutogen.analyses.attrition.analysis:compute",
        result="salutogen.analyses.attrition.analysis:AttritionResult",
        waits_for=("windows", "factors", "mechanism"),
    ),
    Analysis(
        name="incremental-validity",
        title="What SR adds to problems and exposure",
        settings="salutogen.analyses.incremental_validity.settings:IncrementalValiditySettings",
        compute="salutogen.analyses.incremental_validity.analysis:compute",
        result="salutogen.analyses.incremental_validity.analysis:IncrementalValidityResult",
    ),
)


def available() -> dict[str, Analysis]:
    """Return every analysis by name, built-in ones first."""
    return dict(_registered()[0])


def not_loaded() -> dict[str, Finding]:
    """Return what other packages register that cannot be used, by name, with the reason."""
    return dict(_registered()[1])


def registration_findings() -> tuple[Finding, ...]:
    """Findings about what other packages register."""
    codes = (finding("finding-codes-not-loaded", name=name) for name in unread_codes())
    return (*not_loaded().values(), *codes)


@cache
def _registered() -> tuple[dict[str, Analysis], dict[str, Finding]]:
    found = {item.name: item for item in BUILT_IN}
    refused: dict[str, Finding] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda item: (item.name, item.value)):
        loaded = _loaded(entry, found)
        if isinstance(loaded, Finding):
            refused[entry.name] = loaded
        else:
            found[entry.name] = loaded
    return found, refused


def _meet(place: str, other: str) -> bool:
    """Whether two dotted places are the same, or one lies within the other."""
    return f"{place}.".startswith(f"{other}.") or f"{other}.".startswith(f"{place}.")


def _loaded(entry: EntryPoint, known: dict[str, Analysis]) -> Analysis | Finding:
    """Load what another package registers, as far as every command needs it, or say why not."""
    code, name = "analysis-not-loaded", entry.name
    try:
        analysis = entry.load()
    except (Exception, SystemExit) as error:
        return finding(code, variant="load", name=name, error=type(error).__name__)
    if not isinstance(analysis, Analysis):
        return finding(code, variant="kind", name=name)
    if name in known or analysis.name != name:
        return finding(code, variant="name", name=name)
    taken = {place for item in known.values() for place in item.results_at.values()} | OWN_PLACES
    if any(_meet(place, other) for place in analysis.results_at.values() for other in taken):
        return finding(code, variant="place", name=name)
    try:
        model = analysis.settings_model()
        if not issubclass(model, AnalysisSettings):
            raise TypeError
        if analysis.default:
            model()
    except (Exception, SystemExit) as error:
        return finding(code, variant="settings", name=name, error=type(error).__name__)
    return analysis
