"""Sphinx's settings: Markdown pages, the furo theme in our colours, nothing fetched from elsewhere."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # the generated pages read the project as it stands here

from surveyapp.design_tokens import COLOURS  # noqa: E402 - found only now

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

project = _PROJECT["name"]
release = version = _PROJECT["version"]
language = "en"
extensions = ["myst_parser", "docs.generated"]
exclude_patterns = ["generated"]
nitpicky = True
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
