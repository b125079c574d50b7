"""A release has one version: its tag's, which the package and the changelog name, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.deploy.examples import ROOT

AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@example.org")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a package of version 1.2.0, committed and without a tag."""
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.0 (2026-12-01)\n\n## 1.1.0\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *AUTHOR, *words], cwd=folder, check=True)


def tagged(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["make", "-s", "tagged"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_tag_package_and_changelog_name_one_version(checkout: Path):
    code, said = tagged(checkout)
    assert code and "no tag v1.2.0" in said and "git tag -a v1.2.0" in said
    git(checkout, "tag", "v1.1.0")  # another version's
    assert tagged(checkout)[0]
    git(checkout, "tag", "v1.2.0")
    assert tagged(checkout) == (0, "")
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 1.2.0\n")
    code, said = tagged(checkout)
    assert code and "commit them first" in said
    git(checkout, "commit", "-q", "-a", "-m", "Write the changelog")
    git(checkout, "tag", "-f", "v1.2.0")
    code, said = tagged(checkout)
    assert code and "begins with '## Unreleased'" in said and "'## 1.2.0'" in said
