from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_pipeline.graph.layout import (
    Edge,
    Layout,
    Node,
    arrange,
    box_of,
    path_of,
)
from jupyter_pipeline.spec import parsing
from tests.helpers.places import REPOSITORY, STUDIES

Needs = Mapping[str, Sequence[str]]
NEAR = 0.15
"""Places are rounded to tenths, so that the right side of a box may be this far from the end of its line."""


def study(size: int, seed: int = 1) -> dict[str, list[str]]:
    """Actions that need up to three earlier ones."""
    chance = random.Random(seed)
    needs = {}
    for number in range(size):
        count = min(number, chance.choice((0, 1, 1, 1, 2, 2, 3)))
        needs[f"a{number}"] = [f"a{max(0, number - 1 - int(chance.expovariate(0.1)))}" for _ in range(count)]
    return needs


def fan(size: int) -> dict[str, list[str]]:
    """One that all need, and one that needs all and the first again."""
    middle = {f"middle{number}": ["first"] for number in range(size)}
    return {"first": [], **middle, "last": [*middle, "first"]}


def families(size: int) -> dict[str, list[str]]:
    """As a fan, with two steps each: nothing in it can be stacked."""
    one = {f"one{number}": ["first"] for number in range(size)}
    two = {f"two{number}": [f"one{number}"] for number in range(size)}
    return {"first": [], **one, **two, "last": list(two)}


def tangle(size: int) -> dict[str, list[str]]:
    """A chain with lines from everywhere to everywhere: more long ones than go through its layers."""
    chance = random.Random(size)
    return {str(each): [str(each - 1), str(chance.randrange(each))] if each else [] for each in range(size)}


KNOWN: dict[str, Needs] = {
    "fan of 9": fan(9),
    "fan of 61": fan(61),
    "families": families(40),
    "tangle": tangle(260),
    "all need all before": {str(each): [str(other) for other in range(each)] for each in range(40)},
    "study": study(150),
    "circles": {**study(80), "a0": ["a79", "a0"], "a5": ["a60"], "a6": ["a7", "a60"]},
    "parts": {
        f"{part}-{name}": [f"{part}-{need}" for need in needs] for part in "abc" for name, needs in fan(4).items()
    },
    "alone": {f"alone{number}": [] for number in range(30)},
    "two ways": {"a": ["b"], "b": ["a"], "c": ["c"], "d": ["c", "d", "nobody"]},
}


@st.composite
def orderly(draw: st.DrawFn) -> Needs:
    """Needs without circles, in any order of the file."""
    size = draw(st.integers(0, 25))
    earlier = [draw(st.lists(st.integers(0, max(0, each - 1)), max_size=4)) if each else [] for each in range(size)]
    return {str(each): [str(need) for need in earlier[each]] for each in draw(st.permutations(range(size)))}


tangled = st.dictionaries(
    st.sampled_from("abcdefghijklmno"), st.lists(st.sampled_from("abcdefghijklmnopq"), max_size=4)
)
"""Needs with circles, with oneself, repeated, and of names that are not there."""


# -- what every drawing must hold ------------------------------------------------------------------


def overlaps(one: Node, other: Node) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (beside or one.y + one.height <= other.y or other.y + other.height <= one.y)


def on_border(node: Node, x: float, y: float) -> bool:
    left, top = x - node.x, y - node.y
    right, bottom = node.width - left, node.height - top
    return min(left, top, right, bottom) >= -NEAR and min(map(abs, (left, top, right, bottom))) <= NEAR


def walk(edge: Edge) -> Iterator[tuple[float, float]]:
    """Points along an edge, some pixels from each other."""
    for number in range(0, len(edge.points) - 1, 3):
        ends = edge.points[number : number + 4]
        length = sum(abs(ax - bx) + abs(ay - by) for (ax, ay), (bx, by) in pairwise(ends))
        steps = max(4, int(length / 8))
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            x, y = (sum(weight * end[side] for weight, end in zip(weights, ends, strict=True)) for side in (0, 1))
            yield x, y


