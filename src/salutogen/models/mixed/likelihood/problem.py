"""From moments and term names to a well-scaled problem, and from its solution back to units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.mixed_formula import INTERCEPT
from salutogen.models.linear_algebra import triangular_inverse
from salutogen.models.mixed.likelihood.criterion import ProfiledCriterion
from salutogen.models.moments.centred_powers import closed_variables, shift_matrix
from salutogen.models.moments.moments import Moments
from salutogen.models.moments.reduction import Reduction, unpack

Float = NDArray[np.float64]

SAMPLED = 1500  # persons among whom a first search is made in large cohorts
REDUNDANT = 1e-6  # share of a column beyond the others; exact collinearity leaves about 1e-8
ROUNDING = 1e-14  # spread of a column, in lengths of the column, that counts as none
REDUNDANT_ROTATED = 1e-10  # the same where nearly collinear columns were orthogonalised


@dataclass(frozen=True, kw_only=True)
class MixedProblem:
    """A criterion in orthonormal columns, with the maps back to the user's units.

    Attributes
    ----------
    criterion : ProfiledCriterion
        For X* with X*'X* = I, Z* scaled alike block by block, y* near unit variance.
    left, right : array (k + 1, q), (k + 1, p + 1)
        Z* and [X* y*] as combinations of the moments' augmented columns.
    sample : ProfiledCriterion or None
        The same of an evenly spaced part of the persons, where there are very many: its minimum
        is a good start.
    fixed_map : array (p, p)
        Fixed effects = fixed_map @ those of X*, times `scale`, plus `shift`.
    shift : array (p,)
        Fixed effects of the outcome's centre.
    random_map : array (q, q)
        Random effects = random_map @ those of Z*, times `scale`.
    random_size : array (q,)
        Root mean square of each random term's column.
    scale : float
        Units of the outcome per unit of y*.
    offset : float
        To be added to the criterion for the user's units.
    messages : tuple of str
        What is doubtful about the design.
    """

    criterion: ProfiledCriterion
    left: Float
    right: Float
    sample: ProfiledCriterion | None
    fixed_map: Float
    shift: Float
    random_map: Float
    random_size: Float
    scale: float
    offset: float
    messages: tuple[str, ...]


def mixed_problem(
    moments: Moments, fixed: tuple[str, ...], random: tuple[tuple[str, ...], ...], *, reml: bool
) -> MixedProblem:
    """Prepare a fit of terms that `moments` holds.

    Raises
    ------
    ModelError
        One person, fewer rows than coefficients, constant outcome, collinear terms, or random
        effects that no person has enough rows for.
    """
    reduction = moments.reduction
    total, n = reduction.total, moments.n_obs
    terms = [name for block in random for name in block]
    _refuse_impossible(moments, fixed, terms)
    root = root_of(total)
    tolerance = tolerance_of(moments)
    F, R, fixed_map = _orthonormal(moments, root, fixed, tolerance, "fixed")
    left, random_map = scaled_blocks(moments, root, random, tolerance)
    A = reduction.augmented
    G = select_terms(moments, A, tuple(terms))
    y, scale, shift = _outcome(moments, A, F)
    right = np.column_stack([F, y])
    criterion = ProfiledCriterion(
        products=_products(reduction, left, right),
        total=right.T @ total @ right,
        blocks=tuple(len(block) for block in random),
        n_obs=n,
        reml=reml,
    )
    _refuse_exact(criterion, moments.outcome)
    offset = criterion.df * 2 * np.log(scale)
    if reml:
        offset += 2 * float(np.sum(np.log(np.abs(np.diag(R)))))
    if moments.log_weights is not None:
        offset -= moments.log_weights
    return MixedProblem(
        criterion=criterion,
        left=left,
        right=right,
        sample=_sample(criterion, moments, right),
        fixed_map=fixed_map,
        shift=fixed_map @ shift,
        random_map=random_map,
        random_size=np.sqrt(np.sum((root @ G) ** 2, axis=0) / n),
        scale=scale,
        offset=float(offset),
        messages=_warnings_of(moments, terms, G),
    )


def tolerance_of(moments: Moments) -> float:
    """Share of a column beyond the others below which it is redundant."""
    return REDUNDANT_ROTATED if moments.reduction.is_rotated else REDUNDANT


def scaled_blocks(
    moments: Moments, root: Float, blocks: tuple[tuple[str, ...], ...], tolerance: float
) -> tuple[Float, Float]:
    """Return the terms scaled alike in augmented columns (k + 1, q), and that map."""
    q = sum(len(block) for block in blocks)
    columns, random_map = np.empty((len(root), q)), np.zeros((q, q))
    start, size = 0, np.sqrt(moments.n_obs)
    for block in blocks:
        part = slice(start, start + len(block))
        made, _, back = _orthonormal(moments, root, block, tolerance, "random")
        columns[:, part] = made * size
        random_map[part, part] = back * size
        start += len(block)
    return columns, random_map


def _orthonormal(
    moments: Moments, root: Float, terms: tuple[str, ...], tolerance: float, kind: str
) -> tuple[Float, Float, Float]:
    """Return orthonormal combinations of the terms.

    In augmented columns (k + 1, p); the R of the terms' QR factorisation; and the map (p, p) from
    effects of the combinations to effects of the terms. Where the terms have, with each, its
    lower powers, all this is done about the centres of their variables; beside a constant, other
    terms are taken about their means, so that large offsets cost no digits.
    """
    kept = closed_variables(terms, moments.shifts)
    columns = select_terms(moments, moments.augmented(kept), terms)
    back = shift_matrix(terms, {name: -moments.shifts[name] for name in kept})
    if INTERCEPT in terms:
        columns, centring = _about_means(columns, root, terms.index(INTERCEPT))
        back = back @ centring
    R = triangle(root @ columns, terms, tolerance, kind)
    inverse = triangular_inverse(R)
    return columns @ inverse, R, back @ inverse


def _about_means(columns: Float, root: Float, constant: int) -> tuple[Float, Float]:
    """Take the columns' means out, where a constant takes them up; return that map, too.

    A column that differs from its mean by no more than rounding does becomes zero.
    """
    means = columns[0].copy()
    means[constant] = 0
    away = columns.copy()
    away[0] -= means
    size = np.sqrt(np.sum((root @ away) ** 2, axis=0))
    length = np.sqrt(np.sum((root @ columns) ** 2, axis=0))
    away[:, size <= ROUNDING * length] = 0
    centring = np.eye(len(means))
    centring[constant] -= means
    return away, centring


def _products(reduction: Reduction, left: Float, right: Float) -> Float:
    """Z*'Z* (upper triangle) and Z*'[X* y*] of each person, a column per person."""
    q, c = left.shape[1], right.shape[1]
    rows, columns = np.triu_indices(q)
    a = np.column_stack([left[:, rows], np.repeat(left, c, axis=1)])
    b = np.column_stack([left[:, columns], np.tile(right, q)])
    return reduction.project_pairs(a, b)


def _refuse_impossible(moments: Moments, fixed: tuple[str, ...], terms: list[str]) -> None:
    """Raise for everything that the counts alone rule out."""
    problems = []
    if not fixed:
        problems.append("There is no fixed term; write 1 for the intercept.")
    twice = sorted({name for name in terms if terms.count(name) > 1})
    if twice:
        problems.append(f"Random terms stand in two blocks: {', '.join(twice)}.")
    if moments.n_persons < 2:
        problems.append(
            f"{moments.persons.name}: a mixed model needs at least 2 persons, "
            f"got {moments.n_persons}."
        )
    if moments.n_obs <= len(fixed):
        problems.append(f"{moments.n_obs} rows cannot carry {len(fixed)} fixed coefficients.")
    most = int(moments.counts.max())
    if most <= len(terms):
        problems.append(
            f"No person has more than {most} rows, so {len(terms)} random terms "
            f"({', '.join(terms)}) cannot be told from the residual."
        )
    y = moments.reduction.total[-1, -1] * moments.reduction.basis[-1, -1] ** 2
    size = moments.n_obs * moments.reduction.centre[-1] ** 2
    if y <= 1e-24 * size or moments.reduction.total[-1, -1] == 0:
        problems.append(f"{moments.outcome}: the outcome is constant over {moments.n_obs} rows.")
    if problems:
        raise ModelError(" ".join(problems))


def _sample(
    criterion: ProfiledCriterion, moments: Moments, right: Float
) -> ProfiledCriterion | None:
    """Every k-th person of a large cohort."""
    every = moments.n_persons // SAMPLED
    if every < 4:
        return None
    total = unpack(moments.reduction.cross[::every].sum(axis=0), len(right))
    return ProfiledCriterion(
        products=np.ascontiguousarray(criterion.products[:, ::every]),
        total=right.T @ total @ right,
        blocks=criterion.blocks,
        n_obs=int(moments.counts[::every].sum()),
        reml=criterion.reml,
    )


def _refuse_exact(criterion: ProfiledCriterion, outcome: str) -> None:
    total, p = criterion.total, criterion.p
    rest = total[p, p] - np.sum(total[:p, p] ** 2)
    if rest <= 1e-13 * total[p, p]:
        raise ModelError(f"{outcome}: the fixed terms give the outcome exactly; nothing is left.")


def root_of(total: Float) -> Float:
    """Return H with H'H = total, also where total is singular."""
    values, vectors = np.linalg.eigh(total)
    root: Float = np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T
    return root


