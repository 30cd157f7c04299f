"""`tapit stop`, and what it has in common with `delete` and `wait`: several tasks, and ids that are only begun."""

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Asked, HangsUp, Says, a_finished_task, a_refusal, a_task, some_lines

FIRST, SECOND, THIRD = "1jd3m8k7x2qf", "1jd3m8zzzzzz", "1jd3n0000000"


def home_with(tasks: dict[str, Says]) -> Callable[[Asked], Says]:
    """Answer for each task by its id, and list those whose ids begin as asked."""

    def answers(asked: Asked) -> Says:
        if asked.path.endswith("/tasks"):
            found = [
                a_task(id=one) for one in sorted(tasks, reverse=True) if one.startswith(asked.query["id"])
            ]
            return Says({"items": found, "next": None})
        if asked.path.endswith("/logs"):
            return Says(some_lines("boom", complete=True))
        return tasks.get(asked.path.split("/")[2]) or a_refusal(404, "TaskNotFound", "There is no task.")

    return answers


def test_stop_only_stops(place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({FIRST: Says(a_task(id=FIRST, status="STOPPING"))}))

    result = place.run("stop", FIRST)

    assert (result.returncode, json.loads(result.stdout)["status"]) == (0, "STOPPING")
    assert result.stderr == f"Stopping task {FIRST}.\n  wait:     tapit wait task={FIRST}\n"
    assert [(asked.method, asked.path) for asked in home.asked] == [("POST", f"/tasks/{FIRST}/stop")]


def test_a_task_that_has_ended_stays_as_it_is(place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({FIRST: Says(a_finished_task(id=FIRST))}))

    result = place.run("stop", f"task={FIRST}")

    assert (result.returncode, result.stderr) == (0, f"Task {FIRST} succeeded after 3s.\n")
    assert home.requests("DELETE") == []


@pytest.mark.parametrize("command", ["stop", "delete task", "wait", "show task", "logs"])
def test_what_says_too_little_to_be_looked_up_is_not_taken_for_a_task(
    command: str, place: Place, home_that: HomeThat
) -> None:
    home = home_that(home_with({FIRST: Says(a_task(id=FIRST))}))

    refused = place.run(*command.split(), "1jd")

    assert refused.returncode == (125 if command == "wait" else 2)
    assert "the first 4 characters" in refused.stderr
    assert home.asked == []


@pytest.mark.parametrize("words", [[f"task={FIRST},{SECOND}"], [f"{FIRST}, {SECOND}"], [FIRST, SECOND]])
@pytest.mark.parametrize("command", ["stop", "delete task", "wait"])
def test_several_stand_with_commas_between_them_or_one_by_one(
    command: str, words: list[str], place: Place, home_that: HomeThat
) -> None:
    tasks = {one: Says(a_finished_task(id=one)) for one in (FIRST, SECOND)}
    home = home_that(home_with(tasks))

    result = place.run(*command.split(), *words, "-o", "id")

    assert (result.returncode, result.stderr.count("error")) == (0, 0)
    asked = [asked.path.split("/")[2] for asked in home.asked]
    assert list(dict.fromkeys(asked)) == [FIRST, SECOND]


@pytest.mark.parametrize("command", ["show task", "logs"])
def test_where_one_task_is_shown_several_are_refused(command: str, place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({FIRST: Says(a_task(id=FIRST))}))

    refused = place.run(*command.split(), f"{FIRST},{SECOND}")

    assert refused.returncode == 2
    assert "one task at a time" in refused.stderr
    assert f"task={FIRST}\n" in refused.stderr
    assert home.asked == []


def test_who_waits_for_several_hears_at_once_of_one_that_is_not_there(
    place: Place, home_that: HomeThat
) -> None:
    home_that(home_with({FIRST: Says(a_finished_task(id=FIRST))}))

    result = place.run("wait", SECOND, FIRST)

    told = result.stderr.splitlines()
    assert result.returncode == 125
    assert told[0] == f"{SECOND}: There is no task."
    assert told.index("error: 1 of 2 tasks could not be waited for") > told.index(
        f"✓ {FIRST} succeeded after 3s"
    )


