"""What cannot be read is one refusal in words: at once, and without filling the memory."""

from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

from salutogen.errors import PanelError
from salutogen.panel import read_panel
from salutogen.panel.readers import limits
from salutogen.panel.readers.limits import MOST_UNPACKED
from tests.panel.damaged_files import SUFFIXES, damaged, fallen, whole_file
from tests.panel.small_studies import answers, by_occasion, make_study, same_panel
from tests.panel.test_spreadsheets import change
from tests.panel.test_typed_files import write_xlsx

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and limits of POSIX")
ADDRESSES = 5 * 10**9  # bytes of address space that a reader gets, most of which it only reserves


def refusal(study: Any, data: Any) -> Any:
    with pytest.raises(PanelError) as error:
        read_panel(study, data)
    (told,) = error.value.findings
    return told


def packed_bomb(path: Path) -> None:
    """Eight gigabytes of zeros in eight megabytes."""
    piece = gzip.compress(b"0" * 2**26, mtime=0)
    path.write_bytes(answers_packed() + piece * 128)


def answers_packed() -> bytes:
    return gzip.compress(answers().write_csv().encode(), mtime=0)


def workbook_bomb(path: Path) -> None:
    write_xlsx(path, answers())
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(MOST_UNPACKED // 2**22 + 1):
            part.write(b" " * 2**22)


def workbook_that_lies(path: Path) -> None:
    """A sheet that says it has a hundred bytes."""
    workbook_bomb(path)
    content = bytearray(path.read_bytes())
    entry = content.rfind(b"PK\x01\x02")  # the last one of the list of contents
    content[entry + 24 : entry + 28] = struct.pack("<I", 100)
    path.write_bytes(content)


def far_cell(path: Path) -> None:
    write_xlsx(path, answers())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = next(name for name in parts if name.startswith("xl/worksheets/"))
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[sheet] = parts[sheet].replace(b"</sheetData>", far)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def sav_of_many(path: Path) -> None:
    """A file whose header says that it has a billion rows."""
    pyreadstat.write_sav(answers(), str(path), compress=path.suffix == ".zsav")
    content = bytearray(path.read_bytes())
    content[80:84] = struct.pack("<i", 10**9)
    path.write_bytes(content)


def dta_of_many(path: Path) -> None:
    pyreadstat.write_dta(answers(), str(path), version=14)
    content = path.read_bytes()
    place = content.index(b"<N>") + 3
    path.write_bytes(content[:place] + struct.pack("<Q", 10**12) + content[place + 8 :])


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 * 10**11)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def plug(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # such names are short
        one.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize(
    "place",
    ["ZZZZ1", "A0", "1A", "", "A1:B2", "$A$1", "XFE1", "A1048577", "XFD9999999", "A99999999999"],
)
def test_cells_that_stand_nowhere(tmp_path: Path, place: str) -> None:
    path = tmp_path / "answers.xlsx"
    for old, new in (("<c><v>", f'<c r="{place}"><v>'), ("<row>", f'<row r="{place}x">')):
        write_xlsx(path, answers())
        change(path, "xl/worksheets/s1.xml", old, new)
        told = refusal(make_study(), path)
        assert told.code == "unreadable-file"
        assert "no place of a sheet" in told.text


MADE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "gzip": ("a.csv.gz", packed_bomb, "unpacks to more than 100 times"),
    "workbook": ("a.xlsx", workbook_bomb, "unpacks to more than 100 times"),
    "lying": ("a.xlsx", workbook_that_lies, "cannot be read"),
    "far": ("a.xlsx", far_cell, "of which"),
    "sav": ("a.sav", sav_of_many, "1,000,000,000 rows"),
    "zsav": ("a.zsav", sav_of_many, "1,000,000,000 rows"),
    "dta": ("a.dta", dta_of_many, "cannot be read"),
    **{
        f"sparse{suffix}": (f"a{suffix}", sparse, "GB of memory")
        for suffix in (".csv", ".csv.gz", ".sav", ".dta", ".xlsx", ".xls", ".parquet")
    },
    "pipe": ("a.csv", pipe, "it is a pipe, not a file"),
    "device": ("a.parquet", device, "it is a device, not a file"),
    "socket": ("a.sav", plug, "it is a socket, not a file"),
    "folder": ("a.dta", lambda path: path.mkdir(), "which is not in"),
}


