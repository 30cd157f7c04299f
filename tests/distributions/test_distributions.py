"""What is published works by itself: built, installed where nothing was, and run with no checkout in sight."""

import ast
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import tapit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import chalicelib
from tests.distributions.conftest import ROOT, Built
from tests.home_process import HomeProcess

pytestmark = pytest.mark.slow

CONTENTS = {"tapit": ("cli/tapit",), "tapit-local": ("app.py", "chalicelib", "local")}
BROUGHT_BY_ANOTHER = {"boto3": "Lambda", "botocore": "Lambda", "pydantic_core": "pydantic"}
USED_BY_PYTHON = {"tzdata"}  # by its zoneinfo, which imports it where the system has no zones
COMMANDS = [path.stem.replace("_", " ") for path in (ROOT / "cli/tapit/commands").glob("[a-z]*.py")]

Programs = Callable[..., subprocess.CompletedProcess[str]]


def files_of(name: str) -> list[str]:
    """What the checkout has of a distribution, in paths from the checkout's root."""
    which = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *CONTENTS[name])
    return subprocess.run(which, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def requirements_of(built: Built) -> dict[str, Requirement]:
    with zipfile.ZipFile(built.wheel) as wheel:
        (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        about = message_from_bytes(wheel.read(path))
    required = [Requirement(line) for line in about.get_all("Requires-Dist", [])]
    return {requirement.name: requirement for requirement in required}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_wheel_holds_every_file_of_its_own_and_no_other(name: str, distributions: dict[str, Built]) -> None:
    with zipfile.ZipFile(distributions[name].wheel) as wheel:
        held = {path for path in wheel.namelist() if ".dist-info/" not in path}
        about = {path.partition(".dist-info/")[2] for path in wheel.namelist()}

    assert held == {path.removeprefix("cli/") for path in files_of(name)}
    assert "licenses/LICENSE" in about


@pytest.mark.parametrize("name", CONTENTS)
def test_a_source_archive_holds_what_its_wheel_is_made_of(name: str, distributions: dict[str, Built]) -> None:
    with tarfile.open(distributions[name].source) as archive:
        held = {path.name.partition("/")[2] for path in archive.getmembers() if path.isfile()}

    own = {path.removeprefix("cli/") for path in files_of(name)}
    assert held == own | {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO", ".gitignore"}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_distribution_names_every_library_that_it_imports(
    name: str, distributions: dict[str, Built]
) -> None:
    """And none that it does not: what is named is brought to everybody who installs it."""
    own = {Path(path).stem for path in CONTENTS[name]}
    imported = {
        module for path in files_of(name) if path.endswith(".py") for module in imports_of(ROOT / path)
    }
    libraries = imported - own - set(sys.stdlib_module_names) - set(BROUGHT_BY_ANOTHER)

    brings = packages_distributions()
    assert {canonicalize_name(brings.get(module, [module])[0]) for module in libraries} == (
        set(requirements_of(distributions[name])) - USED_BY_PYTHON
    )


def imports_of(file: Path) -> set[str]:
    modules: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module or "")
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_range_holds_the_version_that_everything_is_tested_with(
    name: str, distributions: dict[str, Built]
) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {pin.name: str(pin.specifier)[2:] for pin in map(Requirement, lines[1:])}

    for library, required in requirements_of(distributions[name]).items():
        if library != "tapit":
            assert {bound.operator for bound in required.specifier} == {">=", "<"}, required
            assert required.specifier.contains(pinned[library]), required


def test_both_have_one_version_and_go_together(distributions: dict[str, Built]) -> None:
    assert tapit.__version__ == chalicelib.VERSION
    assert str(requirements_of(distributions["tapit-local"])["tapit"].specifier) == f"=={chalicelib.VERSION}"


@pytest.fixture
def tapit_alone(command_line: Path, tmp_path: Path) -> Programs:
    """Run a program of the command line's environment as a user who has nothing else."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [command_line / words[0], *words[1:]],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": f"{command_line}:/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done

    return run


def test_the_command_line_says_what_it_is(tapit_alone: Programs) -> None:
    assert tapit_alone("tapit", "--version").stdout == f"tapit {tapit.__version__}\n"
    assert "create task" in tapit_alone("tapit", "--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str, tapit_alone: Programs) -> None:
    assert f"Usage: tapit {command}" in tapit_alone("tapit", *command.split(), "--help").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_of_the_shells_are_there(shell: str, tapit_alone: Programs) -> None:
    script = ROOT / f"cli/tapit/completion/shells/tapit.{shell}"

    assert tapit_alone("tapit", "completion", shell).stdout == script.read_text()
    assert tapit_alone("tapit", "__complete", "cre").stdout.startswith("create\ttask or app")


IMPORT_ALL = """
import importlib, pkgutil, sys, tapit
for module in pkgutil.walk_packages(tapit.__path__, "tapit."):
    importlib.import_module(module.name)
print(tapit.__file__, sys.path)
"""


def test_all_of_it_is_there_without_the_checkout(tapit_alone: Programs, command_line: Path) -> None:
    where = tapit_alone("python", "-c", IMPORT_ALL).stdout

    assert str(command_line.parent) in where
    assert str(ROOT) not in where


@pytest.fixture
def installed_home(local_home: Path, tmp_path: Path) -> Iterator[HomeProcess]:
    """Started from what was installed, by a user who has nothing else."""
    home = HomeProcess(tmp_path / "home", programs=local_home)
    home.env["PATH"] = f"{local_home}:/usr/bin:/bin"
    try:
        yield home.start()
    finally:
        home.close()


def test_the_local_home_serves_and_runs_tasks(installed_home: HomeProcess, local_home: Path) -> None:
    home = installed_home
    env = home.env_for(home.new_app(environment={"NAME": "demo"}))

    def tapit(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [local_home / "tapit", *words],
            env=env,
            cwd=home.place,
            input=typed,
            capture_output=True,
            text=True,
        )

    ran = tapit("create", "task", "echo hello $NAME; exit 3", "--wait")
    in_a_session = tapit("run", "cat; exit 4", typed="a line\n")

    assert (ran.stdout, ran.returncode) == ("hello demo\n", 3), ran.stderr
    assert (in_a_session.stdout, in_a_session.returncode) == ("a line\n", 4), in_a_session.stderr
    assert home.log == ""


def test_nothing_of_the_local_home_comes_from_the_checkout(
    installed_home: HomeProcess, local_home: Path
) -> None:
    home = installed_home
    app = home.new_app()
    shown = (
        'tr "\\0" " " < /proc/$PPID/cmdline; tr "\\0" " " < /proc/$(cut -d" " -f4 /proc/$PPID/stat)/cmdline'
    )

    done = subprocess.run(
        [local_home / "tapit", "create", "task", shown, "--wait"],
        env=home.env_for(app),
        cwd=home.place,
        capture_output=True,
        text=True,
    )

    assert str(local_home.parent) in done.stdout
    assert str(ROOT) not in done.stdout
