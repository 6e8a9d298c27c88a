"""What uv is told of where packages come from, and real builds from an index of a real HTTPS server with its own CA."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.errors import ExecutorUnavailable, RuntimeUnavailable
from jupyter_pipeline.executors import sandbox
from jupyter_pipeline.project import doctor
from jupyter_pipeline.runtimes import package_sources, pip_settings, uv_failures
from jupyter_pipeline.runtimes.package_sources import STORES, host_of
from tests.helpers.runtime_makers import Builder, pip_is_told_nothing, project, tiny, wheel
from tests.helpers.support import require

SECRET = "p4ssw0rd"
INDEX = f"https://someone:{SECRET}@index.example:8443/simple"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip_settings, "MACHINE", tmp_path / "no.conf")


def surroundings(folder: Path, config: str = "", **variables: str) -> dict[str, str]:
    """An environment with a home of its own and `config` as the only file of pip's that says anything."""
    file = folder / "pip-of-the-test.conf"
    file.write_text(config)
    return {"HOME": str(folder), "PIP_CONFIG_FILE": str(file), "XDG_CONFIG_DIRS": str(folder / "xdg"), **variables}


# -- pip's settings --------------------------------------------------------------------------------


def test_pips_files_and_variables_in_pips_order(tmp_path: Path) -> None:
    for path, text in {
        "xdg/pip/pip.conf": "[global]\nindex-url = machine\ntimeout = 1\n[install]\nproxy = install-of-machine\n",
        ".pip/pip.conf": "[global]\nindex-url = old\n",
        ".config/pip/pip.conf": "[global]\nINDEX_URL = person\nproxy = global-of-person\ntrusted-host =\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "PIP_RETRIES": "3"}
    found = {name: setting.value for name, setting in pip_settings.read(environment).items()}
    assert found["index-url"] == "person"
    assert found["proxy"] == "install-of-machine"
    assert (found["timeout"], found["retries"]) == ("1", "3")
    assert "trusted-host" not in found
    named = tmp_path / "named.conf"
    named.write_text("[global]\ntimeout = 2\n")
    strict = pip_settings.read({**environment, "PIP_CONFIG_FILE": str(named), "PIP_TIMEOUT": "4"})
    assert strict["index-url"].value == "machine"  # then a person's own file does not count
    assert (strict["timeout"].value, strict["timeout"].origin) == ("4", "PIP_TIMEOUT")
    assert pip_settings.read({**environment, "PIP_CONFIG_FILE": os.devnull}).keys() == {"config-file", "retries"}


@pytest.mark.parametrize("text", ["no section", "[global\nindex-url = x", "[global]\n\0\n", "[install]\nindex-url\n"])
def test_a_file_that_makes_no_sense_is_passed_over(tmp_path: Path, text: str) -> None:
    assert "index-url" not in pip_settings.read(surroundings(tmp_path, text))


# -- what uv is told -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "variables", "told"),
    [
        (f"[global]\nindex-url = {INDEX}", {}, {"UV_DEFAULT_INDEX": INDEX}),
        ("", {"PIP_INDEX_URL": INDEX}, {"UV_DEFAULT_INDEX": INDEX}),
        ("", {"PIP_INDEX_URL": INDEX, "UV_DEFAULT_INDEX": "https://own.example"}, {}),
        ("", {"PIP_INDEX_URL": INDEX, "UV_INDEX_URL": "https://own.example"}, {}),
        (
            "[global]\nextra-index-url =\n    https://a.example/s\n    https://b.example/s",
            {},
            {"UV_INDEX": "https://a.example/s https://b.example/s", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        (
            "",
            {"PIP_EXTRA_INDEX_URL": "https://a.example", "UV_INDEX_STRATEGY": "first-index"},
            {"UV_INDEX": "https://a.example", "UV_INDEX_STRATEGY": "first-index"},
        ),
        ("", {"PIP_EXTRA_INDEX_URL": "https://a.example", "UV_EXTRA_INDEX_URL": "https://own.example"}, {}),
        ("", {"PIP_EXTRA_INDEX_URL": "file:///no/such/folder /nor/this"}, {}),
        ("", {"PIP_FIND_LINKS": "/usr /no/such/folder https://links.example"}, {"UV_FIND_LINKS": "/usr,https://links.example"}),
        ("", {"PIP_FIND_LINKS": "/usr", "UV_FIND_LINKS": "/bin"}, {}),
        ("", {"PIP_TRUSTED_HOST": "a.example b.example:8443"}, {"UV_INSECURE_HOST": "a.example b.example:8443"}),
        ("", {"PIP_PROXY": "proxy.example:3128"}, dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "proxy.example:3128")),
        ("", {"PIP_PROXY": "proxy.example:3128", "https_proxy": "own.example:1"}, {}),
    ],
)  # fmt: skip
def test_what_pip_is_told_is_handed_on(
    tmp_path: Path, config: str, variables: Mapping[str, str], told: Mapping[str, str]
) -> None:
    sources = package_sources.of(surroundings(tmp_path, config, SSL_CERT_FILE="/usr", **variables))
    assert sources.variables == told
    assert SECRET not in repr((sources.index, sources.more, sources.proxy))


def test_no_index(tmp_path: Path) -> None:
    sources = package_sources.of(surroundings(tmp_path, f"[install]\nno-index = yes\nindex-url = {INDEX}"))
    assert sources.options == ("--no-index",)
    assert "UV_DEFAULT_INDEX" not in sources.variables
    assert package_sources.of(surroundings(tmp_path, "[global]\nno-index = false")).options == ()


def test_uvs_own_file_goes_first(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, PIP_INDEX_URL=INDEX, PIP_FIND_LINKS="/usr")
    file = tmp_path / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[[index]]\nurl = "https://own.example"\ndefault = true\n')
    sources = package_sources.of(environment)
    assert not {"UV_DEFAULT_INDEX", "UV_FIND_LINKS"} & sources.variables.keys()
    assert sources.index is not None
    assert sources.index.origin == str(file)
    file.write_text("offline = false\n")
    assert package_sources.of(environment).variables["UV_DEFAULT_INDEX"] == INDEX


def test_whose_certificates_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(**variables: str) -> tuple[dict[str, str], str, str]:
        sources = package_sources.of(surroundings(tmp_path, **variables))
        trusted = sources.certificates
        return dict(sources.variables), *((trusted.value, trusted.origin) if trusted else ("", ""))

    file, bundle = str(tmp_path / "ca.pem"), str(tmp_path / "bundle.pem")
    both = {"PIP_CERT": file, "CURL_CA_BUNDLE": bundle}
    assert of(SSL_CERT_FILE="/own", **both) == ({}, "/own", "SSL_CERT_FILE")
    assert of(SSL_CERT_DIR="/own", **both) == ({}, "/own", "SSL_CERT_DIR")
    assert of(**both) == ({"SSL_CERT_FILE": bundle}, bundle, "CURL_CA_BUNDLE")
    assert of(PIP_CERT=file) == ({"SSL_CERT_FILE": file}, file, "PIP_CERT")
    assert of(PIP_CERT=str(tmp_path)) == ({"SSL_CERT_DIR": str(tmp_path)}, str(tmp_path), "PIP_CERT")
    monkeypatch.setattr(package_sources, "STORES", ("/no/store", "/etc/passwd"))
    assert of() == ({"UV_SYSTEM_CERTS": "1"}, "/etc/passwd", "the system's")
    assert of(UV_SYSTEM_CERTS="false")[0] == {"UV_SYSTEM_CERTS": "false"}
    monkeypatch.setattr(package_sources, "STORES", ())
    assert of() == ({}, "", "")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (INDEX, "https://index.example:8443"),
        (f"https://index.example/{SECRET}/simple?token={SECRET}", "https://index.example"),
        (f"https://{SECRET}@index.example/simple", "https://index.example"),
        (f"https://someone:{SECRET}/x@index.example/simple", package_sources.UNNAMED),
        (f"https://someone:9/{SECRET}@index.example/simple", package_sources.UNNAMED),
        (f"someone:{SECRET}@index.example", package_sources.UNNAMED),
        ("file:///srv/a%20b", "/srv/a b"),
        ("/srv/simple", "/srv/simple"),
        ("https://[oops", package_sources.UNNAMED),
    ],
)
def test_of_an_address_only_the_host_is_shown(address: str, shown: str) -> None:
    assert host_of(address) == shown
    assert SECRET not in uv_failures.without_secrets(f"error: it failed ({address}), twice '{address}'")


