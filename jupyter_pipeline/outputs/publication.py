"""From a job's files to the workspace's, and from the workspace's to a job's inputs.

The project's folder shows for each path the file that was written last. Where an action rewrites in place what an
action it needs has made, the earlier version is kept beside the earlier job: whoever needs that one, and a second run
of the rewriting action, still get what they declared. What may be viewed of an action's last few jobs is kept too, so
that the outputs of two requests can be compared.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..config import Config
from ..errors import OutputRefused, PipelineError
from ..graph import traversal
from ..models import (
    Job,
    JobRequest,
    Level,
    OutputFile,
    Pipeline,
    Result,
    State,
    WrittenFile,
)
from ..rules import levels
from ..store.database import Store
from . import inventory
from .job_folder import EARLIER, KEPT, LOG, REPLACED, job_folder, remove_tree
from .log import chunks

COMPARED = 5
"""Earlier jobs of an action whose viewable outputs are kept, to be compared with newer ones."""
SYNTHETIC_COMPARED = 1024**2
"""Bytes of the largest file of synthetic data that is kept for that though its level forbids to view it."""
METADATA = "metadata"
LOG_BOUND = 16 * 1024 * 1024


# -- inputs ----------------------------------------------------------------------------------------


def inputs(config: Config, store: Store, needs: Iterable[str]) -> tuple[dict[str, Path], dict[str, str]]:
    """The files that a job may see of the actions it needs, and the digest of each action's outputs.

    `needs` is in an order in which the actions can run: where two made the same path, the later one's file counts.
    Raises PipelineError when a file was changed or removed since it was made.
    """
    files: dict[str, Path] = {}
    digests: dict[str, str] = {}
    for action in needs:
        latest = store.latest_of(action)
        if latest is None:
            raise PipelineError(f"The outputs of {action} are gone.", f"Run {action} again.")
        job_id, digests[action] = latest
        made = store.outputs_of(job_id)
        owners = store.owners(file.path for file in made)
        for file in made:
            place = _place(config, file, owners)
            if not inventory.is_unchanged(place, file):
                raise PipelineError(
                    f"{file.path} is not as {action} made it: it was changed or removed.", f"Run {action} again."
                )
            files[file.path] = place
    return files, digests


def place_of(config: Config, file: OutputFile, owners: Mapping[str, str]) -> tuple[Path, str]:
    """The folder that an output stands in, be it the project's or that of what is kept of its job, and its path there.

    `owners` says of its path whose file the project's folder has.
    """
    if owners.get(file.path) == file.job_id:
        return config.root, file.path
    folder = job_folder(config, file.job_id)
    kept = folder / KEPT
    return kept if os.path.lexists(kept / file.path) else folder / EARLIER, file.path


def _place(config: Config, file: OutputFile, owners: Mapping[str, str]) -> Path:
    folder, path = place_of(config, file, owners)
    return folder / path


def damages(config: Config, store: Store, pipeline: Pipeline) -> dict[str, str]:
    """For each action whose outputs are no longer as its last job made them: what has happened, as a sentence."""
    owners = store.owners()
    needs = {name: action.needs for name, action in pipeline.actions.items()}
    makers = {job_id: action for action, (job_id, _) in store.latest().items()}
    found: dict[str, str] = {}
    later: dict[str, set[str]] = {}
    for file in store.latest_outputs():
        if file.action in found or file.action not in needs:
            continue
        owner = owners.get(file.path)
        if owner is not None and owner != file.job_id:
            other = makers.get(owner) or store.actions_of([owner]).get(owner, "another action")
            if file.action not in later:
                later[file.action] = set(traversal.descendants(needs, [file.action]))
            if other not in later[file.action]:
                found[file.action] = f"Its output {file.path} was since written over by {other}."
                continue
        place = _place(config, file, owners)
        if not inventory.is_unchanged(place, file):
            what = "was changed by hand" if os.path.lexists(place) else "is missing"
            found[file.action] = f"Its output {file.path} {what}."
    return found


# -- outputs ---------------------------------------------------------------------------------------


def publish(config: Config, store: Store, job: Job, result: Result, source: Path) -> list[str]:
    """Put a succeeded job's files into the project, and take away what its action makes no more.

    May be repeated after a crash at any line; the store is only read. The paths that were removed. Raises
    OutputRefused when the files cannot be put there.
    """
    owners = store.owners(file.path for file in result.files)
    previous = store.latest_of(job.action)
    before = {file.path: file for file in store.outputs_of(previous[0])} if previous else {}
    moves = [inventory.Move(file, _keep(config, store, job, file, owners.get(file.path))) for file in result.files]
    if moves and not source.is_dir():
        raise OutputRefused("The files that the job wrote have vanished.", "Run it again.")
    inventory.publish(config.root, source, moves)
    made = {file.path for file in result.files}
    gone = [file for path, file in before.items() if path not in made]
    owned = store.owners(file.path for file in gone)
    obsolete = [file for file in gone if owned.get(file.path) == file.job_id]
    stayed = set(inventory.remove_obsolete(config.root, obsolete))
    return [file.path for file in obsolete if file.path not in stayed]


def _keep(config: Config, store: Store, job: Job, file: WrittenFile, owner: str | None) -> Path | None:
    """Where the file that stands at the path of a new output is to be kept, or None when nobody wants it."""
    target = config.root / file.path
    if not os.path.lexists(target):
        return None
    replaced = job_folder(config, job.id) / REPLACED / file.path
    if owner is None:
        return replaced
    recorded = next((made for made in store.outputs_of(owner) if made.path == file.path), None)
    if recorded is None or not inventory.is_unchanged(target, recorded):
        return replaced
    latest = store.latest_of(recorded.action)
    if recorded.action != job.action and latest is not None and latest[0] == owner:
        return job_folder(config, owner) / KEPT / file.path
    synthetic = levels.may_show_synthetic(config.backend) and recorded.size <= SYNTHETIC_COMPARED
    if recorded.action == job.action and levels.can_view(recorded, synthetic).allowed:
        return job_folder(config, owner) / EARLIER / file.path
    return None


def record(store: Store, job: Job, result: Result, removed: Iterable[str]) -> None:
    """Write down what was published; the action's earlier outputs are history from here on."""
    files = [
        OutputFile(
            path=file.path,
            action=job.action,
            job_id=job.id,
            request_id=job.request_id,
            level=Level(file.level),
            size=file.size,
            mtime_ns=file.mtime_ns,
            sha256=file.sha256,
            rows=file.rows,
            columns=file.columns,
            message=file.message,
        )
        for file in result.files
    ]
    digest = inventory.digest((file.path, file.sha256) for file in files)
    store.record_outputs(job, files, digest, removed)


