"""Values of secrets, given to a real home in every way there is: tasks get them, and they are nowhere else."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import Place, Ran
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until

MARK = "marker-of-a-secret"
TYPED, EARLIER, IN_FILE, REMOVED, REFUSED = (
    f"{MARK}-{n}-ü'\"\\" for n in ("typed", "earlier", "file", "removed", "refused")
)
PEM = f"-----BEGIN KEY-----\n{MARK}-pem\n-----END KEY-----"
PRINT_DIGESTS = "for each in TYPED IN_FILE PEM; do printenv $each | head -c -1 | sha256sum; done"


@pytest.fixture
def user(own_home: HomeProcess, place: Place) -> Place:
    place.env |= own_home.env_for("shop")
    return place


def secret_file(place: Place, **values: str) -> str:
    path = place.folder / "secrets.env"
    path.write_text(
        "".join(f"{name}={json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
    )
    return f"secret_file={path}"


def given_in_every_way(user: Place) -> list[Ran]:
    """Return what was said about it; `--debug` says all that it can."""
    new = secret_file(user, IN_FILE=IN_FILE, PEM=PEM, REMOVED=REMOVED)
    done = [
        user.run("create", "app", "name=shop", "env=PLAIN=1", new, "--debug"),
        user.run("set", "app", "name=shop", "secret=TYPED", "--debug", typed=EARLIER),
        user.run("set", "app", "name=shop", "secret=TYPED", "--debug", typed=f"{TYPED}\n"),
        user.run("set", "app", "name=shop", "unset_secret=REMOVED", "--debug"),
        user.run("show", "app", "shop", "-o", "table", "--debug"),
        user.run("list", "apps", "-o", "json", "--debug"),
    ]
    assert [each.returncode for each in done] == [0] * len(done), [each.stderr for each in done]
    return done


def refused_in_every_way(user: Place, home: HomeProcess) -> list[str]:
    bad = secret_file(user, PLAIN=REFUSED)
    ran = [
        user.run("create", "app", "name=shop", bad, "--debug"),
        user.run("set", "app", "name=shop", bad, "--debug"),
        user.run("set", "app", "name=shop", f"secret=A={REFUSED}", "--debug"),
        user.run("set", "app", "name=shop", f"secret={REFUSED}", "--debug"),
        user.run("set", "app", "name=shop", "secret=TYPED", "unset_secret=TYPED", "--debug", typed=REFUSED),
        user.run("create", "task", f"env=TYPED={REFUSED}", "true", "--debug"),
        user.run("set", "app", "name=shop", "secret=HUGE", "--debug", typed=REFUSED * 2000),
    ]
    assert all(each.returncode for each in ran)
    bodies = [
        {"secret_values": {"A": [REFUSED]}},
        {"secret_values": {"A": {"value": REFUSED}}},
        {"secret_values": REFUSED},
        {"secret_values": {"A": f"{REFUSED}\0"}},
        {"secret_values": {"TAPIT_A": REFUSED}},
        {"secret_values": {"A": REFUSED}, "secrets_version": 1},
        {"secrets": {"A": REFUSED}},
        {"secret_value": {"A": REFUSED}},
    ]
    answers = [home.api.ask("PATCH", "/apps/shop", body) for body in bodies]
    assert {each.status for each in answers} == {400}
    return [each.stdout + each.stderr for each in ran] + [each.text for each in answers]


def test_tasks_get_the_values_and_they_are_nowhere_else(own_home: HomeProcess, user: Place) -> None:
    said = [each.stdout + each.stderr for each in given_in_every_way(user)]
    said += refused_in_every_way(user, own_home)

    digests = user.run("create", "task", PRINT_DIGESTS, "-w", "--debug")
    running = own_home.api.post("/apps/shop/tasks", {"command": "sleep 1000", "interactive": True})["id"]
    until(lambda: own_home.api.get(f"/tasks/{running}")["status"] == "RUNNING")
    failed = user.run("create", "task", "exit 3", "-w", "--debug")
    said += [digests.stdout, digests.stderr, failed.stderr, *everything_told(own_home, running)]

    assert [line.split()[0] for line in digests.stdout.splitlines()] == [
        sha256(value.encode()).hexdigest() for value in (TYPED, IN_FILE, PEM)
    ]
    where = [text for text in [*said, own_home.log] if holds_a_secret(text.encode())]
    assert where == []
    assert files_with_a_secret(own_home.state) == [own_home.state / "secrets.json"]
    assert processes_with_a_secret() == []
    own_home.api.post(f"/tasks/{running}/stop")
    until(lambda: own_home.api.get(f"/tasks/{running}")["status"] == "STOPPED")
    own_home.end()  # what it had in memory is on the disk now
    assert files_with_a_secret(own_home.place) == [own_home.state / "secrets.json"]


def test_the_file_is_its_owners_alone_and_goes_on_after_a_crash(own_home: HomeProcess, user: Place) -> None:
    user.run("create", "app", "name=shop", secret_file(user, IN_FILE=IN_FILE))
    assert (own_home.state / "secrets.json").stat().st_mode & 0o777 == 0o600

    own_home.kill()
    own_home.start()

    assert user.run("create", "task", "printenv IN_FILE", "-w").stdout == f"{IN_FILE}\n"


def test_an_earlier_version_is_gone_back_to(own_home: HomeProcess, user: Place) -> None:
    given_in_every_way(user)

    back = user.run("set", "app", "name=shop", "secrets_version=2")

    assert back.returncode == 0
    assert user.run("create", "task", "printenv TYPED REMOVED", "-w").stdout == f"{EARLIER}\n{REMOVED}\n"
    block = user.run("show", "app", "shop", "-o", "table").stdout
    assert "4: unset REMOVED; " in block
    assert "2, which tasks get now: set TYPED; " in block


def test_secrets_go_with_their_app(own_home: HomeProcess, user: Place) -> None:
    given_in_every_way(user)

    user.run("delete", "app", "shop")
    user.run("create", "app", "name=shop")

    assert not holds_a_secret((own_home.state / "secrets.json").read_bytes())
    assert user.run("create", "task", "printenv TYPED || echo none", "-w").stdout == "none\n"


def test_a_task_does_not_run_without_the_secrets_that_somebody_removed(
    own_home: HomeProcess, user: Place
) -> None:
    given_in_every_way(user)
    (own_home.state / "secrets.json").unlink()

    failed = user.run("create", "task", "echo ran", "-w")

    assert failed.stdout == ""
    assert "has no values of the secrets IN_FILE, PEM, TYPED any more" in failed.stderr


def everything_told(home: HomeProcess, task_id: str) -> list[str]:
    paths = (
        "/apps",
        "/apps/shop",
        "/apps/shop/tasks",
        f"/tasks/{task_id}",
        "/apps/shop/events",
        "/audit",
        "/openapi.json",
    )
    return [home.api.ask("GET", path).text for path in paths]


def holds_a_secret(content: bytes) -> bool:
    return MARK.encode() in content


def files_with_a_secret(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and holds_a_secret(path.read_bytes()))


def processes_with_a_secret() -> list[str]:
    """What ps shows to everybody; the environment of a process only its owner can read."""
    titles = {path: read(path) for path in Path("/proc").glob("[0-9]*/cmdline")}
    return [str(path) for path, title in titles.items() if holds_a_secret(title)]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""
