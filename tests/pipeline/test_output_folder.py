"""An output folder is complete or as it was, holds nothing foreign, and is one run's at a time."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from salutogen.errors import ReportError
from salutogen.findings import Finding
from salutogen.pipeline import output_folder
from salutogen.pipeline.output_folder import (
    OutputNotEmptyError,
    OutputRefusedError,
    claimed,
    require_free,
    require_possible,
)
from salutogen.pipeline.what_is_read import WhatIsRead

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and signals of POSIX")


def new(folder: Path) -> None:
    """Fill a folder as a run does: two files, and the list of them."""
    (folder / "tables").mkdir()
    (folder / "tables" / "t.csv").write_text("new")
    (folder / "scores.csv").write_text("new")
    listed(folder, "scores.csv", "tables/t.csv")


def listed(folder: Path, *names: str) -> None:
    content = {"salutogen": "0.1.0", "outputs": [{"file": name} for name in names]}
    (folder / "manifest.json").write_text(json.dumps(content))


def old(folder: Path) -> None:
    """An earlier output."""
    folder.mkdir()
    for name in ("scores.csv", "old.csv"):
        (folder / name).write_text("old")
    listed(folder, "scores.csv", "old.csv")


def write(
    out: Path, fill: Callable[[Path], None] = new, *, force: bool = False
) -> tuple[Finding, ...]:
    with claimed(out, force=force) as place:
        return place.write(fill)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


NEW = {"manifest.json", "scores.csv", "tables/t.csv"}


@pytest.fixture
def gone() -> int:
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def code(refused: pytest.ExceptionInfo[ReportError]) -> str:
    (found,) = refused.value.findings
    return found.code


def test_an_earlier_output_is_replaced_as_a_whole(tmp_path: Path) -> None:
    old(tmp_path / "out")
    with pytest.raises(OutputNotEmptyError, match="is not empty"):
        write(tmp_path / "out")
    assert write(tmp_path / "out", force=True) == ()
    assert names(tmp_path) == {f"out/{name}" for name in NEW}


@pytest.mark.parametrize(
    "error, words",
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "Read-only"), (errno.EACCES, "denied")],
)
def test_a_failing_disk_leaves_the_old_folder(tmp_path: Path, error: int, words: str) -> None:
    old(tmp_path / "out")

    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise OSError(error, os.strerror(error))

    with pytest.raises(ReportError, match=words) as refused:
        write(tmp_path / "out", fail, force=True)
    assert not isinstance(refused.value, OutputRefusedError)
    assert names(tmp_path) == {"out/manifest.json", "out/old.csv", "out/scores.csv"}


def test_a_failing_run_leaves_no_folders_on_the_way(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path / "a" / "b" / "out"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "a" / "b" / "out")
    assert names(tmp_path / "a") == {f"b/out/{name}" for name in NEW}


@pytest.mark.parametrize(
    "foreign", ["mine.txt", "tables/mine.csv", "deep/er/mine", ".hidden", "report.html.bak"]
)
def test_what_others_put_there_is_never_deleted(tmp_path: Path, foreign: str) -> None:
    out = tmp_path / "out"
    old(out)
    (out / foreign).parent.mkdir(parents=True, exist_ok=True)
    (out / foreign).write_text("mine")
    before = names(out)
    with pytest.raises(OutputNotEmptyError) as refused:
        write(out, force=True)
    assert foreign in refused.value.findings[0].text
    assert names(out) == before


def test_a_folder_without_a_list_is_nobodys_to_delete(tmp_path: Path) -> None:
    out = tmp_path / "out"
    old(out)
    (out / "manifest.json").write_text("[1, 2")
    with pytest.raises(OutputNotEmptyError, match="3 files"):
        write(out, force=True)


def test_leavings_of_file_managers_are_no_ones_work(tmp_path: Path) -> None:
    old(tmp_path / "out")
    (tmp_path / "out" / ".DS_Store").write_bytes(b"\0")
    write(tmp_path / "out", force=True)
    assert names(tmp_path / "out") == NEW


@posix
def test_a_link_in_the_place_of_a_listed_file_is_foreign(tmp_path: Path) -> None:
    out = tmp_path / "out"
    old(out)
    (tmp_path / "mine.csv").write_text("mine")
    (out / "old.csv").unlink()
    (out / "old.csv").symlink_to(tmp_path / "mine.csv")
    with pytest.raises(OutputNotEmptyError, match=r"old\.csv"):
        write(out, force=True)


def test_files_that_come_while_the_report_is_drawn_are_kept_beside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    old(out)

    def fill(folder: Path) -> None:
        new(folder)
        (out / "notes.txt").write_text("mine")

    (told,) = write(out, fill, force=True)
    assert told.code == "output-left-over"
    assert "'notes.txt'" in told.text
    assert names(out) == NEW
    assert names(tmp_path / "out.kept") == {"notes.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.kept"}


def test_results_that_come_meanwhile_do_not_vanish(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def fill(folder: Path) -> None:
        new(folder)
        old(out)

    with pytest.raises(OutputNotEmptyError, match="is not empty"):
        write(out, fill)
    assert names(tmp_path) == {"out/manifest.json", "out/old.csv", "out/scores.csv"}


def test_what_cannot_be_deleted_is_named_and_the_run_has_succeeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old(tmp_path / "out")
    unlink = Path.unlink

    def stubborn(path: Path, missing_ok: bool = False) -> None:
        if path.name == "old.csv":
            raise PermissionError(errno.EPERM, "Operation not permitted")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", stubborn)
    (told,) = write(tmp_path / "out", force=True)
    assert told.code == "output-left-over"
    assert "could not be deleted: 'old.csv'" in told.text
    assert names(tmp_path / "out") == NEW
    monkeypatch.undo()
    assert write(tmp_path / "out", force=True) == ()  # the next run clears it away
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_the_two_renames_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    from salutogen.pipeline.stopping import Stopped, stops_as_interrupts

    old(tmp_path / "out")
    rename, done = Path.rename, []

    def interrupted(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        signal.raise_signal(number)
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    with (
        stops_as_interrupts() as came,
        pytest.raises(Stopped),
        claimed(tmp_path / "out", force=True) as place,
    ):
        place.write(new, then=lambda: done.append("in place"))
    assert done == ["in place"]
    assert set(came) == {number}
    assert names(tmp_path) == {f"out/{name}" for name in NEW}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_rename_that_fails_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old(tmp_path / "out")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(ReportError, match="Input/output error"):
        write(tmp_path / "out", force=True)
    assert names(tmp_path) == {"out/manifest.json", "out/old.csv", "out/scores.csv"}


def test_killed_between_the_two_renames_the_old_folder_comes_back(
    tmp_path: Path, gone: int
) -> None:
    old(tmp_path / f".out.replaced-{gone}")
    (tmp_path / f".out.partial-{gone}").mkdir()
    (tmp_path / ".out.partial-notes").mkdir()  # somebody's own
    with pytest.raises(OutputNotEmptyError):
        write(tmp_path / "out")
    assert (tmp_path / "out" / "old.csv").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.partial-notes"}


def test_killed_after_both_renames_the_new_folder_stays(tmp_path: Path, gone: int) -> None:
    write(tmp_path / "out")
    aside = tmp_path / f".out.replaced-{gone}"
    old(aside)
    (aside / "notes.txt").write_text("mine")
    (told,) = write(tmp_path / "out", force=True)
    assert told.code == "output-left-over"
    assert names(tmp_path / "out.kept") == {"notes.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.kept"}


# --- one run at a time


def test_a_second_run_is_refused_at_once(tmp_path: Path) -> None:
    with claimed(tmp_path / "out") as place:
        with pytest.raises(OutputRefusedError) as refused, claimed(tmp_path / "out", force=True):
            pass
        assert code(refused) == "output-in-use"
        assert f"process {os.getpid()}" in refused.value.findings[0].text
        place.write(new)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    write(tmp_path / "out", force=True)


@pytest.mark.parametrize("offered", [True, False], ids=["held by the system", "by process only"])
def test_the_lock_of_a_dead_process_is_taken_over(
    tmp_path: Path, gone: int, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from salutogen.pipeline import folder_lock

    if not offered:
        monkeypatch.setattr(folder_lock, "_hold", lambda descriptor: False)
    lock = tmp_path / ".out.lock"
    lock.write_text(json.dumps({"host": platform.node(), "process": gone, "since": "2026"}))
    write(tmp_path / "out")
    assert names(tmp_path) == {f"out/{name}" for name in NEW}
    if not offered and sys.platform != "win32":
        lock.write_text(json.dumps({"host": platform.node(), "process": os.getppid()}))
        with pytest.raises(OutputRefusedError, match=f"process {os.getppid()}"):
            write(tmp_path / "out", force=True)


def test_the_lock_of_another_machine_is_respected(tmp_path: Path, gone: int) -> None:
    lock = tmp_path / ".out.lock"
    lock.write_text(json.dumps({"host": "node-7", "process": gone, "since": "2026-01-01"}))
    with pytest.raises(OutputRefusedError, match="'node-7'") as refused:
        write(tmp_path / "out")
    assert "'.out.lock'" in refused.value.findings[0].mend
    assert [path.name for path in tmp_path.iterdir()] == [".out.lock"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 3}'])
def test_a_lock_that_says_nothing_of_this_machine(tmp_path: Path, content: str) -> None:
    (tmp_path / ".out.lock").write_text(content)
    if "host" in content:
        with pytest.raises(OutputRefusedError):
            write(tmp_path / "out")
    else:
        write(tmp_path / "out")
        assert names(tmp_path / "out") == NEW


# --- what is read


@contextmanager
def refused_with(*codes: str) -> Iterator[None]:
    with pytest.raises(OutputRefusedError) as refused:
        yield
    assert tuple(one.code for one in refused.value.findings) == codes


@posix
@pytest.mark.parametrize("way", ["in", "link to", "through", "folder link", "hard link", "is"])
def test_what_is_read_is_never_replaced(tmp_path: Path, way: str) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    old(out)
    elsewhere.mkdir()
    read = out / "old.csv"
    if way == "link to":
        read = elsewhere / "answers.csv"
        read.symlink_to("../out/old.csv")
    elif way == "through":  # a link in the folder, to a file outside of it
        (elsewhere / "answers.csv").write_text("mine")
        (out / "link.csv").symlink_to(elsewhere / "answers.csv")
        read = elsewhere / "again.csv"
        read.symlink_to(out / "link.csv")
    elif way == "folder link":
        (elsewhere / "data").symlink_to(out)
        read = elsewhere / "data" / "old.csv"
    elif way == "hard link":
        read = elsewhere / "answers.csv"
        read.hardlink_to(out / "old.csv")
    elif way == "is":
        read = out
    before = names(tmp_path)
    with refused_with("output-not-empty"):
        require_free(out, force=True, reads=WhatIsRead((read,)))
    with refused_with("output-not-empty"), claimed(out, force=True, reads=WhatIsRead((read,))):
        pass
    assert names(tmp_path) == before


def test_what_comes_to_be_read_from_the_folder_is_kept(tmp_path: Path) -> None:
    out, read = tmp_path / "out", WhatIsRead((tmp_path / "out" / "norm.json",))
    with claimed(out, reads=read) as place, refused_with("output-not-empty"):

        def fill(folder: Path) -> None:
            new(folder)
            old(out)
            (out / "norm.json").write_text("{}")

        place.write(fill)
    assert "norm.json" in names(out)


def test_beside_what_is_read_is_free(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "out.csv").write_text("1")
    reads = WhatIsRead((tmp_path / "data", tmp_path / "data" / "out.csv", tmp_path / "none"))
    with claimed(tmp_path / "data" / "out", reads=reads) as place:
        place.write(new)
    assert names(tmp_path / "data" / "out") == NEW


def test_results_do_not_go_among_instruments(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    with refused_with("output-place"):
        require_free(
            tmp_path / "ours" / "deep" / "out",
            force=False,
            reads=WhatIsRead((), (tmp_path / "ours",)),
        )


def test_the_folder_one_works_in_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with refused_with("output-not-empty"):
        require_free(Path(), force=False)


# --- places that are none


@posix
def test_the_folder_behind_a_link_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    old(real)
    link.symlink_to(real)
    with pytest.raises(OutputNotEmptyError):
        write(link)
    write(link, force=True)
    assert link.is_symlink()
    assert names(real) == NEW
    assert {path.name for path in tmp_path.iterdir()} == {"real", "link"}
    (tmp_path / "dangling").symlink_to(tmp_path / "later")
    write(tmp_path / "dangling")
    assert names(tmp_path / "later") == NEW
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputRefusedError):
        write(tmp_path / "circle")


def test_a_mounted_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "my results"
    place.mkdir()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"36 35 98:0 /a {str(place).replace(' ', chr(92) + '040')} rw - ext3 x rw\n")
    require_free(place, force=False)
    monkeypatch.setattr(output_folder, "MOUNTS", mounts)
    with refused_with("output-place"):
        require_free(place, force=False)
    write(place / "inside")
    assert names(place / "inside") == NEW


def test_names_that_none_can_be(tmp_path: Path) -> None:
    for name in ("x" * 300, "ä" * 200, "a\0b", "x/" * 3000):
        with refused_with("output-place"):
            require_free(tmp_path / name, force=True)
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "out"):
        with refused_with("output-not-empty"):
            require_free(place, force=True)
    with pytest.raises(OutputRefusedError) as refused:
        require_possible(Path(os.fsdecode(b"M\xfcnchen")))
    assert r"“M\xfcnchen”" in refused.value.findings[0].text


@pytest.mark.parametrize("name", ["x" * 250, "ü" * 120, "with space", "-dash", "{n}", "x.lock"])
def test_every_name_that_a_folder_can_have(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    write(tmp_path / name, force=True)
    assert names(tmp_path / name) == NEW
    assert [path.name for path in tmp_path.iterdir()] == [name]
