from __future__ import annotations

import pytest

from salutogen.drafting.known_scales import known_scale
from salutogen.study.instruments.registry import registered_names


@pytest.mark.parametrize(
    "stem, n_items, registered",
    [
        ("PHQ_", 9, "phq-9"),
        ("T1_PHQ9_", 9, "phq-9"),
        ("q_gad7.", 7, "gad-7"),
        ("DPQ0", 9, "phq-9"),
        ("GHQ", 28, "ghq-28"),
        ("GHQ", 12, "ghq-12"),
        ("K10_", 10, "k10"),
        ("CD-RISC_", 10, "cd-risc-10"),
        ("LOT_R_", 6, "lot-r"),
        ("LOTR", 10, "lot-r"),
        ("WHO5_", 5, "who-5"),
        ("F-SozU_", 14, "fsozu-k14"),
        ("PHQ", 16, "phq-ads"),
    ],
)
def test_names_and_numbers_of_items_tell_the_instrument(
    stem: str, n_items: int, registered: str
) -> None:
    assert registered in registered_names()
    scale = known_scale(stem)
    assert scale is not None
    entry = scale.entry_for(n_items)
    assert entry is not None
    assert entry.name == registered


@pytest.mark.parametrize(
    "stem, n_items", [("PSS_", 4), ("PHQ_", 8), ("K6_", 6), ("BDI_", 21), ("MIMIS_", 58)]
)
def test_another_number_of_items_is_another_instrument(stem: str, n_items: int) -> None:
    scale = known_scale(stem)
    assert scale is not None
    assert scale.entry_for(n_items) is None


@pytest.mark.parametrize("stem", ["", "Q", "k_", "item_", "phq_gad_", "mood", "weight", "XY"])
def test_names_that_tell_no_scale(stem: str) -> None:
    assert known_scale(stem) is None


@pytest.mark.parametrize(
    "stem, measures",
    [
        ("hassles_", "exposure"),
        ("life_event", "exposure"),
        ("bdi_s0", "problems"),
        ("PSS", "perceived-stress"),
        ("BRS_", "perceived-recovery"),
    ],
)
def test_what_a_scale_measures(stem: str, measures: str) -> None:
    scale = known_scale(stem)
    assert scale is not None
    assert scale.measures == measures
