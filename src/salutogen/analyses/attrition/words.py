"""What is said of who was lost, made from what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.attrition.contrasts import CHANGE, END, SR
from salutogen.analyses.attrition.observed import persons_at_end
from salutogen.analyses.attrition.records import Told, WeightedContrast
from salutogen.analyses.attrition.tipping import FARTHEST, LATER
from salutogen.findings import Persons, listed
from salutogen.page.words import (
    Coarse,
    Sentence,
    in_halves,
    number,
    percent,
    points,
    say,
    signed,
)

if TYPE_CHECKING:
    from salutogen.analyses.attrition.analysis import AttritionResult
    from salutogen.analyses.attrition.records import Tipping
    from salutogen.page.section import Text

MOST, LEVEL = 6, 0.05


def answer_of(result: AttritionResult) -> Text:
    """Say who was lost, whether weights change what is claimed, and what would turn it."""
    lost: Sentence = lost_words(result)
    if result.n_lost == 0:
        return lost
    parts = (hazard_words(result), change_words(result), tipping_words(result))
    for part in parts:
        lost = lost + (say(" {part}", part=part) if part else "")
    return lost


def lost_words(result: AttritionResult) -> Sentence:
    """Say how many were lost."""
    if result.n_lost == 0:
        return say(
            "Nobody was lost before occasion {end}: {n:the one person seen|all # persons seen} at "
            "all {n:was|were} seen then or later.",
            end=result.end,
            n=Persons(result.n),
        )
    return say(
        "Of {n:# person|# persons}, {lost:# was|# were} last seen before occasion {end}.",
        n=Persons(result.n), lost=Persons(result.n_lost, of=result.n), end=result.end,
    )  # fmt: skip


def hazard_words(result: AttritionResult) -> str:
    """Say what being lost goes with, given the others."""
    if not result.hazard.height:
        return ""
    clear = [row for row in result.hazard.rows(named=True) if row["p_adjusted"] < LEVEL]
    if not clear:
        return (
            "That being lost goes with what was seen of a person before is not shown (each "
            "predictor given the others; false-discovery rate 5 %)."
        )
    each = [
        f"{'more' if row['odds_ratio'] > 1 else 'less'} often {_at(row)} (odds ratio "
        f"{number(row['odds_ratio'], 3)}, {number(row['low'], 3)} to {number(row['high'], 3)})"
        for row in clear[:MOST]
    ]
    return f"Given the others, persons were lost {listed(each, most=MOST)}."


def _at(row: dict[str, object]) -> str:
    if str(row["per"]).startswith("1 SD"):
        return f"with higher {row['term']}"
    return f"where {str(row['term']).replace(': ', ' is ', 1)}"


def change_words(result: AttritionResult) -> str:
    """Say whether the change of mean SR holds once those left are weighted for those lost."""
    found = contrast_of(result, SR, CHANGE)
    if found is None:
        return ""
    present = (
        f"Mean SR at the end ({at(found.ends)}) less that at the beginning ({at(found.begins)}) is "
        f"{interval(found.unweighted)} points over those present"
    )
    if found.weighted is None:
        return f"{present}; what loss does to this is not known without weights."
    verdict = {
        (0, 0): "no change is shown either way",
        (1, 1): "SR is higher at the end either way",
        (-1, -1): "SR is lower at the end either way",
    }.get(
        (found.unweighted.sign, found.weighted.sign),
        "the two do not claim the same"
        if found.differs
        else "a change is shown one way only, but the two differ by no more than their error",
    )
    return f"{present} and {interval(found.weighted)} weighted for loss: {verdict}."


def factor_words(result: AttritionResult) -> str:
    """Say of which factors weights change what is claimed."""
    if not result.factors:
        return ""
    other = [one.title for one in result.factors if one.differs]
    other += [f"{one.title} beside the others" for one in result.factors
              if one.joint and one.joint.differs]  # fmt: skip
    jointly = any(one.joint for one in result.factors)
    told = (
        f"Weights change what is claimed of none of them{', alone or jointly' if jointly else ''}."
        if not other
        else f"Weights change what is claimed of {listed(other, most=8)}."
    )
    return (
        f"Factors stand here over single occasions up to occasion {result.end}, each occasion "
        "standing for everyone; among the factors they are related to persons' means, however "
        "many occasions these hold. "
        f"{told}"
    )


def mechanism_words(result: AttritionResult) -> str:
    """Say of which ways over a mechanism weights change what is claimed."""
    if not result.mechanisms:
        return ""
    other = [one.title for one in result.mechanisms if one.differs]
    told = (
        f"Weights change what is claimed of the way from {listed(other, most=8)}."
        if other
        else "Weights change what is claimed of none of them."
    )
    return (
        "Ways over a mechanism stand here with everyone who was seen at the mechanism's occasion "
        f"in the path to it, and over single occasions up to occasion "
        f"{result.end} in the path to SR. {told}"
    )


def tipping_words(result: AttritionResult) -> Text:
    """Say at which shift of the lost the change of SR turns."""
    found = next((one for one in result.tipping if one.factor is None), None)
    if found is None:
        return ""
    claim = f"{found.claim[:1].upper()}{found.claim[1:]}"
    return say("{claim}: {turns}", claim=claim, turns=turns(found))


def unclaimed_words(result: AttritionResult) -> str:
    """Name factors whose own interval leaves out 0 here, but which are not claimed."""
    names = [
        one.claim.removesuffix(LATER) for one in result.tipping
        if not one.is_claim and one.at_zero.sign
    ]  # fmt: skip
    if not names:
        return ""
    return (
        f"Of {listed(names, most=8)} an interval here leaves out 0, by itself and over single "
        "occasions; among the factors, asked both ways and adjusted over them, "
        f"{'it is' if len(names) == 1 else 'they are'} not claimed, and there is no claim to turn."
    )


def turns(found: Tipping) -> Sentence:
    """Say what shift of the lost turns a claim."""
    sign, size = found.at_zero.sign, found.tips_at_sd
    if not found.is_claim:
        return say("not claimed among the factors, so that there is nothing to turn.")
    if found.at_zero.interval is None:
        return say("its error is not known.")
    if sign == 0:
        if size is None:
            return say(
                "the interval holds 0 already, and no shift of the lost by up to "
                f"{FARTHEST:.0f} SDs would make it leave out 0."
            )
        return say(
            "the interval holds 0 already; it would leave it out if the unseen SR of the lost was "
            "{shift} than expected.",
            shift=_shift(found),
        )
    if size is None:
        return say(
            f"no shift of the lost by up to {FARTHEST:.0f} SDs in either direction would make the "
            "interval hold 0."
        )
    return say(
        "the interval would come to hold 0 if the unseen SR of the lost was {shift} than expected.",
        shift=_shift(found),
    )


def _shift(found: Tipping) -> Coarse:
    """The smallest shift that turns a claim; to the point it would tell how many were lost."""
    assert found.tips_at is not None
    assert found.tips_at_sd is not None
    way = "higher (worse)" if found.tips_at > 0 else "lower (better)"
    sds = abs(found.tips_at_sd)
    return Coarse(
        shown=f"{points(abs(found.tips_at))} points ({points(sds)} SDs) {way}",
        hidden=f"{in_halves(sds, 'SDs')} {way}",
    )


def contrast_of(result: AttritionResult, score: str, what: str) -> WeightedContrast | None:
    """One of the contrasts, if it was computed."""
    return next((one for one in result.contrasts if (one.score, one.what) == (score, what)), None)


def at(span: str) -> str:
    """Call an occasion, or several, by that name."""
    return f"occasions {span}" if " to " in span else f"occasion {span}"


def interval(found: Told) -> str:
    """An estimate with its interval."""
    if found.interval is None:
        return signed(found.estimate)
    low, high = found.interval
    return f"{signed(found.estimate)} ({signed(low)} to {signed(high)})"


def end_words(result: AttritionResult) -> str:
    """Say what weights do to the mean at the end."""
    found = contrast_of(result, SR, END)
    if found is None or found.weighted is None:
        return ""
    moved = found.moved
    assert moved is not None
    verdict = {
        0: "whether those present differ in it from everyone is not told",
        1: "those present have it lower than everyone would, as far as loss goes with what was "
        "seen",
        -1: "those present have it higher than everyone would, as far as loss goes with what was "
        "seen",
    }[moved.sign]
    return (
        f"Mean SR at the end ({at(found.ends)}) is {interval(found.unweighted)} over those "
        f"present and {interval(found.weighted)} weighted. Weights move it by {interval(moved)} "
        f"points: {verdict}."
    )


def weights_words(result: AttritionResult) -> Text:
    """Say how large weights are and how many persons they leave."""
    found = result.weights
    if found is None:
        return ""
    cut = " and not truncated"
    if found.truncate > 0:
        cut = (
            f"; {percent(found.truncate)} at either end of an occasion were moved to the nearest "
            "one that is kept, which pulls results towards those of persons present"
        )
    return say(
        "Weights have a mean of {mean} (about 1 is as it should be) and an SD of {sd}; "
        "those seen at the end ({n:# person|# persons}) are worth {worth:# person|# persons} once "
        "weighted. They are stabilised by {numerator}{cut}.",
        mean=points(found.mean), sd=points(found.sd),
        n=persons_at_end(found.n_end, result.n_left, result.n),
        worth=Persons(round(found.effective_n), of=found.n_end), numerator=found.numerator, cut=cut,
    )  # fmt: skip


def methods_of(result: AttritionResult) -> Text:
    """Say how weights and shifts were made."""
    told = say(
        "A person counts as lost after the last occasion with exposure and problems, if that comes "
        "before occasion {end}; gaps are no loss.", end=result.end,
    )  # fmt: skip
    if result.weights is None:
        return told
    terms = listed(result.hazard["term"].to_list(), most=12)
    return told + (
        " The odds of being lost after an occasion were modelled by logistic regression over "
        f"occasions at risk (effects of occasions; {terms or 'nothing else'}), errors clustered by "
        "person. Weights are the chance of still being observed by "
        f"{result.weights.numerator} divided by that of this model. Intervals of weighted results "
        "carry the estimation of weights and line (stacked estimating equations)."
        f"{' Shifts of the lost are pattern mixtures (Little 1993).' if result.tipping else ''}"
    )
