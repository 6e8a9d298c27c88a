"""What scripts visibly read and write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.scripts.python import MAX_SIZE, Use, visible


def told(path: str, text: str, folder: str | None = None) -> list[str]:
    """Uses as short texts: ``r output/a.csv``."""
    return [f"{use.mode[0]} {use.path}" for use in visible(path, text.encode(), folder)]


def notebook(*cells: str, language: str = "python") -> str:
    code = [{"cell_type": "code", "source": cell} for cell in cells]
    text = {"cell_type": "markdown", "source": "open('output/no.csv')"}
    return json.dumps({"metadata": {"language_info": {"name": language}}, "cells": [text, *code]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import pandas as pd\npd.read_csv('output/a.csv')", ["r output/a.csv"]),
        ("from pandas import read_feather as rf\nrf('./output/a.feather')", ["r output/a.feather"]),
        ("import pandas\npandas.read_stata(filepath_or_buffer='/workspace/output/a.dta')", ["r output/a.dta"]),
        ("df.to_csv('output/a.csv', index=False)", ["w output/a.csv"]),
        ("df.to_csv(path_or_buf='output/a.csv')", ["w output/a.csv"]),
        ("open('a.txt')\nopen('b.txt', 'w')\nopen('c.txt', mode='ab')", ["r a.txt", "w b.txt", "w c.txt"]),
        ("open('output/a.txt', 'r+')\nopen('output/b.txt', mode)", []),
        ("import json\nwith open('a.json') as f: json.load(f)", ["r a.json"]),
        ("from pathlib import Path\nOUT = Path('output')\n(OUT / 'x' / 'a.txt').write_text('')", ["w output/x/a.txt"]),
        ("from pathlib import Path\nPath('output', 'a.json').read_text()", ["r output/a.json"]),
        ("from pathlib import Path\nwith Path('output/a.txt').open('w') as f: pass", ["w output/a.txt"]),
        ("import os, numpy as np\nnp.load(os.path.join('output', 'a.npy'))", ["r output/a.npy"]),
        ("import numpy as np\nnp.savetxt('output/a.txt', x)", ["w output/a.txt"]),
        ("import matplotlib.pyplot as plt\nplt.savefig('output/a.png', dpi=300)", ["w output/a.png"]),
        ("D = 'output'\nfig.savefig(f'{D}/a.png')", ["w output/a.png"]),
        ("import pandas as pd\npd.read_csv(f'output/input_{month}.csv')", ["r output/input_*.csv"]),
        ("import pandas as pd\npd.read_csv('output/input_' + month + '.csv')", ["r output/input_*.csv"]),
        ("import pandas as pd\npd.read_csv('output/input_{}_{}.csv'.format(a, b))", ["r output/input_*_*.csv"]),
        ("import pandas as pd\npd.read_csv(Path(__file__).parent.parent / 'output/a.csv')", ["r output/a.csv"]),
        ("import pandas as pd\npd.read_csv(Path(__file__).resolve().parents[1] / 'output/a.csv')", ["r output/a.csv"]),
        ("def main():\n    open('a.txt')\nif __name__ == '__main__':\n    main()", ["r a.txt"]),
        ("class A:\n    def run(self): open('a.txt')\nA().run()", ["r a.txt"]),
        ("from cohortextractor import patients\npatients.which_exist_in_file(f_path='a.csv')", ["r a.csv"]),
    ],
)
def test_python_calls_with_constant_paths_count(text: str, expected: list[str]) -> None:
    assert told("analysis/x.py", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "open(name)",
        "open(f'output/{name}.csv')",
        "open(f'output/{name}')",
        "open('output/a_' + name)",
        "open('../outside.csv')",
        "open('/data/a.csv')",
        "open('output/*.csv')",
        "import pandas as pd\npd.read_csv('https://example.org/a.csv')",
        "pd = mine\npd.read_csv('output/a.csv')",
        "def f(): open('output/a.csv')",
        "if x:\n    open('output/a.csv')",
        "if x: main()\ndef main(): open('output/a.csv')",
        "try:\n    open('output/a.csv')\nexcept OSError: pass",
        "from contextlib import suppress\nwith suppress(OSError):\n    open('output/a.csv')",
        "import os\nos.path.exists('output/a.csv')\nopen('output/a.csv')",
        "from pathlib import Path\nP = Path('output/a.csv')\nP.unlink()\nopen(P)",
        "import os\nos.chdir('output')\nopen('a.csv')",
        "make('output/a.csv')\nopen('output/a.csv')",
        "subprocess.run(['make', 'output/a.csv'])\nopen('output/a.csv')",
        "if x: df.to_csv('output/a.csv')\nopen('output/a.csv')",
        "name = 'output/a.csv'\nname = other\nopen(name)",
        "def f(name): open(name)\nname = 'output/a.csv'\nf(1)",
        "a = a + 'x'\nopen(a)",
        "open('output/a.csv'",
        "# open('output/a.csv')",
        "'''open('output/a.csv')'''",
    ],
)
def test_what_is_doubtful_in_python_is_left_out(text: str) -> None:
    assert told("analysis/x.py", text) == []


def test_only_what_importing_does_counts_for_a_module() -> None:
    text = b"A = open('a.csv')\nif __name__ == '__main__':\n    open('b.csv')"
    assert visible("analysis/x.py", text, is_imported=True) == (Use("a.csv", 1, "read"),)


def test_a_notebook_runs_in_its_own_folder_and_its_cells_share_names() -> None:
    text = notebook("%matplotlib inline\nOUT = '../output'", "!ls\nopen(OUT + '/a.csv')\nopen('/workspace/b.csv')")
    assert visible("analysis/x.ipynb", text.encode()) == (
        Use("output/a.csv", 2, "read", 2),
        Use("b.csv", 3, "read", 2),
    )
    assert told("analysis/x.ipynb", notebook("open('output/a.csv')"), "") == ["r output/a.csv"]


@pytest.mark.parametrize(
    "text",
    [
        notebook("read_csv('a.csv')", language="R"),
        notebook("%cd ..", "open('a.csv')"),
        notebook("open('a.csv')", "not (python"),
        notebook("%%bash\nopen('a.csv')"),
        "[]",
        '{"cells": 3}',
        '{"cells": [{"cell_type": "code", "source": 3}]}',
    ],
)
def test_other_notebooks_say_nothing(text: str) -> None:
    assert told("analysis/x.ipynb", text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x <- read_csv('output/a.csv')", ["r output/a.csv"]),
        ('x = readr::read_csv(file = "output/a.csv", col_types = cols())', ["r output/a.csv"]),
        ('readRDS(here::here("output", "a.rds"))', ["r output/a.rds"]),
        ('fread(file.path("output", "a.csv"))', ["r output/a.csv"]),
        ('load("output/a.RData")', ["r output/a.RData"]),
        ('write_csv(x, "output/a.csv")', ["w output/a.csv"]),
        ('write_csv(x = x, "output/a.csv")', ["w output/a.csv"]),
        ('x %>%\n  readr::write_csv("output/a.csv")', ["w output/a.csv"]),
        ('x |> write_csv("output/a.csv")', ["w output/a.csv"]),
        ('saveRDS(x, file = here("output/a.rds"))', ["w output/a.rds"]),
        ('save(x, y, file = "output/a.RData")', ["w output/a.RData"]),
        ('ggsave("output/a.png", plot = p)', ["w output/a.png"]),
        ('ggsave(filename = "a.png", path = here("output"), p)', ["w output/a.png"]),
        ('out <- here("output", "t")\nwrite.csv(x, paste0(out, "/a.csv"))', ["w output/t/a.csv"]),
        ('for (i in 1:3) fwrite(x, paste0("output/a_", i, ".csv"))', ["w output/a_*.csv"]),
        ('fwrite(x, glue("output/a_{i}.csv"))', ["w output/a_*.csv"]),
        ('f <- function(x) {\n  fread("output/a.csv")\n}\nf(1)', ["r output/a.csv"]),
        ('lapply(y, function(i) fread("output/a.csv"))', ["r output/a.csv"]),
        ('if (a) b else c\nfread("output/a.csv")', ["r output/a.csv"]),
        ('if (a) {\n  b\n} else {\n  c\n}\nfread("output/a.csv")', ["r output/a.csv"]),
    ],
)
def test_r_calls_with_constant_paths_count(text: str, expected: list[str]) -> None:
    assert told("analysis/x.R", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "read_csv(name)",
        'read_csv(c("output/a.csv", "output/b.csv"))',
        'read_csv(paste0("output/", name))',
        'source("analysis/a.R")',
        '# read_csv("output/a.csv")',
        "\"read_csv('output/a.csv')\"",
        'if (a) read_csv("output/a.csv")',
        'if (a) {\n  b\n} else {\n  read_csv("output/a.csv")\n}',
        'if (a) x %>%\n  write_csv("output/a.csv")',
        'tryCatch(read_csv("output/a.csv"), error = f)',
        'switch(a, b = read_csv("output/a.csv"))',
        'f <- function(x) read_csv("output/a.csv")',
        'file.exists("output/a.csv")\nread_csv("output/a.csv")',
        'setwd("output")\nread_csv("a.csv")',
        'a <- "output/a.csv"\na <- b\nread_csv(a)',
        'f <- function(a) read_csv(a)\na <- "output/a.csv"\nf(1)',
        'make("output/a.csv")\nread_csv("output/a.csv")',
        'read_csv("output\\\\a.csv")',
        'read_csv("output/a.csv',
    ],
)
def test_what_is_doubtful_in_r_is_left_out(text: str) -> None:
    assert told("analysis/x.R", text) == []


def test_documents_count_by_the_chunks_that_run() -> None:
    text = (
        'Text read_csv("no.csv")\n```{r setup, echo=FALSE}\nread_csv("../output/a.csv")\n```\n'
        '```{r, eval=FALSE}\nread_csv("no.csv")\n```\n```{python}\nread_csv("no.csv")\n```\n'
        '```{r}\n#| eval: false\nread_csv("no.csv")\n```\n```{r}\nread_csv(here("output/b.csv"))\n```\n'
    )
    assert visible("analysis/x.Rmd", text.encode()) == (
        Use("output/a.csv", 3, "read"),
        Use("output/b.csv", 16, "read"),
    )
    assert told("analysis/x.Rmd", f"{text}```{{r}}\nopts_knit$set(root.dir = here())\n```") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use output/a, clear", ["r output/a.dta"]),
        ('qui use "output/a.dta", clear', ["r output/a.dta"]),
        ("use id age using output/a.dta", ["r output/a.dta"]),
        ('import delimited using "output/a.csv", clear', ["r output/a.csv"]),
        ("import delimited output/a, varnames(1) ///\n  clear", ["r output/a.csv"]),
        ("insheet using output/a.txt", ["r output/a.txt"]),
        ("merge 1:1 id using output/a, keep(match)", ["r output/a.dta"]),
        ("append using output/a.dta", ["r output/a.dta"]),
        ("save output/a, replace", ["w output/a.dta"]),
        ("export delimited id age using output/a.csv, replace", ["w output/a.csv"]),
        ('outsheet using "output/a.csv", comma', ["w output/a.csv"]),
        ("graph export output/a.svg, as(svg) replace", ["w output/a.svg"]),
        ("cap log using logs/a, replace text", ["w logs/a.log"]),
        ("#delimit ;\nuse\n  output/a.dta ;\n#delimit cr\nuse output/b", ["r output/a.dta", "r output/b.dta"]),
        ("/* use a */ use output/b // use c", ["r output/b.dta"]),
        ("foreach x in a b {\nuse output/a\n}", ["r output/a.dta"]),
        ("if 1 {\n}\nuse output/a", ["r output/a.dta"]),
    ],
)
def test_stata_commands_with_constant_paths_count(text: str, expected: list[str]) -> None:
    assert told("analysis/x.do", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'use "$out/a.dta"',
        "use `file'",
        'use "output/`x\'.dta"',
        "* use output/a",
        "// use output/a",
        "cap use output/a",
        "if 1 use output/a",
        "if 1 {\nuse output/a\n}",
        "program define p\nuse output/a\nend",
        "exit\nuse output/a",
        "cd output\nuse a",
        "confirm file output/a.dta\nuse output/a",
        'erase "output/a.dta"\nsave output/a',
        "log using logs/a",
        "log close",
        "user output/a",
    ],
)
def test_what_is_doubtful_in_stata_is_left_out(text: str) -> None:
    assert told("analysis/x.do", text) == []


def test_lines_are_those_of_the_file() -> None:
    text = 'x <- "a\nb"\n# c\nread_csv("d.csv") %>%\n  write_csv("e.csv")\n'
    assert [use.line for use in visible("x.R", text.encode())] == [4, 5]
    assert [use.line for use in visible("x.do", b"/* a\nb */\nsum x ///\n y\nuse c\n")] == [5]


def test_other_and_large_files_say_nothing() -> None:
    assert told("x.sh", "open('a.csv')") == []
    assert visible("x.py", b"open('a.csv')" + b"\n" * MAX_SIZE) == ()


SNIPPETS = st.sampled_from(
    [
        *("open(", "'output/a.csv'", '"', "'", ")", "(", "{", "}", "\n", "#", "`", "$", ",", "=", "<-", " ", "|>"),
        *("if ", "else ", "function(x) ", "read_csv(", "here(", "use ", "using ", "/*", "*/", "///", "#delimit ;", ";"),
        *("def f():\n ", "f'{x}'", ".parent", ".parents[", "Path(", "+", "/", "```{r}\n", "```\n", 'r"(', "end", "\0"),
        *('{"cells": [', '{"cell_type": "code", "source": ', "]", "match x:\n case y: ", "\u2028", "cap ", "log "),
    ]
)
PATHS = st.sampled_from(["a.py", "b/a.ipynb", "a.R", "b/a.Rmd", "a.do", "a"])


@given(PATHS, st.one_of(st.binary(), st.lists(SNIPPETS, max_size=30).map(lambda parts: "".join(parts).encode())))
def test_no_content_raises(path: str, content: bytes) -> None:
    for use in visible(path, content):
        assert use.line >= 1
        assert use.path.isprintable()
        assert not use.path.startswith(("/", "../"))
        assert use.path not in ("", ".", "..")


@given(st.lists(SNIPPETS, max_size=8).map("".join))
def test_no_cell_raises(cell: str) -> None:
    visible("a.ipynb", notebook(cell, cell).encode())
