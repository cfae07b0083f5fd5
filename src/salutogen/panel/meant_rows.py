"""Rows of a file that a source means, where the file holds those of other forms as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salutogen.findings import Findings
from salutogen.panel.identifiers import factorise, match_labels
from salutogen.panel.numeric import id_text

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study.format import RowsOf


def meant_rows(table: SourceTable, only: RowsOf | None, findings: Findings) -> NDArray[np.bool_]:
    """Tell which rows `only` means, as text or as a number; all without it.

    A code that no row has is refused: all of the source would be missing.
    """
    if only is None:
        return np.ones(table.n_rows, dtype=bool)
    codes, found = factorise(id_text(table.column(only.column)).str.strip_chars())
    known = {place for place in match_labels(only.codes, found.to_list()) if place is not None}
    meant = np.isin(codes, list(known))
    if not meant.any():
        findings.tell(
            "no-row-is-meant",
            file=table.label,
            column=only.column,
            codes=only.codes,
            found=found.to_list(),
        )
    return meant
