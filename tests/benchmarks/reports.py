"""How long our report of a notebook takes, beside nbconvert's own, in one warm process: `-m tests.benchmarks.reports`.

The notebook has 200 cells (100 of Markdown, 100 of code), 50 pictures of 40 kB, 10 data frames and 40 short texts.
"""

from __future__ import annotations

import argparse
import base64
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from nbformat import v4

new_code_cell: Any = v4.new_code_cell  # untyped
new_markdown_cell: Any = v4.new_markdown_cell
new_notebook: Any = v4.new_notebook
new_output: Any = v4.new_output


def frame(rows: int, columns: int) -> str:
    """A data frame as pandas writes it for notebooks."""
    heads = "".join(f"      <th>measure_{number}</th>\n" for number in range(columns))
    lines = "".join(
        f"    <tr>\n      <th>{row}</th>\n"
        + "".join(f"      <td>{row * number / 7:.3f}</td>\n" for number in range(columns))
        + "    </tr>\n"
        for row in range(rows)
    )
    style = ".dataframe tbody tr th:only-of-type {\n        vertical-align: middle;\n    }"
    return (
        f'<div>\n<style scoped>\n    {style}\n</style>\n<table border="1" class="dataframe">\n  <thead>\n'
        f'    <tr style="text-align: right;">\n      <th></th>\n{heads}    </tr>\n  </thead>\n  <tbody>\n{lines}'
        f"  </tbody>\n</table>\n<p>{rows} rows x {columns} columns</p>\n</div>"
    )


def notebook() -> Any:
    """The notebook to convert."""
    dice, cells = random.Random(4), []
    code = '''# Cell {0}
rates = load("measure_{0}.csv").groupby(["practice", "date"]).agg(total=("value", "sum"))


def deciles(frame, column="rate_{0}"):
    """Deciles of one column."""
    return frame[column].quantile([x / 10 for x in range(1, 10)]).rename(f"decile of {{column}}")


deciles(rates.assign(rate_{0}=lambda d: 1_000 * d.total / d.population))'''
    text = (
        "## Section {0}\n\nThe *rate* of **measure {0}** per 1,000, $r_{{{0}}} = n/N$:\n\n- one\n- [two](#Section-1)\n"
    )
    for number in range(100):
        cells.append(new_markdown_cell(text.format(number)))
        if number % 2 == 0:
            data = {"image/png": base64.b64encode(dice.randbytes(40_000)).decode(), "text/plain": "<Figure>"}
        elif number % 5 == 0:
            data = {"text/html": frame(60, 8), "text/plain": "frame"}
        else:
            data = {"text/plain": "0.1    12.5\n0.2    14.0\n" * 5}
        cells.append(new_code_cell(code.format(number), outputs=[new_output("display_data", data)]))
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}})


def measured(work: Callable[[], object], times: int) -> str:
    """Median and best of some runs, after one that warms up."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return f"median {statistics.median(taken):.3f} s, best {min(taken):.3f} s"


def cases(times: int) -> Iterator[tuple[str, str]]:
    """What was measured and what it took, one after the other."""
    from nbconvert.exporters import HTMLExporter

    from jupyter_pipeline import reports
    from jupyter_pipeline.reports import code, formulas

    given, here = notebook(), Path.cwd()
    exporter_class: Any = HTMLExporter

    def ours(template: str | None) -> str:
        code.forget()
        formulas.formula.cache_clear()
        return reports.html(given, template=template, folder=here)

    for template in ("lab", "classic", "basic"):
        exporter = exporter_class(template_name=template)
        yield f"nbconvert, {template}", measured(partial(exporter.from_notebook_node, given), times)
        yield f"ours, {template}", measured(partial(ours, template), times)
    yield "nbconvert, lab, a new exporter each", measured(lambda: exporter_class().from_notebook_node(given), times)
    yield "ours, report", measured(partial(ours, None), times)
    plain, odd = frame(5000, 8), frame(500, 8).replace("<td>", "<td class=x>")
    for name, table in (("5,000 x 8", plain), ("500 x 8 with attributes", odd)):
        shown = new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", {"text/html": table})])])
        yield f"ours, a table of {name}", measured(partial(reports.html, shown, folder=here), times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Our reports beside nbconvert's")
    parser.add_argument("--times", type=int, default=7)
    for name, taken in cases(parser.parse_args().times):
        sys.stdout.write(f"{name:42} {taken}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
