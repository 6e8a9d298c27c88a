"""Protected mode: each thing that makes a server unsafe has its sentence, and none is there without its cause.

The servers are real ones that do not listen, since nothing is asked of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.manager import AsyncContentsManager
from traitlets import Unicode

from jupyter_pipeline import protection
from jupyter_pipeline.protection import Protection
from jupyter_pipeline.protection.project import ProtectedProject
from jupyter_pipeline.server import contents_guard, protected_mode
from tests.helpers.protected_study import make_study

SAFE: dict[str, Any] = {
    "ServerApp": {
        "ip": "127.0.0.1",
        "port": 0,
        "open_browser": False,
        "terminals_enabled": False,
        "jpserver_extensions": {"jupyterlab": True},
        "kernel_spec_manager_class": "jupyter_pipeline.server.protected_mode.NoKernels",
        "log_level": "CRITICAL",
    },
    "IdentityProvider": {"token": "secret"},
}
DEFAULT_KERNELS = "jupyter_client.kernelspec.KernelSpecManager"
Make = Callable[..., ServerApp]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a server with some settings changed, over a study, guarded."""
    for name in ("CONFIG", "RUNTIME", "DATA"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(protected_mode.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    made: list[ServerApp] = []
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def server(guarded: bool = True, **changes: dict[str, Any]) -> ServerApp:
        settings = {name: {**SAFE.get(name, {}), **changes.get(name, {})} for name in {*SAFE, *changes}}
        (tmp_path / "CONFIG/jupyter_server_config.json").write_text(json.dumps(settings))
        root = make_study(tmp_path / f"root{len(made)}/study").parent
        app = ServerApp(root_dir=str(root))
        app.initialize(argv=[], find_extensions=False, new_httpserver=False)
        if guarded:
            contents_guard.install(app, Protection(root))
        made.append(app)
        return app

    yield server
    ServerApp.clear_instance()
    asyncio.set_event_loop(None)
    loop.close()


def test_a_server_can_be_safe(make: Make) -> None:
    assert protected_mode.reasons_unsafe(make()) == ()


@pytest.mark.parametrize(
    ("settings", "says", "remedy"),
    [
        ({"ServerApp": {"ip": "0.0.0.0"}}, "all addresses without TLS", "certfile"),
        ({"ServerApp": {"ip": ""}}, "all addresses without TLS", "c.ServerApp.ip"),
        ({"ServerApp": {"ip": "*"}}, "all addresses without TLS", "c.ServerApp.ip"),
        ({"ServerApp": {"allow_root": True}}, "root", "--allow-root"),
        ({"ServerApp": {"disable_check_xsrf": True}}, "Pages of other sites", "disable_check_xsrf"),
        ({"IdentityProvider": {"token": ""}}, "Anybody", "c.IdentityProvider.token"),
        ({"ServerApp": {"kernel_spec_manager_class": DEFAULT_KERNELS}}, "Kernels run as", "GatewayClient"),
        ({"ServerApp": {"allow_external_kernels": True}}, "Kernels run as", "NoKernels"),
        ({"ServerApp": {"extra_services": ["jupyter_server.services.events.handlers"]}}, "extra_services", "Unset"),
        (
            {"ServerApp": {"terminals_enabled": True, "jpserver_extensions": {"jupyter_server_terminals": True}}},
            "Terminals are enabled",
            "terminals_enabled = False",
        ),
        (
            {"ServerApp": {"jpserver_extensions": {"jupyter_lsp": True}}},
            "jupyter_lsp is enabled, and its language servers",
            "jupyter server extension disable jupyter_lsp",
        ),
        ({"ServerApp": {"jpserver_extensions": {"json": True}}}, "nobody has looked", "disable json"),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:traitlets", "ignore::DeprecationWarning:jupyter_lsp")
def test_each_cause_has_its_sentence(make: Make, settings: dict[str, Any], says: str, remedy: str) -> None:
    found = protected_mode.reasons_unsafe(make(**settings))
    assert len(found) == 1
    assert says in found[0]
    assert remedy in found[0]


def test_what_makes_the_cause_go_away(make: Make, tmp_path: Path) -> None:
    tls = {"ip": "0.0.0.0", "certfile": "x.pem", "keyfile": "x.key"}
    assert protected_mode.reasons_unsafe(make(ServerApp=tls)) == ()
    off = {"jpserver_extensions": {"jupyter_server_terminals": True}}
    assert protected_mode.reasons_unsafe(make(ServerApp=off)) == ()


def test_a_kernel_that_is_only_not_listed_counts(make: Make) -> None:
    hidden = {"ensure_native_kernel": False, "allowed_kernelspecs": ["other"]}
    server = make(ServerApp={"kernel_spec_manager_class": DEFAULT_KERNELS}, KernelSpecManager=hidden)
    assert server.kernel_spec_manager is not None
    assert not server.kernel_spec_manager.find_kernel_specs()
    assert "Kernels run" in "".join(protected_mode.reasons_unsafe(server))


def test_without_kernels_none_starts(make: Make) -> None:
    server = make()
    with pytest.raises(NoSuchKernel):
        asyncio.get_event_loop_policy().get_event_loop().run_until_complete(server.kernel_manager.start_kernel())


def test_running_as_root_and_latex_count(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(protected_mode.shutil, "which", lambda name: f"/usr/bin/{name}")  # type: ignore[attr-defined]
    found = " ".join(protected_mode.reasons_unsafe(server))
    assert "root" in found
    assert "xelatex" in found


# -- whether the guard is in the chain -------------------------------------------------------------


def test_an_unguarded_server_is_told(make: Make) -> None:
    server = make(guarded=False)
    assert not contents_guard.is_installed(server)
    assert "is not guarded" in protected_mode.reasons_unsafe(server)[0]


def test_a_rule_before_the_guard_and_another_manager_are_noticed(make: Make) -> None:
    server = make()
    assert contents_guard.is_installed(server)
    rules = server.web_app.default_router.rules
    rules.insert(0, rules[-1])
    assert not contents_guard.is_installed(server)
    del rules[0]
    before = list(rules)
    contents_guard.install(server, Protection(Path(server.root_dir)))  # nothing is done twice
    assert rules == before
    taken = rules.pop(1)
    assert not contents_guard.is_installed(server)
    rules.insert(1, taken)
    manager = server.contents_manager
    server.web_app.settings["contents_manager"] = type(manager).__mro__[3](parent=server)
    assert not contents_guard.is_installed(server)


def test_a_manager_that_keeps_no_files_is_left_alone_and_told(make: Make) -> None:
    _make_no_files()
    server = make(guarded=False, ServerApp={"contents_manager_class": "server_without_files.NoFiles"})
    contents_guard.install(server, Protection(Path(server.root_dir)))
    assert not contents_guard.is_installed(server)
    assert "NoFiles is not guarded" in protected_mode.reasons_unsafe(server)[0]


def _make_no_files() -> None:
    """Make a module with a contents manager that keeps nothing."""
    module = types.ModuleType("server_without_files")
    module.NoFiles = type("NoFiles", (AsyncContentsManager,), {"root_dir": Unicode("/")})  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module


# -- listings, without a server in between ---------------------------------------------------------


def test_a_listing_looks_once_at_projects_and_at_each_entry(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make()
    free = Path(server.root_dir) / "study/free"
    for number in range(200):
        (free / f"{number}.txt").touch()
    looks: list[str] = []
    resolved: list[str] = []
    refresh, resolve = ProtectedProject.refresh, protection._resolve

    def looked(self: ProtectedProject) -> None:
        looks.append(self.root)
        refresh(self)

    def noted(path: Path) -> Any:
        resolved.append(str(path))
        return resolve(path)

    manager: Any = server.contents_manager
    loop = asyncio.get_event_loop_policy().get_event_loop()
    loop.run_until_complete(manager.get(""))
    monkeypatch.setattr(ProtectedProject, "refresh", looked)
    monkeypatch.setattr(protection, "_resolve", noted)
    listed = loop.run_until_complete(manager.get("study/free"))
    assert len(listed["content"]) == 202
    entries = [path for path in resolved if path.endswith(".txt") and path.startswith(f"{free}/")]
    assert len(entries) == len(set(entries)) == 201
    assert looks == [f"{server.root_dir}/study"]
    assert manager.should_list("x")  # outside of a listing nothing is known of the folder
