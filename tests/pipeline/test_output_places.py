"""Places where results cannot or must not be put are refused before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from salutogen.pipeline import output_folder
from salutogen.pipeline.output_folder import (
    OutputNotEmptyError,
    OutputRefusedError,
    claimed,
    require_free,
    require_possible,
)
from salutogen.pipeline.what_is_read import WhatIsRead
from tests.pipeline.outputs import NEW, names, new, old, posix, refused_with, write


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
