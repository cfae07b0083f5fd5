"""Bad input through the real command: read silently, read with a finding, or refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from salutogen.cli.app import app

STUDY = """\
salutogen: 1
title: Small cohort
occasions: {every: 7 days, count: 3}
sources:
  answers: {file: answers, person: id, occasion: wave, time: {column: day, unit: days}}
instruments:
  distress: {columns: "P_{1..4}", answers: 0..3, recall: 7 days}
  hassles: {columns: "H_{1..4}", answers: 0..1, did_not_occur: 0, recall: 7 days}
problems: distress
exposure: {types: [hassles], score: count, combine: sum}
resilience: {bootstrap: 0}
"""
HEADER = ["id", "wave", "day", *(f"P_{n}" for n in range(1, 5)), *(f"H_{n}" for n in range(1, 5))]


def _rows() -> list[list[str]]:
    rng = random.Random(5)
    rows = [list(HEADER)]
    for person in range(20):
        level = rng.choice((0, 0, 1))
        for wave in (1, 2, 3):
            events = [int(rng.random() < 0.4) for _ in range(4)]
            mood = [min(3, level + rng.choice((0, 1, sum(events) // 2))) for _ in range(4)]
            rows.append([f"{person:03d}", str(wave), str(7 * wave), *map(str, mood + events)])
    return rows


def _text(rows: list[list[str]] | None = None, mark: str = ",") -> str:
    return "".join(mark.join(row) + "\n" for row in (rows or _rows()))


def _cell(row: int, column: str, value: str) -> str:
    rows = _rows()
    rows[row][HEADER.index(column)] = value
    return _text(rows)


def _column(column: str, value: Callable[[int], str]) -> str:
    rows = _rows()
    for number, row in enumerate(rows[1:], 1):
        row[HEADER.index(column)] = value(number)
    return _text(rows)


def _all(letter: str, value: str) -> str:
    rows = _rows()
    for row in rows[1:]:
        for place, name in enumerate(HEADER):
            if name.startswith(letter):
                row[place] = value
    return _text(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a space and an umlaut in its name, holding a valid study."""
    place = tmp_path / "Mein Ördner"
    place.mkdir()
    (place / "study.yaml").write_text(STUDY, encoding="utf-8")
    (place / "answers.csv").write_text(_text(), encoding="utf-8")
    return place


