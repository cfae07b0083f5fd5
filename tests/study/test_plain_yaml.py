from __future__ import annotations

import codecs
import time

import pytest

from salutogen.errors import StudyError
from salutogen.study import read_study
from salutogen.study.format.plain_yaml import MOST_BYTES, load_yaml
from salutogen.study.format.yaml_events import plain_value
from tests.study.small_study import codes, refused

TEXT = """\
salutogen: 1
title: Zwölf Wochen
occasions: {every: 7 days, count: 6}
sources:
  answers: {person: id, occasion: week}
instruments:
  ghq-12: {columns: "G_{01..12}"}
  general: {columns: "GE_{01..11}", answers: 0..5, did_not_occur: 0, recall: 7 days}
problems: ghq-12
exposure: {types: [general]}
"""


def test_text_bytes_and_line_ends_read_alike(tmp_path):
    expected = read_study(TEXT).hash
    written = {
        "plain": TEXT.encode(),
        "mark": codecs.BOM_UTF8 + TEXT.encode(),
        "utf16": TEXT.encode("utf-16"),
        "windows": TEXT.replace("\n", "\r\n").encode(),
    }
    for name, content in written.items():
        path = tmp_path / f"{name}.yaml"
        path.write_bytes(content)
        assert read_study(path).hash == expected, name
    assert read_study(str(path)).title == "Zwölf Wochen"


@pytest.mark.parametrize(
    "code, line, text",
    [
        ("study-file-empty", None, "\n# nothing\n"),
        ("study-file-not-yaml", 3, TEXT.replace("{every", "{{every")),
        ("study-file-not-yaml", 1, "- 1\n- 2\n"),
        ("study-file-tab", 5, TEXT.replace("  answers", "\tanswers")),
        ("study-file-duplicate-key", 11, TEXT + "title: again\n"),
        ("study-file-alias", 2, TEXT.replace("title: Zw", "title: &a Zw")),
        ("study-file-alias", 9, TEXT.replace("problems: ghq-12", "problems: *a")),
        ("study-file-several-documents", 11, TEXT + "---\nsalutogen: 1\n"),
        ("study-file-not-yaml", 2, TEXT.replace("Zw", "\x01Zw")),
        ("study-file-not-yaml", 2, TEXT.replace("title: Zw", "title: !!python/object Zw")),
        ("format-unknown", 1, TEXT.replace("salutogen: 1", "salutogen: 7")),
        ("format-unknown", 1, TEXT.replace("salutogen: 1", "salutogen: true")),
        ("gap-to-fill", 2, TEXT.replace("Zwölf Wochen", "???")),
    ],
)
def test_broken_files_are_refused_with_their_line(tmp_path, code, line, text):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    findings = refused(path)
    assert code in codes(findings)
    found = next(item for item in findings if item.code == code)
    if line is not None and not text.startswith("-"):
        assert (found.evidence.file, found.evidence.line) == ("study.yaml", line)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(b"a: [" + b"[" * (100 * MOST_BYTES))
    start = time.monotonic()
    assert codes(refused(path)) == ["study-file-too-large"]
    assert time.monotonic() - start < 5
    assert codes(refused("a\n" * MOST_BYTES)) == ["study-file-too-large"]


def test_absent_folder_and_other_encodings_are_refused(tmp_path):
    assert codes(refused(tmp_path / "absent.yaml")) == ["study-file-unreadable"]
    assert codes(refused(tmp_path)) == ["study-file-unreadable"]
    assert codes(refused("a\0b")) == ["study-file-unreadable"]
    path = tmp_path / "latin.yaml"
    path.write_bytes(TEXT.encode("latin-1"))
    (found,) = refused(path)
    assert (found.code, found.evidence.line) == ("study-file-encoding", 2)
    assert codes(refused(17)) == ["study-file-unreadable"]


def test_deep_nesting_is_refused_without_recursion():
    assert codes(refused("a: " + "[" * 10_000 + "\n")) == ["study-file-not-yaml"]


def test_plain_words():
    words = {
        "1": 1, "-2": -2, "0.5": 0.5, "1e3": 1000.0, "true": True, "~": None, "": None,
        "01": "01", "yes": "yes", "1e999": "1e999", ".nan": ".nan", "2020-01-31": "2020-01-31",
        "1_000": "1_000", "0x1F": "0x1F", "12345678901234567890": 12345678901234567890.0,
    }  # fmt: skip
    for text, value in words.items():
        assert plain_value(text) == value
        assert type(plain_value(text)) is type(value)


def test_every_key_has_its_line():
    loaded = load_yaml("a:\n  b: 1\n  c:\n    - 2\n    - d: 3\n", "x")
    assert loaded.values == {"a": {"b": 1, "c": [2, {"d": 3}]}}
    assert loaded.lines == {"a": 1, "a.b": 2, "a.c": 3, "a.c.0": 4, "a.c.1": 5, "a.c.1.d": 5}


def test_all_duplicate_keys_and_other_faults_are_said_at_once():
    with pytest.raises(StudyError) as caught:
        read_study(TEXT + "title: 1\nproblems: x\nfactros: [a]\n")
    found = codes(caught.value.findings)
    assert found.count("study-file-duplicate-key") == 2
    assert "unknown-key" in found
