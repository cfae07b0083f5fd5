"""What should be doubted of factors that seem to go with later SR."""

from __future__ import annotations

from collections.abc import Sequence

from salutogen.analyses.factors.records import FactorFound
from salutogen.analyses.factors.updating import Updating
from salutogen.findings import Findings, listed


def tell_doubts(factors: Sequence[FactorFound], again: Updating | None, found: Findings) -> None:
    """Say which factors are problems in disguise, and which claims stand in one way only."""
    disguised = [item for item in factors if item.problems_in_disguise]
    if disguised:
        kinds = dict.fromkeys(str(item.problems_in_disguise) for item in disguised)
        found.tell(
            "factor-is-problems", names=listed([item.title for item in disguised]),
            kinds=listed(kinds),
        )  # fmt: skip
    for item in factors:
        if item.holds in ("both", "neither"):
            continue
        found.tell(
            "claim-holds-one-way", variant="opposite" if item.holds == "opposite" else "",
            name=item.title, holds=item.holds, two=item.two_step.b, one=item.one_step.b,
        )  # fmt: skip
    once = [item.title for item in factors if item.claimed_once_only]
    if once:
        found.tell("factors-claimed-by-some", names=listed(once))
    follow = [item.title for item in factors if item.claimed and item.may_follow]
    if follow:
        found.tell("factors-may-follow-problems", names=listed(follow))
    unsure = [item for item in factors if item.claimed and item.within_error]
    if unsure:
        found.tell(
            "factors-within-error-band", names=listed([item.title for item in unsure]),
            numbers={"factors": [item.name for item in unsure]},
        )  # fmt: skip
    weaker = [item.title for item in factors if item.distance is not None and item.distance.weakens]
    if weaker:
        found.tell("association-weakens", names=listed(weaker))
    bent = [item.title for item in factors if item.distance is not None and item.distance.bends]
    if bent:
        found.tell("association-bends", names=listed(bent))
    moody = (
        [item.title for item in again.factors if item.told and item.may_be_mood] if again else []
    )
    if moody:
        found.tell("gain-may-be-mood", names=listed(moody))
