"""What cannot be meant is refused before any request, each in its own words."""

from collections.abc import Callable

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import Answers, Says, ScriptedHome, a_task

BAD = {
    "an empty command": (["create", "task", ""], "the command is empty"),
    "a blank command": (["create", "task", " \n"], "the command is empty"),
    "no command": (["create", "task"], "tapit create task needs command="),
    "a long command": (["create", "task", "x" * 7001], "the command has 7,001 characters; the most is 7,000"),
    "no number": (["create", "task", "x", "memory=lots"], "memory=lots is not a number"),
    "nan": (["create", "task", "x", "memory=nan"], "memory=nan is not a number"),
    "infinite": (["create", "task", "x", "memory=inf"], "memory=inf is not a number"),
    "nothing": (["create", "task", "x", "memory="], "memory= is not a number"),
    "zero": (["create", "task", "x", "memory=0"], "memory=0 must be more than 0"),
    "negative": (["create", "task", "x", "memory=-1"], "memory=-1 must be more than 0"),
    "negative, as an option": (["create", "task", "x", "--cpu", "-1"], "cpu=-1 must be more than 0"),
    "no time at all": (["create", "task", "x", "max_hours=0"], "max_hours=0 must be more than 0"),
    "no time ago": (
        ["list", "tasks", "since=0m"],
        "since=0m must be more than 0\n  Write 45s, 10m, 2h, 1h30m or 3d.",
    ),
    "more time than there is": (
        ["create", "app", "name=a", f"queue_timeout={'9' * 400}d"],
        f"queue_timeout={'9' * 400}d is not a length of time",
    ),
    "two images": (
        ["create", "task", "x", "image=a", "docker_tag=b"],
        "image= and docker_tag= contradict each other",
    ),
    "the same key twice": (["create", "task", "x", "memory=4", "--memory", "4"], "memory is given twice"),
    "the same key by two names": (
        ["create", "task", "x", "initiator=a", "initiated_by=b"],
        "initiated_by is given twice",
    ),
    "an unknown key": (["create", "task", "x", "memry=4"], "there is no key memry"),
    "a command that looks like a key": (["create", "task", "a=b"], "there is no key a"),
    "an option of the command's own": (["create", "task", "ls", "-la"], "there is no option -la"),
    "an app's tasks with too much memory": (
        ["create", "app", "name=a", "memory=125"],
        "memory=125 is more than a task can have",
    ),
    "an app's tasks with too much cpu": (
        ["set", "app", "name=a", "cpu=18"],
        "cpu=18 is more than a task can have",
    ),
    "an app's tasks with too many hours": (
        ["set", "app", "name=a", "max_hours=8769"],
        "max_hours=8769 is more than a task can have",
    ),
    "half a disk": (
        ["create", "task", "x", "ephemeral_storage_gb=1.5"],
        "ephemeral_storage_gb=1.5 is not a whole",
    ),
    "a small disk": (
        ["create", "task", "x", "ephemeral_storage_gb=5"],
        "ephemeral_storage_gb=5 is out of range\n  ephemeral_storage_gb goes from 20 to 200.",
    ),
    "a small disk of an app": (
        ["create", "app", "name=x", "ephemeral_storage_gb=19"],
        "ephemeral_storage_gb=19 is out of range\n  ephemeral_storage_gb goes from 20 to 200.",
    ),
    "too much memory": (
        ["create", "task", "x", "memory=121G"],
        "memory=121G is more than a task can have\n  The most is 120 GB.\n  → memory=120\n",
    ),
    "too many vCPU": (
        ["create", "task", "x", "cpu=17"],
        "cpu=17 is more than a task can have\n  The most is 16 vCPU.\n  → cpu=16\n",
    ),
    "too long": (
        ["create", "task", "x", "max_hours=1e9"],
        "max_hours=1e9 is more than a task can have\n  The most is 8760 hours.\n  → max_hours=none\n",
    ),
    "too long, later": (
        ["set", "task", "x", "max_hours=8761"],
        "max_hours=8761 is more than a task can have",
    ),
    "a variable twice": (["set", "app", "env=A=1", "env=A=2"], "env=A is given twice"),
    "an option without its value": (["list", "tasks", "--limit"], "--limit needs a value"),
    "a limit of none": (["list", "tasks", "limit=0"], "limit=0 is out of range"),
    "two filters": (
        ["list", "tasks", "status=failed", "initiated_by=ann"],
        "status= and initiated_by= cannot",
    ),
    "two ids": (["show", "task", "a", "b"], "unexpected word 'b'"),
    "no id": (["show", "task"], "tapit show task needs task="),
    "a timeout without a wait": (["create", "task", "x", "timeout=1m"], "--timeout goes with --wait"),
    "a verb alone": (["create"], "tapit create what?"),
    "an option alone": (["-q"], "no command was given"),
    "nothing to set": (["set", "app", "name=demo"], "nothing to change"),
    "a variable without a value": (["set", "app", "env=A"], "env=A has no value"),
    "a secret instead of its ARN": (
        ["create", "app", "name=a", "secret=PASSWORD=hunter2"],
        "secret=PASSWORD is not given an ARN",
    ),
    "a secret both set and unset": (
        ["set", "app", "secret=A=arn:aws:ssm:x", "unset_secret=A"],
        "A is both set and unset",
    ),
    "nothing between commas": (
        ["create", "app", "name=a", "subnets=subnet-1,,subnet-2"],
        "subnets=subnet-1,,subnet-2 has an empty part",
    ),
    "neither yes nor no": (
        ["create", "app", "name=a", "keep_entrypoint=maybe"],
        "keep_entrypoint=maybe is neither yes nor no",
    ),
    "no length of time": (
        ["create", "app", "name=a", "queue_timeout=soon"],
        "queue_timeout=soon is not a length of time",
    ),
    "a variable's odd name": (["set", "app", "env=A-B=1"], "'A-B' cannot name a variable"),
}


