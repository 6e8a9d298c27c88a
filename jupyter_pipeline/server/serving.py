"""The service of split mode: the routes alone, run by another user of the operating system than the one who works.

No kernels, no terminals, no files: what this server's user can read, nobody else can be led to read through it. Who
asks is told by a token of their own. docs/security.md says how it is set up.
"""

from __future__ import annotations

import hmac
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import RequestHandler
from traitlets.config import Config as Traits

from .. import config as configuration
from ..api.exchange import SERVICE
from ..config import ENV_EXECUTOR, ENV_SETTINGS
from ..errors import InvalidConfig

SHORTEST_TOKEN = 20
"""Characters of a token; shorter ones could be guessed."""
_LINE = re.compile(r"(?P<name>[^\s#:]+)\s+(?P<token>\S+)")


class PersonalTokens(IdentityProvider):
    """Knows each person by a token of their own, given with every request; no cookies, no passwords, no login page."""

    people: Mapping[str, str] = MappingProxyType({})
    """The name of each person by their token."""

    @property
    def auth_enabled(self) -> bool:
        """Always: there is nothing here for who is not known."""
        return True

    @property
    def login_available(self) -> bool:
        """There is no login page."""
        return False

    async def get_user(self, handler: RequestHandler) -> User | None:
        """The person whose token came with the request."""
        match = self.auth_header_pat.match(handler.request.headers.get("Authorization", ""))
        given = match.group(2) if match else ""
        name = None
        for token, person in self.people.items():  # all of them, so that the time taken tells nothing
            if hmac.compare_digest(token.encode(), given.encode()):
                name = person
        if name is None:
            return None
        handler._token_authenticated = True  # type: ignore[attr-defined]
        return User(username=name, name=name, display_name=name)

    def validate_security(self, app: Any, ssl_options: dict[str, Any] | None = None) -> None:
        """Nothing to warn of: everyone needs a token."""


class NoContents(ContentsManager):
    """In the place of what reads and writes files: it has no routes, and knows of nothing."""

    def get_extra_handlers(self) -> list[Any]:
        """None."""
        return []


class ServiceServer(ServerApp):
    """A Jupyter server without its own services: what is not here cannot be led astray."""

    name = "jupyter_pipeline_service"
    default_services = ("auth", "security")  # type: ignore[assignment]  # fewer than its base has

    @property
    def config_file_paths(self) -> list[str]:
        """None: what this server is, its command alone says."""
        return []


def serve(root: Path, tokens: Path, settings_file: Path | None, address: str, port: int, base_url: str) -> None:
    """Be the service for the projects below `root` until told to end. Raises InvalidConfig.

    `tokens` has a line for each person: their name and their token. `settings_file` has the settings of all projects:
    what a repository sets is its authors' wish, who must not choose how jobs run here. All must be this user's alone.
    """
    os.umask(0o077)
    check_private(root, "The folder of the projects")
    if settings_file is not None:
        check_private(settings_file, "The file of settings")
    os.environ[ENV_SETTINGS] = str(settings_file.resolve()) if settings_file is not None else os.devnull
    if configuration.load(root).executor == "auto":
        os.environ[ENV_EXECUTOR] = "sandbox"  # rather no jobs than jobs that can read all that is the service's

    class Known(PersonalTokens):
        people = read_tokens(tokens)

    settings = Traits()
    settings.ServerApp.update(
        root_dir=str(root.resolve()),
        ip=address,
        port=port,
        port_retries=0,
        base_url=base_url,
        open_browser=False,
        allow_unauthenticated_access=False,
        identity_provider_class=Known,
        contents_manager_class=NoContents,
    )
    settings.IdentityProvider.token = ""  # nobody comes in by one that all share
    settings.PipelineExtension.update(mode=SERVICE, guarded=False)
    server = ServiceServer.instance(config=settings, jpserver_extensions={"jupyter_pipeline": True})
    server.initialize(argv=[], find_extensions=False)
    server.start()


def read_tokens(file: Path) -> dict[str, str]:
    """The name of each person by token. Raises InvalidConfig, which never says a token."""
    check_private(file, "The file of tokens")
    people: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise InvalidConfig(f"Line {number} of {file} is not a name and a token.", "Write: NAME TOKEN")
        if len(match["token"]) < SHORTEST_TOKEN:
            raise InvalidConfig(
                f"The token of {match['name']} is short enough to be guessed.",
                f"Give at least {SHORTEST_TOKEN} random characters.",
            )
        if match["token"] in people:
            raise InvalidConfig(f"{match['name']} and {people[match['token']]} have one token.", "Give each their own.")
        people[match["token"]] = match["name"]
    if not people:
        raise InvalidConfig(f"{file} names nobody.", "Write a line for each person: NAME TOKEN")
    return people


def check_private(path: Path, what: str) -> None:
    """Raises InvalidConfig unless a file or folder is this user's, and nobody else may look into it."""
    try:
        status = path.stat()
    except OSError as error:
        raise InvalidConfig(f"{what}, {path}, cannot be used: {error.strerror}.", "Name one that is there.") from error
    if status.st_uid != os.geteuid():
        raise InvalidConfig(f"{what}, {path}, belongs to another user.", "Run the service as the user it belongs to.")
    if stat.S_IMODE(status.st_mode) & 0o077:
        mode = "700" if path.is_dir() else "600"
        raise InvalidConfig(f"{what}, {path}, is open to other users.", f"chmod {mode} it, so that it is private.")
