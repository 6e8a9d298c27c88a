"""The parts that both reports are made of, as HTML. No computing is done here.

Pictures are written into the page itself, so that a report is one file that can be sent and read anywhere.
"""
import base64
import html
import io
import json
from pathlib import Path

import pandas as pd
from IPython.display import HTML, display

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "output"
NOT_SHOWN = "–"
MEDIA_TYPES = {".png": "image/png", ".jpeg": "image/jpeg"}


def show(*parts):
    """Put some parts on the page, one below the other."""
    display(HTML("\n".join(parts)))


def read_json(name):
    """One of the summaries that the pipeline made."""
    return json.loads((OUTPUT / name).read_text(encoding="utf-8"))


def percent(rate, decimals=0):
    """A proportion in percent, or a dash when it may not be shown."""
    return NOT_SHOWN if pd.isnull(rate) else f"{rate:.{decimals}%}"


def points(later, earlier):
    """The difference of two proportions in percentage points, with its sign."""
    if pd.isnull(later) or pd.isnull(earlier):
        return NOT_SHOWN
    change = round(100 * (later - earlier))
    return f"{change:+d}".replace("-", "−") if change else "0"


def count(number):
    """A count with its thousands apart, or a dash when it may not be shown."""
    return NOT_SHOWN if pd.isnull(number) else f"{int(number):,}"


def header(title, question):
    """The top of a report, and the style of all that follows."""
    style = (HERE / "report.css").read_text(encoding="utf-8")
    return (
        f'<meta charset="utf-8"><style>{style}</style>'
        '<div class="study-head"><span class="study-tag">Synthetic data: no real patients</span>'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(question)}</p></div>"
    )


def cards(numbers):
    """Headline numbers side by side: {what it is: number as text}."""
    items = (
        f'<div class="study-card"><b>{html.escape(number)}</b><span>{html.escape(what)}</span></div>'
        for what, number in numbers.items()
    )
    return f'<div class="study-cards">{"".join(items)}</div>'


def in_short(*findings):
    """The findings in a few sentences, set apart."""
    items = "".join(f"<li>{finding}</li>" for finding in findings)
    return f'<div class="study-short"><strong>In short</strong><ul>{items}</ul></div>'


def image(content, media_type, description):
    """A picture, given as bytes, written into the page."""
    data = base64.b64encode(content).decode("ascii")
    return f'<img src="data:{media_type};base64,{data}" alt="{html.escape(description)}">'


def picture(name, description):
    """A picture that the pipeline drew."""
    path = OUTPUT / "figures" / name
    return image(path.read_bytes(), MEDIA_TYPES[path.suffix], description)


def drawing(figure, description):
    """A matplotlib figure drawn by the notebook itself."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", facecolor="white")
    return image(buffer.getvalue(), "image/png", description)


def captioned(content, caption):
    """A picture with a caption below."""
    return f'<figure class="study-figure">{content}<figcaption>{html.escape(caption)}</figcaption></figure>'


def unfolding(summary, caption, pictures):
    """Pictures two abreast with a caption, behind a line that opens and closes them."""
    return (
        f'<details class="study-details" open><summary>{html.escape(summary)}</summary>'
        f'<p class="study-caption">{html.escape(caption)}</p>'
        f'<div class="study-grid">{"".join(pictures)}</div></details>'
    )


def table(frame, caption):
    """A table of cells that are text already, with its index as the first column, and a caption above."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in ["", *frame.columns])
    rows = (
        f'<tr><th scope="row">{html.escape(str(label))}</th>' + "".join(map(cell, row)) + "</tr>"
        for label, row in zip(frame.index, frame.values)
    )
    return (
        f'<div class="study-wide"><table class="study-table"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def cell(content):
    """One cell of a table: text, or a cell that `tinted` or `with_bar` made."""
    text = str(content)
    return text if text.startswith("<td") else f"<td>{html.escape(text)}</td>"


def tinted(rate, overall):
    """A cell with a percentage: amber when above an overall rate, blue when below, stronger the further away."""
    if pd.isnull(rate):
        return f"<td>{NOT_SHOWN}</td>"
    distance = rate / overall - 1
    colour = "201, 138, 27" if distance > 0 else "31, 95, 139"
    return f'<td style="background: rgba({colour}, {min(0.6, abs(distance)):.2f})">{percent(rate)}</td>'


def with_bar(share):
    """A cell with a percentage and a bar as long as it."""
    width = 0 if pd.isnull(share) else 100 * share
    return f'<td>{percent(share)}<span class="study-bar"><i style="width: {width:.0f}%"></i></span></td>'
