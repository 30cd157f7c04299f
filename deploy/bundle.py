"""The zip that Lambda runs: the same input gives the same bytes, and nothing is compiled at a cold start."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from deploy.refusals import Refusal

MOST_BYTES = 7 * 1024 * 1024
LAMBDA_FOLDER = "/var/task"  # what tracebacks name
# The runtime brings boto3; a second one would slow every cold start, and X-Ray's SDK would pull it in.
UNWANTED = ("boto3", "botocore", "aws_xray_sdk", "local", "cli", "tests", "deploy", "bench")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bundle(chalice_zip: Path, requirements: Path, target: Path, scratch: Path) -> None:
    """Write Chalice's zip anew, with byte code, sorted and undated; raise Refusal when it is not fit to run."""
    with ZipFile(chalice_zip) as packed:
        packed.extractall(scratch)
    _refuse_missing(scratch, required_packages(requirements))
    _refuse_unwanted(scratch)
    _compile(scratch)
    _zip(scratch, target)
    if target.stat().st_size > MOST_BYTES:
        raise Refusal(f"The zip has {target.stat().st_size:,} bytes; {MOST_BYTES:,} is the most.")


def required_packages(requirements: Path) -> list[str]:
    """Return the packages that a requirements file names, without their versions."""
    lines = (line.partition("#")[0].strip() for line in requirements.read_text().splitlines())
    return [_normal(found[0]) for line in lines if (found := _NAME.match(line))]


def _refuse_missing(folder: Path, packages: Iterable[str]) -> None:
    """Chalice leaves a package without a fitting wheel out, and only prints that it did."""
    there = {_normal(path.name.split("-")[0]) for path in folder.glob("*.dist-info")}
    missing = sorted(set(packages) - there)
    if missing:
        raise Refusal(
            f"The zip lacks {', '.join(missing)}.",
            "No wheel fits the Lambda runtime: pin another version, or package with another Python.",
        )


def _refuse_unwanted(folder: Path) -> None:
    found = [name for name in UNWANTED if (folder / name).exists()]
    if found:
        raise Refusal(f"The zip holds {', '.join(found)}, which must not be shipped.")


def _compile(folder: Path) -> None:
    """In a process of its own with a fixed hash seed: the order of a compiled set depends on it."""
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run(
        [*command, "-s", str(folder), "-p", LAMBDA_FOLDER, str(folder)],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    )


def _zip(folder: Path, target: Path) -> None:
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = ZipInfo(path.relative_to(folder).as_posix())  # dated 1980, as every entry is
            entry.external_attr = 0o755 << 16
            packed.writestr(entry, path.read_bytes(), ZIP_DEFLATED, compresslevel=9)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
