"""How a study file asks for completed sets: how many are to be made, or a file that holds them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from salutogen.study.format import Part
from salutogen.study.format.part import Name


class CompletedFile(Part):
    """Completed sets that were made elsewhere, all below each other."""

    file: Name = Field(
        description="Data file of any kind that is read, beside the study file: the table that "
        "the step writes with `imputations: 2` or more, completed several times, as R's mice "
        'writes it with `complete(x, "long", include = TRUE)`.'
    )
    set: Name = Field(
        default=".imp",
        description="Column with the number of the set; 0 stands for the data with their gaps.",
    )
    row: Name = Field(
        default=".id", description="Column with the number of the row in the step's table."
    )


Imputations = Annotated[int, Field(ge=2, le=200)] | CompletedFile
