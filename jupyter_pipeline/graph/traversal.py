"""Questions about who needs whom: order, closure, cycles, dependents.

A graph is a mapping from every name to the names it needs, in the file's order. Needed names that are not in the
mapping are passed over: reporting them is ``spec``'s work. Everything is iterative and takes linear time, so that
chains of 100,000 work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

Needs = Mapping[str, Sequence[str]]


def order(needs: Needs) -> tuple[str, ...]:
    """Give all names, needed ones first and otherwise as they stand in the file.

    Goes depth first, as the platform creates its jobs (platform: job-runner controller/create_or_update_jobs.py).
    Raises ValueError naming the path where needs go in a circle; ``cycle`` asks beforehand.
    """
    return closure(needs, needs)


def closure(needs: Needs, names: Iterable[str]) -> tuple[str, ...]:
    """Give ``names`` and all they need, directly or not, each after what it needs.

    Raises KeyError for a name that is not in the graph, and ValueError where needs go in a circle.
    """
    done: dict[str, None] = {}
    for root in names:
        if root not in needs:
            raise KeyError(root)
        path: dict[str, Iterator[str]] = {} if root in done else {root: iter(needs[root])}
        while path:
            name = next(reversed(path))
            found = next((need for need in path[name] if need in needs and need not in done), None)
            if found is None:
                path.popitem()
                done[name] = None
            elif found in path:
                raise ValueError(f"Needs go in a circle: {' -> '.join(_circle(path, found))}.")
            else:
                path[found] = iter(needs[found])
    return tuple(done)


def cycle(needs: Needs) -> tuple[str, ...] | None:
    """Give the first circle as the path along it, such as ``(a, b, a)`` where a needs b and b needs a; else None."""
    return next(iter(cycles(needs)), None)


def cycles(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """Give circles that share no name, until none is left apart from them; empty when the needs can be ordered."""
    done: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in needs:
        path: dict[str, Iterator[str]] = {} if root in done else {root: iter(needs[root])}
        while path:
            name = next(reversed(path))
            need = next((each for each in path[name] if each in needs and each not in done), None)
            if need is None:
                path.popitem()
                done.add(name)
            elif need in path:
                circle = _circle(path, need)
                found.append(circle)
                # Take the whole circle out and go on before it, so that each further circle is a new one.
                for _ in circle[1:]:
                    path.popitem()
                done.update(circle)
            else:
                path[need] = iter(needs[need])
    return tuple(found)


def _circle(path: dict[str, Iterator[str]], start: str) -> tuple[str, ...]:
    """The end of a path from ``start`` on, and ``start`` again."""
    names = [start]
    for name in reversed(path):
        names.append(name)
        if name == start:
            break
    return tuple(reversed(names))


def dependents(needs: Needs) -> dict[str, tuple[str, ...]]:
    """Give for every name those that need it directly, in the file's order."""
    reverse: dict[str, dict[str, None]] = {name: {} for name in needs}
    for name, wanted in needs.items():
        for need in wanted:
            if need in reverse:
                reverse[need][name] = None
    return {name: tuple(users) for name, users in reverse.items()}


def descendants(needs: Needs, names: Iterable[str]) -> tuple[str, ...]:
    """Give all that need any of ``names``, directly or not, in the file's order and without ``names`` themselves.

    Raises KeyError for a name that is not in the graph.
    """
    users = dependents(needs)
    start = list(names)
    seen = set(start)
    waiting = [user for name in start for user in users[name]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(users[name])
    seen.difference_update(start)
    return tuple(name for name in needs if name in seen)
