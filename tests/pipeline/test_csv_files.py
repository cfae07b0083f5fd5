"""A long CSV file is made ready part by part, and is the file one part gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.pipeline import csv_files


def table(rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(rows)
    values = rng.normal(0, 1e4, rows)
    values[::5] = np.nan
    return pl.DataFrame(
        {
            "subject": [f"a, {place}" for place in range(rows)],
            "x": values,
            "lists": [[place, None] for place in range(rows)],
            "n": pl.Series(range(rows), dtype=pl.Int16),
        },
        schema_overrides={"lists": pl.List(pl.Int64)},
    )


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 30])
def test_parts_give_the_file_of_the_whole(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_files.write_csv(table(rows), tmp_path / "whole.csv")
    monkeypatch.setattr(csv_files, "ROWS_AT_ONCE", 7)
    csv_files.write_csv(table(rows), tmp_path / "parts.csv")
    text = (tmp_path / "parts.csv").read_bytes()
    assert text == (tmp_path / "whole.csv").read_bytes()
    assert text.splitlines()[0] == b"subject,x,lists,n"
    back = pl.read_csv(tmp_path / "parts.csv", schema_overrides={"x": pl.Float64})
    assert back.height == rows
    known = table(rows)["x"].fill_nan(None)
    np.testing.assert_allclose(
        back["x"].fill_null(0.0).to_numpy(), known.fill_null(0.0).to_numpy(), rtol=1e-9
    )
