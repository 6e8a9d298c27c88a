from __future__ import annotations

from graphlib import TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.graph import traversal

DIAMOND = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": [], "e": []}


def test_order_is_depth_first_from_the_top_of_the_file() -> None:
    assert traversal.order(DIAMOND) == ("a", "b", "c", "d", "e")
    assert traversal.order({"a": [], "b": []}) == ("a", "b")
    assert traversal.order({}) == ()


def test_order_passes_over_unknown_and_repeated_names() -> None:
    assert traversal.order({"b": ["x", "a", "a"], "a": []}) == ("a", "b")


def test_closure_is_what_the_names_need() -> None:
    assert traversal.closure(DIAMOND, ["c"]) == ("a", "c")
    assert traversal.closure(DIAMOND, ["e", "b", "a"]) == ("e", "a", "b")
    with pytest.raises(KeyError):
        traversal.closure(DIAMOND, ["nobody"])


def test_dependents_and_descendants() -> None:
    assert traversal.dependents(DIAMOND) == {"d": (), "b": ("d",), "c": ("d",), "a": ("b", "c"), "e": ()}
    assert traversal.descendants(DIAMOND, ["a"]) == ("d", "b", "c")
    assert traversal.descendants(DIAMOND, ["b", "e"]) == ("d",)
    with pytest.raises(KeyError):
        traversal.descendants(DIAMOND, ["nobody"])


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"a": ["a"]}, ("a", "a")),
        ({"x": ["y"], "y": [], "a": ["b"], "b": ["y", "c"], "c": ["a"]}, ("a", "b", "c", "a")),
        ({"r": ["a"], "a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        (DIAMOND, None),
        ({"a": ["unknown"]}, None),
    ],
)
def test_cycle_is_named_by_its_path(needs: dict[str, list[str]], expected: tuple[str, ...] | None) -> None:
    assert traversal.cycle(needs) == expected


def test_order_refuses_a_cycle() -> None:
    with pytest.raises(ValueError, match="a -> b -> a"):
        traversal.order({"a": ["b"], "b": ["a"]})


def test_cycles_that_share_nothing_are_all_found() -> None:
    needs = {"a": ["b", "c"], "b": ["a"], "c": ["d"], "d": ["e", "c"], "e": ["e"], "f": ["a"]}
    assert traversal.cycles(needs) == (("a", "b", "a"), ("e", "e"), ("c", "d", "c"))


def test_long_chains_work_in_either_direction() -> None:
    count = 100_000
    chain = {str(number): [str(number + 1)] for number in range(count)}
    assert traversal.order(chain) == tuple(str(number) for number in reversed(range(count)))
    assert traversal.cycle(chain) is None
    assert len(traversal.descendants(chain, [str(count - 1)])) == count - 1
    chain[str(count - 1)] = ["0"]
    assert len(traversal.cycle(chain) or ()) == count + 1
    # Small circles at the end of a long path: each must cost its own length, not the path's.
    ring = {f"r{number}": [f"r{number}"] for number in range(count)}
    assert len(traversal.cycles({**chain, str(count - 1): list(ring), **ring})) == count


GRAPHS = st.integers(1, 8).flatmap(
    lambda count: st.dictionaries(
        st.sampled_from([str(number) for number in range(count)]),
        st.lists(st.sampled_from([str(number) for number in range(count)]), max_size=4),
    )
)


def is_acyclic(needs: dict[str, list[str]]) -> bool:
    try:
        TopologicalSorter(
            {name: [each for each in wanted if each in needs] for name, wanted in needs.items()}
        ).prepare()
    except ValueError:
        return False
    return True


@given(needs=GRAPHS)
def test_order_and_cycles_agree_with_graphlib(needs: dict[str, list[str]]) -> None:
    circles = traversal.cycles(needs)
    assert (circles == ()) == is_acyclic(needs)
    if not circles:
        order = traversal.order(needs)
        assert sorted(order) == sorted(needs)
        assert all(order.index(need) < order.index(name) for name in needs for need in needs[name] if need in needs)
    for circle in circles:
        assert circle[0] == circle[-1]
        assert all(after in needs[before] for before, after in pairwise(circle))
    members = [name for circle in circles for name in circle[1:]]
    assert len(members) == len(set(members))
    assert is_acyclic({name: wanted for name, wanted in needs.items() if name not in members})


@given(needs=GRAPHS)
def test_descendants_are_those_whose_closure_holds_the_name(needs: dict[str, list[str]]) -> None:
    if not traversal.cycles(needs):
        for name in needs:
            expected = {each for each in needs if each != name and name in traversal.closure(needs, [each])}
            assert set(traversal.descendants(needs, [name])) == expected
