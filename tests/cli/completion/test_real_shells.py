"""Completion in real shells on a real terminal: what is on the line, and below it, after a Tab."""

from collections.abc import Iterator

import pytest

from tests.cli.completion.shell_at_a_terminal import (
    AS_DOCUMENTED,
    SHELLS,
    ShellAtATerminal,
    shell_at_a_terminal,
)
from tests.cli.conftest import Place
from tests.cli.scripted_home import Asked, Says, ScriptedHome, a_task

pytestmark = pytest.mark.slow

APPS = ("shop", "shop-of-a-customer-in-eu-west-1", "shop-of-a-customer-in-eu-west-2", "blog")


def _answers(asked: Asked) -> Says:
    if asked.path == "/apps":
        return Says({"items": [{"name": name} for name in (*APPS, "evil$(touch evil)")], "next": None})
    tasks = [
        a_task(id="1jd3m8k7x2qf", command="echo $HOME `id` \"a:b\" 'c' \\n"),
        a_task(id="1jd3zzzzzzzz"),
        a_task(id="2$(touch evil)"),
    ]
    return Says({"items": tasks, "next": None})


@pytest.fixture(scope="module")
def place_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = ScriptedHome(_answers)
    place = Place(tmp_path_factory.mktemp("place"))
    place.knows(home)
    _leave_files_about(place)
    yield place
    home.close()


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, place_of_all: Place) -> Iterator[ShellAtATerminal]:
    with shell_at_a_terminal(request.param, place_of_all, AS_DOCUMENTED[request.param]) as started:
        yield started


def _leave_files_about(place: Place) -> None:
    (place.folder / ".env").write_text("A=1\n")
    (place.folder / "my file.txt").write_text("A=1\n")
    (place.folder / "source").mkdir()
    (place.folder / "source" / "manage.py").write_text("")
    (place.folder / "shop").mkdir()  # the name of an app, which is no folder's here


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("tapit cr", "tapit create "),
        ("tapit create ta", "tapit create task "),
        ("tapit create task mem", "tapit create task memory="),
        ("tapit create task 'echo a b' mem", "tapit create task 'echo a b' memory="),
        ('tapit create task "echo \\"a" me', 'tapit create task "echo \\"a" memory='),
        ("tapit create task echo\\ a me", "tapit create task echo\\ a memory="),
        ("tapit create task 'x y' --wa", "tapit create task 'x y' --wait "),
        ("tapit create task 'x y' --mem", "tapit create task 'x y' --memory="),
        ("tapit create task --max-", "tapit create task --max-hours="),
        ("tapit create task --max_", "tapit create task --max_hours="),
        ("tapit list tasks -o j", "tapit list tasks -o json "),
        ("tapit list tasks --output=j", "tapit list tasks --output=json "),
        ("tapit --output=j", "tapit --output=json "),
        ("tapit -oj", "tapit -ojson "),
        ("tapit -a bl", "tapit -a blog "),
        ("tapit --app bl", "tapit --app blog "),
        ("tapit --app=bl", "tapit --app=blog "),
        ("tapit -a 'bl", "tapit -a 'blog' "),
        ("tapit list tasks status=FAI", "tapit list tasks status=FAILED "),
        ("tapit list tasks status=LOST,FAI", "tapit list tasks status=LOST,FAILED "),
        ("tapit list tasks --status FAI", "tapit list tasks --status FAILED "),
        ("tapit show task task=1jd3m", "tapit show task task=1jd3m8k7x2qf "),
        ("tapit show task 1jd3m", "tapit show task 1jd3m8k7x2qf "),
        ("tapit show task --task 1jd3m", "tapit show task --task 1jd3m8k7x2qf "),
        ("tapit show task id=1jd3m", "tapit show task id=1jd3m8k7x2qf "),
        ("tapit show task task=", "tapit show task task=1jd3"),
        ("tapit delete app name=bl", "tapit delete app name=blog "),
        ("true; A=1 tapit cr", "true; A=1 tapit create "),
        ("tapit nonsense ", "tapit nonsense "),
        ("tapit show task 2", "tapit show task 2"),
        ("tapit delete app name=ev", "tapit delete app name=ev"),
        ("tapit create app env_file=.e", "tapit create app env_file=.env "),
        ("tapit create app env_file=sou", "tapit create app env_file=source/"),
        ("tapit create app env_file=source/m", "tapit create app env_file=source/manage.py "),
        ("tapit create app env_file=my", "tapit create app env_file=my\\ file.txt "),
        ("tapit create app workdir=sou", "tapit create app workdir=source/"),
        ("tapit create app workdir=my", "tapit create app workdir=my"),
        ("tapit create app --env_file=sou", "tapit create app --env_file=source/"),
        ("tapit create app --env-file sou", "tapit create app --env-file source/"),
        ("tapit create app --env_file .e", "tapit create app --env_file .env "),
        ("tapit create app env_file=~/sou", "tapit create app env_file=~/source/"),
        ("tapit create app env_file=~/source/m", "tapit create app env_file=~/source/manage.py "),
        ("tapit create app env_file=./sou", "tapit create app env_file=./source/"),
        ("tapit create app env_file=/etc/hostn", "tapit create app env_file=/etc/hostname "),
        ("tapit create app workdir=~/sou", "tapit create app workdir=~/source/"),
        ("tapit create app --workdir ~/sou", "tapit create app --workdir ~/source/"),
        ("tapit create app --workdir=./sou", "tapit create app --workdir=./source/"),
        ("tapit run python source/m", "tapit run python source/manage.py "),
        ("tapit run python ~/source/m", "tapit run python ~/source/manage.py "),
        ("tapit run ls -a sou", "tapit run ls -a source/"),
        ("tapit run ./sou", "tapit run ./source/"),
        ("tapit run sou", "tapit run source/"),
        ("tapit run memory=4 cat my", "tapit run memory=4 cat my\\ file.txt "),
        ("tapit run -- ls -a sou", "tapit run -- ls -a source/"),
        ("tapit shell 1jd3m8k7x2qf cat sou", "tapit shell 1jd3m8k7x2qf cat source/"),
        ("tapit shell 1jd3m", "tapit shell 1jd3m8k7x2qf "),
        ("tapit stop 1jd3m8k7x2qf 1jd3", "tapit stop 1jd3m8k7x2qf 1jd3zzzzzzzz "),
        ("tapit create task cat my", "tapit create task cat my\\ file.txt "),
        ("tapit create task -- cat my", "tapit create task -- cat my\\ file.txt "),
    ],
)
def test_a_line_becomes(typed: str, becomes: str, shell: ShellAtATerminal, place_of_all: Place) -> None:
    shell.completes(typed, becomes)

    assert not (place_of_all.folder / "evil").exists()


