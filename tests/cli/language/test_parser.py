"""The grammar: every spelling of a setting, every place for an option."""

import pytest

from tests.cli.language.typed import read, refusal


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
        ["create", "tasks", "line=echo hi", "memory=4.0"],
    ],
)
def test_every_spelling_and_order_says_the_same(words: list[str]) -> None:
    assert read(*words).settings == {"line": "echo hi", "memory": 4.0}


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
        ["create", "task", "--wait", "x"],
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
    assert read("create", "task", *words).settings["line"] == command


def test_a_setting_with_a_space_beside_a_command_is_not_swallowed() -> None:
    refused = refusal("create", "task", "echo hi", "docker_tag=v 1")

    assert refused.then == "--docker_tag 'v 1'"


@pytest.mark.parametrize(
    "words",
    [
        ["echo hi", "initiated_by=John Doe"],
        ["initiator=John Doe", "echo", "hi"],
        ["initiated-by=John Doe", "line=echo hi"],
        ["echo hi", "--initiated_by=John Doe"],
    ],
)
def test_a_name_may_hold_a_space(words: list[str]) -> None:
    assert read("create", "task", *words).settings == {"line": "echo hi", "initiated_by": "John Doe"}


def test_initiator_is_another_spelling() -> None:
    assert read("create", "task", "initiator=ann", "x").settings["initiated_by"] == "ann"


def test_dashes_are_as_good_as_underscores() -> None:
    assert read("create", "task", "--max-hours", "6", "x").settings["max_hours"] == 6


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
        (["create", "task", "memry=4", "x"], "memory=4"),
        (["create", "task", "--memry=4", "x"], "--memory"),
        (["create", "task", "--wiat", "x"], "--wait"),
        (["--wiat", "create", "task", "x"], "--wait"),
        (["list", "tasks", "status=FAILD"], "status=FAILED"),
        (["list", "tasks", "-o", "jsn"], "-o json"),
        (["completion", "bsh"], "bash"),
    ],
)
def test_a_typo_is_answered_with_what_was_probably_meant(words: list[str], meant: str) -> None:
    assert refusal(*words).then == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["watch", "tasks", "task=abc"], "tapit watch tasks --help"),
        (["watch", "tasks", "staus=failed,lost"], "did you mean status=failed,lost?"),
        (["set", "subscription", "ops", "forma=html"], "tapit set subscription --help"),
    ],
)
def test_no_key_is_suggested_that_would_not_take_the_value(words: list[str], then: str) -> None:
    assert refusal(*words).then == then
