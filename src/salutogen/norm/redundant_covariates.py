"""Covariates that say nothing beside the others: the line is the same without them."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.norm.design_matrix import INTERCEPT, covariate_terms, term_matrix

SAME = 1e-9  # of a term's length: what is left of a term that the others tell exactly


def redundant_covariates(
    persons: pl.DataFrame, names: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Find covariates whose terms follow exactly from those of the others.

    The later of two that tell the same is the redundant one. Expected problems, and so SR, do not
    depend on whether it stands in the line; its coefficient cannot be told.

    Parameters
    ----------
    persons : DataFrame
        One row per person with the columns of covariates, nothing missing.
    names : tuple of str
        Covariates as the study file has them, in its order.

    Returns
    -------
    dict of str to tuple of str
        Each redundant covariate, and which others tell it: one alone where one is enough, none
        where it is the same in everybody.
    """
    found: dict[str, tuple[str, ...]] = {}
    kept = list(names)
    for name in reversed(names):
        others = tuple(one for one in kept if one != name)
        own = covariate_terms(persons, (name,))
        if not own or not _told(persons, own, others):
            continue
        kept.remove(name)
        fewer = [(), *((one,) for one in others), others]
        found[name] = next(some for some in fewer if _told(persons, own, some))
    return {name: found[name] for name in names if name in found}


def _told(persons: pl.DataFrame, terms: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether terms are exact combinations of the intercept and the terms of other covariates."""
    if persons.is_empty():
        return False
    basis = term_matrix(persons, (INTERCEPT, *covariate_terms(persons, others)), predictors=())
    own = term_matrix(persons, terms, predictors=())
    length = np.sqrt(np.sum(own**2, axis=0))
    basis = basis / np.maximum(np.sqrt(np.sum(basis**2, axis=0)), 1.0)
    left = own - basis @ np.linalg.lstsq(basis, own, rcond=None)[0]
    return bool((np.sqrt(np.sum(left**2, axis=0)) <= SAME * length).all())
