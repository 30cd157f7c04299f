"""A command without quotes: no word of it is lost, and none is taken for tapit's."""

import re
import shlex

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tapit.errors import UsageError
from tapit.language.command import FLAGS, GLOBAL_KEYS
from tapit.language.parser import Request
from tapit.language.task_keys import KEYS

from tests.cli.conftest import Place
from tests.cli.language.typed import read, refusal

# What could be taken for tapit's, and what could be lost, beside plain words.
NAMES = [key.name for key in (*KEYS, *GLOBAL_KEYS)]
TEMPTING = [
    "--",
    "-",
    "",
    "task",
    "help",
    *(flag.option for flag in FLAGS),
    *(f"-{flag.short}" for flag in FLAGS if flag.short),
    *("-a", "-o", "-it", "-qw", "-la", "-qo", "-ojson", "--nosuch", "a=b", "A=b c", "-x y"),
    *(spelled for name in NAMES for spelled in (f"{name}=1", f"--{name}", f"--{name}=1", f"{name}=a b")),
]
WORDS = st.one_of(st.sampled_from(TEMPTING), st.text(st.characters(codec="utf-8", exclude_characters="\0")))
OWN = st.lists(
    st.sampled_from(
        [
            ["-w"],
            ["-qw"],
            ["--debug"],
            ["memory=4"],
            ["--memory", "4"],
            ["--memory=4G"],
            ["-qo", "json"],
            ["-ashop"],
            ["initiated_by=John Doe"],
        ]
    ),
    max_size=3,
).map(lambda options: [word for option in options for word in option])


def is_plain(word: str) -> bool:
    return re.fullmatch(r"[./\w]+", word) is not None


def understood(words: list[str]) -> Request | None:
    try:
        return read(*words)
    except UsageError:
        return None


@given(OWN, WORDS.filter(is_plain), st.lists(WORDS, max_size=4))
def test_a_command_without_quotes_is_taken_whole_or_refused(
    own: list[str], program: str, arguments: list[str]
) -> None:
    marked = understood(["create", "task", *own, "--", program, *arguments])
    assume(marked is not None)
    assert marked is not None
    assert shlex.split(marked.settings["line"]) == [program, *arguments]

    unmarked = understood(["create", "task", *own, program, *arguments])

    assert unmarked is None or (unmarked.settings, unmarked.flags) == (marked.settings, marked.flags)


@given(OWN, WORDS.filter(is_plain), st.lists(WORDS, max_size=4))
def test_what_is_suggested_instead_is_one_of_both_readings(
    own: list[str], program: str, arguments: list[str]
) -> None:
    assume(understood(["create", "task", *own, "x y"]) is not None)
    try:
        read("create", "task", *own, program, *arguments)
    except UsageError as refused:
        ways = dict(
            line.split(": tapit ", 1) for line in (refused.then or "").splitlines() if ": tapit " in line
        )
        if "the command's" in ways:
            theirs = read(*shlex.split(ways["the command's"])).settings["line"]
            assert shlex.split(theirs) in ([program, *arguments], ["..."])


@given(OWN, st.sampled_from(["echo hi", "ls -la | wc", "a=b ./run", "-x y"]))
def test_around_a_command_in_quotes_every_order_says_the_same(own: list[str], line: str) -> None:
    before = understood(["create", "task", *own, line])
    after = understood(["create", "task", line, *own])
    split = understood([*own, "create", "task", line])

    for other in (after, split):
        assert (other is None) == (before is None)
        if other and before:
            assert (other.settings, other.flags) == (before.settings, before.flags)
            assert other.settings["line"] == line