def drop_kept(config: Config, store: Store, superseded: Job) -> None:
    """Remove what was kept of a job whose action has a newer one, and what nobody is likely to compare any more."""
    remove_tree(job_folder(config, superseded.id) / KEPT)
    newest = [job for job in store.jobs_of_action(superseded.action) if job.state is State.SUCCEEDED]
    for job in newest[COMPARED + 1 :]:
        remove_tree(job_folder(config, job.id) / EARLIER)


# -- what is written for the platform's tools ------------------------------------------------------


def write_manifest(config: Config, store: Store) -> None:
    """Write metadata/manifest.json: every output of the workspace, under the platform's keys."""
    owners = store.owners()
    requests: dict[str, JobRequest | None] = {}
    entries = {}
    for file in store.latest_outputs():
        if owners.get(file.path) != file.job_id:
            continue
        if file.request_id not in requests:
            requests[file.request_id] = store.request(file.request_id)
        request = requests[file.request_id]
        origin = {
            "user": request.requested_by if request else None,
            "repo": None,
            "commit": request.commit if request else None,
        }
        entries[file.path] = inventory.manifest_entry(file, origin)
    facts = {"workspace": config.workspace, "repo": None, "backend": config.backend}
    head = ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in facts.items())
    # One line for each output: readable, and quick to write for thousands.
    lines = ",\n  ".join(f"{json.dumps(path)}: {json.dumps(entries[path])}" for path in sorted(entries))
    target = config.root / METADATA / "manifest.json"
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.write_text(f'{{{head},\n "outputs": {{\n  {lines}\n }}\n}}\n', encoding="utf-8")
    part.replace(target)


def write_log(config: Config, job: Job, files: Iterable[WrittenFile]) -> None:
    """Write metadata/ACTION.log: the job's log and a summary, where the platform's users look for it."""
    target = config.root / METADATA / f"{job.action}.log"
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as stream:
        written = 0
        for chunk in chunks(job_folder(config, job.id) / LOG):
            stream.write(chunk)
            written += len(chunk)
            if written > LOG_BOUND:
                stream.write(f"\n[... the log goes on: jupyter pipeline logs {job.id} ...]\n".encode())
                break
        stream.write(_summary(job, files).encode("utf-8", errors="replace"))
    part.replace(target)


def _summary(job: Job, files: Iterable[WrittenFile]) -> str:
    facts = {
        "state": job.state,
        "status_code": job.code,
        "message": job.message,
        "job_id": job.id,
        "run_by_request": job.request_id,
        "action": job.action,
        "run_command": job.run_command,
        "runtime": job.runtime,
        "executor": job.executor,
        "exit_code": job.exit_code,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
    }
    lines = ["", *(f"{name}: {value}" for name, value in facts.items()), "", "outputs:"]
    lines += [
        f"  {file.path} - {file.level}" + (f" (withheld: {file.message})" if file.message else "") for file in files
    ]
    return "\n".join(lines) + "\n"