def test_doctor_says_which_index_and_which_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:{SECRET}@proxy.example:3128")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def look() -> doctor.Check:
        return {check.name: check for check in doctor.examine(tmp_path)}["packages"]

    found = look()
    assert "come from https://index.example:8443 (PIP_INDEX_URL)" in found.message
    assert "the proxy http://proxy.example:3128 (HTTPS_PROXY)" in found.message
    assert f"those of {tmp_path / 'ca.pem'} (SSL_CERT_FILE)" in found.message
    assert SECRET not in found.message
    assert found.health is doctor.Health.NOTE
    assert f"not there, is {tmp_path / 'ca.pem'}" in found.message
    assert "no package can be fetched" in found.cure
    (tmp_path / "ca.pem").touch()
    assert look().health is doctor.Health.OK


def test_a_wheel_that_one_index_lacks_is_taken_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The further index has the version, but for another Python."""
    for folder, tag in (("first", "py3-none-any"), ("further", "cp27-none-any")):
        pages = tmp_path / folder / "pear"
        pages.parent.mkdir()
        wheel(pages, "pear", "1.0")
        name = f"pear-1.0-{tag}.whl"
        (pages / "pear-1.0-py3-none-any.whl").rename(pages / name)
        (pages / "index.html").write_text(f'<a href="{name}">{name}</a>')
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "first").as_uri())
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{(tmp_path / 'further').as_uri()} {tmp_path / 'nowhere'}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    runtimes.prepare("tiny:v1", project(tmp_path / "project", tiny("pear==1.0")), print)


# -- an institution's index, for real --------------------------------------------------------------


@dataclass
class Institution:
    """A package index on loopback, whose certificate an authority of its own has signed."""

    url: str
    authority: Path
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for."""
    refuses: int = 0
    """The status with which everything is answered; 0 for what is there."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``ca.pem``, and ``server.pem`` that it has signed for localhost."""
    require(shutil.which("openssl") is not None, "openssl")
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    for words in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Institution "
        "-addext basicConstraints=critical,CA:TRUE",
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    ):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def institution(tmp_path: Path, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Institution]:
    """Serves ``pear`` 1.0 and nothing else; whatever this machine is told of indexes and certificates is hidden."""
    pip_is_told_nothing(monkeypatch)
    for name in [*os.environ]:
        if name.startswith(("UV_", "SSL_CERT_")) or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    served = tmp_path / "served"
    (served / "simple").mkdir(parents=True)
    wheel(served / "simple" / "pear", "pear", "1.0")
    name = "pear-1.0-py3-none-any.whl"
    (served / "simple" / "pear" / "index.html").write_text(f'<a href="{name}">{name}</a>')
    here = Institution("", certificates / "ca.pem")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(self.path)
            if here.refuses:
                self.send_error(here.refuses)
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(served)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    here.url = f"https://someone:{SECRET}@localhost:{server.server_address[1]}/simple"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_institutions_certificate_in_ssl_cert_file(
    institution: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", institution.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(institution.authority))
    assert runtimes.prepare("tiny:v1", project(tmp_path / "project", tiny("pear")), print).name == "tiny:v1"
    assert any(path.endswith(".whl") for path in institution.asked)


def test_the_institutions_certificate_and_index_in_pips_file(
    institution: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(f"[global]\nindex-url = {institution.url}\ncert = {institution.authority}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    lines: list[str] = []
    runtimes.prepare("tiny:v1", project(tmp_path / "project", tiny("pear==1.0")), lines.append)
    assert any(path.endswith(".whl") for path in institution.asked)
    assert SECRET not in "".join(lines)


def test_the_institutions_certificate_in_the_systems_store(
    institution: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of its own sees a system's store that has it; nothing else says so."""
    store = next((path for path in STORES if Path(path).is_file()), "")
    require(bool(store), "a system's store of certificates")
    try:
        bwrap = sandbox.find_bwrap()
        reason = sandbox.probe(bwrap, tmp_path)
    except ExecutorUnavailable as error:
        reason = str(error)
    require(reason is None, f"a sandbox ({reason})")
    monkeypatch.setenv("PIP_INDEX_URL", institution.url)
    joined = tmp_path / "store.pem"
    joined.write_text(Path(store).read_text() + institution.authority.read_text())
    real = str(Path(store).resolve())
    builder = Builder(
        project(tmp_path / "project", tiny("pear")),
        before=(str(bwrap), "--dev-bind", "/", "/", "--bind", str(joined), real),
    )
    assert builder.end() == (0, "")
    assert any(path.endswith(".whl") for path in institution.asked)


def test_a_certificate_that_is_not_trusted_comes_with_its_cure(
    institution: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", institution.url)
    config = project(tmp_path / "project", tiny("pear"))
    with pytest.raises(RuntimeUnavailable, match="the certificate of the other side is not trusted") as caught:
        runtimes.prepare("tiny:v1", config, print)
    assert "UnknownIssuer" in caught.value.message
    assert "That address is from PIP_INDEX_URL." in caught.value.message
    assert "export SSL_CERT_FILE=FILE" in caught.value.remedy
    assert "pip config set global.cert FILE" in caught.value.remedy
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 1000
    code, error = Builder(config).end()
    assert (code, error.count("\n"), SECRET in error) == (1, 1, False)


def test_a_host_that_pip_trusts_anyway(
    institution: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", institution.url)
    monkeypatch.setenv("PIP_TRUSTED_HOST", "localhost")
    assert runtimes.prepare("tiny:v1", project(tmp_path / "project", tiny("pear")), print).name == "tiny:v1"


@pytest.mark.parametrize(
    ("status", "words"), [(401, "The package index refuses us"), (403, "refuses us"), (500, "does not work")]
)
def test_an_index_that_refuses(
    institution: Institution, status: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution.refuses = status
    monkeypatch.setenv("PIP_INDEX_URL", institution.url)
    monkeypatch.setenv("PIP_CERT", str(institution.authority))
    with pytest.raises(RuntimeUnavailable, match=words) as caught:
        runtimes.prepare("tiny:v1", project(tmp_path / "project", tiny("pear")), print)
    assert str(status) in caught.value.message
    assert "That address is from PIP_INDEX_URL." in caught.value.message
    assert SECRET not in str(caught.value)
