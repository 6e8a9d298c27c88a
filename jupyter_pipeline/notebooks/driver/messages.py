"""Outputs as kernels send them, brought into the form that the notebook format asks for, whatever a kernel sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LONGEST_TRACEBACK = 500_000
"""Characters that are kept of one error's traceback, or of its value."""
SMALL = 1_000_000
"""Characters of a part that stays when an output is too large."""
OUTPUTS = frozenset(("stream", "display_data", "execute_result", "update_display_data", "error", "clear_output"))
RICH = frozenset(("display_data", "execute_result", "update_display_data"))
COMMS = frozenset(("comm_open", "comm_msg", "comm_close"))


def tidy(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a message of this kind, with every part of it of the right type."""
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return {"name": name, "text": _text(content.get("text"))}
    if kind in RICH:
        return _rich(content)
    if kind == "error":
        raw = content.get("traceback")
        lines = raw if isinstance(raw, list) else [raw] if raw else []
        return {
            "ename": _text(content.get("ename"))[:1000],
            "evalue": _text(content.get("evalue"))[:LONGEST_TRACEBACK],
            "traceback": _shortened([_text(line) for line in lines]),
        }
    if kind == "clear_output":
        return {"wait": bool(content.get("wait"))}
    if kind in COMMS:
        data = content.get("data")
        return {**content, "comm_id": _text(content.get("comm_id")), "data": data if isinstance(data, dict) else {}}
    return content


def without_large_parts(content: dict[str, Any]) -> dict[str, Any]:
    """The same output, with a notice in the place of its large parts."""
    kept, large = {}, []
    for kind, value in content["data"].items():
        size = len(value) if isinstance(value, str) else len(json.dumps(value))
        if size <= SMALL:
            kept[kind] = value
        else:
            large.append(f"{kind} of {megabytes(size)}")
    notice = f"[... {', '.join(large) or 'an output'} left out ...]"
    plain = kept.pop("text/plain", "")
    return content | {"data": {"text/plain": f"{plain}\n{notice}".strip(), **kept}, "metadata": {}}


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e6:.0f} MB" if size >= 2e6 else f"{size / 1e3:.0f} kB" if size >= 2e3 else f"{size} characters"


def _rich(content: Mapping[str, Any]) -> dict[str, Any]:
    data, metadata, transient = (content.get(key) for key in ("data", "metadata", "transient"))
    name = transient.get("display_id") if isinstance(transient, dict) else None
    count = content.get("execution_count")
    tidied: dict[str, Any] = {
        "data": {key: _value(key, value) for key, value in data.items()} if isinstance(data, dict) else {},
        "metadata": metadata if isinstance(metadata, dict) else {},
        "transient": {"display_id": name} if isinstance(name, str) and name else {},
    }
    if "execution_count" in content:
        tidied["execution_count"] = count if isinstance(count, int) and not isinstance(count, bool) else None
    return tidied


def _value(kind: str, value: Any) -> Any:
    """A part of an output: text, but for the kinds that are JSON (nbformat: v4 schema, misc/mimebundle)."""
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return value
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "".join(value)
    return json.dumps(value, ensure_ascii=False)


def _shortened(lines: list[str]) -> list[str]:
    """A traceback without its middle, where it is beyond all reason."""
    if sum(map(len, lines)) <= LONGEST_TRACEBACK:
        return lines
    text, half = "\n".join(lines), LONGEST_TRACEBACK // 2
    return [text[:half], "[... left out ...]", text[-half:]]
