"""What makes a Jupyter server unsafe for sensitive outputs and ``contents_guard`` cannot close: each with its remedy.

Protected mode refuses to start while there is any; without it the same sentences are a diagnosis. Even a server with
none of them is no boundary: whoever becomes the server's user in another way reads every file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server.serverapp import ServerApp

from . import contents_guard

TERMINALS = "jupyter_server_terminals"
KNOWN = frozenset({"jupyter_pipeline", "jupyterlab", "jupyterlab_server", "notebook", "notebook_shim", "nbclassic"})
"""Extensions that read no files but through the contents manager, or that are ours."""
READERS = {
    "jupyter_archive": "it packs whole folders",
    "jupyter_lsp": "its language servers read every file below the server's folder",
    "jupyter_scheduler": "it copies files and runs them as this user",
    "jupyter_server_proxy": "it starts programs that read every file of this user",
    "jupyter_server_ydoc": "its rooms keep copies of what they show",
    "jupyter_collaboration": "its rooms keep copies of what they show",
    "jupyterlab_git": "it reads files, and earlier versions of them, with git",
    "elyra": "it runs files as this user",
    "nbdime": "it reads the notebooks that it compares",
    "voila": "it runs notebooks as this user",
}
"""Known extensions that reach files in ways of their own, and how."""
_EVERYWHERE = frozenset({"", "*", "0.0.0.0", "::"})
_KERNELS = frozenset({"kernels", "sessions"})


def reasons_unsafe(serverapp: ServerApp) -> tuple[str, ...]:
    """Each way in which this server hands out protected files past the guard, or to strangers, with the remedy.

    Looks at settings and at what is loaded; starts nothing. Ask it once all extensions are known.
    """
    return (
        *_unguarded(serverapp),
        *_programs(serverapp),
        *_extensions(serverapp),
        *_exporters(),
        *_strangers(serverapp),
    )


def _unguarded(serverapp: ServerApp) -> Iterator[str]:
    if not contents_guard.is_installed(serverapp):
        name = type(serverapp.web_app.settings["contents_manager"]).__name__
        yield (
            f"The contents manager {name} is not guarded, or other handlers stand before the guard. "
            "Use a manager of files (unset c.ServerApp.contents_manager_class), and set c.PipelineExtension.guarded."
        )


def _programs(serverapp: ServerApp) -> Iterator[str]:
    """What runs as the server's user and reads whatever that may."""
    if serverapp.terminals_enabled and (
        serverapp.web_app.settings.get("terminals_available") or TERMINALS in _enabled(serverapp)
    ):
        yield "Terminals are enabled: they read every file of this user. Set c.ServerApp.terminals_enabled = False."
    if _starts_kernels(serverapp):
        yield (
            "Kernels run as the server's user and read every file of that user. Let them run elsewhere "
            "(c.GatewayClient.url), or have none (c.ServerApp.kernel_spec_manager_class = "
            "'jupyter_pipeline.server.protected_mode.NoKernels', without c.ServerApp.allow_external_kernels)."
        )


def _starts_kernels(serverapp: ServerApp) -> bool:
    """Whether somebody could start a kernel here, or talk to one. Names that are not listed can be started too."""
    if getattr(serverapp.gateway_config, "gateway_enabled", False) or not _KERNELS & set(serverapp.default_services):
        return False
    specs: Any = serverapp.kernel_spec_manager
    folders = [folder for folder in getattr(specs, "kernel_dirs", ()) if os.path.isdir(folder)]
    names = {
        NATIVE_KERNEL_NAME,
        *specs.find_kernel_specs(),
        *(name for folder in folders for name in os.listdir(folder)),
    }
    return serverapp.allow_external_kernels or any(_is_kernel(specs, name) for name in names)


def _is_kernel(specs: KernelSpecManager, name: str) -> bool:
    try:
        specs.get_kernel_spec(name)
    except (NoSuchKernel, OSError, ValueError):
        return False
    return True


class NoKernels(KernelSpecManager):
    """For ``c.ServerApp.kernel_spec_manager_class``: there are no kernels, not even those that jupyter_client adds."""

    def find_kernel_specs(self) -> dict[str, str]:
        """None."""
        return {}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Raises NoSuchKernel."""
        raise NoSuchKernel(kernel_name)


def _extensions(serverapp: ServerApp) -> Iterator[str]:
    for name in _enabled(serverapp):
        if name in KNOWN or name == TERMINALS:  # terminals are switched on and off by a setting of their own
            continue
        why = READERS.get(name, "nobody has looked at which files it reads")
        yield (
            f"The extension {name} is enabled, and {why}. "
            f"Disable it: `jupyter server extension disable {name}`, or set it to False in "
            "c.ServerApp.jpserver_extensions."
        )
    if serverapp.extra_services:
        services = ", ".join(serverapp.extra_services)
        yield (
            f"The handlers of {services} stand beside the server's own, and nobody has looked at which files they "
            "read. Unset c.ServerApp.extra_services."
        )


def _enabled(serverapp: ServerApp) -> list[str]:
    """The names of the enabled extensions, as their packages are called."""
    extensions = serverapp.extension_manager.extensions
    return sorted(name for name, extension in extensions.items() if extension.enabled)


def _exporters() -> Iterator[str]:
    """A notebook that is made into a PDF may take in files by their path."""
    if shutil.which("xelatex"):
        yield (
            "LaTeX is installed, and notebooks that nbconvert makes into PDF can take in any file through it. "
            "Take xelatex off the server's PATH."
        )


def _strangers(serverapp: ServerApp) -> Iterator[str]:
    """Who else may reach the server."""
    if serverapp.allow_root or getattr(os, "geteuid", lambda: -1)() == 0:
        yield "The server may run as root, who reads everything. Run it as an ordinary user, without --allow-root."
    if not serverapp.identity_provider.auth_enabled:
        yield (
            "Anybody who reaches the server may use it. Set a token or a password "
            "(c.IdentityProvider.token, `jupyter server password`)."
        )
    if serverapp.disable_check_xsrf:
        yield (
            "Pages of other sites may act in the name of whoever is logged in. Unset c.ServerApp.disable_check_xsrf."
        )
    if serverapp.ip in _EVERYWHERE and not serverapp.sock and not (serverapp.certfile and serverapp.keyfile):
        yield (
            "The server listens on all addresses without TLS, so its token and what it shows can be read on the way. "
            "Set c.ServerApp.ip = '127.0.0.1' and put a proxy before it, or set c.ServerApp.certfile and keyfile."
        )
