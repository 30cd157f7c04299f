"""`make package`: build/ARCHITECTURE/ with the zip and the template, the same bytes for the same input."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.bundle import bundle
from deploy.refusals import Refusal
from deploy.template import finish, merge_input

ROOT = Path(__file__).parent.parent
ARCHITECTURES = ("arm64", "x86_64")
OLDEST, NEWEST = (3, 11), (3, 13)
INPUT = ("app.py", "chalicelib", ".chalice", "requirements.txt", "constraints.txt")
CHALICE_STAGE = "aws"  # stages of ours are stack parameters: one package serves them all
# Chalice wants a region although it asks AWS nothing.
ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Package:
    """What `make package` leaves: code and template."""

    zip: Path
    template: Path

    @property
    def table(self) -> dict[str, Any]:
        """The properties of the table that a new stack makes."""
        found: dict[str, Any] = json.loads(self.template.read_text())["Resources"]["Table"]["Properties"]
        return found


def package(architecture: str, build: Path, root: Path = ROOT) -> Package:
    """Build anew; raise Refusal when the result would not run."""
    refuse_other_pythons(sys.version_info[:2])
    made = Package(build / architecture / "tapit.zip", build / architecture / "template.json")
    made.zip.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        project, out, code = (Path(scratch) / name for name in ("project", "out", "code"))
        _copy(root, project)
        _choose(architecture, project / ".chalice/config.json")
        _run_chalice(project, out)
        bundle(out / "deployment.zip", project / "requirements.txt", made.zip, code)
        template = finish(json.loads((out / "sam.json").read_text()))
    made.template.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n")
    return made


def refuse_other_pythons(version: tuple[int, int]) -> None:
    if not OLDEST <= version <= NEWEST:
        raise Refusal(
            f"Python {version[0]}.{version[1]} packages for a Lambda runtime that is not supported here.",
            "Use Python 3.11, 3.12 or 3.13: make clean, then make package PYTHON=python3.12.",
        )


def _copy(root: Path, project: Path) -> None:
    """Only what is listed: no tests, no local home, no byte code of this machine gets in."""
    project.mkdir()
    for name in INPUT:
        if (root / name).is_dir():
            shutil.copytree(
                root / name, project / name, ignore=shutil.ignore_patterns("__pycache__", "deployments")
            )
        else:
            shutil.copy(root / name, project / name)


def _choose(architecture: str, config: Path) -> None:
    settings = json.loads(config.read_text())
    settings["stages"][CHALICE_STAGE]["lambda_architecture"] = architecture
    config.write_text(json.dumps(settings))


def _run_chalice(project: Path, out: Path) -> None:
    merge = project / "merge.json"
    merge.write_text(json.dumps(merge_input(project / ".chalice")))
    command = [sys.executable, "-c", "from chalice.cli import main; main()", "--project-dir", str(project)]
    done = subprocess.run(
        [*command, "package", "--stage", CHALICE_STAGE, "--merge-template", str(merge), str(out)],
        env=os.environ | ENVIRONMENT,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    # Chalice leaves a dependency out, or even packages nothing, and still exits with 0.
    is_whole = (out / "deployment.zip").exists() and (out / "sam.json").exists()
    if done.returncode or not is_whole or "Could not install dependencies" in done.stdout + done.stderr:
        raise Refusal(f"Chalice could not package:\n{done.stdout}{done.stderr}".rstrip())
