"""``%pipeline`` and ``%%action``: pipelines from notebook cells. What they do is in ``client``."""

from __future__ import annotations

from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class


def register(shell: Any) -> None:
    """Add the magics to a shell, and the completion of their words."""
    shell.register_magics(PipelineMagics)
    shell.Completer.custom_matchers[:] = [
        *(one for one in shell.Completer.custom_matchers if one is not _matches),
        _matches,
    ]


@magics_class
class PipelineMagics(Magics):
    """The magics. Nothing of ours is loaded until one is used."""

    @line_magic
    def pipeline(self, line: str) -> Any:
        """Show the pipeline, or plan, run, status, logs, outputs, read, show, requests, check, compare, report, cancel.

        ``%pipeline --help`` says what each takes.
        """
        from .line import perform

        return perform(line)

    @cell_magic
    def action(self, line: str, cell: str) -> Any:
        """Turn the cell into an action of the pipeline, and run it.

        ``%%action NAME --image python:v2 --needs a b --moderately output/x.csv --highly output/y.feather``
        """
        from .cells import perform

        return perform(line, cell)


@context_matcher(identifier="jupyter_pipeline")  # type: ignore[untyped-decorator]
def _matches(context: CompletionContext) -> SimpleMatcherResult:
    """What could stand where the cursor is; in a line of ours nothing else can."""
    line = context.line_with_cursor[: context.cursor_position]
    if not line.startswith(("%pipeline ", "%%action ")):
        return {"completions": []}
    from .completion import complete

    found = [SimpleCompletion(word, type="pipeline") for word in complete(line)]
    return {"completions": found, "suppress": True, "matched_fragment": line.rpartition(" ")[2]}
