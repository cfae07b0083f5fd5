"""Variants: every one turned the same way, compared by correlation, ranks and quarters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.analyses.concordance.analysis import ConcordanceResult, compute
from salutogen.analyses.concordance.comparison import ChangedQuarter, quarters
from salutogen.analyses.concordance.settings import ConcordanceSettings
from salutogen.analyses.concordance.variants import registered
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.models.correlation_matrix import Order
from salutogen.page.audience import Audience
from salutogen.page.words import number, percent
from salutogen.scores import Scores
from tests.analyses.inputs import inputs_of, shown
from tests.norm.cohorts import simulated


def with_counts(scores: Scores) -> Scores:
    counts = scores.table.select(
        (pl.col("E_general") / 5).round().alias("E_general_count"),
        (pl.col("E_pandemic") / 5).round().alias("E_pandemic_count"),
    )
    return replace(scores, alternatives=counts)


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return inputs_of(with_counts(simulated(150, 5)))


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ConcordanceResult:
    return compute(inputs, ConcordanceSettings())


def quarter(values: np.ndarray) -> np.ndarray:
    return quarters(Order.of(values).ranks())


def column(result: ConcordanceResult, name: str) -> np.ndarray:
    values: np.ndarray = result.table[name].fill_null(float("nan")).to_numpy()
    return values


def test_there_are_at_least_eight_and_each_says_what_it_is(result: ConcordanceResult) -> None:
    names = list(result.names)
    assert len(names) >= 12
    assert set(names) <= {item.name for item in registered()}
    assert set(result.descriptions) == set(names)
    assert {"mixed_split", "count", "composite", "van_harmelen", "veer", "amstadter"} <= set(names)


def test_all_are_turned_the_same_way(result: ConcordanceResult) -> None:
    names = list(result.names)
    first = np.array(result.correlation[names.index("person")], dtype=float)
    solid = [name not in ("ratio",) for name in names]
    assert (first[solid] > 0.2).all()


def test_correlation_is_between_persons(inputs: AnalysisInputs, result: ConcordanceResult) -> None:
    names = list(result.names)
    i, j = names.index("pooled"), names.index("frozen")
    a, b = column(result, "pooled"), column(result, "frozen")
    known = np.isfinite(a) & np.isfinite(b)
    matrix = np.array(result.correlation, dtype=float)
    assert matrix[i, j] == pytest.approx(np.corrcoef(a[known], b[known])[0, 1])
    np.testing.assert_array_equal(matrix, matrix.T)
    means = (
        inputs.resilience.occasions.filter("valid")
        .group_by("person", maintain_order=True)
        .agg(pl.col("SR").mean())
    )
    np.testing.assert_allclose(a, means["SR"], atol=1e-12)


def test_rank_agreement_agrees_with_scipy(result: ConcordanceResult) -> None:
    names = list(result.names)
    spearman = result.rank_agreement.spearman
    base = column(result, "person")
    for name in ("mixed", "low_distress", "ratio"):
        other = column(result, name)
        known = np.isfinite(base) & np.isfinite(other)
        expected = stats.spearmanr(base[known], other[known]).statistic
        assert spearman[names.index("person")][names.index(name)] == pytest.approx(expected)


def test_quarters() -> None:
    values = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0, 3.5])
    assert quarters(Order.of(values).ranks()).tolist() == [1, 0, 2, 0, 3, 1, 3, 2]


def test_changed_quarters_are_counted_against_the_primary(result: ConcordanceResult) -> None:
    base, other = column(result, "person"), column(result, "veer")
    changed = result.changed_quarter["veer"]
    assert changed.n == base.size
    assert changed.changed == (quarter(base) != quarter(other)).sum()
    assert changed.share == changed.changed / changed.n
    assert result.primary == "person"


def test_veer_is_the_residual_of_the_first_occasion(
    inputs: AnalysisInputs, result: ConcordanceResult
) -> None:
    first = inputs.scores.table.filter("valid").group_by("person", maintain_order=True).first()
    fit = stats.linregress(first["E"], first["P"])
    expected = first["P"].to_numpy() - fit.intercept - fit.slope * first["E"].to_numpy()
    np.testing.assert_allclose(column(result, "veer"), expected, atol=1e-10)


def test_amstadter_takes_exposure_so_far(inputs: AnalysisInputs, result: ConcordanceResult) -> None:
    rows = inputs.scores.table.filter("valid").with_columns(
        so_far=pl.col("E").cum_sum().over("person")
    )
    fit = stats.linregress(rows["so_far"], rows["P"])
    rows = rows.with_columns(value=pl.col("P") - fit.intercept - fit.slope * pl.col("so_far"))
    expected = rows.group_by("person", maintain_order=True).agg(pl.col("value").mean())
    np.testing.assert_allclose(column(result, "amstadter"), expected["value"], atol=1e-9)


def test_low_distress_judges_only_the_exposed(
    inputs: AnalysisInputs, result: ConcordanceResult
) -> None:
    values = column(result, "low_distress")
    persons = inputs.resilience.persons
    exposed = (persons["E"] >= persons["E"].median()).to_numpy()
    assert np.isnan(values[~exposed]).all()
    low = (persons["P"] <= persons["P"].median()).to_numpy()
    assert (values[exposed & low] == 0).all()
    assert (values[exposed & ~low] == 1).all()


def test_published_concordance_on_composites(shared_data) -> None:  # type: ignore[no-untyped-def]
    """Mixed scores on equal-weight composites of severity and of counts: r = .980."""
    from salutogen.findings import Findings
    from salutogen.norm.mixed import fit_mixed_line
    from salutogen.norm.periods import valid_rows
    from tests.norm.cohorts import dynacore

    scores = dynacore(shared_data, combine="composite")
    counts = scores.alternatives
    z = [(counts[name] - counts[name].mean()) / counts[name].std() for name in counts.columns]
    by_count = replace(scores, table=scores.table.with_columns(E=(z[0] + z[1]) / 2))
    SR, slopes = [], []
    for one in (scores, by_count):
        rows = valid_rows(one)
        line, _ = fit_mixed_line(rows, Findings())
        assert line is not None
        zE = (rows.values["E"] - line.mean_E) / line.sd_E
        SR.append((rows.values["P"] - line.mean_P) / line.sd_P - line.intercept - line.slope * zE)
        slopes.append(line.slope)
    assert slopes == pytest.approx([0.373, 0.243], abs=5e-4)
    assert np.corrcoef(SR[0], SR[1])[0, 1] == pytest.approx(0.980, abs=5e-4)


def test_published_concordance_of_the_real_cohort(real: AnalysisInputs) -> None:
    result = compute(real, ConcordanceSettings())
    names, matrix = list(result.occasion_names), np.array(result.occasion_correlation)
    assert matrix[names.index("pooled"), names.index("mixed")] == pytest.approx(0.988, abs=5e-4)
    assert matrix[names.index("pooled"), names.index("count")] == pytest.approx(0.965, abs=5e-4)
    assert len(result.names) >= 8


def test_the_study_file_chooses_variants(inputs: AnalysisInputs, result: ConcordanceResult) -> None:
    chosen = compute(inputs, ConcordanceSettings(variants=("veer", "robust")))
    assert chosen.names == ["person", "robust", "veer"]
    i, j = (list(result.names).index(name) for name in ("robust", "veer"))
    assert chosen.correlation[1][2] == result.correlation[i][j]
    assert chosen.methods() == (
        "2 other ways to score SR were compared with the primary one (person) on the same data, by "
        "correlations over persons."
    )


def test_what_is_another_score_by_arithmetic_is_said_and_not_counted() -> None:
    """With one problem scale and one list of stressors first components are the scores."""
    scores = simulated(80, 4)
    found = compute(inputs_of(one_list(scores)), ConcordanceSettings())
    assert found.same["van_harmelen"] == "person"
    assert "person" not in found.same
    assert found.n_others == len(found.names) - 1 - len(found.same)
    for name, other in found.same.items():
        one, same = column(found, name), column(found, other)
        slope, intercept = np.polyfit(same, one, 1)
        np.testing.assert_allclose(one, intercept + slope * same, atol=1e-7)
    assert f"{found.n_others} other ways" in str(found.methods())
    assert "van harmelen" in str(found.methods())
    (section,) = found.sections(Audience(individuals=True, n_persons=80, seed=1))
    assert "van harmelen of person" in str(section.paragraphs[1])
    row = section.tables[0].frame.filter(variant="van harmelen")
    assert row["what"].item().endswith("By arithmetic the same as person here.")


def one_list(scores: Scores) -> Scores:
    """The same study with a single list of stressors."""
    table = scores.table.drop("E_general").with_columns(E_pandemic=pl.col("E"))
    return replace(scores, table=table, exposure_types=("pandemic",))


def test_an_unknown_variant_is_refused_with_the_nearest_name(inputs: AnalysisInputs) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(inputs, ConcordanceSettings(variants=("robbust", "veer", "nothing")))
    assert [item.code for item in caught.value.findings] == ["unknown-variant"] * 2
    assert "Did you mean 'robust'?" in caught.value.findings[0].text


def test_few_persons_in_another_quarter_are_not_told_to_everyone(
    inputs: AnalysisInputs, result: ConcordanceResult
) -> None:
    few = {**result.changed_quarter, "veer": ChangedQuarter(n=150, changed=3, share=0.02)}
    found = replace(result, changed_quarter=few)
    (open_section,), _ = shown(found, inputs, individuals=True)
    (section,), withheld = shown(found, inputs, individuals=False)
    assert withheld == ()
    told, hidden = (part.tables[0].frame.filter(variant="veer") for part in (open_section, section))
    assert told["moved"].item() == "2.0 %"
    assert hidden["moved"].item() is None
    assert hidden["r"].item() == pytest.approx(told["r"].item(), rel=5e-3), "with fewer digits"
    assert section.figures[0].data.height == len(result.names) ** 2


@pytest.mark.parametrize("between", [0.0, 3.0])
def test_agreement_on_ranks_of_chance_is_said_to_be_that(between: float) -> None:
    """Persons without lasting differences are ranked by chance, however well the ways agree."""
    of_chance = 0
    for seed in range(10):
        rng = np.random.default_rng([seed, 9])
        scores = simulated(60, 6, seed=seed, between=0.0, within=0.0)
        person = scores.table["person"].to_numpy()
        P = 15 + rng.normal(0, between, 60)[person] + rng.normal(0, 3, person.size)
        table = scores.table.with_columns(P=pl.Series(P.clip(0, 36)))
        inputs = inputs_of(replace(scores, table=table))
        result = compute(inputs, ConcordanceSettings(variants=("person", "pooled")))
        share = inputs.norm.lines.person.claims
        assert share is not None
        assert result.share == share.share.share
        (section,), _ = shown(result, inputs, individuals=True)
        told = str(section.paragraphs[0])
        of_chance += "the ways agree on ranks that chance may have made" in told
        claims = inputs.resilience.claims
        assert (result.reliability, result.reliability_high) == (
            claims.reliability, claims.reliability_high,
        )  # fmt: skip
        reach = f"{number(claims.reliability, 2)}, 95 % interval 0 to"
        assert (f"{reach} {number(claims.reliability_high, 2)})" in told) is not result.levels_told
        assert "at most" not in told
        assert ("persons roughly keep their ranks" in told) is result.levels_told
        assert f"exposure goes with {percent(result.share)} of the differences" in told
    assert of_chance >= 8 if between == 0 else of_chance == 0


def test_ranks_near_1_are_kept_as_far_as_quarters_say(
    inputs: AnalysisInputs, result: ConcordanceResult
) -> None:
    """The largest share of movers among variants at .95 or more, by hand; none of small counts."""
    own = column(result, result.primary)
    moved = {}
    for name in set(result.names) - {result.primary} - set(result.same):
        other = column(result, name)
        both = np.isfinite(other) & np.isfinite(own)
        if np.corrcoef(other[both], own[both])[0, 1] >= 0.95:
            moved[name] = float(np.mean(quarter(other[both]) != quarter(own[both])))
    assert moved
    assert max(moved.values()) > 0.02, "near 1, and yet persons move"
    (section,), _ = shown(result, inputs, individuals=True)
    words = f"up to {percent(max(moved.values()))} of persons lie in another quarter"
    assert words in str(section.paragraphs[0])
    few = {
        **result.changed_quarter,
        next(iter(moved)): ChangedQuarter(n=150, changed=3, share=0.02),
    }
    (hidden,), _ = shown(replace(result, changed_quarter=few), inputs, individuals=False)
    assert "in another quarter" not in str(hidden.paragraphs[0])
