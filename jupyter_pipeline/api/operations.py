"""Which function answers which operation of the contract: the one of that name. For those who ask without a server."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from .exchange import About
from .worker import Answer

MODULES = ("requests", "outputs", "comparisons")
"""Where the functions that answer are; each is loaded when nothing before it has the function."""
MORE: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "version": (About("local", False, False),),
        "update": (False,),
        "view": (False,),
        "add_action": (True,),
        "convert": (True,),
    }
)
"""What some functions are given besides the call, where there is no server: a person at their own files."""


@functools.cache
def answering(name: str) -> Answer:
    """The function that answers an operation, by its operationId. Raises KeyError when there is none."""
    for module in MODULES:
        found: Answer | None = getattr(import_module(f".{module}", __package__), name, None)
        if found is not None:
            return found
    raise KeyError(name)
