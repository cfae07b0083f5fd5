"""An output folder is complete or as it was, also after a run that was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from salutogen.errors import ReportError
from salutogen.pipeline.output_folder import OutputNotEmptyError, write_folder


def write_new(folder: Path) -> None:
    (folder / "result.txt").write_text("new")


@pytest.fixture
def gone() -> int:
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_failing_fill_leaves_the_old_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, write_new)

    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ReportError) as refused:
        write_folder(out, fail, force=True)
    assert "the disk is full" in refused.value.findings[0].text
    assert [path.name for path in out.iterdir()] == ["result.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_killed_between_the_two_renames_the_old_folder_comes_back(
    tmp_path: Path, gone: int
) -> None:
    aside = tmp_path / f".out.replaced-{gone}"
    aside.mkdir()
    (aside / "old.txt").write_text("old")
    (tmp_path / f".out.partial-{gone}").mkdir()
    with pytest.raises(OutputNotEmptyError):
        write_folder(tmp_path / "out", write_new)
    assert (tmp_path / "out" / "old.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_folder_behind_a_link_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "old.txt").write_text("old")
    link.symlink_to(real)
    with pytest.raises(OutputNotEmptyError):
        write_folder(link, write_new)
    assert write_folder(link, write_new, force=True) == link
    assert link.is_symlink()
    assert not (real / "old.txt").exists()
    assert (real / "result.txt").read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"real", "link"}


def test_killed_after_both_renames_the_new_folder_stays(tmp_path: Path, gone: int) -> None:
    write_folder(tmp_path / "out", write_new)
    aside = tmp_path / f".out.replaced-{gone}"
    aside.mkdir()
    write_folder(tmp_path / "out", write_new, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