@pytest.mark.parametrize(
    ("words", "ways"),
    [
        (
            ["run", "python", "--version"],
            ["the command's: tapit run -- python --version", "tapit's own: tapit run --version -- python"],
        ),
        (
            ["create", "task", "echo", "-q", "hello"],
            [
                "the command's: tapit create task -- echo -q hello",
                "tapit's own: tapit create task -q -- echo hello",
            ],
        ),
        (
            ["run", "ls", "-a", "/tmp"],
            ["the command's: tapit run -- ls -a /tmp", "tapit's own: tapit run -a /tmp -- ls"],
        ),
        (
            ["create", "task", "python", "manage.py", "migrate", "--wait"],
            [
                "the command's: tapit create task -- python manage.py migrate --wait",
                "tapit's own: tapit create task --wait -- python manage.py migrate",
            ],
        ),
        (
            ["create", "task", "python", "manage.py", "check", "--deploy"],
            ["the command's: tapit create task -- python manage.py check --deploy"],
        ),
        (
            ["create", "task", "./job", "--deep", "-w", "memory=4"],
            [
                "the command's: tapit create task -- ./job --deep -w memory=4",
                "tapit's own: tapit create task -w memory=4 -- ./job --deep",
            ],
        ),
        (
            ["run", "memory=2", "git", "checkout", "--", "file"],
            [
                "the command's: tapit run memory=2 -- git checkout -- file",
                "tapit's own: tapit run memory=2 -- git checkout file",
            ],
        ),
        (["run", "df", "-h"], ["the command's: tapit run -- df -h", "tapit's own: tapit run --help"]),
        (
            ["run", "psql", "--wait"],
            ["the command's: tapit run -- psql --wait", "without it: tapit run psql"],
        ),
        (
            ["shell", "1jd3m8k7x2qf", "bash", "-l"],
            ["the command's: tapit shell 1jd3m8k7x2qf -- bash -l"],
        ),
        (
            ["create", "task", "ls", "--wiat"],
            ["the command's: tapit create task -- ls --wiat", "did you mean --wait?"],
        ),
    ],
)
def test_both_ways_to_write_it_are_shown(words: list[str], ways: list[str]) -> None:
    assert (refusal(*words).then or "").splitlines() == ways


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (["run", "-it", "bash"], "tapit run bash"),
        (["run", "-i", "-t", "bash"], "tapit run bash"),
        (["run", "--rm", "-it", "ls -l"], "tapit run 'ls -l'"),
        (["create", "task", "--rm", "-d", "ls -l"], "tapit create task 'ls -l'"),
        (["run", "--rm", "bash"], "tapit run bash"),
        (["run", "python manage.py migrate", "--wait"], "tapit run 'python manage.py migrate'"),
        (["shell", "-it", "1jd3m8k7x2qf", "bash"], "tapit shell 1jd3m8k7x2qf bash"),
        (["wait", "-w", "1jd3m8k7x2qf"], "tapit wait 1jd3m8k7x2qf"),
    ],
)
def test_what_other_programs_need_is_told_to_be_needless(words: list[str], instead: str) -> None:
    refused = refusal(*words)

    assert "needs no -" in refused.what
    assert refused.then == instead


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["create", "task", "python manage.py check", "--deploy"], "'python manage.py check --deploy'"),
        (["run", "ls /", "-l", "--color=no"], "'ls / -l --color=no'"),
        (
            ["create", "task", "-w", "./job 'a b'", "memory=2", "--deep"],
            "-w memory=2 './job '\"'\"'a b'\"'\"' --deep'",
        ),
        (["create", "task", "env | sort", "A=1"], "'env | sort A=1'"),
    ],
)
def test_what_belongs_to_a_command_in_quotes_is_shown_within_them(words: list[str], then: str) -> None:
    refused = refusal(*words)

    assert refused.why == "If it is part of the command, put it into the quotes."
    line = f"tapit {' '.join(words[: 1 if words[0] == 'run' else 2])} {then}"
    assert (refused.then or "").splitlines()[0] == line
    read(*shlex.split(line)[1:])


def test_an_option_before_the_command_is_none_of_the_commands() -> None:
    refused = refusal("create", "task", "--nosuch", "ls -l")

    assert (refused.what, refused.then) == ("there is no option --nosuch", "tapit create task --help")


def test_a_variable_before_the_command_is_the_tasks_or_the_commands() -> None:
    refused = refusal("create", "task", "DEBUG=1", "./job")

    assert (refused.then or "").splitlines() == [
        "the command's: tapit create task -- DEBUG=1 ./job",
        "a variable of the task: tapit create task env=DEBUG=1 ./job",
    ]
    assert (refusal("run", "DEBUG=1", "ls -l").then or "").splitlines() == [
        "the command's: tapit run 'DEBUG=1 ls -l'",
        "a variable of the task: tapit run env=DEBUG=1 'ls -l'",
    ]


def test_of_a_quoted_word_without_a_space_nobody_says_that_it_has_no_quotes() -> None:
    for refused in (refusal("run", "x", "--wait"), refusal("create", "task", "x", "-w")):
        assert "without quotes" not in f"{refused.what} {refused.why}"


def test_a_second_word_for_what_is_said_already_is_called_unexpected() -> None:
    assert (
        refusal("create", "app", "name=shop", "environment.A=1").what == "unexpected word 'environment.A=1'"
    )
    assert refusal("show", "task", "task=1jd3m8k7x2qf", "task").what == "unexpected word 'task'"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["task", "list"], "list tasks"),
        (["tasks", "create"], "create task"),
        (["app", "show"], "show app"),
        (["task", "logs"], "logs"),
        (["apps"], "list apps"),
    ],
)
def test_the_noun_before_the_verb_is_understood(words: list[str], meant: str) -> None:
    assert refusal(*words).then == f"did you mean tapit {meant}?"


@pytest.mark.parametrize(
    ("word", "meant"), [("ls", "list tasks"), ("ps", "list tasks"), ("rm", "delete task"), ("exec", "shell")]
)
def test_what_a_command_is_called_elsewhere_is_understood(word: str, meant: str) -> None:
    assert refusal(word).then == f"did you mean tapit {meant}?"


