"""Checks a project's actions against its files: scripts that are missing, inputs nobody gives, outputs nobody keeps.

Pure: the paths and the content come from the caller. What a command names is told in ``scripts.entry_files``, what a
script reads and writes in ``scripts``; how bad a problem is, and what project.yaml says by itself, is ``spec``'s work.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from posixpath import splitext

from ..models import RUN_ALL, Problem
from ..rules.patterns import PatternIndex, nearest, overlap
from ..scripts.entry_files import Named, local_path, named
from ..scripts.python import Use
from .action import ActionDraft, Claim
from .faults import Fault, quote
from .study import (
    MAX_COMPARISONS,
    Files,
    Scripts,
    folders_above,
)

MAX_PROBLEMS = 20
"""Problems of one rule told for one action."""
MAX_NAME = 255
"""Bytes in the name of one file (Linux)."""

_Told = tuple[str, Problem]
"""A problem and the path it is about."""


def _nowhere(path: str) -> bool:
    return False


def file_problems(
    drafts: Sequence[ActionDraft],
    files: Collection[str],
    read: Callable[[str], bytes],
    is_there: Callable[[str], bool] = _nowhere,
) -> Iterator[Problem]:
    """Yield what does not fit between the actions and the files of a project.

    `files` are the paths of the project's code, relative to it; `read` gives the content of one, and may raise OSError,
    for a file that is then not looked into; `is_there` says whether a path that is no code exists all the same, since
    git ignores it. The rules are ``file-script``, ``file-dummy``, ``input-unneeded``,
    ``input-unmade``, ``output-unclaimed`` and ``output-impossible``; each path is told once for a rule and an action.
    """
    runs = [draft for draft in drafts if draft.name != RUN_ALL]
    project = Files(files, is_there)
    checks = _Checks(runs, project, Scripts(project, read))
    seen: set[tuple[str, str | None, str]] = set()
    told: Counter[tuple[str, str | None]] = Counter()
    for path, problem in checks.problems():
        place = (problem.rule, problem.action)
        if (*place, path) not in seen and told[place] < MAX_PROBLEMS:
            seen.add((*place, path))
            told[place] += 1
            yield problem


def _ignored(what: str) -> tuple[str, str]:
    message = f"{what} is there, but is not taken as code of the project: git ignores it, or it is an output."
    return message, "Take it out of .gitignore, or add it with `git add --force`; jobs get only what is code."


@dataclass(frozen=True, slots=True)
class _Makers:
    """The actions of which an output matches a path."""

    names: frozenset[str]
    first: str


class _Outputs:
    """The outputs of all actions, asked which of them match a path."""

    def __init__(self, drafts: Sequence[ActionDraft]) -> None:
        self.claims = sorted((claim for draft in drafts for claim in draft.claims), key=_place)
        self.actions: defaultdict[str, list[str]] = defaultdict(list)
        for claim in self.claims:
            self.actions[claim.output.pattern].append(claim.action)
        self.index = PatternIndex(self.actions)
        self.folders = PatternIndex(above for pattern in self.actions for above in folders_above(pattern))
        self.tops = {pattern.partition("/")[0] for pattern in self.actions if "/" in pattern}
        self.budget = MAX_COMPARISONS
        self._makers: dict[str, _Makers | None] = {}

    def makers(self, path: str) -> _Makers | None:
        """The actions that could make a file; None when there are none."""
        if path not in self._makers:
            names = [name for pattern in self._matching(path) for name in self.actions[pattern]]
            self._makers[path] = _Makers(frozenset(names), names[0]) if names else None
        return self._makers[path]

    def is_doubtful(self, path: str) -> bool:
        """Whether a path with a hole can no longer be compared with all outputs."""
        return "*" in path and path not in self._makers and self.budget < len(self.actions)

    def _matching(self, path: str) -> Sequence[str]:
        if "*" not in path:
            return self.index.matching(path)
        self.budget -= len(self.actions)
        return [pattern for pattern in self.actions if overlap(path, pattern)]

    def nearest(self, path: str) -> str:
        """Give the sentence "Did you mean `x`? " for the most similar output, or nothing."""
        self.budget -= 10 * len(self.actions)
        ending = splitext(path)[1].casefold()
        alike = [pattern for pattern in self.actions if splitext(pattern)[1].casefold() == ending]
        found = nearest(path, alike, 1) if self.budget > 0 else []
        return f"Did you mean {quote(found[0])}? " if found else ""


class _Checks:
    """The rules, over one project."""

    def __init__(self, drafts: Sequence[ActionDraft], files: Files, scripts: Scripts) -> None:
        self.drafts, self.files, self.scripts = drafts, files, scripts
        self.outputs = _Outputs(drafts)
        self.by_name = {draft.name: draft for draft in drafts}
        self.needs = {draft.name: [need.name for need in draft.needs] for draft in drafts}

    def problems(self) -> Iterator[_Told]:
        """Yield all problems, action by action, then those of the outputs."""
        users: defaultdict[tuple[str, str], list[ActionDraft]] = defaultdict(list)
        for draft in self.drafts:
            if draft.dummy_data_file:
                yield from self._dummy(draft, draft.dummy_data_file)
            for each in named(draft.run) if draft.run else ():
                script = next((path for path in each.accepted if path in self.files.paths), None)
                if script is None:
                    yield from self._script(draft, each)
                elif each.folder is not None:
                    users[script, each.folder].append(draft)
                    yield from self._inputs(draft, script, each.folder)
        for (script, folder), drafts in users.items():
            yield from self._unclaimed(script, folder, drafts)
        yield from self._impossible()

    # -- scripts and dummy data --------------------------------------------------------------------

    def _script(self, draft: ActionDraft, each: Named) -> Iterator[_Told]:
        if each.kind == "module" and each.path.partition("/")[0] not in self.files.folders:
            return
        if any(self.files.matching(pattern) for pattern in each.accepted):
            return
        if each.path in self.files.folders or f"{each.path}/__main__.py" in self.files.paths:
            return
        makers = self.outputs.makers(each.path)
        if makers and not makers.names.isdisjoint(self.needs[draft.name]):
            return
        message = f"{quote(draft.name)} runs the {each.kind} {quote(each.path)}, and there is no such file."
        remedy = f"{self.files.like(each.path)}Correct the name in `run`, or add the file to the project."
        if makers and draft.name not in makers.names:
            message = f"{quote(draft.name)} runs the {each.kind} {quote(each.path)}, which {quote(makers.first)} makes."
            remedy = self._add_need(draft.name, makers)
        elif self.files.is_there(each.path):
            message, remedy = _ignored(f"The {each.kind} {quote(each.path)} of {quote(draft.name)}")
        yield each.path, _at_run(draft, Fault("file-script", message, remedy))

    def _dummy(self, draft: ActionDraft, written: str) -> Iterator[_Told]:
        path = local_path(written)
        if path and path not in self.files.paths:
            message = f"The dummy data file {quote(written)} of {quote(draft.name)} does not exist."
            remedy = f"{self.files.like(path)}Correct the path, or add the file to the project."
            if self.files.is_there(path):
                message, remedy = _ignored(f"The dummy data file {quote(written)} of {quote(draft.name)}")
            key = f"actions.{draft.name}.dummy_data_file"
            yield path, Fault("file-dummy", message, remedy).at(draft.dummy_node or draft.key, key, draft.name)

    # -- inputs ------------------------------------------------------------------------------------

    def _inputs(self, draft: ActionDraft, script: str, folder: str) -> Iterator[_Told]:
        own = self.scripts.uses(script, folder)
        written = {use.path for use in own if use.mode == "write"}
        found = [(script, use) for use in own]
        for module in self.scripts.imported(script):
            found += [(module, use) for use in self.scripts.uses(module, folder, is_imported=True)]
        for source, use in found:
            if use.mode == "read" and use.path not in written:
                yield from self._input(draft, source, use)

    def _input(self, draft: ActionDraft, source: str, use: Use) -> Iterator[_Told]:
        if self.outputs.is_doubtful(use.path) or self.files.matching(use.path):
            return
        makers = self.outputs.makers(use.path)
        reads = f"{quote(source)} reads {quote(use.path)} {_line(use)}"
        if makers is None:
            if self._is_expected(draft, use.path) and not self.scripts.may_make(source, use):
                message = f"{reads}, and no action makes that file."
                remedy = f"{self.outputs.nearest(use.path)}Correct the path in the script, or make it an output."
                yield use.path, _at_run(draft, Fault("input-unmade", message, remedy))
        elif draft.name not in makers.names and makers.names.isdisjoint(self.needs[draft.name]):
            message = f"{reads}, which {quote(makers.first)} makes, and {quote(draft.name)} does not need that action."
            yield use.path, _at_run(draft, Fault("input-unneeded", message, self._add_need(draft.name, makers)))

    def _is_expected(self, draft: ActionDraft, path: str) -> bool:
        """Whether a file that no action makes should be made by one: where outputs are, and all outputs are known."""
        top, slash, _ = path.partition("/")
        if not slash or top not in self.outputs.tops or self.outputs.folders.matching(path):
            return False
        return all(need in self.by_name and self.by_name[need].claims for need in self.needs[draft.name])

    def _add_need(self, name: str, makers: _Makers) -> str:
        if self._reaches(makers.first, name):
            return f"{quote(makers.first)} itself needs {quote(name)}, so the file must come from an earlier action."
        remedy = f"Add {quote(makers.first)} to `needs` of {quote(name)}"
        if self._reaches(name, makers.first):
            return f"{remedy}; it is needed indirectly only, and only files of actions named in `needs` are given."
        return f"{remedy}."

    def _reaches(self, name: str, other: str) -> bool:
        """Whether an action needs another one, directly or not; also where needs go in a circle."""
        seen = {name}
        work = [name]
        while work and other not in seen:
            new = [need for need in self.needs.get(work.pop(), ()) if need not in seen]
            seen.update(new)
            work += new
        return other in seen

    # -- outputs -----------------------------------------------------------------------------------

    def _unclaimed(self, script: str, folder: str, drafts: Sequence[ActionDraft]) -> Iterator[_Told]:
        """Told for the first action that runs the script: mending it there, or in the script, mends it for all."""
        if not all(draft.claims for draft in drafts):
            return
        uses = self.scripts.uses(script, folder)
        read = {use.path for use in uses if use.mode == "read"}
        names = {draft.name for draft in drafts}
        for use in uses:
            if use.mode == "read" or use.path in read or self.outputs.is_doubtful(use.path):
                continue
            if not splitext(use.path)[1]:  # the program that writes may add one
                continue
            makers = self.outputs.makers(use.path)
            if makers is None or makers.names.isdisjoint(names):
                action = quote(drafts[0].name) if len(drafts) == 1 else f"the {len(drafts)} actions that run it"
                message = (
                    f"{quote(script)} writes {quote(use.path)} {_line(use)}, and no output of {action} matches it."
                )
                remedy = f"It would be lost: add it to `outputs` of {quote(drafts[0].name)}, or do not write it."
                yield use.path, _at_run(drafts[0], Fault("output-unclaimed", message, remedy))

    def _impossible(self) -> Iterator[_Told]:
        """Two outputs that cannot both exist, told at the later one; and outputs that cannot exist at all."""
        whole = {claim.output.pattern: claim for claim in reversed(self.outputs.claims)}
        worst: dict[str, tuple[Claim, Fault]] = {}
        for claim in self.outputs.claims:
            pattern = claim.output.pattern
            fault = self._unmatchable(claim)
            if fault:
                worst.setdefault(claim.key, (claim, fault))
                continue
            for above in folders_above(pattern):
                if "*" not in above and above in whole:
                    later, earlier = sorted((whole[above], claim), key=_place, reverse=True)
                    message = (
                        f"The output {quote(later.output.pattern)} of {quote(later.action)} cannot exist beside "
                        f"{quote(earlier.output.pattern)} of {quote(earlier.action)}: {quote(above)} cannot be a file "
                        "and a folder."
                    )
                    fault = Fault("output-impossible", message, "Give one of them another path.")
                    worst.setdefault(later.key, (later, fault))
        for claim, fault in worst.values():
            yield claim.output.pattern, fault.at(claim.node, claim.key, claim.action)

    def _unmatchable(self, claim: Claim) -> Fault | None:
        pattern = claim.output.pattern
        blocked = next((above for above in folders_above(pattern) if above in self.files.paths), None)
        if any(len(name.replace("*", "").encode(errors="replace")) > MAX_NAME for name in pattern.split("/")):
            why, remedy = f"a name in it has more than {MAX_NAME} bytes", "Choose a shorter name."
        elif blocked is not None:
            why, remedy = f"{quote(blocked)} is a file of the project", "Choose another folder."
        elif pattern in self.files.folders:
            why, remedy = "that is a folder of the project", f"Name the files in it, such as `{pattern[:80]}/*.csv`."
        else:
            return None
        message = f"No file can match the output {quote(pattern)} of {quote(claim.action)}: {why}."
        return Fault("output-impossible", message, remedy)


def _at_run(draft: ActionDraft, fault: Fault) -> Problem:
    return fault.at(draft.run_node, f"actions.{draft.name}.run", draft.name)


def _line(use: Use) -> str:
    return f"on line {use.line}" + (f" of code cell {use.cell}" if use.cell else "")


def _place(claim: Claim) -> tuple[int, int]:
    return claim.node.line, claim.node.column
