"""Why there is no curve of return, or no half-life of one: the reason that applied, in words."""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve
from salutogen.findings import Finding, code_entry

WITHOUT_BEND = "recovery-without-bend"
REASONS = {
    "recovery-not-identified": "too few persons were seen at four or more occasions after it",
    "recovery-not-fitted": "the model could not be fitted",
}
NO_BEND = {
    "slow": "mean SR did not bend towards a level within what was seen",
    "fast": "whatever SR changed after the event, it had changed by the next occasion",
    "no-rise": "no rise of SR at the event was told",
    "no-rise-here": "no rise of SR at the event was told as SR is judged here",
}
NOT_POSSIBLE = "it was not possible"


def no_curve_reason(findings: Iterable[Finding]) -> str:
    """Say why no curve was fitted, by what was found."""
    for item in findings:
        if item.code in REASONS:
            return REASONS[item.code]
        if item.code == WITHOUT_BEND:
            texts = code_entry(WITHOUT_BEND).texts
            return next(words for name, words in NO_BEND.items() if texts[name] == item.template)
    return NOT_POSSIBLE


def unsettled_reason(curve: RecoveryCurve) -> str:
    """Say why a curve that was fitted has no half-life that is quoted."""
    if curve.withheld == "backgrounds":
        return "how fast SR falls hangs on whether the event is in exposure"
    if curve.withheld == "end":
        return "the curve ends elsewhere than courses do"
    return {
        -1: "the data do not settle the speed of the fall",
        0: "the data tell neither a fall nor a rise after the event",
        1: "SR rises after the event, which is no return",
    }[curve.way]