def _call(*arguments: str | Path, ends: str | None = None) -> tuple[int, dict[str, Any]]:
    """Exit code and the one JSON object on stdout."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], input=ends)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    content: dict[str, Any] = json.loads(done.stdout)
    assert content["exit_code"] == done.exit_code
    return done.exit_code, content


def _check(folder: Path) -> tuple[int, set[str]]:
    code, content = _call("check", folder / "study.yaml", "--data", folder)
    return code, {one["code"] for one in content["findings"]}


SILENT = {
    "byte order mark and CRLF": ("\ufeff" + _text().replace("\n", "\r\n")).encode(),
    "UTF-16": _text().encode("utf-16"),
    "semicolons, decimal commas": _column("day", lambda n: f"{7 * ((n - 1) % 3)}.5")
    .replace(",", ";")
    .replace(".", ",")
    .encode(),
    "pipes": _text(mark="|").encode(),
    "ids with accents": _column("id", lambda n: f"é subject.ID {(n - 1) // 3:03d}").encode(),
    "ids with markup": _column("id", lambda n: f"<script>a[b] {(n - 1) // 3:03d}").encode(),
}
FOUND = {
    "another encoding": (_column("id", lambda n: f"Muñoz {(n - 1) // 3}").encode("latin-1"),
                         "encoding-detected"),
    "exact duplicate rows": ((_text() + _text().splitlines()[1] + "\n").encode(), "duplicate-row"),
    "times backwards": (_column("day", lambda n: str(-7 * ((n - 1) % 3))).encode(),
                        "time-backwards"),
    "times beyond a lifetime": (_column("day", lambda n: str(10**12 * ((n - 1) % 3))).encode(),
                                "time-unit"),
    "row that is too short": ((_text() + "020,1\n").encode(), "short-rows"),
    "a single occasion": ("\n".join(_text().splitlines()[:-2]).encode(), "few-occasions"),
}  # fmt: skip
REFUSED = {
    "empty": (b"", "empty-file"),
    "header only": (",".join(HEADER).encode(), "no-rows"),
    "misspelt column": (_text().replace("P_2", "P2", 1).encode(), "column-missing"),
    "text in an item": (_cell(4, "P_1", "often").encode(), "impossible-answer"),
    "impossible code": (_cell(4, "H_1", "1e12").encode(), "impossible-answer"),
    "conflicting duplicates": (_cell(2, "wave", "1").encode(), "conflicting-duplicates"),
    "no person": (_cell(2, "id", "").encode(), "empty-subject"),
    "row that is too long": ((_text() + "020,1" + ",1" * 40 + "\n").encode(), "uneven-rows"),
    "null bytes": (bytes(range(256)), "null-bytes"),
    "constant P": (_all("P", "1").encode(), "problems-never-vary"),
    "constant E": (_all("H", "1").encode(), "exposure-never-varies"),
    "P never answered": (_all("P", "").encode(), "no-valid-occasions"),
}


@pytest.mark.parametrize("what", SILENT)
def test_read_and_nothing_said(folder: Path, what: str) -> None:
    usual = _check(folder)
    (folder / "answers.csv").write_bytes(SILENT[what])
    assert _check(folder) == (0, usual[1])


@pytest.mark.parametrize("what", FOUND)
def test_read_with_a_finding(folder: Path, what: str) -> None:
    content, code = FOUND[what]
    assert code not in _check(folder)[1]
    (folder / "answers.csv").write_bytes(content)
    done, codes = _check(folder)
    assert done == 0
    assert code in codes


@pytest.mark.parametrize("what", REFUSED)
def test_refused_and_nothing_written(folder: Path, what: str) -> None:
    content, code = REFUSED[what]
    (folder / "answers.csv").write_bytes(content)
    before = sorted(folder.iterdir())
    done, said = _call("run", folder / "study.yaml", "--data", folder, "--out", folder / "out")
    assert done == 1
    assert code in {one["code"] for one in said["findings"]}
    assert all(one["mend"] for one in said["findings"])
    assert said["results"] is None
    assert sorted(folder.iterdir()) == before


def test_mixed_dates_are_refused(folder: Path) -> None:
    study = folder / "study.yaml"
    study.write_text(STUDY.replace("unit: days", "unit: date"), encoding="utf-8")
    dates = ("2020-01-01", "08.01.2020", "2020-01-15")
    (folder / "answers.csv").write_text(_column("day", lambda n: dates[(n - 1) % 3]), "utf-8")
    assert _check(folder) == (1, {"mixed-date-formats"})


def test_impossible_codes_can_be_set_to_missing(folder: Path) -> None:
    (folder / "study.yaml").write_text(STUDY + "invalid: missing\n", encoding="utf-8")
    (folder / "answers.csv").write_text(_cell(4, "P_1", "often"), encoding="utf-8")
    done, codes = _check(folder)
    assert done == 0
    assert "impossible-answer-missing" in codes


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (STUDY.replace("title", "titel"), "unknown-key"),
        (STUDY.replace("title: ", "title:\t"), "study-file-tab"),
        (STUDY + "title: again\n", "study-file-duplicate-key"),
        (STUDY.replace("Small", "&a Small"), "study-file-alias"),
        (STUDY + "#" * 2_000_000, "study-file-too-large"),
        (STUDY.replace("salutogen: 1", "salutogen: 2"), "format-unknown"),
        (STUDY + "question: " + "[" * 500 + "]" * 500, "study-file-not-yaml"),
        (STUDY.replace("problems: distress", 'problems: "???"'), "gap-to-fill"),
        (STUDY.replace("P_{1..4}", "P_{1..999999999999}"), "columns-invalid"),
        ("", "study-file-empty"),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)
def test_broken_study_files_are_refused(folder: Path, content: str, code: str) -> None:
    (folder / "study.yaml").write_text(content, encoding="utf-8")
    done, codes = _check(folder)
    assert done == 1
    assert code in codes


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    (folder / "answers.parquet").write_bytes(b"PAR1")
    assert _check(folder) == (1, {"ambiguous-file"})


def test_western_names_are_read_to_the_letter(folder: Path) -> None:
    from salutogen import read_study

    (folder / "answers.csv").write_bytes(FOUND["another encoding"][0])
    panel = read_study(folder / "study.yaml").read(folder)
    assert set(panel.persons["subject"]) == {f"Muñoz {number}" for number in range(20)}


@pytest.mark.parametrize("out", [".", "..", "data"])
def test_force_never_deletes_what_a_run_reads(
    folder: Path, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "data").mkdir()
    (folder / "answers.csv").rename(folder / "data" / "answers.csv")
    before = sorted(folder.rglob("*"))
    monkeypatch.chdir(folder.parent.parent)
    done, said = _call(
        "run", folder / "study.yaml", "--data", folder / "data", "--out", folder / out, "--force"
    )
    assert done == 2
    assert [one["code"] for one in said["findings"]] == ["output-not-empty"]
    assert sorted(folder.rglob("*")) == before


def test_questions_without_an_answer_are_wrong_usage(folder: Path) -> None:
    arguments = ["init", "--from", str(folder / "answers.csv"), "--out", str(folder / "new.yaml")]
    done = CliRunner().invoke(app, arguments, input="")
    assert done.exit_code == 2
    assert "--no-input" in done.stderr
    assert not (folder / "new.yaml").exists()
