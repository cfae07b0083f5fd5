"""An output folder is complete or as it was, holds nothing foreign, and is one run's at a time."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from salutogen.errors import ReportError
from salutogen.pipeline.output_folder import (
    OutputNotEmptyError,
    OutputRefusedError,
    claimed,
)
from tests.pipeline.outputs import NEW, gone, names, new, old, posix, write


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


def test_killed_between_the_two_renames_the_old_folder_comes_back(tmp_path: Path) -> None:
    old(tmp_path / f".out.replaced-{gone()}")
    (tmp_path / f".out.partial-{gone()}").mkdir()
    (tmp_path / ".out.partial-notes").mkdir()  # somebody's own
    with pytest.raises(OutputNotEmptyError):
        write(tmp_path / "out")
    assert (tmp_path / "out" / "old.csv").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.partial-notes"}


def test_killed_after_both_renames_the_new_folder_stays(tmp_path: Path) -> None:
    write(tmp_path / "out")
    aside = tmp_path / f".out.replaced-{gone()}"
    old(aside)
    (aside / "notes.txt").write_text("mine")
    (told,) = write(tmp_path / "out", force=True)
    assert told.code == "output-left-over"
    assert names(tmp_path / "out.kept") == {"notes.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.kept"}