def read_each(folder: Path) -> dict[str, str]:
    """Read each file of a folder within a limit of memory; what was said."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    said: dict[str, str] = {}
    for name, (file, _, _) in MADE.items():
        try:
            read_panel(make_study(), folder / name / file)
            words = "read"
        except PanelError as error:
            words = " | ".join(str(one) for one in error.findings)
        said[name] = words
    return said


@posix
def test_nothing_is_read_that_cannot_be_held(tmp_path: Path) -> None:
    for name, (file, make, _) in MADE.items():
        (tmp_path / name).mkdir()
        make(tmp_path / name / file)
    script = (
        "import json, sys; from pathlib import Path; from tests.panel.test_limits import read_each;"
        "sys.stdout.write(json.dumps(read_each(Path(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "POLARS_MAX_THREADS": "2"},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {name: words for name, words in said.items() if MADE[name][2] not in words} == {}


def test_a_reader_that_runs_out_of_memory_refuses_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object, **__: object) -> None:
        raise MemoryError

    (tmp_path / "a.dta").write_bytes(b"anything")
    monkeypatch.setattr("pyreadstat.read_dta", greedy)
    with pytest.raises(PanelError, match="asks for more memory than is left"):
        read_panel(make_study(), tmp_path / "a.dta")


@posix
@pytest.mark.parametrize("make", [pipe, device, plug])
def test_what_has_only_a_files_place_is_said_to_be_no_file(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "answers.csv")
    for source in (by_occasion(), by_occasion(file="answers.csv")):
        assert "not a file" in refusal(make_study({"answers": source}), tmp_path).text


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    for name in ("x" * 300, "x" * 300 + ".csv", "a\0b.csv"):
        told = refusal(make_study({"answers": by_occasion(file=name)}), tmp_path)
        assert told.code in ("data-not-found", "unreadable-file")


def test_two_members_of_a_packed_file_are_one_text(tmp_path: Path) -> None:
    text = answers().write_csv().encode()
    path = tmp_path / "answers.csv.gz"
    path.write_bytes(gzip.compress(text[:80]) + gzip.compress(text[80:]))
    assert same_panel(read_panel(make_study(), path), read_panel(make_study(), answers()))
    path.write_bytes(gzip.compress(text)[:-20])
    assert refusal(make_study(), path).code == "unreadable-file"


def test_twenty_thousand_columns_are_read(tmp_path: Path) -> None:
    header, *rows = answers().write_csv().splitlines()
    names = [f"a_column_of_no_use_{number}" for number in range(20_000)]
    path = tmp_path / "answers.csv"
    lines = [",".join([header, *names]), *(row + "," * len(names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert path.stat().st_size > 2**18
    assert same_panel(read_panel(make_study(), path), read_panel(make_study(), answers()))


def test_rows_of_a_parquet_file_must_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "answers.parquet"
    answers().write_parquet(path)
    read_panel(make_study(), path)
    monkeypatch.setattr(limits, "memory_left", lambda: 100)
    assert refusal(make_study(), path).code == "file-too-large"


@pytest.mark.parametrize("name", ["*", "^M_.*$", "^.*$", "^id$"])
def test_no_column_name_stands_for_others(tmp_path: Path, name: str) -> None:
    plain = read_panel(make_study(), answers())
    beside = answers().with_columns(pl.Series(name, [7] * 18))
    beside.write_csv(tmp_path / "answers.csv")
    beside.write_parquet(tmp_path / "answers.parquet")
    for path in tmp_path.iterdir():
        assert same_panel(read_panel(make_study(), path), plain)
    study = make_study({"answers": by_occasion(person=name)})
    renamed = answers().with_columns(answers()["id"].alias(name))
    assert same_panel(read_panel(study, renamed), plain)


ODD: dict[str, tuple[pl.Series, str]] = {
    "list": (pl.Series([[1, 2]] * 18), "lists"),
    "array": (pl.Series([[1, 2]] * 18, dtype=pl.Array(pl.Int64, 2)), "lists"),
    "struct": (pl.Series([{"a": 1}] * 18), "several fields"),
    "binary": (pl.Series([b"1"] * 18), "bytes"),
    "duration": (pl.Series([timedelta(1)] * 18), "lengths of time"),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("lazy", [False, True])
def test_columns_of_odd_kinds(tmp_path: Path, kind: str, lazy: bool) -> None:
    column, words = ODD[kind]
    path = tmp_path / "answers.parquet"

    def given(frame: pl.DataFrame) -> Any:
        if lazy:
            frame.write_parquet(path)
        return path if lazy else frame

    doubled = pl.concat([answers(), answers().head(3)])
    unused = doubled.with_columns(pl.concat([column, column.head(3)]).alias("unused"))
    panel = read_panel(make_study(), given(unused))
    assert same_panel(panel, read_panel(make_study(), doubled))
    for used in ("id", "wave", "M_2"):
        told = refusal(make_study(), given(answers().with_columns(column.alias(used))))
        assert told.code == "column-kind"
        assert repr(used) in told.text
        assert words in told.text


def test_whatever_a_reader_raises_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (
        RuntimeError("x"),
        IndexError(),
        AttributeError("y"),
        RecursionError(),
        KeyError(1),
    ):

        def fail(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(pyreadstat, "read_sav", fail)
        path = tmp_path / "answers.sav"
        path.write_bytes(b"$FL2" * 100)
        told = refusal(make_study(), path)
        assert told.code == "unreadable-file"
        assert told.evidence.file == "answers.sav"


@posix
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_are_read_or_refused(tmp_path: Path, suffix: str) -> None:
    sound = whole_file(tmp_path, suffix)
    assert fallen(tmp_path, suffix, list(damaged(sound, seed=1, number=60))) == []