@pytest.mark.parametrize(
    ("shell", "becomes"),
    [("bash", "'my file.txt' "), ("zsh", "my\\ file.txt "), ("fish", "'my file.txt' ")],
    indirect=["shell"],
)
def test_an_open_quote_is_closed_as_the_shell_does_it(becomes: str, shell: ShellAtATerminal) -> None:
    shell.completes("tapit create app env_file='my f", f"tapit create app env_file={becomes}")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tapit create ", ["task", "app"]),
        ("tapit create task ", ["command=", "memory=", "max_hours="]),
        ("tapit -o ", ["table", "json", "id"]),
        ("tapit list tasks status=", ["PENDING", "LOST", "TIMED_OUT"]),
        ("tapit show task task=1", ["1jd3m8k7x2qf", "1jd3zzzzzzzz"]),
        ("tapit -a shop", list(APPS[:-1])),
        ("tapit list tasks -", ["--status=", "--all", "--app="]),
    ],
)
def test_it_offers(typed: str, offered: list[str], shell: ShellAtATerminal) -> None:
    shell.offers(typed, *offered)


@pytest.mark.parametrize("shell", ["zsh"], indirect=True)
def test_zsh_marks_nothing_as_explained_that_is_not(shell: ShellAtATerminal) -> None:
    shell.offers("tapit list tasks status=FAILED,", "status=FAILED,PENDING", "status=FAILED,LOST")

    assert "--" not in shell.screen


@pytest.mark.parametrize("shell", ["zsh", "fish"], indirect=True)  # bash shows what would be typed, no more
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("tapit create ", ["Run a command in a container of its own"]),
        ("tapit create task ", ["GB, 120 at most", "on whose behalf"]),
        ("tapit show task task=", ["RUNNING echo $HOME `id` \"a:b\" 'c' \\n", "RUNNING echo hi"]),
    ],
)
def test_zsh_and_fish_say_what_each_means(typed: str, said: list[str], shell: ShellAtATerminal) -> None:
    shell.offers(typed, *said)


@pytest.mark.parametrize(
    ("name", "file", "set_up"),
    [
        ("zsh", "functions/_tapit", "fpath=(~/functions $fpath); autoload -Uz compinit; compinit -D"),
        ("zsh", ".tapit", ". ~/.tapit  # with no compinit before it"),
        ("fish", "config/fish/completions/tapit.fish", ""),
    ],
    ids=["zsh's functions", "zsh alone", "fish's completions"],
)
def test_kept_in_a_file(name: str, file: str, set_up: str, place: Place) -> None:
    (place.folder / file).parent.mkdir(parents=True, exist_ok=True)
    (place.folder / file).write_text(place.run("completion", name).stdout)

    with shell_at_a_terminal(name, place, set_up) as shell:
        shell.completes("tapit create task mem", "tapit create task memory=")
