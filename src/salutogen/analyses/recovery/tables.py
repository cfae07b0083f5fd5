"""Tables of recovery: episodes, the curve, pile-up, and one row per person."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.frames import frame_of
from salutogen.analyses.recovery.decay import PileUp
from salutogen.analyses.recovery.episodes import ENDINGS, Baselines, Episodes
from salutogen.analyses.recovery.prompts import Prompts
from salutogen.analyses.recovery.times import Curve
from salutogen.columns import Column, Kind
from salutogen.models import ExponentialTimesFit

HOURS, POINTS = "hours", "points of affect"
NOW, EARLIER = "a stressor now", "each earlier stressor"

ENDING_COLUMNS = (
    Column(name="ending", meaning="What ended the watch", heading="Ended by", kind=Kind.LABEL),
    Column(name="n", meaning="Persons with such an episode", unit="persons", heading="Persons",
           kind=Kind.COUNT),
    Column(name="episodes", meaning="Episodes that ended so", unit="episodes", heading="Episodes",
           kind=Kind.COUNT, by="n", adds_up=1),
    Column(name="widened", meaning="Of these with prompts without affect between the last seen "
           "outside and the end", unit="episodes", heading="Widened by missed prompts",
           kind=Kind.COUNT, by="n"),
)  # fmt: skip
CURVE_COLUMNS = (
    Column(name="hours", meaning="Time since the stressor was told", unit=HOURS, heading="Hours",
           kind=Kind.LABEL),
    Column(name="share", meaning="Share of episodes that are over (Turnbull)", heading="Over"),
    Column(name="low", meaning="Lower end of its 95 % interval over persons", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval over persons", heading="to"),
    Column(name="model", meaning="The same by the exponential model", heading="Exponential model"),
)  # fmt: skip
PILE_UP_COLUMNS = (
    Column(name="term", meaning="What is beside the person's usual", heading="Stressor",
           kind=Kind.LABEL),
    Column(name="points", meaning="How much higher affect is", unit=POINTS, heading="Points"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, heading="to"),
    Column(name="p", meaning="p value, two-sided", heading="p"),
)  # fmt: skip
SPREAD_COLUMNS = (
    Column(name="of", meaning="Share of the persons who are back as fast or faster",
           heading="Persons, from fast to slow", kind=Kind.LABEL),
    Column(name="half_life", meaning="Half-life of their episodes, by the model", unit=HOURS,
           heading="Half of episodes over after"),
)  # fmt: skip
SPREAD_AT = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def _own(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, meaning=meaning, unit=unit, kind=Kind.PERSON)


PERSON_COLUMNS = (
    Column(name="subject", meaning="Person", unit="text", kind=Kind.IDENTIFIER),
    _own("baseline_prompts", "Prompts free of stressors, now and in the hours before", "prompts"),
    _own("baseline_mean", "Mean affect at these; empty where they are too few", POINTS),
    _own("baseline_sd", "SD of affect at these", POINTS),
    _own("band_end", "Affect above this lies outside the band", POINTS),
    _own("stressors", "Prompts with a stressor and known affect", "prompts"),
    _own("episodes", "Of these outside the band", "episodes"),
    _own("returned", "Episodes that were seen to be over on the same day", "episodes"),
    _own("half_life", "Time after which half of the person's episodes are over", HOURS),
    _own("half_life_low", "Lower end of its 95 % interval", HOURS),
    _own("half_life_high", "Upper end of its 95 % interval", HOURS),
)


def ending_table(found: Episodes) -> pl.DataFrame:
    """Count episodes by what ended them."""
    rows = []
    for place, ending in enumerate(ENDINGS):
        here = found.ending == place
        rows.append(
            {
                "ending": ending,
                "n": int(np.unique(found.person[here]).size),
                "episodes": int(here.sum()),
                "widened": int((here & (found.unseen > 0)).sum()),
            }
        )
    return pl.DataFrame(rows)


def curve_table(curve: Curve, fit: ExponentialTimesFit) -> pl.DataFrame:
    """Shares over by hours, beside those of the model."""
    return pl.DataFrame(
        {
            "hours": curve.hours,
            "share": curve.share,
            "low": curve.low,
            "high": curve.high,
            "model": fit.share_back(curve.hours),
        }
    )


def spread_table(fit: ExponentialTimesFit) -> pl.DataFrame:
    """Half-lives that shares of the persons do not exceed, by the model."""
    shares = SPREAD_AT if fit.spread else (0.5,)
    return pl.DataFrame(
        {
            "of": [f"{100 * share:.0f} %" for share in shares],
            "half_life": [fit.half_life_of(share) for share in shares],
        }
    )


def pile_up_table(found: PileUp | None) -> pl.DataFrame:
    """Points that a stressor of now and those before add."""
    terms = {} if found is None else {NOW: found.now, EARLIER: found.earlier}
    made = (
        {"term": name, "points": one.points, "low": one.low, "high": one.high, "p": one.p}
        for name, one in terms.items()
    )
    return frame_of(made, PILE_UP_COLUMNS)


def person_table(
    prompts: Prompts, bands: Baselines, found: Episodes, fit: ExponentialTimesFit | None,
    labels: pl.Series,
) -> pl.DataFrame:  # fmt: skip
    """One row for each person with prompts."""
    size = bands.person.size

    def counted(person: np.ndarray) -> np.ndarray:
        return np.bincount(np.searchsorted(bands.person, person), minlength=size)

    sign = 1.0 if prompts.affect_role == "negative" else -1.0
    episodes = counted(found.person)
    table = pl.DataFrame(
        {
            "person": bands.person,
            "baseline_prompts": bands.n,
            "baseline_mean": sign * bands.mean,
            "baseline_sd": bands.sd,
            "band_end": sign * bands.edge,
            "stressors": episodes + counted(found.quiet_person),
            "episodes": episodes,
            "returned": counted(found.person[np.isfinite(found.right)]),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None), subject=labels.gather(bands.person))
    if fit is None:
        own = pl.DataFrame(schema={"person": pl.Int64} | dict.fromkeys(HALF_LIVES, pl.Float64))
    else:
        own = fit.persons.select("person", *HALF_LIVES)
    return (
        table.join(own, on="person", how="left", maintain_order="left")
        .rename({"low": "half_life_low", "high": "half_life_high"})
        .select(column.name for column in PERSON_COLUMNS)
    )


HALF_LIVES = ("half_life", "low", "high")
