"""Gathering what a plan is made from: the pipeline, the code as it is now, the runtimes, and the workspace's past.

What the facts mean is ``plan``'s to say.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import runtimes
from ..config import Config, printable
from ..errors import ProjectNotFound
from ..graph import traversal
from ..models import (
    Action,
    Pipeline,
    RuntimeInfo,
    State,
    StatusCode,
    Verdict,
)
from ..outputs import publication
from ..rules import command_line, patterns
from ..rules.plan import (
    Fingerprint,
    Past,
    Plan,
    Situation,
    make,
)
from ..scripts import dependencies
from ..snapshots import git, pool
from ..store.database import Store
from . import cache as pipeline_cache

PROJECT_FILE = "project.yaml"
_CACHE = "dependencies.json"


def read_project(root: Path) -> bytes:
    """The text of a project's project.yaml. Raises ProjectNotFound when there is none that can be read."""
    try:
        return (root / PROJECT_FILE).read_bytes()
    except OSError as error:
        raise ProjectNotFound(
            f"{root / PROJECT_FILE} cannot be read: {error.strerror}.", "Go to a folder with a project.yaml."
        ) from error


def pipeline_of(config: Config, source: bytes) -> Pipeline:
    """The pipeline of a project.yaml, read once for all that a command wants of it. Raises InvalidProject."""
    return _pipeline(source, config.state / "code")


@functools.lru_cache(maxsize=1)
def _pipeline(source: bytes, folder: Path) -> Pipeline:
    return pipeline_cache.load(source, folder)


def forget_pipeline() -> None:
    """Let go of what `pipeline_of` keeps: 30 MB for 10,000 actions, and nobody asks while the jobs run."""
    _pipeline.cache_clear()


@dataclass(slots=True)
class Survey:
    """A project as it is now, or as it was at a commit."""

    config: Config
    pipeline: Pipeline
    source: bytes
    code: pool.Code
    commit: str | None
    """The commit that the code is from, when it is not the working tree's."""
    base: Path
    """Where the code's files can be read."""
    _infos: dict[str, RuntimeInfo] = field(default_factory=dict)
    _uses: dict[str, tuple[dependencies.CodeUse, str]] = field(default_factory=dict)
    _dependencies: dependencies.Dependencies | None = None

    @property
    def head(self) -> git.Head | None:
        """Where the working tree stands in git; asked for by requests only, since git takes its time."""
        return git.head(self.config.root)

    def plan(self, requested: Sequence[str], store: Store | None, force: bool = False) -> Plan:
        """The plan for a request now. Raises InvalidRequest."""
        situation = Situation(
            past=past(self.config, self.pipeline, store) if store is not None else {},
            fingerprint=self.fingerprint,
            runtime=self.runtime,
            explain_code=lambda action, old: self._explain(action, old, store),
        )
        return make(self.pipeline, requested, situation, force)

    def fingerprint(self, action: Action) -> Fingerprint:
        """What a job of the action would depend on now, without its inputs."""
        return Fingerprint(
            command=command_line.shown(action, self.words(action)),
            config=action.config or "",
            outputs=json.dumps([(output.level, output.pattern) for output in action.outputs]),
            runtime=self.runtime(action).identity,
            code=self.code_use(action)[1],
        )

    def words(self, action: Action) -> tuple[str, ...]:
        """The words of the action's command as they will be run."""
        return command_line.effective(action, self.pipeline, self.config.backend)

    def runtime(self, action: Action) -> RuntimeInfo:
        """How it stands with the action's runtime."""
        name = action.run.runtime
        if name not in self._infos:
            self._infos[name] = runtimes.describe(name, self.config)
        return self._infos[name]

    def code_use(self, action: Action) -> tuple[dependencies.CodeUse, str]:
        """Which part of the code the action depends on, and the digest of that part."""
        if action.name not in self._uses:
            if self._dependencies is None:
                self._dependencies = dependencies.Dependencies(
                    self.code.hashes, lambda path: (self.base / path).read_bytes(), _load_cache(self.config)
                )
            use = self._dependencies.code_used(action.run, action.config)
            self._uses[action.name] = use, self._dependencies.digest(use)
        return self._uses[action.name]

    def counted(self, action: Action) -> dict[str, str]:
        """The code files that count for the action, with their hashes."""
        return dependencies.counted(self.code_use(action)[0], self.code.hashes)

    def save(self) -> None:
        """Keep what was found out about the code for the next time."""
        if self._dependencies is not None:
            _save_cache(self.config, self._dependencies.cache)

    def _explain(self, action: Action, old: str, store: Store | None) -> str:
        recorded = store.code_use(old) if store is not None else None
        if recorded is None:
            return "Its code has changed."
        use = self.code_use(action)[0]
        said = printable(dependencies.explain(json.loads(recorded), self.counted(action), use.via))
        if said[:1].isdigit():
            return f"{said}."
        return f"Its code has changed: {said}." if said else "What counts as its code has changed."


def survey(config: Config, revision: str | None = None, published: Collection[str] = ()) -> Survey:
    """Look at a project: its working tree, or its folder at a git revision.

    Files at the paths that are `published` are outputs, not code, even when no action of today declares them.
    Raises ProjectNotFound, InvalidProject, InvalidRequest and SnapshotFailed.
    """
    if revision is not None:
        return _survey_commit(config, revision)
    source = read_project(config.root)
    pipeline = pipeline_of(config, source)
    code = pool.scan(config.root, config.state, _is_output(pipeline, published), _dummy_files(pipeline))
    return Survey(config, pipeline, source, code, None, config.root)


