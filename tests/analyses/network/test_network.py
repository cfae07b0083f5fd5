"""Networks of momentary answers on diaries of known effects."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.network.analysis import compute
from salutogen.analyses.network.graphml import NAMESPACE
from salutogen.analyses.network.nodes import read_nodes
from salutogen.analyses.network.settings import NetworkSettings
from salutogen.analyses.network.tables import AT_ONCE, LASSO, MEANS, TEMPORAL, shown
from salutogen.analyses.network.words import answer_of, in_short_of
from salutogen.context import RunContext
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.models import GraphicalLasso
from salutogen.page.audience import Audience
from tests.analyses.reactivity.diaries import diary, momentary

N = 60


def stream_of(*, seed=1, through=0.5, floor=False):
    """Worry at a prompt follows tension at the one before; calm goes its own way."""
    rng = np.random.default_rng(seed)
    rows, _ = diary(n=N, seed=seed, missed=0.1)
    stream = momentary(rows)
    prompts = stream.prompts
    tense = rng.normal(size=prompts.height)
    worry, calm = rng.normal(size=(2, prompts.height))
    who, day, beep = (prompts[name].to_numpy() for name in ("person", "day", "beep"))
    follows = np.append(
        False, (who[1:] == who[:-1]) & (day[1:] == day[:-1]) & (beep[1:] == beep[:-1] + 1)
    )
    worry[follows] += through * tense[np.flatnonzero(follows) - 1]
    level = rng.normal(size=(N, 3)) @ np.array([[1.0, 0.8, 0], [0, 0.6, 0], [0, 0, 1]])
    columns = np.stack([tense, worry, calm], axis=1) + level[who]
    if floor:
        columns[:, 2] = np.maximum(columns[:, 2] - 2.5, 0.0)
    items = pl.DataFrame(columns, schema=["tense", "worry", "calm"])
    object.__setattr__(
        stream, "answers", {"na": items.select("tense", "worry"), "pa": items.select("calm")}
    )
    object.__setattr__(stream, "prompts", prompts.with_columns(positive=pl.Series(columns[:, 2])))
    return stream


def inputs_for(stream, seed=1):
    study = SimpleNamespace(prompted={"event": 1, "na": 1, "pa": 1})
    audience = Audience(individuals=True, n_persons=N, seed=seed)
    return SimpleNamespace(
        panel=SimpleNamespace(momentary=stream),
        study=study,
        run=RunContext(seed=seed, audience=audience),
    )


@pytest.fixture(scope="module")
def result():
    settings = NetworkSettings(variables=("tense", "worry", "calm"), draws=20)
    return compute(inputs_for(stream_of()), settings)


def edge(result, network, source, target):
    return result.edges.filter(network=network, source=source, target=target).row(0, named=True)


def test_what_follows_is_found_with_its_direction(result):
    there = edge(result, TEMPORAL, "tense", "worry")
    spread = 1.0 / np.sqrt(1 + 0.5**2)
    assert there["low"] < 0.5 * spread < there["high"]
    assert there["p_adjusted"] < 0.001
    assert there["same_sign"] == 1.0
    back = edge(result, TEMPORAL, "worry", "tense")
    assert back["low"] < 0 < back["high"]
    assert shown(result.edges, TEMPORAL).select("source", "target").rows() == [("tense", "worry")]


def test_persons_means_make_a_network_of_their_own(result):
    assert edge(result, LASSO, "tense", "worry")["estimate"] > 0.4
    assert abs(edge(result, LASSO, "tense", "calm")["estimate"]) < 0.2
    assert edge(result, MEANS, "tense", "worry")["estimate"] > 0.4
    assert edge(result, LASSO, "tense", "worry")["same_sign"] > 0.9


def test_words_name_what_is_shown_and_no_more(result):
    told = answer_of(result)
    assert "tense → worry +0." in told
    assert "worry → tense" not in told
    assert in_short_of(result).startswith(
        "from one prompt to the next worry is higher after more tense"
    )


def test_the_three_pictures_have_one_layout(result):
    (section,) = result.sections(Audience(individuals=True, n_persons=N, seed=1))
    layouts = [figure.chart["layer"][-1]["data"]["values"] for figure in section.figures]
    assert len(layouts) == 3
    assert layouts[0] == layouts[1] == layouts[2]
    arrows = [layer for layer in section.figures[0].chart["layer"] if "angle" in layer["encoding"]]
    (arrow,) = arrows[0]["data"]["values"]
    assert arrow["dashed"] is False


def test_edges_at_one_prompt_are_partial_correlations(result):
    assert result.edges.filter(network=AT_ONCE)["estimate"].abs().max() < 0.15


def test_without_an_effect_nothing_is_told():
    none = compute(
        inputs_for(stream_of(seed=8, through=0.0)),
        NetworkSettings(variables=("tense", "worry", "calm"), draws=0),
    )
    assert shown(none.edges, TEMPORAL).height == 0
    assert "no edge is told from none" in answer_of(none)
    assert "no momentary answer is shown to move another" in in_short_of(none)
    assert none.edges["same_sign"].null_count() == none.edges.height


def test_default_nodes_are_items_of_affect_and_the_stressor():
    nodes = read_nodes(stream_of(), inputs_for(None).study, NetworkSettings(), Findings())
    assert nodes.names == ("tense", "worry", "calm", "event")


def test_floors_are_named():
    found = Findings()
    read_nodes(stream_of(floor=True), inputs_for(None).study, NetworkSettings(), found)
    assert [one.code for one in found] == ["network-floored-nodes"]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        (("tense", "wory"), "network-variable-unknown"),
        (("tense", "tense"), "network-too-few-nodes"),
    ],
)
def test_what_is_no_network_is_refused(variables, code):
    found = Findings()
    with pytest.raises(AnalysisError):
        read_nodes(stream_of(), inputs_for(None).study, NetworkSettings(variables=variables), found)
    assert [one.code for one in found] == [code]


def test_a_node_that_never_changes_is_named_in_words():
    stream = stream_of()
    still = stream.answers["pa"].with_columns(calm=pl.lit(1.0))
    object.__setattr__(stream, "answers", {**stream.answers, "pa": still})
    with pytest.raises(AnalysisError) as refused:
        compute(inputs_for(stream), NetworkSettings(variables=("tense", "calm"), draws=0))
    told = " ".join(one.text for one in refused.value.findings)
    assert "calm" in told
    assert "node_" not in told


def test_a_study_without_prompts_is_refused():
    with pytest.raises(AnalysisError):
        compute(inputs_for(None), NetworkSettings())


def grouped(labels, individuals=True):
    inputs = inputs_for(stream_of(seed=3))
    inputs.scores = SimpleNamespace(of_persons=lambda name: labels if name == "site" else None)
    inputs.study.plan = SimpleNamespace(background={"site": 1})
    return inputs


def of_groups(labels, **asked):
    given = {"variables": ("tense", "worry", "calm"), "draws": 0, "groups": "site"}
    settings = NetworkSettings.model_validate({**given, "permutations": 199, **asked})
    return compute(grouped(labels), settings)


def test_groups_of_the_same_network_are_not_said_to_differ():
    result = of_groups(pl.Series([1.0, 2.0] * (N // 2)))
    found = result.compared
    assert found.labels == ("1", "2")
    assert found.groups["n"].to_list() == [N // 2, N // 2]
    assert found.structure_p > 0.05
    assert "That the networks of persons' means of site 1 and 2 differ is not shown" in answer_of(
        result
    )
    (section,) = result.sections(Audience(individuals=True, n_persons=N, seed=1))
    layouts = [figure.chart["layer"][-1]["data"]["values"] for figure in section.figures]
    assert len(layouts) == 5
    assert all(layout == layouts[0] for layout in layouts)
    assert [table.name for table in section.tables][-2:] == [
        "network-groups",
        "network-group-edges",
    ]


def test_edges_of_groups_are_those_that_the_model_gives():
    labels = pl.Series(["a", "b"] * (N // 2))
    found = of_groups(labels).compared
    nodes = read_nodes(
        stream_of(seed=3), inputs_for(None).study,
        NetworkSettings(variables=("tense", "worry", "calm")), Findings(),
    )  # fmt: skip
    means = nodes.frame.group_by("person").agg(pl.col(nodes.columns).mean()).sort("person")
    for place, label in enumerate(("a", "b")):
        own = means.filter(labels == label).drop("person")
        own = own.select((pl.all() - pl.all().mean()) / pl.all().std(ddof=0))
        alone = GraphicalLasso().fit(own)
        edges = alone.table()["partial_correlation"].to_numpy()
        np.testing.assert_allclose(found.edges[("first", "second")[place]], edges, atol=1e-8)


@pytest.mark.parametrize(
    ("labels", "asked", "code"),
    [
        (["a", "b", "c"] * (N // 3), {}, "network-groups-not-two"),
        (["a"] * (N - 5) + ["b"] * 5, {}, "network-groups-not-two"),
        (["a", "b"] * (N // 2), {"groups": "sight"}, "network-group-unknown"),
    ],
)
def test_what_makes_no_two_groups_is_said_and_the_network_stands(labels, asked, code):
    result = of_groups(pl.Series(labels), **asked)
    assert code in [one.code for one in result.findings]
    assert result.compared is None
    assert result.edges.height


def test_graphml_holds_every_edge(result):
    file = result.files()["network.csv"]
    assert set(file.formats) == {
        "temporal.graphml", "at-once.graphml", "between.graphml", "means.graphml"
    }  # fmt: skip
    for end, network in (("temporal.graphml", TEMPORAL), ("means.graphml", LASSO)):
        text = file.formats[end](file.table)
        assert text == file.formats[end](file.table)
        root = ElementTree.fromstring(text)
        space = {"g": NAMESPACE}
        graph = root.find("g:graph", space)
        directed = network == TEMPORAL
        assert graph.get("id") == end.removesuffix(".graphml")
        assert graph.get("edgedefault") == ("directed" if directed else "undirected")
        name = {
            node.get("id"): node.findtext("g:data[@key='name']", namespaces=space)
            for node in graph.findall("g:node", space)
        }
        keys = {key.get("id") for key in root.findall("g:key", space)}
        read = {}
        for one in graph.findall("g:edge", space):
            data = {each.get("key"): float(each.text) for each in one.findall("g:data", space)}
            assert set(data) <= keys
            read[name[one.get("source")], name[one.get("target")]] = data["weight"]
        own = file.table.filter(network=network)
        assert read == {
            (row["source"], row["target"]): row["estimate"] for row in own.iter_rows(named=True)
        }