def test_when_the_time_is_up_each_that_has_not_ended_is_named_and_each_that_has_is_told(
    place: Place, home_that: HomeThat
) -> None:
    running = {one: Says(a_task(id=one, status="RUNNING")) for one in (FIRST, THIRD)}
    home_that(home_with({**running, SECOND: Says(a_finished_task(id=SECOND))}))

    result = place.run("wait", FIRST, SECOND, THIRD, "--timeout", "0.2")

    assert result.returncode == 124
    told = result.stderr.splitlines()
    assert f"✓ {SECOND} succeeded after 3s" in told
    assert "error: 2 tasks have not ended within 0.2s" in told
    assert f"  → wait again: tapit wait {FIRST} {THIRD}" in told


def test_a_task_that_is_not_there_is_an_error(place: Place, home_that: HomeThat) -> None:
    home_that(home_with({}))

    assert place.run("stop", FIRST).returncode == 3


@pytest.mark.parametrize(
    "words",
    [
        [FIRST, SECOND],
        [f"task={FIRST}", f"task={SECOND}"],
        ["--task", FIRST, SECOND, FIRST],
        ["task", FIRST, SECOND],
    ],
)
def test_several_are_each_stopped_once(words: list[str], place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({one: Says(a_task(id=one, status="STOPPING")) for one in (FIRST, SECOND)}))

    result = place.run("stop", *words)

    assert result.returncode == 0
    assert [task["id"] for task in json.loads(result.stdout)] == [FIRST, SECOND]
    assert f"  wait:     tapit wait {FIRST} {SECOND}\n" in result.stderr
    assert len(home.asked) == 2
    assert place.run("stop", "-o", "id", *words).stdout == f"{FIRST}\n{SECOND}\n"


@pytest.mark.parametrize(("words", "what"), [(["stop"], "stopped"), (["delete", "task"], "deleted")])
def test_what_fails_for_some_is_done_for_the_others_and_listed(
    words: list[str], what: str, place: Place, home_that: HomeThat
) -> None:
    no = a_refusal(403, "Forbidden", "This token may not.")
    home_that(home_with({FIRST: no, SECOND: Says(a_task(id=SECOND, status="STOPPING")), THIRD: no}))

    result = place.run(*words, FIRST, SECOND, THIRD)

    assert result.returncode == 4
    assert [task["id"] for task in json.loads(result.stdout)] == [SECOND]
    assert (
        f"error: 2 of 3 tasks could not be {what}\n"
        f"  {FIRST}: This token may not.\n  {THIRD}: This token may not.\n"
    ) in result.stderr


def test_a_home_that_is_gone_is_not_asked_about_every_task(place: Place, home_that: HomeThat) -> None:
    def answers(_asked: Asked) -> Says:
        raise HangsUp

    home = home_that(answers)

    result = place.run("stop", FIRST, SECOND, THIRD)

    assert result.returncode == 5
    assert "3 of 3 tasks could not be stopped" in result.stderr
    assert {asked.path for asked in home.asked} == {f"/tasks/{FIRST}/stop"}


def test_delete_stops_some_and_removes_others(place: Place, home_that: HomeThat) -> None:
    def answers(asked: Asked) -> Says:
        if asked.method == "DELETE":
            return Says({"id": SECOND, "removed": True})
        return home_with({FIRST: Says(a_task(id=FIRST)), SECOND: Says(a_finished_task(id=SECOND))})(asked)

    home_that(answers)

    result = place.run("delete", "task", FIRST, SECOND, THIRD)

    assert result.returncode == 0
    assert result.stderr.splitlines() == [
        f"Stopping task {FIRST}.",
        f"Removed task {SECOND} from the list.",
        "There is no task; nothing to delete.",
        f"  wait:     tapit wait task={FIRST}",
    ]


# Waiting for several