def _survey_commit(config: Config, revision: str) -> Survey:
    commit = git.resolve(config.root, revision)
    whole = pool.scan_commit(config.root, config.state, commit)
    tree = pool.materialize(whole, config.root, config.state)
    source = read_project(tree)
    pipeline = pipeline_of(config, source)
    code = pool.scan_commit(config.root, config.state, commit, _is_output(pipeline))
    return Survey(config, pipeline, source, code, commit, tree)


def _is_output(pipeline: Pipeline, published: Collection[str] = ()) -> Callable[[str], bool]:
    index = patterns.PatternIndex(output.pattern for action in pipeline.actions.values() for output in action.outputs)
    code = frozenset((*_dummy_files(pipeline), *_rewritten(pipeline)))
    return lambda path: path not in code and (path in published or bool(index.matching(path)))


def _rewritten(pipeline: Pipeline) -> Iterable[str]:
    if not any(output.pattern.endswith(".ipynb") for action in pipeline.actions.values() for output in action.outputs):
        return ()
    from ..notebooks.commands import rewritten  # most pipelines need none of it

    return rewritten(action.run for action in pipeline.actions.values())


def _dummy_files(pipeline: Pipeline) -> Iterable[str]:
    return [action.dummy_data_file for action in pipeline.actions.values() if action.dummy_data_file is not None]


# -- the past --------------------------------------------------------------------------------------


def past(config: Config, pipeline: Pipeline, store: Store) -> Mapping[str, Past]:
    """What the store and the disk know of each action's earlier jobs."""
    active = {job.action: job.id for job, _ in store.active() if not job.cancelled}
    damaged = publication.damages(config, store, pipeline)
    digests = {action: digest for action, (_, digest) in store.latest().items()}
    found: dict[str, Past] = {}
    for action, (job, fingerprint) in store.last_jobs().items():
        succeeded = job.state is State.SUCCEEDED
        found[action] = Past(
            active_job=active.get(action),
            succeeded=job.id if succeeded else None,
            completed_at=job.completed_at,
            failure=_failure(job.code, job.message) if job.state is State.FAILED else None,
            fingerprint=_fingerprint(fingerprint) if succeeded else None,
            digest=digests.get(action, ""),
            damage=damaged.get(action) if succeeded else None,
        )
    return found


def _failure(code: StatusCode, message: str) -> str:
    return message or f"{code}."


def _fingerprint(text: str) -> Fingerprint | None:
    try:
        return Fingerprint(**json.loads(text))
    except (TypeError, ValueError):
        return None


# -- what a request records ------------------------------------------------------------------------


def jobs_of(survey: Survey, made: Plan, request_id: str, new_id: Callable[[], str]) -> list[dict[str, Any]]:
    """The rows of the jobs that a plan asks for, each with its task, its fingerprint and what it waits for."""
    planned = [one for one in made.actions if one.verdict.runs or one.verdict is Verdict.CANNOT_RUN]
    ids = {one.action: new_id() for one in planned}
    elsewhere = {one.action: one.waits_for for one in made.actions if one.waits_for is not None}
    needs = {name: action.needs for name, action in survey.pipeline.actions.items()}
    place = {name: number for number, name in enumerate(traversal.closure(needs, [one.action for one in made.actions]))}
    rows = []
    for one in planned:
        action = survey.pipeline.actions[one.action]
        wait_for = [ids.get(need) or elsewhere.get(need) for need in action.needs]
        waits = [job_id for job_id in wait_for if job_id is not None]
        rows.append(
            {
                "id": ids[one.action],
                "request_id": request_id,
                "action": one.action,
                "state": str(State.PENDING),
                "code": str(StatusCode.WAITING_ON_DEPENDENCIES if waits else StatusCode.CREATED),
                "message": "",
                "run_command": action.run.raw,
                "reason": one.reason,
                "task": json.dumps(_task(survey, action, sorted(action.needs, key=place.__getitem__))),
                "fingerprint": json.dumps(asdict(survey.fingerprint(action))),
                "wait_for": json.dumps(waits),
                "runtime": action.run.runtime,
            }
        )
    return rows


def _task(survey: Survey, action: Action, needs: Sequence[str]) -> dict[str, Any]:
    from ..notebooks.commands import (
        NotebookRun,
        NotRecognised,
        as_json,
        recognise,
    )  # a plan needs none of it

    words = survey.words(action)
    notebook = recognise(words, action.run.image)
    return {
        "args": words,
        "notebook": as_json(notebook) if isinstance(notebook, NotebookRun) else None,
        "note": notebook.reason if isinstance(notebook, NotRecognised) else "",
        "code": survey.code.id,
        "needs": needs,
        "outputs": [(output.level, output.name, output.pattern) for output in action.outputs],
        "limits": asdict(survey.config.limits_of(action.name)),
    }


# -- the cache of what the code says ---------------------------------------------------------------


def _load_cache(config: Config) -> dict[str, Any]:
    try:
        data = json.loads((config.state / "code" / _CACHE).read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _save_cache(config: Config, cache: Mapping[str, Any]) -> None:
    target = config.state / "code" / _CACHE
    if cache == _load_cache(config):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(dict(cache)))
    part.replace(target)
