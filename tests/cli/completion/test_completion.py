"""What `tapit __complete` answers; test_real_shells.py has what shells make of it."""

from collections.abc import Callable

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import Answers, Asked, Says, ScriptedHome, a_command, a_refusal, a_task

HomeThat = Callable[[Answers], ScriptedHome]


def home_with_tasks(asked: Asked) -> Says:
    if asked.path == "/apps":
        return Says({"items": [{"name": "shop"}, {"name": "blog"}], "next": None})
    if asked.path.endswith("/commands"):
        return Says({"items": [a_command("migrate"), a_command("console")], "next": None})
    if asked.path.endswith("/schedules"):
        return Says(
            {
                "items": [{"name": name, "in_words": "Every day"} for name in ("nightly", "hourly")],
                "next": None,
            }
        )
    return Says({"items": [a_task(id="1jd3m8k7x2qf"), a_task(id="1jd3zzzzzzzz")], "next": None})


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tapit cr", ["create"]),
        ("tapit create ", ["task", "app", "command", "subscription", "schedule", "token", "trust"]),
        ("tapit show schedule ni", ["nightly"]),
        ("tapit set schedule name=", ["name=nightly", "name=hourly"]),
        ("tapit list tasks schedule=h", ["schedule=hourly"]),
        ("tapit create schedule timezone=Europe/Berl", ["timezone=Europe/Berlin"]),
        ("tapit create schedule command=", ["command=migrate", "command=console"]),
        ("tapit create schedule nightly ov", ["overlap="]),
        ("tapit create schedule nightly cron=@d", ["cron=@daily"]),
        ("tapit create schedule nightly ./run.sh ov", [":files"]),
        ("tapit create command migrate if_locked=re", ["if_locked=refuse", "if_locked=replace"]),
        ("tapit set schedule nightly unset=mi", ["unset=missed", "unset=missed_within"]),
        ("tapit set schedule nightly missed=", ["missed=latest", "missed=skip", "missed=all"]),
        ("tapit set command unset=de", ["unset=description"]),
        ("tapit create task mem", ["memory="]),
        ("tapit create task 'x y' --wa", ["--wait"]),
        ("tapit create task --max-", ["--max-hours="]),
        ("tapit create task --max_", ["--max_hours="]),
        (
            "tapit create app --max-",
            [
                "--max-hours=",
                "--max-cpu=",
                "--max-memory=",
                "--max-hours-limit=",
                "--max-running=",
                "--max-subscriptions=",
                "--max-commands=",
                "--max-schedules=",
            ],
        ),
        ("tapit create task --cancel_", ["--cancel_on_interrupt"]),
        ("tapit create task -- l", [":files"]),
        ("tapit create task 'echo me", [":files"]),
        ("tapit create task 'echo a' me", ["memory="]),
        ("tapit create task cat me", [":files"]),
        ("tapit create task cat --me", [":files"]),
        ("tapit run ls -a ", [":files"]),
        ("tapit shell 1jd3m", ["1jd3m8k7x2qf"]),
        ("tapit shell task=1jd3m", ["task=1jd3m8k7x2qf"]),
        ("tapit shell 1jd3m8k7x2qf li", ["line="]),
        ("tapit rerun 1jd3m", ["1jd3m8k7x2qf"]),
        ("tapit create task command=", ["command=migrate", "command=console"]),
        ("tapit run command=c", ["command=console"]),
        ("tapit delete command m", ["migrate"]),
        ("tapit create command name=", []),
        ("tapit -o ", ["table", "json", "id"]),
        ("tapit -oj", ["-ojson"]),
        ("tapit --output=", ["--output=table", "--output=json", "--output=id"]),
        ("tapit list tasks -o j", ["json"]),
        ("tapit list tasks -qo j", ["json"]),
        ("tapit list tasks --status ST", ["STARTING", "STOPPING", "STOPPED"]),
        ("tapit list tasks status=FAI", ["status=FAILED"]),
        ("tapit list tasks status=LOST,FAI", ["status=LOST,FAILED"]),
        ("tapit list tasks --status STOPPED,STO", ["STOPPED,STOPPING"]),
        ("tapit completion ", ["bash", "zsh", "fish", "shell="]),
        ("tapit show task task=1jd3m", ["task=1jd3m8k7x2qf"]),
        ("tapit logs 1jd3", ["1jd3m8k7x2qf", "1jd3zzzzzzzz"]),
        ("tapit stop 1jd3m8k7x2qf 1jd3", ["1jd3zzzzzzzz"]),
        ("tapit create app sub", ["subnets="]),
        ("tapit create app name=a capacity=FARGATE_", ["capacity=FARGATE_SPOT"]),
        ("tapit create app env_file=", [":files"]),
        ("tapit create app workdir=/", [":folders"]),
        ("tapit set app name=shop assign_public_ip=", ["assign_public_ip=yes", "assign_public_ip=no"]),
        ("tapit rerun 1jd3m8k7x2qf unset=m", ["unset=memory", "unset=max_hours"]),
        ("tapit set app name=shop unset=memory unset=mem", ["unset=memory"]),
        (
            "tapit create task retry_on=spot,",
            ["retry_on=spot,infrastructure", "retry_on=spot,lost", "retry_on=spot,exit:"],
        ),
        ("tapit -a s", ["shop"]),
        ("tapit --app=s", ["--app=shop"]),
        ("tapit delete app name=", ["name=shop", "name=blog"]),
        ("tapit create app name=", []),
        ("tapit nonsense ", []),
        ("tapit create task memory=", []),
    ],
)
def test_what_could_come_next(line: str, offered: list[str], place: Place, home_that: HomeThat) -> None:
    home_that(home_with_tasks)

    answer = place.run("__complete_line", line).stdout

    assert [said.partition("\t")[0] for said in answer.splitlines()] == offered