def test_all_are_waited_for_and_the_first_failure_in_their_order_is_the_exit_code(
    place: Place, home_that: HomeThat
) -> None:
    endings = {FIRST: a_finished_task(0), SECOND: a_finished_task(7), THIRD: a_finished_task(9)}
    home_that(home_with({one: Says(task | {"id": one}) for one, task in endings.items()}))

    assert place.run("wait", FIRST).returncode == 0
    assert place.run("wait", FIRST, SECOND, THIRD).returncode == 7
    result = place.run("wait", THIRD, FIRST, SECOND)

    assert result.returncode == 9
    assert [task["id"] for task in json.loads(result.stdout)] == [THIRD, FIRST, SECOND]
    for said in (
        f"{THIRD} failed with exit code 9",
        f"{FIRST} succeeded",
        f"{SECOND} failed with exit code 7",
    ):
        assert said in result.stderr


def test_a_task_that_cannot_be_waited_for_does_not_keep_from_waiting_for_the_others(
    place: Place, home_that: HomeThat
) -> None:
    home_that(home_with({FIRST: Says(a_finished_task(7, id=FIRST))}))

    result = place.run("wait", SECOND, FIRST)

    assert result.returncode == 125
    assert f"{FIRST} failed with exit code 7" in result.stderr
    assert f"error: 1 of 2 tasks could not be waited for\n  {SECOND}: There is no task." in result.stderr


def test_one_time_limit_is_for_all(place: Place, home_that: HomeThat) -> None:
    home_that(home_with({FIRST: Says(a_finished_task(0, id=FIRST)), SECOND: Says(a_task(id=SECOND))}))

    result = place.run("wait", FIRST, SECOND, "--timeout", "0.2")

    assert result.returncode == 124
    assert f"task {SECOND} has not ended within 0.2s (RUNNING)" in result.stderr


# Ids that are only begun


@pytest.mark.parametrize(
    "words",
    [
        ["show", "task", "1jd3n"],
        ["logs", "1jd3n"],
        ["stop", "task=1jd3n"],
        ["delete", "task", "1jd3n0"],
        ["wait", "1jd3n"],
        ["set", "task", "1jd3n", "max_hours=2"],
    ],
)
def test_a_unique_beginning_is_enough(words: list[str], place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({one: Says(a_finished_task(0, id=one)) for one in (FIRST, SECOND, THIRD)}))

    result = place.run(*words)

    assert result.returncode == 0, result.stderr
    assert home.asked[0].path == "/apps/demo/tasks"
    assert {asked.path.split("/")[2] for asked in home.asked[1:]} == {THIRD}


def test_a_beginning_of_several_lists_them(place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({one: Says(a_task(id=one)) for one in (FIRST, SECOND, THIRD)}))

    result = place.run("stop", "1jd3m8")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "error: the ids of several tasks begin with 1jd3m8",
        f"  {SECOND}  RUNNING  echo hi",
        f"  {FIRST}  RUNNING  echo hi",
        "  → type more of the one that you mean",
    ]
    assert home.requests("POST") == []


def test_a_beginning_of_none_says_where_it_looked(place: Place, home_that: HomeThat) -> None:
    home_that(home_with({FIRST: Says(a_task(id=FIRST))}))

    result = place.run("show", "task", "2zzz")

    assert result.returncode == 3
    assert result.stderr.startswith("error: no task of app demo has an id that begins with 2zzz\n")


@pytest.mark.parametrize("word", ["nope", "1JD3M8", "1jd3m8k7x2qf0", "../apps", "1jd3u8"])
def test_what_begins_no_id_is_asked_for_as_it_is(word: str, place: Place, home_that: HomeThat) -> None:
    home = home_that(home_with({}))

    place.run("show", "task", word)

    assert [asked.path.startswith("/tasks/") for asked in home.asked] == [True]


def test_without_an_app_a_beginning_cannot_be_looked_up(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [{"name": "shop"}], "next": None}))
    del place.env["TAPIT_APP"]

    result = place.run("show", "task", "1jd3")

    assert result.returncode == 2
    assert "no app is chosen" in result.stderr