def select_terms(moments: Moments, A: Float, terms: tuple[str, ...]) -> Float:
    """Columns of A that give the terms."""
    places = [0 if name == INTERCEPT else 1 + moments.columns.index(name) for name in terms]
    return A[:, places]


def triangle(columns: Float, names: tuple[str, ...], tolerance: float, kind: str) -> Float:
    """Return R of a QR factorisation; name the columns that are combinations of others."""
    lengths = np.sqrt(np.sum(columns**2, axis=0))
    safe = np.where(lengths > 0, lengths, 1.0)
    R = np.linalg.qr(columns / safe, mode="r")
    left = np.abs(np.diag(R))
    redundant = [n for n, rest, size in zip(names, left, lengths, strict=True)
                 if rest <= tolerance or size == 0]  # fmt: skip
    if redundant:
        others = [name for name in names if name not in redundant]
        raise ModelError(
            f"Collinear {kind} terms: {', '.join(redundant)} can be computed exactly from "
            f"{', '.join(others) or 'nothing'}. Leave one of them out."
        )
    R = R * np.sign(np.diag(R))[:, None]
    scaled: Float = R * safe
    return scaled


def _outcome(moments: Moments, A: Float, X: Float) -> tuple[Float, float, Float]:
    """Return y* in augmented columns, its scale, and the centre in terms of X*.

    Where the fixed terms span the constant, the outcome's centre is taken out, so that large
    levels cost no digits.
    """
    total, n = moments.reduction.total, moments.n_obs
    constant = X.T @ total[:, 0]
    y = np.zeros(len(A))
    if total[0, 0] - np.sum(constant**2) <= 1e-9 * total[0, 0]:
        y[-1] = 1.0
        return y, float(A[-1, -1]), constant * A[0, -1]
    scale = float(np.sqrt(A[:, -1] @ total @ A[:, -1] / n))
    return A[:, -1] / scale, scale, np.zeros(X.shape[1])


def _warnings_of(moments: Moments, terms: list[str], G: Float) -> tuple[str, ...]:
    """Messages about random effects that the data say little about."""
    messages = []
    weight = moments.reduction.cross[:, 0]
    if moments.n_obs <= len(terms) * moments.n_persons:
        messages.append(
            f"There are {len(terms) * moments.n_persons} random effects for {moments.n_obs} rows; "
            "their variances and the residual variance are barely told apart."
        )
    for name, g in zip(terms, G.T, strict=True):
        if name == INTERCEPT:
            continue
        g = np.append(0.0, g[1:])  # a constant does not change what varies
        both = np.column_stack([np.eye(len(g))[0], g])
        sums, squares = moments.reduction.project_pairs(both, np.column_stack([g, g]))
        within = float(np.sum(squares - sums**2 / weight))
        if within <= 1e-10 * float(np.sum(squares)):
            messages.append(
                f"{name} does not vary within any person: its random slope describes differences "
                "between persons only."
            )
    messages += dict.fromkeys(said for design in moments.designs for said in design.messages)
    if moments.n_dropped:
        messages.append(f"{moments.n_dropped} rows with missing values were left out.")
    return tuple(messages)
