"""What a study file may say of momentary prompts, and what is refused."""

from __future__ import annotations

import pytest

from salutogen.study import read_study
from salutogen.study.outline import outline
from tests.panel.streams.small_stream import STUDY, changed
from tests.study.small_study import VALID, refused


def test_prompts_have_instruments_of_their_own() -> None:
    study = read_study(STUDY)
    assert list(study.instruments) == ["ghq-12", "hassles"]
    assert list(study.prompted) == ["event", "na", "pa"]
    assert study.plan.prompt_sources == ("beeps",)
    assert study.plan.momentary is not None
    assert study.plan.momentary.named == {"stressor": "event", "negative": "na", "positive": "pa"}
    assert [(one.label, burst.days) for one, burst in study.schedule.planned_bursts] == [
        ("a", 2),
        ("b", 2),
    ]


def test_check_tells_what_is_asked_momentarily() -> None:
    assert "Bursts: 2 days × 4 prompts at each" in outline(read_study(STUDY))
    told = (
        "Momentary: event as stressor (1 item), na as negative affect (2 items), pa as positive "
        "affect (1 item)"
    )
    assert told in outline(read_study(STUDY))


def test_a_study_without_prompts_keeps_its_hash() -> None:
    """Keys that came later are not written where they are not used."""
    written = read_study(VALID).to_json()
    assert not any(word in written for word in ("momentary", "prompt", "scheduled", "zone"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"problems": "na"}, "source-holds-prompts"),
        ({"exposure/types": ["event"]}, "source-holds-prompts"),
        ({"factors": ["pa"]}, "source-holds-prompts"),
        ({"background": {"age": {"column": "age", "source": "beeps"}}}, "source-holds-prompts"),
        ({"instruments/pa/measured": "baseline"}, "source-holds-prompts"),
        ({"momentary/stressor": "hassles"}, "role-without-prompts"),
        ({"momentary/stressor": "evnt"}, "unknown-name"),
        ({"momentary/stressor": "na"}, "named-twice"),
        ({"sources/beeps/burst": None}, "layout-incomplete"),
        ({"sources/visits/prompt": "no"}, "prompt-key-elsewhere"),
        ({"sources/beeps/event": "no"}, "source-keys-clash"),
        ({"occasions/burst/hours": [21, 9]}, "invalid-value"),
        ({"instruments/event/measures": "physiology"}, "physiology-as-exposure"),
        (
            {"sources/more": {"layout": "row-per-prompt", "person": "id",
                              "answered": {"column": "done"}}},
            "several-prompt-sources",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes: dict[str, object], code: str) -> None:
    assert code in [one.code for one in refused(changed(changes))]


def test_a_source_of_prompts_needs_a_time() -> None:
    changes = {f"sources/beeps/{what}": None for what in ("scheduled", "sent", "started")}
    assert read_study(changed(changes)).prompted
    (told,) = refused(changed({**changes, "sources/beeps/answered": None}))
    assert (told.code, told.evidence.numbers["needed"]) == ("layout-incomplete", "scheduled")