@pytest.mark.parametrize("case", BAD)
def test_it_is_refused_before_any_request(
    case: str, place: Place, home_that: Callable[[Answers], ScriptedHome]
) -> None:
    home = home_that(lambda _asked: Says(a_task()))
    words, told = BAD[case]

    result = place.run(*words)

    assert result.stderr.startswith(f"error: {told}")
    assert "Traceback" not in result.stderr
    assert (result.returncode, result.stdout, home.asked) == (2, "", [])


def test_no_two_refusals_say_the_same() -> None:
    told = [said for _, said in BAD.values() if said != "the command is empty"]

    assert len(set(told)) == len(told)


def test_with_wait_it_cannot_be_taken_for_the_tasks_own_exit_code(place: Place) -> None:
    assert place.run("create", "task", "", "--wait").returncode == 125
    assert place.run("wait").returncode == 125


def test_a_command_that_looks_like_a_key_is_told_the_way_out(place: Place) -> None:
    result = place.run("create", "task", "a=b")

    assert "put -- before the command" in result.stderr
    assert "tapit create task -- a=b" in result.stderr


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["a=b", "env"], "-- a=b env"),
        (["env", "a=b", "c d"], "-- env a=b 'c d'"),
        (["a=b", "./run", "memory=4", "-w", "--cpu", "1", "-q"], "memory=4 -w --cpu 1 -q -- a=b ./run"),
        (["ls", "-la", "--", "x"], "-- ls -la x"),
    ],
)
def test_the_way_out_repeats_every_word(words: list[str], typed: str, place: Place) -> None:
    assert place.run("create", "task", *words).stderr.endswith(f"→ tapit create task {typed}\n")


def test_what_was_typed_cannot_draw_where_an_error_is_read_later(place: Place) -> None:
    told = place.run("create", "task", "x", "memory=\x1b[2J\x07").stderr

    assert "\x1b" not in told
    assert "memory=\\x1b[2J\\x07 is not a number" in told


def test_the_largest_size_is_the_one_that_the_home_knows() -> None:
    from tapit import sizes

    from chalicelib.domain import size
    from chalicelib.http import fields

    assert (sizes.MOST_CPU, sizes.MOST_MEMORY) == (size.MAX_CPU, size.MAX_MEMORY)
    assert sizes.MOST_HOURS == fields.A_YEAR
    assert (sizes.LEAST_DISK, sizes.MOST_DISK) == (size.DEFAULT_STORAGE_GB, size.MAX_STORAGE_GB)


def test_a_secret_is_not_repeated_on_the_screen(place: Place) -> None:
    assert "hunter2" not in place.run("create", "app", "name=a", "secret=PASSWORD=hunter2").stderr


def test_a_nul_byte_is_refused() -> None:
    """No process can be given one, so the grammar is asked itself."""
    from tapit.errors import UsageError
    from tapit.values import command_line

    with pytest.raises(UsageError, match="NUL byte"):
        command_line("command", "a\0b")


def test_bytes_that_are_no_text_are_refused() -> None:
    from tapit.errors import UsageError
    from tapit.values import command_line

    with pytest.raises(UsageError, match="not valid UTF-8"):
        command_line("command", "a\udcff")
