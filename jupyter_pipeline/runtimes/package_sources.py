"""Where packages are fetched from, and whose certificates are trusted on the way: what uv is told beside its own.

Institutions set pip's index, proxy and certificate, which uv does not read, and inspect connections with a certificate
of their own, which is in the system's store. uv's own settings go first. No address leaves here with a password: only
its host is ever told. Running uv is not here (uv_program.py).
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import pip_settings
from .pip_settings import PipSetting

STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep the certificates that they trust. A bare one has none, and uv then trusts those it comes with."""

_OWN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_OWN_MORE = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
_OWN_PROXY = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_OWN_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PIPS_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Read by the library with which pip connects, and stronger there than pip's own setting."""
_UVS_KEYS = ("index", "index-url", "extra-index-url", "no-index", "find-links")
UNNAMED = "an address that is not shown"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was set, as it may be shown, and where."""

    value: str
    origin: str

    def __str__(self) -> str:
        return f"{self.value} ({self.origin})"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where packages come from."""

    variables: Mapping[str, str]
    """What uv's environment gets in addition."""
    options: tuple[str, ...] = ()
    """What ``uv pip`` commands get in addition."""
    index: Told | None = None
    """The index that is asked first of all; None for the one that uv asks by itself."""
    more: tuple[Told, ...] = ()
    """Further indexes, and folders and pages with packages."""
    proxy: Told | None = None
    certificates: Told | None = None
    """The file or folder whose certificates are trusted; None for those that uv comes with."""
    absent: tuple[Told, ...] = ()
    """Files and folders that are named and are not there."""


def of(environment: Mapping[str, str]) -> Sources:
    """The sources of packages in the surroundings of `environment`; reads settings, and fetches nothing."""
    pip = pip_settings.read(environment)
    indexes, links = _indexes(environment, pip), _links(environment, pip)
    proxy_variables, proxy = _proxy(environment, pip)
    trusted_variables, trusted = _certificates(environment, pip)
    variables = {**indexes.variables, **links.variables, **proxy_variables, **trusted_variables}
    if "trusted-host" in pip and not environment.get("UV_INSECURE_HOST"):
        variables["UV_INSECURE_HOST"] = " ".join(pip["trusted-host"].words)
    return Sources(
        variables=variables,
        options=indexes.options,
        index=indexes.index,
        more=(*indexes.more, *links.more),
        proxy=proxy,
        certificates=trusted,
        absent=(*indexes.absent, *links.absent, *_not_there(trusted)),
    )


def _not_there(told: Told | None) -> tuple[Told, ...]:
    if told is None or any(Path(path).exists() for path in told.value.split(os.pathsep)):
        return ()
    return (told,)


def host_of(address: str) -> str:
    """What may be shown of an address: scheme and host, or the path of something on this machine."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return UNNAMED
    if not parts.scheme:
        return address if Path(address).is_absolute() else UNNAMED
    if parts.scheme == "file":
        return unquote(parts.path)
    if not parts.hostname or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return UNNAMED  # a password with a slash in it: nothing is where it should be
    return f"{parts.scheme}://{parts.hostname}{port}"


# -- packages --------------------------------------------------------------------------------------


def _indexes(environment: Mapping[str, str], pip: Mapping[str, PipSetting]) -> Sources:
    """The indexes of uv's own variables, else of its own file, else of pip's settings."""
    own = _first_set(environment, _OWN_INDEX)
    more = _first_set(environment, _OWN_MORE)
    further = tuple(_all_told(more))
    if own is not None:
        return Sources({}, index=_told(own), more=further)
    file = _file_of_uv(environment)
    if file is not None:
        return Sources({}, index=Told("what uv's settings name", str(file)), more=further)
    if "no-index" in pip and pip["no-index"].is_on:
        return Sources({}, ("--no-index",), index=Told("no index", pip["no-index"].origin), more=further)
    first = pip.get("index-url")
    variables = {"UV_DEFAULT_INDEX": first.value} if first else {}
    index = Told(host_of(first.value), first.origin) if first else None
    if more is not None:
        return Sources(variables, index=index, more=further)
    there, told, absent = _present(pip.get("extra-index-url"))
    if there:
        variables["UV_INDEX"] = " ".join(there)
        # As with pip, for which they were set: what one index lacks, a version or a wheel of it, may be in the next.
        variables["UV_INDEX_STRATEGY"] = environment.get("UV_INDEX_STRATEGY") or "unsafe-best-match"
    return Sources(variables, index=index, more=told, absent=absent)


def _links(environment: Mapping[str, str], pip: Mapping[str, PipSetting]) -> Sources:
    """Folders and pages with packages, of uv's own variable, else of pip's settings."""
    own = _first_set(environment, ("UV_FIND_LINKS",))
    if own is not None or _file_of_uv(environment) is not None:
        return Sources({}, more=tuple(_all_told(own, ",")))
    there, told, absent = _present(pip.get("find-links"))
    variables = {"UV_FIND_LINKS": ",".join(there)} if there else {}
    return Sources(variables, more=told, absent=absent)


def _present(setting: PipSetting | None) -> tuple[list[str], tuple[Told, ...], tuple[Told, ...]]:
    """The addresses of a setting; how they may be shown; and folders of this machine among them that are not there.

    pip passes such folders over; uv would fail.
    """
    there: list[str] = []
    absent: list[str] = []
    for word in setting.words if setting else ():
        parts = urlsplit(word)
        path = Path(unquote(parts.path)) if parts.scheme == "file" else Path(os.path.expanduser(word))
        is_here = parts.scheme not in ("", "file") or path.exists()
        (there if is_here else absent).append(word if parts.scheme else str(path.absolute()))
    origin = setting.origin if setting else ""
    told, gone = (tuple(Told(host_of(one), origin) for one in each) for each in (there, absent))
    return there, told, gone


def _file_of_uv(environment: Mapping[str, str]) -> Path | None:
    """uv's own settings file, if one says where packages are."""
    return next((path for path in _files_of_uv(environment) if _says_where(path)), None)


