"""What `make package` builds."""

import shutil
import struct
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from deploy import package as packaging
from deploy.bundle import MOST_BYTES, bundle, required_packages
from deploy.package import ROOT, Package, package
from deploy.refusals import Refusal
from tests.deploy.conftest import THIS_ARCHITECTURE

UNCHECKED_HASH = 0b01  # PEP 552: a hash is kept, and the source is not looked at


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes_in_another_folder(packaged: Package, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in packaging.INPUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, elsewhere / name)
    (elsewhere / "app.py").touch()

    again = package(THIS_ARCHITECTURE, tmp_path / "build", elsewhere)

    assert again.zip.read_bytes() == packaged.zip.read_bytes()
    assert again.template.read_bytes() == packaged.template.read_bytes()


@pytest.mark.slow
def test_the_other_architecture_gets_its_own_wheels(tmp_path: Path) -> None:
    other = {"arm64": "x86_64", "x86_64": "arm64"}[THIS_ARCHITECTURE]

    made = package(other, tmp_path)

    with ZipFile(made.zip) as packed:
        (compiled,) = [
            name for name in packed.namelist() if "_pydantic_core" in name and name.endswith(".so")
        ]
    assert {"arm64": "aarch64", "x86_64": "x86_64"}[other] in compiled
    assert made.zip.stat().st_size <= MOST_BYTES
    assert f'"{other}"' in made.template.read_text()


def test_the_zip_holds_the_program_and_nothing_else_of_ours(code: Path) -> None:
    ours = {path.name for path in code.iterdir() if (ROOT / path.name).exists()}

    assert ours - {"__pycache__"} == {"app.py", "chalicelib"}
    assert not list(code.glob("boto*"))
    assert not list(code.glob("aws_xray*"))


def test_the_zip_is_small_enough(packaged: Package) -> None:
    assert packaged.zip.stat().st_size <= MOST_BYTES


def test_every_module_is_compiled_and_its_source_never_looked_at(code: Path) -> None:
    compiled = {path.relative_to(code) for path in code.rglob("*.pyc")}
    flags = {struct.unpack("<I", (code / path).read_bytes()[4:8])[0] for path in compiled}
    sources = {path.relative_to(code) for path in code.rglob("*.py")}

    assert flags == {UNCHECKED_HASH}
    assert {(path.parent.parent, path.name.partition(".")[0]) for path in compiled} == {
        (path.parent, path.stem) for path in sources
    }


def test_a_dependency_that_is_missing_is_refused(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("-c constraints.txt\npydantic\nnumpy==2.4.6  # has no wheel\n")
    chalice_zip = _a_zip(tmp_path, "pydantic-2.14.3.dist-info/METADATA")

    with pytest.raises(Refusal, match="lacks numpy"):
        bundle(chalice_zip, requirements, tmp_path / "out.zip", tmp_path / "scratch")


def test_boto3_in_the_zip_is_refused(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("")

    with pytest.raises(Refusal, match="holds boto3"):
        bundle(
            _a_zip(tmp_path, "boto3/__init__.py"), requirements, tmp_path / "out.zip", tmp_path / "scratch"
        )


@pytest.mark.slow
def test_a_dependency_without_a_fitting_wheel_stops_the_packaging(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in packaging.INPUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    _a_wheel(tmp_path, "only_elsewhere-1.0-cp311-cp311-win_amd64.whl")
    (root / "requirements.txt").write_text(f"--find-links {tmp_path}\nonly-elsewhere==1.0\n")

    with pytest.raises(Refusal, match=r"only[-_]elsewhere"):
        package(THIS_ARCHITECTURE, tmp_path / "build", root)


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_a_python_that_lambda_is_not_asked_for_is_refused(version: tuple[int, int]) -> None:
    with pytest.raises(Refusal, match="is not supported here"):
        packaging.refuse_other_pythons(version)


def test_what_is_shipped_is_pinned() -> None:
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}

    assert set(required_packages(ROOT / "requirements.txt")) <= pinned


def _a_zip(folder: Path, name: str) -> Path:
    made = folder / "chalice.zip"
    with ZipFile(made, "w", ZIP_STORED) as packed:
        packed.writestr(name, "")
    return made


def _a_wheel(folder: Path, name: str) -> None:
    with ZipFile(folder / name, "w", ZIP_STORED) as packed:
        packed.writestr(
            "only_elsewhere-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: only-elsewhere\nVersion: 1.0\n",
        )
