"""The grammar: every spelling of a setting, every place for an option."""

import time

import pytest
from tapit import commands
from tapit.errors import UsageError
from tapit.words import Request, find_command, understand


def read(*words: str) -> Request:
    typed = find_command(list(words))
    assert typed.path is not None
    return understand(commands.load(typed.path), typed.rest)


def refusal(*words: str) -> UsageError:
    with pytest.raises(UsageError) as refused:
        read(*words)
    return refused.value


@pytest.mark.parametrize(
    "words",
    [
        ["create", "task", "echo hi", "memory=4"],
        ["create", "task", "memory=4", "echo hi"],
        ["create", "task", "echo hi", "--memory", "4"],
        ["create", "task", "echo hi", "--memory=4G"],
        ["create", "task", "--memory=4096M", "echo hi"],
        ["create", "--memory", "4", "task", "echo hi"],
        ["memory=4", "create", "task", "echo hi"],
        ["--memory", "4", "create", "task", "echo hi"],
        ["create", "tasks", "command=echo hi", "memory=4.0"],
    ],
)
def test_every_spelling_and_order_says_the_same(words: list[str]) -> None:
    assert read(*words).settings == {"command": "echo hi", "memory": 4.0}


@pytest.mark.parametrize(
    "words",
    [
        ["-a", "shop", "-o", "json", "list", "tasks"],
        ["list", "tasks", "-a", "shop", "-o", "json"],
        ["list", "-ashop", "tasks", "-ojson"],
        ["list", "task", "--app=shop", "--output", "json"],
        ["app=shop", "list", "tasks", "output=json"],
    ],
)
def test_global_options_go_anywhere(words: list[str]) -> None:
    assert read(*words).settings == {"app": "shop", "output": "json"}


def test_flags_go_anywhere() -> None:
    for words in (
        ["-w", "create", "task", "x"],
        ["create", "-w", "task", "x"],
        ["create", "task", "x", "--wait"],
    ):
        assert read(*words).flags == {"wait"}


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["echo $HOME | wc"], "echo $HOME | wc"),
        (["FOO=1 ./run"], "FOO=1 ./run"),
        (["memory=4 is what it prints"], "memory=4 is what it prints"),
        (["-x is no option"], "-x is no option"),
        (["python", "run.py", "two words"], "python run.py 'two words'"),
        (["--", "ls", "-la", "a=b"], "ls -la a=b"),
        (["--", "a=b"], "a=b"),
        (["echo", "ünï\ncode"], "echo 'ünï\ncode'"),
        (["./run?x=1"], "./run?x=1"),
    ],
)
def test_the_command_arrives_as_it_was_meant(words: list[str], command: str) -> None:
    assert read("create", "task", *words).settings["command"] == command


def test_a_setting_with_a_space_beside_a_command_is_not_swallowed() -> None:
    refused = refusal("create", "task", "echo hi", "docker_tag=v 1")

    assert refused.then == "--docker_tag 'v 1'"


@pytest.mark.parametrize(
    "words",
    [
        ["echo hi", "initiated_by=John Doe"],
        ["initiator=John Doe", "echo", "hi"],
        ["initiated-by=John Doe", "command=echo hi"],
        ["echo hi", "--initiated_by=John Doe"],
    ],
)
def test_a_name_may_hold_a_space(words: list[str]) -> None:
    assert read("create", "task", *words).settings == {"command": "echo hi", "initiated_by": "John Doe"}


def test_initiator_is_another_spelling() -> None:
    assert read("create", "task", "x", "initiator=ann").settings["initiated_by"] == "ann"


def test_dashes_are_as_good_as_underscores() -> None:
    assert read("create", "task", "x", "--max-hours", "6").settings["max_hours"] == 6


def test_one_word_fills_the_one_required_key() -> None:
    for words in (
        ["show", "task", "abc"],
        ["show", "task", "task=abc"],
        ["logs", "abc"],
        ["logs", "task", "abc"],
    ):
        assert read(*words).settings == {"task": "abc"}


def test_variables_may_be_repeated() -> None:
    request = read("set", "app", "env=A=1", "--env", "B=2=3", "env=C=x y", "unset_env=D")

    assert request.settings["env"] == [("A", "1"), ("B", "2=3"), ("C", "x y")]
    assert request.settings["unset_env"] == ["D"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["crate", "task"], "tapit create"),
        (["create", "tsk"], "tapit create task"),
        (["create", "task", "x", "memry=4"], "memory=4"),
        (["create", "task", "x", "--memry=4"], "--memory"),
        (["create", "task", "x", "--wiat"], "--wait"),
        (["--wiat", "create", "task", "x"], "--wait"),
        (["list", "tasks", "status=FAILD"], "status=FAILED"),
        (["list", "tasks", "-o", "jsn"], "-o json"),
        (["completion", "bsh"], "bash"),
    ],
)
def test_a_typo_is_answered_with_what_was_probably_meant(words: list[str], meant: str) -> None:
    assert refusal(*words).then == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("given", "gigabytes"),
    [("4", 4), ("4.5", 4.5), ("4G", 4), ("4gb", 4), ("4096M", 4), ("512MiB", 0.5), (".5", 0.5)],
)
def test_memory_has_units(given: str, gigabytes: float) -> None:
    assert read("create", "task", "x", f"memory={given}").settings["memory"] == gigabytes


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("90", 90), ("45s", 45), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("3d", 259200), ("1h0m", 3600)],
)
def test_a_length_of_time_has_units(given: str, seconds: float) -> None:
    assert read("wait", "abc", f"timeout={given}").settings["timeout"] == seconds


@pytest.mark.parametrize("given", ["", "x", "10x", "0", "-1", "m", "1.2.3s", "nan"])
def test_what_is_no_length_of_time_is_refused(given: str) -> None:
    refusal("wait", "abc", f"timeout={given}")


def test_since_takes_a_time_or_how_long_ago() -> None:
    assert (
        read("list", "tasks", "since=2026-11-24T01:00:00+01:00").settings["since"]
        == "2026-11-24T00:00:00.000Z"
    )
    assert str(read("list", "tasks", "since=2h").settings["since"]).endswith("Z")
    refusal("list", "tasks", "since=yesterday")


@pytest.mark.parametrize(
    ("day", "zone"),
    [("0001-01-01", "XXX-12"), ("9999-12-31T23:59", "XXX+12"), ("0001-01-01T00:00+05:00", "UTC")],
)
def test_a_time_outside_the_calendar_is_refused(day: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert refusal("list", "tasks", f"since={day}").what == f"since={day} is outside the calendar"
    finally:
        monkeypatch.undo()
        time.tzset()
