"""Identifiers of requests and jobs: 16 characters of a-z and 2-7 (platform: job-server models/job_request.py)."""

from __future__ import annotations

import base64
import os


def new() -> str:
    """A new random identifier: ten bytes in base32, in lower case."""
    return base64.b32encode(os.urandom(10)).decode().lower()
