"""The analysis of recovery on diaries whose truth is known, its words, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.recovery.analysis import RecoveryResult, compute
from salutogen.analyses.recovery.settings import RecoverySettings
from salutogen.analyses.recovery.tables import EARLIER, PERSON_COLUMNS
from salutogen.columns import Kind
from salutogen.errors import AnalysisError
from salutogen.page.audience import Audience
from salutogen.page.identifiers import Identifiers
from salutogen.page.privacy import Guard
from salutogen.panel.momentary import Momentary
from salutogen.study.format import MomentaryRoles
from tests.analyses.recovery.diaries import episodic, fading, inputs_of, stream

# A band that chance leaves seldom, from prompts that no reaction of the day reaches.
WIDE = RecoverySettings(band=3.0, free_hours=24.0, bootstrap=100)
NO_ROLE = MomentaryRoles.model_validate({"affect": {"negative": "na"}})


def result_of(
    frame: pl.DataFrame, settings: RecoverySettings = WIDE, **more: Any
) -> RecoveryResult:
    return compute(inputs_of(stream(frame, **more)), settings)


def codes(result: RecoveryResult) -> set[str]:
    return {one.code for one in result.findings}


def refused(momentary: Momentary | None, settings: RecoverySettings = WIDE) -> dict[str, str]:
    with pytest.raises(AnalysisError) as error:
        compute(inputs_of(momentary), settings)
    return {one.code: one.text for one in error.value.findings}


@pytest.fixture(scope="module")
def result() -> RecoveryResult:
    return result_of(episodic(missed=0.1))


def test_the_half_life_of_episodes_is_found(result: RecoveryResult) -> None:
    model = result.half_life
    assert model.low < 2.0 < model.high
    assert model.half_life == pytest.approx(2.0, rel=0.2)
    assert result.share_low < 0.8 < result.share_high
    assert result.n == 60
    assert model.largest_gap < model.gap_by_chance
    median = result.time_back
    assert median.low is not None
    assert median.high is not None
    assert median.low < 2.0 < median.high, "rates differ evenly around the middle"


def test_counts_of_episodes_go_together(result: RecoveryResult) -> None:
    assert result.endings["episodes"].sum() == result.episodes
    assert (result.endings["widened"] <= result.endings["episodes"]).all()
    assert result.share_reacting == pytest.approx(result.episodes / result.stressors)
    assert result.persons["episodes"].sum() == result.episodes
    assert result.persons["stressors"].sum() == result.stressors


def test_persons_are_told_with_their_half_lives(result: RecoveryResult) -> None:
    (file,) = result.files().values()
    assert file.personal
    assert file.table.columns == [column.name for column in PERSON_COLUMNS]
    own = result.persons.drop_nulls("half_life")
    assert own.height == result.half_life.n
    assert ((own["half_life_low"] < own["half_life"]) & (own["half_life"] < own["half_life_high"])
            ).all()  # fmt: skip
    assert 0 < result.half_life.reliability < 0.7
    assert "recovery-persons-unreliable" in codes(result)


def test_persons_that_are_told_apart_are_said_to_be() -> None:
    long = result_of(episodic(50, days=40, spread=0.9, missed=0.05))
    assert long.half_life.reliability > 0.7
    assert "recovery-persons-unreliable" not in codes(long)
    assert "may be ranked, and used as a factor or an outcome" in str(long.answer())


def test_the_rise_and_its_half_life_are_found() -> None:
    found = result_of(fading(), RecoverySettings(bootstrap=100))
    assert found.rise is not None
    assert found.rise.half_life_low is not None
    assert found.rise.half_life_high is not None
    assert found.rise.half_life_low < 3.0 < found.rise.half_life_high
    assert found.rise.low < 15.0 < found.rise.high
    earlier = found.pile_up.filter(term=EARLIER).row(0, named=True)
    assert earlier["low"] > 0


def test_positive_affect_is_turned() -> None:
    plain = result_of(episodic(30))
    frame = episodic(30).with_columns(positive=100 - pl.col("negative")).drop("negative")
    roles = MomentaryRoles.model_validate({"stressor": "event", "affect": {"positive": "pa"}})
    turned = result_of(frame, roles=roles)
    assert turned.affect == "positive"
    assert turned.half_life.half_life == pytest.approx(plain.half_life.half_life)
    own, other = (one.persons.row(3, named=True) for one in (turned, plain))
    assert own["band_end"] == pytest.approx(100 - other["band_end"])
    assert "turned positive affect" in str(turned.answer())


def test_words_say_what_was_fitted(result: RecoveryResult) -> None:
    words = str(result.answer().worded(str))  # type: ignore[union-attr]
    assert words.startswith("Of the prompts of 60 persons that told a stressor, ")
    assert f"Half of these episodes are over after {result.time_back.median:.1f} hours" in words
    assert f"person in the middle are over after {result.half_life.half_life:.1f} hours" in words
    assert "do not rank persons by them" in words
    assert "half of the reactions to a momentary stressor are over after" in str(result.in_short())
    told = result.methods().worded(str)  # type: ignore[union-attr]
    assert "mean plus 3 SD; 5 prompts at least" in told
    assert "Turnbull's (1976)" in told


def test_a_median_that_is_not_seen_is_said(result: RecoveryResult) -> None:
    unseen = replace(result, time_back=replace(result.time_back, median=None, low=None, high=None))
    assert "Fewer than half of these episodes are seen over" in str(unseen.answer())
    assert "mostly not seen back on the same day" in str(unseen.in_short())


def test_slow_recovery_is_doubted() -> None:
    found = result_of(episodic(half_life=30.0, spread=0.0, missed=0.0))
    assert "recovery-half-not-back" in codes(found)
    assert found.time_back.median is None


def test_times_that_are_not_exponential_are_named(result: RecoveryResult) -> None:
    assert "recovery-not-exponential" not in codes(result)
    off = replace(result, half_life=replace(result.half_life, largest_gap=0.4))
    assert "though the curve is not exponential" in str(off.answer())


def shown(result: RecoveryResult, *, individuals: bool) -> Any:
    audience = Audience(individuals=individuals, n_persons=60, seed=1)
    guard = Guard(audience, Identifiers(pl.Series(["KX-4001"])))
    (section,), withheld = guard.sections(result.sections(audience))
    return section, withheld


def test_the_page_shows_persons_only_where_it_may(result: RecoveryResult) -> None:
    section, withheld = shown(result, individuals=True)
    assert not withheld
    assert [one.name for one in section.figures] == ["recovery-curve", "recovery-persons"]
    assert section.figures[1].data["who"].str.starts_with("Person ").all()
    hidden, withheld = shown(result, individuals=False)
    assert not withheld
    assert [one.name for one in hidden.figures] == ["recovery-curve", "recovery-persons"]
    kinds = {column.kind for column in hidden.figures[1].columns}
    assert not kinds & {Kind.PERSON, Kind.IDENTIFIER}
    ended = next(one for one in hidden.tables if one.name == "recovery-endings").frame
    counts = ended.select("n", "episodes", "widened").unpivot()["value"].drop_nulls()
    assert all(count % 5 == 0 or count == 60 for count in counts)


# What cannot be asked.


def gone(name: str, where: pl.Expr | None = None) -> pl.DataFrame:
    frame = episodic(30)
    unless = pl.lit(value=True) if where is None else where
    return frame.with_columns(pl.when(~unless).then(pl.col(name)).alias(name))


def test_no_prompts_and_no_roles_are_refused() -> None:
    assert set(refused(None)) == {"no-momentary-data"}
    told = refused(stream(episodic(30), roles=NO_ROLE))
    assert told == {"no-momentary-data": "The study file gives no momentary stressor."}


def test_no_stressor_ever_is_refused() -> None:
    told = refused(stream(episodic(30, chance=0.0)))
    assert "No prompt of any person has a stressor above 0" in told["recovery-no-stressor"]


def test_missed_prompts_only_are_refused() -> None:
    told = refused(stream(episodic(30, missed=1.0)))
    assert "all were missed" in told["recovery-nothing-answered"]


def test_one_prompt_a_day_is_refused() -> None:
    assert set(refused(stream(episodic(30, beeps=1, chance=0.4)))) == {"recovery-one-prompt-a-day"}


def test_a_baseline_that_is_never_free_is_refused() -> None:
    told = refused(stream(episodic(30, chance=1.0)))
    assert "No person has 5 prompts without a stressor" in told["recovery-no-baseline"]


def test_too_few_persons_are_refused() -> None:
    told = refused(stream(episodic(6)))
    assert "6 persons have 5 prompts or more" in told["recovery-few-baselines"]
    assert "10 are needed" in told["recovery-few-baselines"]


def test_too_few_reactions_are_refused() -> None:
    told = refused(stream(episodic(30, reacting=0.0)), RecoverySettings(band=20.0, bootstrap=100))
    assert set(told) == {"recovery-few-episodes"}


def test_nobody_back_is_refused() -> None:
    frame = episodic(30, half_life=1e6, spread=0.0, beeps=4, missed=0.0)
    assert set(refused(stream(frame))) == {"recovery-nobody-back"}


def test_a_band_that_chance_leaves_is_named(result: RecoveryResult) -> None:
    assert result.share_free < 0.02
    narrow = result_of(episodic(30), RecoverySettings(band=0.5, bootstrap=100))
    assert narrow.share_free > 0.15
    assert "recovery-band-left-by-chance" in codes(narrow)
    assert "; of those free of stressors " in str(narrow.answer())


def test_who_has_no_baseline_is_left_out_and_counted() -> None:
    always = (pl.col("person") < 4) & pl.col("stressor").is_not_null()
    frame = episodic(40).with_columns(
        pl.when(always).then(1.0).otherwise("stressor").alias("stressor")
    )
    found = result_of(frame)
    assert (found.n, found.n_without) == (36, 4)
    assert "recovery-baselines-missing" in codes(found)
    assert found.persons.filter(pl.col("baseline_mean").is_null()).height == 4


def test_a_baseline_that_never_changes_is_named() -> None:
    floor = pl.when(pl.col("negative") < 45).then(0.0).otherwise("negative").alias("negative")
    found = result_of(episodic(40).with_columns(floor))
    assert "recovery-band-without-width" in codes(found)


def test_a_rise_that_cannot_be_fitted_leaves_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    from salutogen.errors import ModelError

    def fails(*_: object) -> None:
        raise ModelError("the search for the mixed model did not settle")

    monkeypatch.setattr("salutogen.analyses.recovery.analysis.fit_decay", fails)
    monkeypatch.setattr("salutogen.analyses.recovery.analysis.fit_pile_up", fails)
    found = result_of(episodic(30))
    assert found.rise is None
    assert not found.pile_up.height
    assert "recovery-rise-not-fitted" in codes(found)
    assert shown(found, individuals=True)[0].figures


def test_order_and_labels_of_persons_do_not_matter() -> None:
    frame = episodic(30)
    plain = result_of(frame)
    other = frame.with_columns(person=29 - pl.col("person")).sort(
        "person", "occasion", "day", "beep"
    )
    again = result_of(other)
    assert again.half_life.half_life == pytest.approx(plain.half_life.half_life, rel=1e-6)
    assert np.allclose(again.curve["share"], plain.curve["share"], atol=1e-6)