def pierced(drawn: Layout) -> Iterator[tuple[str, str, str]]:
    """Edges with a box that they go through, their own included."""
    bands: dict[int, list[Node]] = {}
    for node in drawn.nodes:
        for band in range(int(node.y // 20), int((node.y + node.height) // 20) + 1):
            bands.setdefault(band, []).append(node)
    for edge in drawn.edges:
        for x, y in walk(edge):
            for node in bands.get(int(y // 20), ()):
                if node.x + NEAR < x < node.x + node.width - NEAR and node.y + NEAR < y < node.y + node.height - NEAR:
                    yield edge.source, edge.target, node.name


def upwards(drawn: Layout) -> list[tuple[str, str]]:
    """The edges with a piece that goes up; lines to oneself are none."""
    return [
        (edge.source, edge.target)
        for edge in drawn.edges
        if edge.source != edge.target and any(above[1] > below[1] for above, below in pairwise(edge.points))
    ]


def check(needs: Needs) -> Layout:
    """Arrange, and hold what is true of every drawing."""
    drawn = arrange(needs)
    assert [node.name for node in drawn.nodes] == list(needs)
    declared = [(need, name) for name, wanted in needs.items() for need in dict.fromkeys(wanted) if need in needs]
    assert [(edge.source, edge.target) for edge in drawn.edges] == declared
    below = sorted(drawn.nodes, key=lambda node: node.y)
    for number, one in enumerate(below):
        for other in below[number + 1 :]:
            if other.y > one.y + one.height:
                break
            assert not overlaps(one, other), (one, other)
    box = {node.name: node for node in drawn.nodes}
    for edge in drawn.edges:
        assert len(edge.points) % 3 == 1
        assert len(edge.points) > 1
        assert on_border(box[edge.source], *edge.points[0]), edge
        assert on_border(box[edge.target], *edge.points[-1]), edge
    assert not next(pierced(drawn), None)
    for source, target in upwards(drawn):  # only what is on a circle may go up
        assert target in reachable(needs, source)
    places = [(node.x, node.y) for node in drawn.nodes] + [point for edge in drawn.edges for point in edge.points]
    places += [(node.x + node.width, node.y + node.height) for node in drawn.nodes]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in places)
    assert all(round(each, 1) == each for place in places[: len(needs)] for each in place)
    return drawn


def reachable(needs: Needs, name: str) -> set[str]:
    """All that a name needs, directly or not; graph.closure refuses circles."""
    found: set[str] = set()
    waiting = list(needs[name])
    while waiting:
        need = waiting.pop()
        if need in needs and need not in found:
            found.add(need)
            waiting.extend(needs[need])
    return found


@pytest.mark.parametrize("needs", KNOWN.values(), ids=KNOWN)
def test_known_shapes(needs: Needs) -> None:
    check(needs)


@given(orderly())
@settings(max_examples=150, deadline=None)
def test_needs_stand_above_what_needs_them(needs: Needs) -> None:
    drawn = check(needs)
    assert not upwards(drawn)
    box = {node.name: node for node in drawn.nodes}
    for edge in drawn.edges:
        assert box[edge.source].layer < box[edge.target].layer
        assert box[edge.source].y + box[edge.source].height < box[edge.target].y


@given(tangled)
@settings(max_examples=150, deadline=None)
def test_circles_are_drawn_all_the_same(needs: Needs) -> None:
    check(needs)


@given(orderly(), st.integers(1, 400), st.integers(1, 90))
@settings(max_examples=50, deadline=None)
def test_boxes_of_any_size(needs: Needs, width: int, height: int) -> None:
    drawn = arrange(needs, lambda name: (width + 7.0 * len(name), height + float(len(name))))
    assert not next(pierced(drawn), None)
    assert not any(overlaps(one, other) for one in drawn.nodes for other in drawn.nodes if one is not other)
    assert all(node.height == height + len(node.name) for node in drawn.nodes)


def test_two_thousand_actions() -> None:
    drawn = check(study(2000))
    assert len(drawn.nodes) == 2000
    assert drawn.width < 8 * drawn.height


@pytest.mark.parametrize("study_file", sorted(STUDIES.glob("*/project.yaml")), ids=str)
def test_example_studies(study_file: Path) -> None:
    pipeline = parsing.load(study_file.read_bytes())
    check({name: action.needs for name, action in pipeline.actions.items()})


def test_the_same_in_every_process() -> None:
    code = "from tests.graph.test_layout import *; print(arrange(KNOWN['circles']), arrange(KNOWN['families']))"
    said = set()
    for seed in ("1", "2"):
        variables = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(REPOSITORY)}
        said.add(subprocess.run([sys.executable, "-c", code], env=variables, check=True, capture_output=True).stdout)
    assert said == {f"{arrange(KNOWN['circles'])} {arrange(KNOWN['families'])}\n".encode()}


# -- how it looks ----------------------------------------------------------------------------------


def places(needs: Needs) -> dict[str, Node]:
    return {node.name: node for node in arrange(needs).nodes}


def middle(node: Node) -> float:
    return node.x + node.width / 2


def test_nothing_gives_nothing() -> None:
    assert arrange({}) == Layout((), (), 0.0, 0.0)


def test_a_small_drawing_exactly() -> None:
    drawn = arrange({"b": ["a"], "a": []})
    assert drawn.nodes == (Node("b", 16.0, 90.0, 120.0, 34.0, 1), Node("a", 16.0, 16.0, 120.0, 34.0, 0))
    assert [path_of(edge) for edge in drawn.edges] == ["M 76 50 C 76 63.3 76 76.7 76 90"]
    assert (drawn.width, drawn.height) == (152.0, 140.0)


def test_boxes_are_as_wide_as_their_names_within_limits() -> None:
    assert box_of("a") == box_of("abc")
    assert box_of("a" * 15)[0] < box_of("a" * 16)[0] == box_of("日本語日本語日本")[0]
    assert box_of("a" * 60) == box_of("a" * 600)
    assert {box_of(name)[1] for name in ("", "a", "a" * 99)} == {box_of("b")[1]}


def test_a_chain_is_straight() -> None:
    found = places({"a": [], "a_long_name_here": ["a"], "c": ["a_long_name_here"]})
    assert len({round(middle(node)) for node in found.values()}) == 1


def test_a_long_line_is_straight_beside_the_boxes_it_passes() -> None:
    drawn = arrange({"a": [], "b": ["a"], "c": ["b"], "d": ["c"], "e": ["d", "a"]})
    (edge,) = (edge for edge in drawn.edges if edge.source == "a" and edge.target == "e")
    box = {node.name: node for node in drawn.nodes}
    beside = {x for x, y in edge.points if box["b"].y <= y <= box["d"].y + box["d"].height}
    assert len(beside) == 1


def test_children_stand_in_the_order_of_the_file_below_their_parent() -> None:
    found = places({"top": [], **{name: ["top"] for name in "vwxyz"}})
    xs = [found[name].x for name in "vwxyz"]
    assert xs == sorted(xs)
    assert middle(found["top"]) == pytest.approx(middle(found["x"]), abs=1)


def test_what_needs_nothing_stands_close_to_what_needs_it() -> None:
    found = places({"late": [], "a": [], "b": ["a"], "c": ["b"], "d": ["c", "late"]})
    assert found["late"].layer == found["d"].layer - 1 == 2


@pytest.mark.parametrize("seed", range(8))
def test_lines_that_need_not_cross_do_not(seed: int) -> None:
    chance = random.Random(seed)
    trees = {str(each): [str(chance.randrange(each))] if each else [] for each in range(30)}
    names = chance.sample(sorted(trees), len(trees))
    zigzag = {
        **{f"up{each}": [] for each in range(9)},
        **{f"low{each}": [f"up{each}", f"up{each + 1}"] for each in range(8)},
    }
    mixed = chance.sample(sorted(zigzag), len(zigzag))
    for needs in ({name: trees[name] for name in names}, {name: zigzag[name] for name in mixed}):
        drawn = check(needs)
        box = {node.name: node for node in drawn.nodes}
        short = [(box[edge.source], box[edge.target]) for edge in drawn.edges]
        for upper, lower in short:
            for other, below in short:
                if upper.layer == other.layer == lower.layer - 1 == below.layer - 1 and upper.x < other.x:
                    assert lower.x <= below.x


def test_sweeps_find_an_order_without_crossings() -> None:
    band = {
        f"{layer}-{each}": [f"{layer - 1}-{each}", f"{layer - 1}-{each + 1}"] for layer in range(4) for each in range(8)
    }
    names = random.Random(3).sample(sorted(band), len(band))
    found = places({name: band[name] for name in names})
    for layer in range(4):
        xs = [found[f"{layer}-{each}"].x for each in range(8)]
        assert xs in (sorted(xs), sorted(xs, reverse=True))


def test_wide_fans_have_more_height_for_their_lines() -> None:
    narrow, wide = places(fan(2)), places(fan(10))
    assert wide["middle1"].y > narrow["middle1"].y + 20


def test_many_that_are_alike_stand_in_rows() -> None:
    drawn = arrange(fan(61))
    rows = {node.y for node in drawn.nodes if node.name.startswith("middle")}
    assert len(rows) > 3
    assert {node.layer for node in drawn.nodes if node.name.startswith("middle")} == {1}
    assert drawn.width < 2.5 * drawn.height
    few = {node.y for node in arrange(fan(9)).nodes if node.name.startswith("middle")}
    assert len(few) == 1


def test_wide_layers_of_different_actions_become_several() -> None:
    found = places(families(60))
    assert max(node.x + node.width for node in found.values()) < 30 * found["one59"].width
    assert found["one0"].x < found["one1"].x < found["one2"].x
    assert all(middle(found[f"one{each}"]) == pytest.approx(middle(found[f"two{each}"]), abs=1) for each in range(60))


def test_too_many_long_lines_pass_beside_the_drawing() -> None:
    drawn = arrange(tangle(400))
    layer = {node.name: node.layer for node in drawn.nodes}
    right = max(node.x + node.width for node in drawn.nodes)
    longest = [edge for edge in drawn.edges if layer[edge.target] - layer[edge.source] > 300]
    assert longest
    for edge in longest:
        assert max(x for x, _ in edge.points) > right
        assert len(edge.points) < 20  # out of the box, out to the lane, along it, back, and into the box
    assert not next(pierced(drawn), None)


def test_parts_that_are_not_connected_stand_side_by_side() -> None:
    needs = {f"{part}{name}": [f"{part}{need}" for need in wanted] for part in "ABC" for name, wanted in fan(2).items()}
    found = places(needs)
    spans = sorted(
        (
            min(node.x for name, node in found.items() if name[0] == part),
            max(node.x + node.width for name, node in found.items() if name[0] == part),
        )
        for part in "ABC"
    )
    assert all(left[1] < right[0] for left, right in pairwise(spans))
    assert {found[f"{part}first"].y for part in "ABC"} == {16.0}


def test_actions_without_lines_stand_in_a_block() -> None:
    found = places({**fan(3), **{f"alone{each}": [] for each in range(20)}})
    block = [found[f"alone{each}"] for each in range(20)]
    assert len({node.y for node in block}) > 3
    assert len({node.x for node in block}) > 2
    assert [(node.y, node.x) for node in block] == sorted((node.y, node.x) for node in block)


def test_paths_are_svg() -> None:
    edge = Edge("a", "b", ((1.0, 2.5), (1234567.8, 4.0), (5.0, 6.0), (7.0, 8.0)))
    assert path_of(edge) == "M 1 2.5 C 1234567.8 4 5 6 7 8"