def test_a_program_named_task_is_a_program() -> None:
    assert read("run", "task", "build").settings == {"line": "task build"}
    assert read("shell", "task=1jd3m8k7x2qf", "task", "build").settings["line"] == "task build"
    assert read("shell", "task", "1jd3m8k7x2qf").settings == {"task": "1jd3m8k7x2qf"}


def test_the_first_word_of_a_shell_is_its_task() -> None:
    assert read("shell", "1jd3m8k7x2qf", "-q").flags == {"quiet"}
    assert read("shell", "1jd3m8k7x2qf", "ls", "/").settings == {"task": "1jd3m8k7x2qf", "line": "ls /"}
    assert read("shell", "psql $URL", "task=x").settings == {"task": "x", "line": "psql $URL"}


def test_after_the_two_dashes_nothing_is_a_setting() -> None:
    assert read("create", "task", "--", "echo", "docker_tag=v 1").settings["line"] == "echo 'docker_tag=v 1'"


def test_what_goes_over_lines_is_not_repeated_in_one() -> None:
    assert (refusal("run", "sh", "-c", "a\nb").then or "").splitlines() == ["the command's: tapit run -- ..."]


def test_the_value_of_a_variable_is_not_repeated(place: Place) -> None:
    told = place.run("create", "task", "env=PASSWORD=hunter2", "--env", "B=hunter2", "./job", "-x").stderr

    assert "tapit create task env=PASSWORD=... env=B=... -- ./job -x" in told
    assert "hunter2" not in told


def test_help_within_a_command_is_the_commands_own(place: Place) -> None:
    asked = place.run("run", "df", "-h")

    assert (asked.returncode, asked.stdout) == (125, "")
    assert "tapit run -- df -h" in asked.stderr


@pytest.mark.parametrize(
    ("word", "then"), [("--nosuch", "tapit --help"), ("--verson", "did you mean --version?")]
)
def test_an_unknown_option_alone_is_named(word: str, then: str, place: Place) -> None:
    assert place.run(word).stderr == f"error: there is no option {word}\n  → {then}\n"


@pytest.mark.parametrize(
    ("word", "meant"),
    [("initated_by=John Doe", "initiated_by='John Doe'"), ("comand=a b", "command='a b'")],
)
def test_a_misspelt_key_beside_a_command_in_quotes_does_not_become_part_of_it(word: str, meant: str) -> None:
    refused = refusal("create", "task", "echo hi", word)

    assert refused.what == f"there is no key {word.partition('=')[0]}"
    assert refused.then == f"did you mean {meant}?"


@pytest.mark.parametrize("words", [["echo hi", "Europe/Berlin"], ["memory=4", "echo hi", "Europe/Berlin"]])
def test_beside_a_line_in_quotes_no_word_becomes_part_of_it_unasked(words: list[str]) -> None:
    refused = refusal("create", "task", *words)

    before = "".join(f"{word} " for word in words if "=" in word)
    assert refused.what == "unexpected word 'Europe/Berlin'"
    assert (refused.then or "").splitlines() == [
        f"part of it: tapit create task {before}'echo hi Europe/Berlin'",
        f"words of a program with a space in its name: tapit create task {before}-- 'echo hi' Europe/Berlin",
    ]


def test_a_key_without_its_equals_sign_beside_a_line_in_quotes_is_recognised() -> None:
    refused = refusal("create", "schedule", "name=x", "echo hi", "every", "15m")

    assert (refused.what, refused.then) == ("unexpected word 'every'", "did you mean every=15m?")


def test_beside_a_line_in_quotes_a_word_is_unexpected_whatever_follows_it() -> None:
    refused = refusal("create", "task", "sleep 1", "lock", "-w")

    assert refused.what == "unexpected word 'lock'"
    assert (refused.then or "").splitlines()[0] == "part of it: tapit create task -w 'sleep 1 lock'"


def test_a_variable_beside_a_command_in_quotes_is_part_of_it() -> None:
    assert read("create", "task", "NAME=a b", "echo hi").settings["line"] == "'NAME=a b' 'echo hi'"


def test_of_a_single_word_it_is_said_that_its_quotes_are_not_seen() -> None:
    refused = refusal("create", "schedule", "name=x", "true", "cron=0 2 * * *")

    assert refused.what == "whose is cron=0 2 * * *, tapit's or the command's?"
    assert "Quotes around a single word (true) are not seen" in (refused.why or "")
    assert "tapit create schedule name=x cron='0 2 * * *' -- true" in (refused.then or "")
    several = refusal("create", "schedule", "name=x", "make", "all", "every=5m")
    assert "Quotes" not in (several.why or "")


@pytest.mark.parametrize("words", [["every=5m", "if_locked=wait"], ["if_locked=wait", "every=5m"]])
def test_a_key_that_the_command_does_not_take_is_left_to_no_command(words: list[str]) -> None:
    refused = refusal("create", "schedule", "name=x", "true", *words)

    assert refused.what == "tapit create schedule takes no if_locked="
    assert "overlap=" in (refused.why or "")
    assert refused.then == "without it: tapit create schedule name=x every=5m -- true"