@pytest.mark.parametrize(
    "words", [("-a", "blog"), ("-ablog",), ("--app", "blog"), ("--app=blog",), ("app=blog",)], ids=" ".join
)
def test_the_app_that_was_typed_is_the_one_whose_tasks_are_offered(
    words: tuple[str, ...], place: Place, home_that: HomeThat
) -> None:
    home = home_that(home_with_tasks)

    place.run("__complete", "show", "task", *words, "task=")

    assert [asked.path for asked in home.asked] == ["/apps/blog/tasks"]


@pytest.mark.parametrize(
    ("words", "statuses"),
    [
        (["stop"], "PENDING,STARTING,RUNNING,STOPPING"),
        (["wait"], "PENDING,STARTING,RUNNING,STOPPING"),
        (["shell"], "PENDING,STARTING,RUNNING,STOPPING"),
        (["set", "task"], "PENDING,STARTING,RUNNING,STOPPING"),
        (["delete", "task"], None),
        (["logs"], None),
    ],
)
def test_what_can_only_be_done_to_a_task_that_runs_offers_those(
    words: list[str], statuses: str | None, place: Place, home_that: HomeThat
) -> None:
    home = home_that(home_with_tasks)

    assert "1jd3m8k7x2qf" in place.run("__complete", *words, "1jd").stdout

    assert [asked.query.get("status") for asked in home.asked] == [statuses]


def test_a_key_that_was_given_is_not_offered_again(place: Place) -> None:
    offered = place.run("__complete", "create", "task", "memory=4", "").stdout

    assert "memory=" not in offered
    assert "cpu=" in offered


def test_ids_are_asked_for_once(place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with_tasks)

    first = place.run("__complete", "show", "task", "task=").stdout
    second = place.run("__complete", "show", "task", "task=1jd3m").stdout

    assert first.splitlines()[0] == "task=1jd3m8k7x2qf\tRUNNING echo hi"
    assert second == "task=1jd3m8k7x2qf\tRUNNING echo hi\n"
    assert len(home.asked) == 1


def test_it_is_silent_about_every_failure(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: a_refusal(500, "InternalError", "No."))

    result = place.run("__complete", "show", "task", "task=")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_nothing_wrong_shows_at_the_prompt_or_leaves_a_trace(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [3], "next": None}))
    place.config.parent.mkdir(parents=True)
    place.config.write_text("profile = 3\n")

    for words in (("show", "task", "task="), ("list", "tasks", "--profile", "")):
        result = place.run("__complete", *words, TMPDIR=str(place.folder))
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    assert not list(place.folder.glob("tapit-*.trace"))
