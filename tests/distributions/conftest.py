"""Both distributions as they would be published: built once, each installed where there was nothing before."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """A source archive, and the wheel that was built from it."""

    source: Path
    wheel: Path


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """By name."""
    return {
        "tapit": _build(ROOT / "cli", tmp_path_factory.mktemp("tapit")),
        "tapit-local": _build(ROOT, tmp_path_factory.mktemp("tapit-local")),
    }


@pytest.fixture(scope="session")
def command_line(distributions: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs are after the command line alone was installed."""
    return _install(distributions, "tapit", tmp_path_factory.mktemp("command-line"))


@pytest.fixture(scope="session")
def local_home(distributions: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs are after the local home was installed."""
    return _install(distributions, "tapit-local", tmp_path_factory.mktemp("local-home"))


def _build(project: Path, place: Path) -> Built:
    """The wheel comes from the source archive, which so holds all that it takes."""
    _run(sys.executable, "-m", "build", "--outdir", str(place), str(project))
    (source,) = place.glob("*.tar.gz")
    (wheel,) = place.glob("*.whl")
    return Built(source, wheel)


def _install(distributions: dict[str, Built], name: str, place: Path) -> Path:
    """As a colleague would with `pip install`, with the versions that everything else is tested with."""
    environment = place / "environment"
    _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    _run(
        *(
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(environment / "bin" / "python"),
            "install",
            "--quiet",
            "--no-compile",
        ),
        *("--constraint", str(ROOT / "constraints.txt")),
        *(f"--find-links={built.wheel.parent}" for built in distributions.values()),
        str(distributions[name].wheel),
    )
    return environment / "bin"


def _run(*words: str) -> None:
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
