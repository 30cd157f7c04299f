"""What cannot be meant is refused before any request, each in its own words."""

from collections.abc import Callable

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import Answers, Says, ScriptedHome, a_task

BAD = {
    "an empty command": (["create", "task", ""], "the command is empty"),
    "a blank command": (["create", "task", " \n"], "the command is empty"),
    "no command": (
        ["create", "task"],
        "tapit create task needs a command\n  It is a line in quotes, or command=, a saved command.",
    ),
    "a line where a name goes": (
        ["create", "task", "command=python manage.py migrate"],
        (
            "command= is the name of a saved command, which 'python manage.py migrate' cannot be\n"
            "  Names are 1 to 40 lower-case letters, digits and hyphens, and begin with a letter. "
            "A line stands by itself, in quotes.\n"
            "  → 'python manage.py migrate' instead of command='python manage.py migrate'"
        ),
    ),
    "a line and a saved command": (
        ["create", "task", "command=console", "bash"],
        "a line and command= contradict each other",
    ),
    "no name for what is saved": (["create", "command", "echo hi"], "tapit create command needs name="),
    "nothing to save": (["create", "command", "name=a"], "tapit create command needs line="),
    "a name that cannot be": (
        ["create", "command", "name=Daily", "echo hi"],
        (
            "name=Daily cannot be a name\n"
            "  Names are 1 to 40 lower-case letters, digits and hyphens, and begin with a letter."
        ),
    ),
    "an option that is both set and unset": (
        ["set", "command", "migrate", "memory=4", "unset=memory"],
        "memory is both set and unset",
    ),
    "what a saved command has not": (
        ["set", "command", "migrate", "unset=line"],
        "unset=line is not a key that can be unset",
    ),
    "a long command": (["create", "task", "x" * 7001], "the command has 7,001 characters; the most is 7,000"),
    "no number": (["create", "task", "memory=lots", "x"], "memory=lots is not a number"),
    "nan": (["create", "task", "memory=nan", "x"], "memory=nan is not a number"),
    "infinite": (["create", "task", "memory=inf", "x"], "memory=inf is not a number"),
    "nothing": (["create", "task", "memory=", "x"], "memory= is not a number"),
    "zero": (["create", "task", "memory=0", "x"], "memory=0 must be more than 0"),
    "negative": (["create", "task", "memory=-1", "x"], "memory=-1 must be more than 0"),
    "negative, as an option": (["create", "task", "--cpu", "-1", "x"], "cpu=-1 must be more than 0"),
    "no time at all": (["create", "task", "max_hours=0", "x"], "max_hours=0 must be more than 0"),
    "no time ago": (
        ["list", "tasks", "since=0m"],
        "since=0m must be more than 0\n  Write 45s, 10m, 2h, 1h30m, 3d or 1w.",
    ),
    "more time than there is": (
        ["create", "app", "name=a", f"queue_timeout={'9' * 400}d"],
        f"queue_timeout={'9' * 400}d is not a length of time",
    ),
    "two images": (
        ["create", "task", "image=a", "docker_tag=b", "x"],
        "image= and docker_tag= contradict each other",
    ),
    "a tag without a value": (
        ["create", "task", "tags=release:42,urgent", "x"],
        "tags=urgent has no colon\n  urgent: (with a colon) is a tag without a value; one with a value is written",
    ),
    "a tag without a key": (["create", "app", "name=a", "tags=:42"], "tags=:42 begins with its value"),
    "a tag that is there twice": (
        ["create", "task", "tags=a:1,b:2,a:3", "x"],
        "tags= has a twice\n  A task has one value of each.",
    ),
    "too many tags": (
        ["create", "task", "tags=" + ",".join(f"t{n}:" for n in range(11)), "x"],
        "tags= has 11 tags; the most is 10",
    ),
    "half a tag to look for": (
        ["list", "tasks", "tag=ticket"],
        "tag=ticket has no colon\n  ticket: (with a colon) is a tag without a value;",
    ),
    "two tags to look for": (
        ["list", "tasks", "tag=a:1,b:9"],
        "tag=a:1,b:9 is more than one tag\n  Tasks are looked for by one tag at a time.",
    ),
    "several variables to remove at once": (
        ["rerun", "1jd3m8k7x2qf", "unset_env=A,B"],
        "unset_env=A,B is more than one\n  unset_env= may be repeated, with one each time.\n  → unset_env=A",
    ),
    "several tags to remove at once": (
        ["set", "app", "name=a", "unset_tag=a, b"],
        "unset_tag=a, b is more than one\n  unset_tag= may be repeated, with one each time.\n  → unset_tag=a",
    ),
    "several settings to put back at once": (
        ["set", "command", "name=a", "unset=memory,cpu"],
        "unset=memory,cpu is more than one\n  unset= may be repeated, with one each time.\n  → unset=memory unset=cpu",
    ),
    "several secrets to remove at once": (
        ["set", "app", "name=a", "unset_secret=A,B"],
        "unset_secret=A,B is more than one\n  unset_secret= may be repeated, with one each time.\n",
    ),
    "a saved command for a rerun": (
        ["rerun", "1jd3m8k7x2qf", "command=migrate"],
        "tapit rerun takes no command=\n  It runs what the earlier task ran; line='...' runs another line.",
    ),
    "a bare line without quotes for a rerun": (
        ["rerun", "1jd3m8k7x2qf", "./it's"],
        "unexpected word \"./it's\"\n  → if it is the line: line='./it'\"'\"'s'",
    ),
    "a bare line for a saved command": (
        ["set", "command", "migrate", "./migrate"],
        "unexpected word './migrate'\n  → if it is the line: line=./migrate",
    ),
    "a tag and another filter": (
        ["list", "tasks", "tag=a:b", "created_by=ci"],
        "created_by= and tag= cannot be combined\n  → give one of initiated_by, created_by, tag, schedule, and status=",
    ),
    "the same key twice": (["create", "task", "memory=4", "--memory", "4", "x"], "memory is given twice"),
    "the same key by two names": (
        ["create", "task", "initiator=a", "initiated_by=b", "x"],
        "initiated_by is given twice",
    ),
    "an unknown key": (["create", "task", "memry=4", "x"], "there is no key memry"),
    "a command that looks like a key": (["create", "task", "a=b"], "there is no key a"),
    "an option of the command's own": (
        ["create", "task", "ls", "-la"],
        "-la comes after a command without quotes",
    ),
    "an option of either": (
        ["create", "task", "python", "--version"],
        "whose is --version, tapit's or the command's?",
    ),
    "a setting of either": (
        ["create", "task", "make", "image=x"],
        "whose is image=x, tapit's or the command's?",
    ),
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
        ["create", "task", "ephemeral_storage_gb=1.5", "x"],
        "ephemeral_storage_gb=1.5 is not a whole",
    ),
    "a small disk": (
        ["create", "task", "ephemeral_storage_gb=5", "x"],
        "ephemeral_storage_gb=5 is out of range\n  ephemeral_storage_gb goes from 20 to 200.",
    ),
    "a small disk of an app": (
        ["create", "app", "name=x", "ephemeral_storage_gb=19"],
        "ephemeral_storage_gb=19 is out of range\n  ephemeral_storage_gb goes from 20 to 200.",
    ),
    "too much memory": (
        ["create", "task", "memory=121G", "x"],
        "memory=121G is more than a task can have\n  The most is 120 GB.\n  → memory=120\n",
    ),
    "too many vCPU": (
        ["create", "task", "cpu=17", "x"],
        "cpu=17 is more than a task can have\n  The most is 16 vCPU.\n  → cpu=16\n",
    ),
    "too long": (
        ["create", "task", "max_hours=1e9", "x"],
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
        ["list", "tasks", "status=failed", "schedule=nightly", "initiated_by=ann"],
        "initiated_by= and schedule= cannot",
    ),
    "two ids": (["show", "task", "a", "b"], "unexpected word 'b'"),
    "no id": (["show", "task"], "tapit show task needs task="),
    "a timeout without a wait": (["create", "task", "timeout=1m", "x"], "--timeout goes with --wait"),
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
    "neither true nor false": (
        ["create", "app", "name=a", "keep_entrypoint=maybe"],
        "keep_entrypoint=maybe is neither true nor false",
    ),
    "no length of time": (
        ["create", "app", "name=a", "queue_timeout=soon"],
        "queue_timeout=soon is not a length of time",
    ),
    "a variable of tapit's own": (
        ["create", "task", "env=TAPIT_TASK_ID=1", "x"],
        "TAPIT_TASK_ID cannot be set",
    ),
    "an event that does not exist": (
        ["create", "subscription", "https://a.example", "events=exploded"],
        "events=exploded is not an event\n  One of pending, starting, running, stopping, succeeded, failed, stopped,",
    ),
    "an event that was mistyped": (
        ["set", "subscription", "ops", "events=lost,fialed"],
        "events=fialed is not an event",
    ),
    "a status that was mistyped": (["list", "tasks", "status=FIALED"], "status=FIALED is not a status"),
    "a form that does not exist": (
        ["create", "subscription", "https://a.example", "format=xml"],
        "there is no format xml\n  One of json, slack.",
    ),
    "an address of no kind": (["create", "subscription", "ops.example.com"], "url= is not a web address"),
    "no address": (["create", "subscription"], "tapit create subscription needs url="),
    "nothing to set of a subscription": (
        ["set", "subscription", "ops"],
        "nothing to change\n  → tapit set subscription --help",
    ),
    "neither paused nor not": (
        ["set", "subscription", "ops", "paused=maybe"],
        "paused=maybe is neither true nor false",
    ),
    "no event to send": (["resend", "subscription", "ops"], "tapit resend subscription needs event="),
    "a test of nothing": (["test"], "tapit test what?"),
    "nothing for a setting that can be unset": (
        ["set", "app", "name=shop", "workdir="],
        "workdir= is empty\n  → to put it back to its default: unset=workdir",
    ),
    "nothing for a number that can be unset": (
        ["set", "schedule", "name=nightly", "max_hours="],
        "max_hours= is empty\n  → to put it back to its default: unset=max_hours",
    ),
    "nothing for a setting that is left out else": (
        ["create", "app", "name=shop", "user="],
        "user= is empty\n  → give user= a value, or leave it out",
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
        (["a=b", "env", "c=d", "e f"], "-- a=b env c=d 'e f'"),
        (["-w", "a=b", "./run", "memory=4"], "-w -- a=b ./run memory=4"),
    ],
)
def test_the_way_out_repeats_every_word(words: list[str], typed: str, place: Place) -> None:
    assert f"→ the command's: tapit create task {typed}\n" in place.run("create", "task", *words).stderr


def test_what_was_typed_cannot_draw_where_an_error_is_read_later(place: Place) -> None:
    told = place.run("create", "task", "memory=\x1b[2J\x07", "x").stderr

    assert "\x1b" not in told
    assert "memory=\\x1b[2J\\x07 is not a number" in told


def test_a_secret_is_not_repeated_on_the_screen(place: Place) -> None:
    assert "hunter2" not in place.run("create", "app", "name=a", "secret=PASSWORD=hunter2").stderr


def test_a_nul_byte_is_refused() -> None:
    """No process can be given one, so the grammar is asked itself."""
    from tapit.errors import UsageError
    from tapit.language.values import command_line

    with pytest.raises(UsageError, match="NUL byte"):
        command_line("command", "a\0b")


def test_bytes_that_are_no_text_are_refused() -> None:
    from tapit.errors import UsageError
    from tapit.language.values import command_line

    with pytest.raises(UsageError, match="not valid UTF-8"):
        command_line("command", "a\udcff")
