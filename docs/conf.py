"""How the documentation is built: `sphinx-build -W docs docs/_build`, which also executes the pages of the jobs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Generic, TypeVar

import numpy.typing
from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

Kind = TypeVar("Kind")


class NDArray(Generic[Kind]):
    """Stands for that of numpy, which signatures would spell out in full."""


class ArrayLike:
    """Stands for that of numpy, which signatures would spell out in full."""


numpy.typing.NDArray, numpy.typing.ArrayLike = NDArray, ArrayLike  # before ours are imported

import api_pages  # noqa: E402
import math_markup  # noqa: E402

project = "Corridors"
author = "The Corridors authors"
project_copyright = "The Corridors authors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "jupyter_execute", "*.py"]
html_theme = "furo"
html_title = "Corridors"
html_static_path = ["_static"]
html_css_files = ["corridors.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False

myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
nb_execution_mode = "force"  # `-D nb_execution_mode=off` builds without running the jobs
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autosummary_generate = False
maximum_signature_line_length = 90
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
suppress_warnings = ["ref.python"]  # words of types, such as days, that are names of several attributes too

PRIVATE = re.compile(r"[(, |]_\w")
READ_ELSEWHERE = {"../benchmarks/README.md": "benchmarks.md", "../seeds/README.md": "data.md"}


def link_within(app: Sphinx, docname: str, source: list[str]) -> None:
    """Let links to what the site includes lead to its page; in the repository they lead to the file."""
    for file, page in READ_ELSEWHERE.items():
        source[0] = source[0].replace(f"]({file}", f"]({page}")


def made_by_functions(
    app: Sphinx, what: str, name: str, value: object, options: object, signature: str | None, returns: str | None
) -> tuple[str, None] | None:
    """Leave out how a class is made where nobody makes it by hand: it takes what is private."""
    return ("", None) if what == "class" and PRIVATE.search(signature or "") else None


def setup(app: Sphinx) -> None:
    """Write the pages of the API, and set formulas as MathML, which needs neither script nor network."""
    api_pages.write(HERE / "api")
    app.connect("source-read", link_within)
    app.connect("autodoc-process-signature", made_by_functions)
    app.add_html_math_renderer("mathml", (math_markup.inline, None), (math_markup.block, None))
