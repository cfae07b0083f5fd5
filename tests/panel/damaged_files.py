"""Files of answers cut short or with changed bytes, read in a process that may fall.

`python -m tests.panel.damaged_files SEED NUMBER [SUFFIX ...]` tries more of them.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyreadstat

from tests.panel.small_studies import answers
from tests.panel.test_typed_files import write_xlsx

SUFFIXES = (".sav", ".zsav", ".dta", ".parquet", ".xlsx", ".csv.gz")
SECONDS = 20
SLOW = 8
MEMORY = 6 * 2**30  # of address space, most of which the libraries only set aside


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """One damaged file: how it came about, and its bytes."""

    how: str
    content: bytes


def whole_file(folder: Path, suffix: str) -> bytes:
    """A sound file of this kind, with numbers, texts, blanks and dates."""
    path = folder / f"sound{suffix}"
    numbers = np.random.default_rng(3).integers(0, 4, answers().height)
    frame = answers().with_columns(
        pl.Series("number", numbers / 4),
        pl.Series("word", [f"Wörter {n}" * (n + 1) if n else None for n in numbers]),
        pl.Series("day", numbers).cast(pl.Date),
    )
    if suffix == ".parquet":
        frame.write_parquet(path)
    elif suffix == ".xlsx":
        write_xlsx(path, frame.with_columns(pl.col("day").cast(pl.String)))
    elif suffix == ".csv.gz":
        import gzip

        path.write_bytes(gzip.compress(frame.write_csv().encode(), mtime=0))
    elif suffix == ".dta":
        pyreadstat.write_dta(frame, str(path))
    else:
        pyreadstat.write_sav(frame, str(path), compress=suffix == ".zsav", row_compress=False)
    return path.read_bytes()


def damaged(content: bytes, seed: int, number: int) -> Iterator[Damaged]:
    """Cut the content short, and change bytes, mostly near its two ends where headers stand."""
    rng = np.random.default_rng([seed, len(content)])
    size = len(content)
    for _ in range(number):
        kind = rng.integers(0, 5)
        if kind == 0:
            length = int(rng.integers(0, size))
            yield Damaged(how=f"cut to {length}", content=content[:length])
            continue
        changed = bytearray(content)
        places = _places(rng, size, int(rng.integers(1, 6)))
        for place in places:
            if kind == 1:
                changed[place] ^= 1 << int(rng.integers(0, 8))
            elif kind == 2:
                changed[place] = (0, 255, 127, 128)[int(rng.integers(0, 4))]
            elif kind == 3:
                changed[place : place + 4] = rng.bytes(4)
            else:
                del changed[place : place + int(rng.integers(1, 9))]
        yield Damaged(how=f"kind {kind} at {places}", content=bytes(changed))


def _places(rng: np.random.Generator, size: int, number: int) -> list[int]:
    near = min(size, 400)
    spots = (rng.integers(0, near), size - 1 - rng.integers(0, near), rng.integers(0, size))
    return sorted({int(spots[int(rng.integers(0, 3))]) for _ in range(number)}, reverse=True)


def fallen(folder: Path, suffix: str, files: Sequence[Damaged]) -> list[str]:
    """Read each file in a process apart; tell those that end in anything but words or a table."""
    for number, file in enumerate(files):
        (folder / f"{number}{suffix}").write_bytes(file.content)
    log = folder / "progress"
    log.write_text("")
    told: list[str] = []
    while (place := len(log.read_text().splitlines())) < len(files):
        reader = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.panel.damaged_files",
                "read",
                folder,
                suffix,
                str(place),
                str(len(files)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = _wait(reader, log)
        place = len(log.read_text().splitlines())
        if place < len(files):
            with log.open("a") as lines:
                lines.write(f"{end}\n")
    for file, said in zip(files, log.read_text().splitlines(), strict=True):
        if said != "ok":
            told.append(f"{file.how}: {said}")
    return told


def _wait(reader: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the process ends, or makes no progress."""
    size = -1
    while True:
        try:
            return f"ended with {reader.wait(SECONDS)}"
        except subprocess.TimeoutExpired:
            if log.stat().st_size == size:
                reader.kill()
                reader.wait()
                return "no end"
            size = log.stat().st_size


def read_all(folder: Path, suffix: str, first: int, number: int) -> None:
    """Read files by their numbers, and write down what came of each."""
    from salutogen.errors import SalutogenError
    from salutogen.panel.sources import open_table

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with (folder / "progress").open("a") as lines:
        for place in range(first, number):
            started = time.monotonic()
            try:
                open_table(folder / f"{place}{suffix}")
                said = "ok"
            except SalutogenError as error:
                said = "ok" if all(one.text and one.mend for one in error.findings) else "no words"
            except BaseException as error:
                said = f"{type(error).__module__}.{type(error).__name__}: {error!s:.80}"
            if time.monotonic() - started > SLOW:
                said = f"{time.monotonic() - started:.0f} s"
            lines.write(" ".join(said.split()) + "\n")
            lines.flush()


if __name__ == "__main__" and sys.argv[1] == "read":
    read_all(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
elif __name__ == "__main__":
    import tempfile

    seed, number = int(sys.argv[1]), int(sys.argv[2])
    for suffix in sys.argv[3:] or SUFFIXES:
        with tempfile.TemporaryDirectory() as name:
            began = time.monotonic()
            files = list(damaged(whole_file(Path(name), suffix), seed, number))
            told = fallen(Path(name), suffix, files)
            took = f"{suffix} {len(files)} files, {time.monotonic() - began:.0f} s"
            sys.stdout.write("\n".join([took, *told[:25], ""]))
            sys.stdout.flush()