def _files_of_uv(environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get("UV_NO_CONFIG"):
        return
    if environment.get("UV_CONFIG_FILE"):
        yield Path(environment["UV_CONFIG_FILE"])
        return
    home = environment.get("HOME") or os.path.expanduser("~")
    yield Path(environment.get("XDG_CONFIG_HOME") or Path(home) / ".config") / "uv" / "uv.toml"
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield Path(folder) / "uv" / "uv.toml"
    yield Path("/etc/uv/uv.toml")


def _says_where(path: Path) -> bool:
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    of_pip = settings.get("pip")
    return any(key in settings or (isinstance(of_pip, dict) and key in of_pip) for key in _UVS_KEYS)


# -- the way there ---------------------------------------------------------------------------------


def _proxy(environment: Mapping[str, str], pip: Mapping[str, PipSetting]) -> tuple[dict[str, str], Told | None]:
    own = _first_set(environment, _OWN_PROXY)
    if own is not None:
        return {}, Told(_host_of_proxy(own.value), own.origin)
    if "proxy" not in pip:
        return {}, None
    setting = pip["proxy"]
    variables = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), setting.value)
    return variables, Told(_host_of_proxy(setting.value), setting.origin)


def _host_of_proxy(address: str) -> str:
    return host_of(address if "://" in address else f"http://{address}")


def _certificates(environment: Mapping[str, str], pip: Mapping[str, PipSetting]) -> tuple[dict[str, str], Told | None]:
    variables: dict[str, str] = {}
    if "client-cert" in pip and not environment.get("SSL_CLIENT_CERT"):
        variables["SSL_CLIENT_CERT"] = os.path.expanduser(pip["client-cert"].value)
    own = _first_set(environment, _OWN_CERTIFICATES)
    if own is not None:
        return variables, Told(own.value, own.origin)
    named = _first_set(environment, _PIPS_CERTIFICATES) or pip.get("cert")
    if named is not None:
        path = os.path.expanduser(named.value)
        variables["SSL_CERT_DIR" if Path(path).is_dir() else "SSL_CERT_FILE"] = path
        return variables, Told(path, named.origin)
    store = system_store()
    if store is not None:
        variables["UV_SYSTEM_CERTS"] = environment.get("UV_SYSTEM_CERTS") or "1"
        return variables, Told(store, "the system's")
    return variables, None


def system_store() -> str | None:
    """The system's certificates, if it has any: a file, or the name of the store."""
    if sys.platform == "darwin":
        return "/System/Library/Keychains"
    return next((path for path in STORES if Path(path).is_file()), None)


# -- reading ---------------------------------------------------------------------------------------


def _first_set(environment: Mapping[str, str], names: Iterable[str]) -> PipSetting | None:
    return next((PipSetting(environment[name], name) for name in names if environment.get(name)), None)


def _told(setting: PipSetting | None) -> Told | None:
    return Told(_shown(setting.value), setting.origin) if setting else None


def _all_told(setting: PipSetting | None, separator: str | None = None) -> list[Told]:
    return [Told(_shown(word), setting.origin) for word in setting.value.split(separator)] if setting else []


def _shown(address: str) -> str:
    """What may be shown of an address of uv's, before which a name may stand."""
    name, equals, rest = address.partition("=")
    return host_of(rest if equals and "/" not in name and ":" not in name else address)
