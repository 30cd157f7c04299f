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


@pytest.mark.parametrize("noun", ["command", "schedule"])
@pytest.mark.parametrize(
    "words",
    [
        ["nightly", "echo hi"],
        ["name=nightly", "echo hi"],
        ["echo hi", "name=nightly"],
        ["nightly", "line=echo hi"],
    ],
)
def test_a_change_takes_the_name_and_the_line_as_its_help_shows_them(noun: str, words: list[str]) -> None:
    for changed in (["memory=2", *words], [words[0], "memory=2", *words[1:]], [*words, "memory=2"]):
        assert read("set", noun, *changed).settings == {"name": "nightly", "line": "echo hi", "memory": 2}


def test_another_line_for_a_task_that_runs_again_may_stand_in_quotes() -> None:
    assert read("rerun", "1jd3m8k7x2qf", "echo hi").settings == {"task": "1jd3m8k7x2qf", "line": "echo hi"}


def test_of_a_change_a_word_without_quotes_is_no_line() -> None:
    assert refusal("set", "command", "migrate", "memory").then == "if it is the line: line=memory"
    assert refusal("set", "command", "migrate", "echo", "new").then == "if it is the line: line='echo new'"
    assert refusal("set", "command", "migrate", "A=1 ./job").then == "if it is the line: line='A=1 ./job'"


@pytest.mark.parametrize(
    "words",
    [
        ["nightly", "echo hi", "cron=0 2 * * *"],
        ["nightly", "cron=0 2 * * *", "echo hi"],
        ["cron=0 2 * * *", "nightly", "echo hi"],
        ["cron=0 2 * * *", "name=nightly", "echo", "hi"],
        ["name=nightly", "cron=0 2 * * *", "echo hi"],
        ["name=nightly", "echo hi", "cron=0 2 * * *"],
        ["echo hi", "cron=0 2 * * *", "--name", "nightly"],
        ["cron=0 2 * * *", "name=nightly", "--", "echo", "hi"],
    ],
)
def test_before_a_line_in_quotes_a_word_is_the_name(words: list[str]) -> None:
    wanted = {"name": "nightly", "line": "echo hi", "cron": "0 2 * * *"}

    assert read("create", "schedule", *words).settings == wanted


@pytest.mark.parametrize(
    "words", [["sync", "command=migrate"], ["--command", "migrate", "every=15m", "sync"]]
)
def test_beside_a_saved_command_a_word_is_the_name(words: list[str]) -> None:
    wanted = {"name": "sync", "command": "migrate", "every": 900}

    assert {"every": 900, **read("create", "schedule", *words).settings} == wanted


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (
            ["nightly", "./run.sh", "cron=0 2 * * *"],
            "tapit create schedule name=nightly cron='0 2 * * *' -- ./run.sh",
        ),
        (
            ["nightly", "cron=0 2 * * *", "./run.sh", "-v", "-o", "id"],
            "tapit create schedule name=nightly cron='0 2 * * *' -o id -- ./run.sh -v",
        ),
        (["nightly", "python", "x.py"], "tapit create schedule name=nightly -- python x.py"),
        (["nightly", "--", "python", "-v"], "tapit create schedule name=nightly -- python -v"),
    ],
)
def test_without_quotes_a_name_is_asked_for(words: list[str], then: str) -> None:
    refused = refusal("create", "schedule", *words)

    assert refused.what == "tapit create schedule needs name="
    assert refused.then == then


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["nightly"], "tapit create schedule nightly 'LINE'"),
        (["nightly", "cron=0 2 * * *"], "tapit create schedule nightly cron='0 2 * * *' 'LINE'"),
        (["every=15m", "nightly"], "tapit create schedule nightly every=15m 'LINE'"),
    ],
)
def test_of_a_name_alone_the_line_is_asked_for(words: list[str], then: str) -> None:
    refused = refusal("create", "schedule", *words)

    assert (refused.what, refused.then) == ("tapit create schedule needs a line to run as well", then)


def test_an_expression_that_a_shell_has_torn_apart_is_told_wherever_it_stands() -> None:
    refused = refusal(
        "create", "schedule", "nightly", "cron=*/5", "a.txt", "a.txt", "a.txt", "a.txt", "echo hi"
    )

    assert refused.what == "cron=*/5 is one field of five"


def test_a_key_behind_a_line_without_quotes_is_shown_where_it_is_understood() -> None:
    refused = refusal("create", "schedule", "name=x", "python", "x.py", "cron=0 2 * * *")

    assert (refused.then or "").splitlines() == [
        "the command's: tapit create schedule name=x -- python x.py 'cron=0 2 * * *'",
        "tapit's own: tapit create schedule name=x cron='0 2 * * *' -- python x.py",
    ]


def test_what_a_key_cannot_be_is_said_before_where_it_stands() -> None:
    assert refusal("create", "task", "echo hi", "memory=4 apples").what.startswith("memory=4 apples")
    assert refusal("create", "schedule", "name=x", "echo hi", "every=5 min").then == "did you mean every=5m?"
    assert refusal("create", "command", "name=a b", "echo hi").then == "did you mean name=a-b?"


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
        (["set", "schedule", "nightly", "cronn=0 2 * * *"], "cron='0 2 * * *'"),
        (["set", "schedule", "nightly", "descripton=what it's for"], """description='what it'"'"'s for'"""),
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
