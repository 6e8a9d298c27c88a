"""Output patterns: paths in which ``*`` stands for any text within one folder.

``*`` is that of pathlib's glob, as on the platform (job-runner agent/executors/local.py): it never crosses ``/``, may
stand for nothing, and also matches names that begin with a dot. Case counts. No other character is special; what a
pattern may not contain is ``spec``'s business, and looking at real folders is ``outputs``'.
"""

from __future__ import annotations

import difflib
import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

Matcher = Callable[[str], bool]


def compile(pattern: str) -> Matcher:  # noqa: A001 - patterns.compile reads like re.compile
    """Give a function that says whether a path matches the pattern; its time grows with the path only.

    No regular expression: a pattern such as ``*a*a*a*a*`` would make one backtrack.
    """
    if "*" not in pattern:
        return pattern.__eq__
    segments = [segment.split("*") for segment in pattern.split("/")]

    def matches(path: str) -> bool:
        names = path.split("/")
        return len(names) == len(segments) and all(map(_fits, segments, names))

    return matches


def _fits(pieces: Sequence[str], name: str) -> bool:
    """Whether a name is the pieces in their order with anything between; one piece means exactly that name."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return name == first
    if not name or len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    start, end = len(first), len(name) - len(last)
    for piece in pieces[1:-1]:
        at = name.find(piece, start, end)
        if at < 0:
            return False
        start = at + len(piece)
    return True


def overlap(a: str, b: str) -> str | None:
    """Give an example of a path that both patterns match, or None when there is none. Exact."""
    left, right = a.split("/"), b.split("/")
    if len(left) != len(right):
        return None
    names = []
    for one, other in zip(left, right, strict=True):
        name = _common_name(one.split("*"), other.split("*"))
        if not name:
            return None
        names.append(name)
    return "/".join(names)


def _common_name(one: Sequence[str], other: Sequence[str]) -> str | None:
    """A name that both lists of pieces fit, or None.

    Two patterns that both have a ``*`` meet exactly when their beginnings and their ends agree: the stars of each
    take up the middle of the other.
    """
    if len(one) == 1 or len(other) == 1:
        fixed, free = (one, other) if len(one) == 1 else (other, one)
        return fixed[0] if _fits(free, fixed[0]) else None
    head = max(one[0], other[0], key=len)
    tail = max(one[-1], other[-1], key=len)
    if not (head.startswith(one[0]) and head.startswith(other[0])):
        return None
    if not (tail.endswith(one[-1]) and tail.endswith(other[-1])):
        return None
    name = head + "".join(one[1:-1]) + "".join(other[1:-1])
    # A readable example rather than the shortest: "x.csv", not ".csv"; and never "", "." or "..".
    filler = "" if name.strip(".") else "x"
    return name + filler + tail


class PatternIndex:
    """Many patterns, asked which of them match a path or overlap another pattern.

    Patterns without ``*`` are looked up whole. The others are kept by their text before the first ``*`` and after the
    last, so that a question looks only at those whose both ends fit.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._place = {pattern: place for place, pattern in enumerate(dict.fromkeys(patterns))}
        self._matchers: dict[str, Matcher] = {}
        self._heads: dict[str, _Tails] = {}
        for pattern in self._place:
            head, star, rest = pattern.partition("*")
            if star:
                self._heads.setdefault(head, _Tails()).add(rest.rpartition("*")[2], pattern)
        self._lengths = sorted({len(head) for head in self._heads})

    def __len__(self) -> int:
        return len(self._place)

    def matching(self, path: str) -> tuple[str, ...]:
        """Give the patterns that match a path, each once, in the order in which they were given."""
        found = [path] if path in self._place and "*" not in path else []
        for tails, _ in self._beginning(path):
            found += [each for group in tails.ending(path) for each in group if self._matches(each, path)]
        return tuple(sorted(found, key=self._place.__getitem__))

    def candidate_pairs(self) -> Iterator[tuple[str, str]]:
        """Yield, each once, the pairs of different patterns whose ends agree; ``overlap`` tells which really meet.

        The pairs come lazily, so that a caller can stop: thousands of patterns of one shape make millions of pairs.
        """
        for pattern, place in self._place.items():
            head, star, rest = pattern.partition("*")
            tail = rest.rpartition("*")[2] if star else pattern
            for tails, length in self._beginning(head):
                # Where both begin alike each would find the other: the later one tells.
                alike = bool(star) and length == len(head)
                for group in tails.agreeing(tail):
                    for other in group:
                        if alike and self._place[other] >= place:
                            break
                        yield other, pattern

    def _beginning(self, text: str) -> Iterator[tuple[_Tails, int]]:
        """The patterns whose head begins the text, and the head's length."""
        for length in self._lengths:
            if length > len(text):
                break
            tails = self._heads.get(text[:length])
            if tails is not None:
                yield tails, length

    def _matches(self, pattern: str, path: str) -> bool:
        if pattern not in self._matchers:
            self._matchers[pattern] = compile(pattern)
        return self._matchers[pattern](path)


class _Tails:
    """Patterns with one beginning, by their text after the last ``*``; each group in the order given."""

    __slots__ = ("_backwards", "_groups")

    def __init__(self) -> None:
        self._groups: dict[str, list[str]] = {}
        self._backwards: list[str] | None = None

    def add(self, tail: str, pattern: str) -> None:
        self._groups.setdefault(tail, []).append(pattern)
        self._backwards = None

    def ending(self, text: str) -> Iterator[list[str]]:
        """The groups whose tail ends the text."""
        if len(self._groups) <= len(text):
            yield from (group for tail, group in self._groups.items() if text.endswith(tail))
            return
        for start in range(len(text) + 1):
            group = self._groups.get(text[start:])
            if group is not None:
                yield group

    def agreeing(self, tail: str) -> Iterator[list[str]]:
        """The groups whose tail ends this one, or the other way round."""
        yield from self.ending(tail)
        if self._backwards is None:
            self._backwards = sorted(each[::-1] for each in self._groups)
        wanted = tail[::-1]
        for at in range(bisect_left(self._backwards, wanted), len(self._backwards)):
            if not self._backwards[at].startswith(wanted):
                break
            if self._backwards[at] != wanted:
                yield self._groups[self._backwards[at][::-1]]


def nearest(pattern: str, paths: Iterable[str], limit: int = 3) -> list[str]:
    """Give up to ``limit`` paths that resemble a pattern which matched nothing, the most similar first.

    A path with the same file name in another folder counts as very similar. Nothing is given when nothing is.
    """
    name = pattern.rpartition("/")[2]
    same_name = compile(name)
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(pattern)
    scored = []
    for path in paths:
        matcher.set_seq1(path)
        enough = 0.6
        if same_name(path.rpartition("/")[2]):
            scored.append((1 + matcher.quick_ratio(), path))
        elif matcher.real_quick_ratio() >= enough and matcher.quick_ratio() >= enough:
            scored.append((matcher.ratio(), path))
    best = heapq.nsmallest(limit, ((-score, path) for score, path in scored if score >= 0.6))
    return [path for _, path in best]
