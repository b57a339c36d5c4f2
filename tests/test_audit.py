"""What `make audit` looks up: everything that is installed, by the versions that advisories know."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _make(*arguments, cwd=ROOT):
    return subprocess.run(["make", "--silent", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def _name(text):
    return re.sub(r"[-_.]+", "-", text).lower()


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """The list, with two packages more: one of a local version, and one that nobody has published."""
    for name, version in (("of-cuda", "2.14.1+cu130"), ("unpublished", "0.1")):
        folder = tmp_path / "more" / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path / "more")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "more"))
    file = tmp_path / "packages.txt"
    done = _make("packages", f"BIN={Path(sys.executable).parent}", f"INSTALLED={file}")
    assert done.returncode == 0, done.stderr
    return dict(line.split("==") for line in file.read_text().splitlines())


def test_every_installed_package_but_our_own_is_listed_by_its_public_version(listed):
    installed = {_name(one.metadata["Name"]): one.version.partition("+")[0] for one in distributions()}
    assert installed["of-cuda"] == "2.14.1"
    assert len(installed) > 50
    assert {_name(name): version for name, version in listed.items()} == {
        name: version for name, version in installed.items() if name != "ksiqa"
    }


@pytest.mark.parametrize("failing", ["pip", "pip_audit"])
def test_an_audit_that_could_not_be_made_fails(failing, tmp_path):
    """With a python that fails where no network is: when pip-audit is installed, and when it asks."""
    (tmp_path / "python").write_text(
        f'#!/bin/sh\ncase "$*" in *" {failing} "*) echo "no network" >&2; exit 1;; esac\nexit 0\n'
    )
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "installed").touch()
    files = (f"BIN={tmp_path}", f"STAMP={tmp_path / 'installed'}", f"INSTALLED={tmp_path / 'packages.txt'}")
    done = _make("audit", *files)
    assert done.returncode == 2
    assert "no network" in done.stderr


def test_check_does_not_audit():
    assert "audit" not in _make("--dry-run", "check").stdout
