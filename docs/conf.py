"""Sphinx's settings: Markdown pages, the furo theme in our colours, nothing fetched from elsewhere."""

from __future__ import annotations

import logging
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the generated pages read the project as it stands here

from surveyapp.design_tokens import COLOURS  # noqa: E402 - found only now

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# The theme's colours (a11y_pygments) make every logger tell what it does; pikepdf tells of its start.
logging.getLogger("pikepdf").setLevel(logging.WARNING)

project = _PROJECT["name"]
release = version = _PROJECT["version"]
language = "en"
extensions = ["myst_parser", "docs.generated"]
exclude_patterns = ["generated"]
nitpicky = True
highlight_language = "text"  # a block that names no language is none
smartquotes = False  # commands and settings stay as they are typed

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": COLOURS["accent"],
        "color-brand-content": COLOURS["accent"],
    },
}


def setup(app: Sphinx) -> None:
    """Let blocks of code that are wider than the screen be scrolled with the keyboard."""

    def reach(
        _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: Any
    ) -> None:
        if "body" in context:
            context["body"] = context["body"].replace("<pre>", '<pre tabindex="0">')

    app.connect("html-page-context", reach)
