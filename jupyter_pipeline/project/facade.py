"""Project: the one facade that every surface calls. Thin: each method delegates.

Looking is in ``looking`` and ``viewing_recorded``, comparing in ``comparing``, this machine in
``machine``. What is printed, drawn or sent is the surfaces' business; rules, files and processes are below.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import config as configuration
from .. import person
from ..config import JOBS, Config
from ..engine.following import Teller
from ..engine.lease import Lease
from ..errors import InvalidProject, KeyUsed, ProjectNotFound
from ..executors import choosing
from ..models import (
    Event,
    JobRequest,
    Pipeline,
    RuntimeInfo,
    RuntimeState,
)
from ..planning import survey
from ..rules.plan import Plan, Planned
from ..snapshots import git, pool
from ..store import ids
from ..store.database import Key, Store, now
from .comparing import Comparing
from .machine import Machine

if TYPE_CHECKING:  # imported where they are used: planning, which is asked for most, needs none of them
    from ..planning.preview import Foresight
    from ..runtimes import Described
    from ..spec.additions import NewAction
    from .checking import CheckResult
    from .rewriting import Added

POLL = 0.1
"""Seconds between looks at the store while another process is the engine."""


class LocalProject(Comparing, Machine):
    """A folder with project.yaml, and everything one can do with it. Methods raise PipelineError."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def find(cls, start: Path | str = ".", **settings: Any) -> LocalProject:
        """The project in `start` or in the nearest folder above it; `settings` as for ``config.load``.

        Raises ProjectNotFound and InvalidConfig.
        """
        here = Path(start).resolve()
        for folder in (here, *here.parents):
            if os.path.exists(folder / survey.PROJECT_FILE):
                return cls(configuration.load(folder, **settings))
        raise ProjectNotFound(
            f"There is no project.yaml in {here} or in a folder above it.",
            "Go to a project's folder, or name it with --project.",
        )

    # -- reading and planning ----------------------------------------------------------------------

    def check(self, rules: str = "native", text: str | None = None) -> CheckResult:
        """Everything that is wrong with project.yaml and the files it names, and what the platform says of it.

        `rules` names a rule set (`spec.rulesets.RULESETS`). With a `text` that is looked at in place of the file, such
        as one that is not saved yet. Raises InvalidRequest for an unknown rule set.
        """
        from . import checking

        source = text if text is not None else survey.read_project(self.config.root)
        return checking.check(source, checking.rule_set(rules), self.config, self._published(), self._unquoted())

    def pipeline(self) -> Pipeline:
        """The pipeline of the working tree. Raises InvalidProject."""
        return survey.pipeline_of(self.config, survey.read_project(self.config.root))

    def plan(self, actions: Sequence[str], force: bool = False, revision: str | None = None) -> Plan:
        """What a request would do now, and why; nothing is started."""
        return self._planned(actions, force, revision)[1]

    def foresee(self, actions: Sequence[str], force: bool = False, revision: str | None = None) -> Foresight:
        """The same with the code that would run, and for each action what it runs and how long that should take."""
        from ..planning import preview

        look, made = self._planned(actions, force, revision)
        expected = self.expected(one.action for one in made.actions)
        return preview.foresee(look, made, expected, self._unquoted())

    def builds(self, plan: Plan) -> list[RuntimeInfo]:
        """The runtimes that must be built before the plan's jobs can run."""
        infos = self._runtimes_of(plan.to_run)
        return [info for info in infos if info.state is RuntimeState.BUILDABLE]

    def stand_ins(self, plan: Plan) -> list[RuntimeInfo]:
        """The runtimes of the plan for which another one stands in that is built already."""
        infos = self._runtimes_of(plan.actions)
        return [info for info in infos if info.state is RuntimeState.READY and info.stand_in]

    def _runtimes_of(self, planned: Sequence[Planned]) -> list[RuntimeInfo]:
        try:
            actions = self.pipeline().actions
        except InvalidProject:  # of the working tree, while the plan is of a commit
            return []
        names = {actions[one.action].run.runtime for one in planned if one.action in actions}
        return [self.runtime(name) for name in sorted(names)]

    def known_runtimes(self) -> list[tuple[Described, bool]]:
        """Every runtime that the project knows or names, and whether it uses it."""
        try:
            used = {action.run.runtime for action in self.pipeline().actions.values()}
        except InvalidProject:
            used = set()
        listed = self.runtimes()
        from ..runtimes import Described

        known = {name for one in listed for name in (one.info.name, *one.aliases)}
        unknown = [Described(self.runtime(name), "") for name in sorted(used - known)]
        return [(one, bool(used & {one.info.name, *one.aliases})) for one in (*listed, *unknown)]

    def update(self) -> str:
        """Bring the project's checkout up to date from its own remote; the new commit. Raises InvalidRequest."""
        return git.update(self.config.root)

    def add_action(self, action: NewAction, *, seen: str | None = None, write: bool = False) -> Added:
        """Write one more action into project.yaml, or, without `write`, say which lines that would be.

        `seen` is the SHA-256 of the file as it was when the person looked. Raises InvalidAddition with the problems
        when the action cannot be added, InvalidRequest when the file is another by now.
        """
        from . import rewriting

        return rewriting.add_action(self.config.root, action, seen, write)

    # -- asking ------------------------------------------------------------------------------------

    def submit(
        self,
        actions: Sequence[str],
        force: bool = False,
        revision: str | None = None,
        *,
        requested_by: str | None = None,
        key: str | None = None,
    ) -> JobRequest:
        """Record a request with the jobs that its plan asks for; an engine is needed to run them.

        `requested_by` is by default the name that git knows, or the operating system. Under an idempotency `key` that
        was used before, for the same, nothing is recorded: the earlier request is given.
        """
        asked = Key(key, json.dumps([list(actions), force, revision])) if key is not None else None
        if asked is not None and (found := self._submitted(asked)):
            return found
        look = survey.survey(self.config, revision, self._published())
        with self._open() as store:
            version, made = store.revision(), look.plan(actions, store, force)
            if made.to_run or made.impossible:
                pool.materialize(look.code, self.config.root, self.config.state)
            with store.transaction():
                if asked is not None and (found := _submission(store, asked)):  # asked twice at once
                    return found
                if store.revision() != version:  # somebody else has asked meanwhile: do not run anything twice
                    made = look.plan(actions, store, force)
                    if made.to_run or made.impossible:
                        pool.materialize(look.code, self.config.root, self.config.state)
                request = self._request(look, actions, force, requested_by)
                rows = survey.jobs_of(look, made, request.id, ids.new)
                for row in rows:
                    action = look.pipeline.actions[row["action"]]
                    store.save_code_use(look.code_use(action)[1], functools.partial(look.counted, action))
                recorded = [(one.action, str(one.verdict), one.reason, one.waits_for) for one in made.actions]
                store.submit(request, rows, recorded, asked)
            look.save()
        survey.forget_pipeline()
        return request

    def _submitted(self, key: Key) -> JobRequest | None:
        with self._peek() as store:
            return _submission(store, key) if store is not None else None

    def _request(
        self, look: survey.Survey, actions: Sequence[str], force: bool, requested_by: str | None
    ) -> JobRequest:
        head = look.head
        return JobRequest(
            id=ids.new(),
            workspace=self.config.workspace,
            backend=self.config.backend,
            requested_actions=tuple(dict.fromkeys(actions)),
            requested_by=requested_by or git.user_name(self.config.root) or person.name(),
            created_at=now(),
            force=force,
            organisation=self.config.organisation,
            branch=head.branch if head else None,
            commit=look.commit or (head.commit if head else None),
            dirty=look.commit is None and head is not None and head.dirty,
            code=look.code.id,
            project_yaml=look.source.decode("utf-8", errors="replace"),
        )

    def attend(
        self,
        request_id: str,
        tell: Callable[[Sequence[Event]], None],
        after: int | None = None,
        each_turn: Callable[[], None] | None = None,
    ) -> None:
        """Stay with a request until it has ended, being the engine while nobody else is.

        `tell` gets the events of all requests after a revision as they come; by default since the request was made.
        `each_turn` is called some times a second, between two steps: to draw, or to leave by raising. Whoever has left
        may attend again. Raises InvalidRequest when there is no such request.
        """
        self.request(request_id)
        lease = Lease(self.config)
        with self._open() as store:
            teller = Teller(store, tell, each_turn, store.first_revision(request_id) if after is None else after)
            try:
                while not store.is_finished(request_id):
                    if lease.take():
                        from ..engine.loop import Engine

                        store.check_integrity()
                        folder = self.config.folder / JOBS
                        engine = Engine(self.config, store, choosing.of_project(self.config, folder))
                        engine.run(lambda: teller.tell() or store.is_finished(request_id))
                        lease.give_back()
                    else:
                        teller.tell()
                        time.sleep(POLL)
                teller.tell()
            finally:
                lease.give_back()
            if store.active():
                self.detach()

    def detach(self) -> None:
        """See to it that an engine of its own runs what is unfinished."""
        if Lease(self.config).holder() is None:
            from ..engine.service import spawn

            spawn(self.config)

    def cancel(self, request_id: str, job_ids: Sequence[str] | None = None) -> int:
        """Ask for the unfinished jobs of a request, or some of them, to be cancelled; how many that is.

        Raises InvalidRequest when there is no such request.
        """
        request_id = self.request(request_id).request.id
        with self._open() as store:
            count = store.cancel(request_id, job_ids)
        if count:
            self.detach()
        return count

    # -- helpers -----------------------------------------------------------------------------------

    def _planned(self, actions: Sequence[str], force: bool, revision: str | None) -> tuple[survey.Survey, Plan]:
        look = survey.survey(self.config, revision, self._published())
        with self._peek() as store:
            made = look.plan(actions, store, force)
        with contextlib.suppress(OSError):
            look.save()
        return look, made

    def _published(self) -> frozenset[str]:
        """The paths at which jobs of any backend have published outputs: none of them is code for another."""
        found: set[str] = set()
        for backend in self.backends():
            store = Store.peek(self.config.state / backend)
            if store is not None:
                with contextlib.closing(store):
                    found |= store.owners().keys()
        return frozenset(found)


def _submission(store: Store, key: Key) -> JobRequest | None:
    """The request that was made under a key; raises KeyUsed when something else was asked for then."""
    found = store.submission(key.name)
    if found is None:
        return None
    request_id, asked = found
    if asked != key.asked:
        raise KeyUsed(f"The idempotency key {key.name} was used for another request ({request_id}).", "Use a new key.")
    return store.request(request_id)
