"""The page of a log, as a terminal would show it in the end."""

from __future__ import annotations

from collections.abc import Sequence

from .document import Facts, document
from .escaping import Html
from .terminal import terminal_html


def log_page(title: str, log: str, notices: Sequence[str] = (), facts: Facts = ()) -> str:
    """The page of a log. How much of it may be shown is the caller's to decide (``levels.shown_log``)."""
    html, omitted = terminal_html(log)
    if not html.strip():
        return document(title, Html('<p class="hint">Nothing was printed.</p>'), notices, facts)
    left = ""
    if omitted:
        what = "1 sequence that steers" if omitted == 1 else f"{omitted:,} sequences that steer"
        left = f'\n<p class="hint">Left out: {what} a terminal.</p>'
    return document(title, Html(f'<pre class="log" tabindex="0">\n{html}</pre>{left}'), notices, facts)
