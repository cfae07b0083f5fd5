from __future__ import annotations

import pytest

from salutogen.drafting.words_of_names import (
    names_group,
    names_row,
    names_time,
    occasion_rank,
    person_rank,
    tokens,
)


@pytest.mark.parametrize(
    "name, words",
    [
        ("subject.ID", ["subject", "id"]),
        ("VPNr", ["vp", "nr"]),
        ("PHQ9_sum", ["phq", "9", "sum"]),
        ("bdi_s0", ["bdi", "s", "0"]),
        ("Änderung2", ["änderung", "2"]),
        ("???", []),
        ("EVSUM", ["ev", "sum"]),
        ("sumscore", ["sumscore"]),
        ("1. 괴롭다", ["1", "괴롭다"]),
        ("fréquence2", ["fréquence", "2"]),
        ("Стресс_1", ["стресс", "1"]),
    ],
)
def test_names_are_parted(name: str, words: list[str]) -> None:
    assert tokens(name) == words


@pytest.mark.parametrize(
    "name",
    ["subject", "participant_id", "code", "VP", "Proband", "ID_anon", "pid", "id", "study_id",
     "StudyID", "SubjectNo", "nomem_encr", "Versuchsperson", "UUID", "mergeid", "subid"],
)  # fmt: skip
def test_names_of_persons_rank_above_names_of_rows(name: str) -> None:
    for rows in ("record_id", "ResponseId", "CASE", "caseid", "survey_id"):
        assert person_rank(name) > person_rank(rows) > 0


@pytest.mark.parametrize(
    "name", ["site_id", "school", "country_code", "wave_no", "age", "age_code", "PHQ_1", "mood", ""]
)
def test_other_names_are_no_persons(name: str) -> None:
    assert person_rank(name) == 0


@pytest.mark.parametrize(
    "name",
    ["wave", "time", "T", "session", "visit", "Messzeitpunkt", "MZP", "wave_nr", "timepoint",
     "redcap_event_name", "beepvar", "dayno", "Welle"],
)  # fmt: skip
def test_names_of_occasions(name: str) -> None:
    assert occasion_rank(name) is not None


@pytest.mark.parametrize("name", ["wave_height", "times_moved", "phq_1", "id", "timely", ""])
def test_other_names_are_no_occasions(name: str) -> None:
    assert occasion_rank(name) is None


def test_waves_rank_above_days() -> None:
    ranks = [occasion_rank(name) for name in ("wave", "visit", "time", "month", "day")]
    assert ranks == sorted(ranks, key=lambda rank: -1 if rank is None else rank)


def test_times_and_birthdays() -> None:
    assert names_time("StartDate")
    assert names_time("Datum")
    assert not names_time("birth_date")
    assert not names_time("Duration (in seconds)")


def test_rows_and_groups() -> None:
    assert all(map(names_row, ("X", "column 1", "rownames", "...1", "record_id", "Unnamed: 0")))
    assert not names_row("weight")
    assert names_group("site_id")
    assert not names_group("pid")
