"""Schedules over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.pause import Pause
from chalicelib.domain.schedule import Run, Schedule
from chalicelib.domain.token import Rights, Role, new_token
from tests.home_in_process import HomeInProcess

LINE = "python manage.py report"


def shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def create(inside: HomeInProcess, app: str, name: str = "nightly", **fields: Any) -> Any:
    when = {} if fields.keys() & {"every", "at", "cron"} else {"cron": "0 2 * * *"}
    what = {} if fields.keys() & {"command_name", "command"} else {"command": LINE}
    created = inside.ask("POST", f"/apps/{app}/schedules", {"name": name, **when, **what, **fields})
    assert created.status == 201, created.text
    return created.json


def save_command(inside: HomeInProcess, app: str, name: str) -> None:
    saved = inside.ask("POST", f"/apps/{app}/commands", {"name": name, "command": "true"})
    assert saved.status == 201, saved.text


def show(inside: HomeInProcess, app: str, name: str = "nightly") -> Any:
    answer = inside.ask("GET", f"/apps/{app}/schedules/{name}")
    assert answer.status == 200, answer.text
    return answer.json


def change(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    answer = inside.ask("PATCH", f"/apps/{app}/schedules/nightly", fields)
    assert answer.status == 200, answer.text
    return answer.json


def record(inside: HomeInProcess, app: str) -> Schedule:
    return inside.services.schedules.get(app, "nightly")


def test_a_new_one_says_in_words_when_it_is_due_and_runs_next(inside: HomeInProcess, app: str) -> None:
    created = create(
        inside, app, cron="@daily", timezone="Australia/Sydney", memory=2, environment={"A": "1"}
    )

    assert (created["cron"], created["in_words"]) == ("0 0 * * *", "At 00:00 every day, Australia/Sydney")
    assert (created["command"], created["command_name"], created["memory"]) == (LINE, None, 2)
    assert (created["environment"], created["created_by"], created["last_run"]) == (["A"], "alice", None)
    assert (created["overlap"], created["missed"], created["missed_within"]) == ("skip", "latest", 3600)
    assert created["next_run_at"] == show(inside, app)["next_runs"][0]
    assert "1" not in str(show(inside, app)["environment"])


def test_it_is_on_record_when_it_is_due(inside: HomeInProcess, app: str) -> None:
    create(inside, app, every=900, jitter=60)

    schedule = record(inside, app)

    assert schedule.next_run_at is not None
    assert schedule.due_at is not None
    assert timedelta(0) <= schedule.due_at - schedule.next_run_at < timedelta(minutes=1)
    assert schedule.next_run_at - schedule.starts_at <= timedelta(seconds=900)


def test_a_saved_command_is_run_with_options_before_its_own(inside: HomeInProcess, app: str) -> None:
    save_command(inside, app, "migrate")
    create(inside, app, command_name="migrate", environment={"A": "1"}, memory=2)
    change(inside, app, environment={"B": "2", "A": None})

    assert record(inside, app).options == {"memory": 2, "environment": {"A": None, "B": "2"}}
    assert (show(inside, app)["command_name"], show(inside, app)["command"]) == ("migrate", None)


def test_options_are_judged_with_the_saved_command_as_it_is(inside: HomeInProcess, app: str) -> None:
    body = {"name": "migrate", "command": "true", "retries": 2, "lock": "db"}
    assert inside.ask("POST", f"/apps/{app}/commands", body).status == 201
    create(inside, app, command_name="migrate", retry_wait=5)
    assert record(inside, app).options == {"retry_wait": 5}

    assert inside.ask("PATCH", f"/apps/{app}/commands/migrate", {"retries": None}).status == 200
    refused = inside.ask("PATCH", f"/apps/{app}/schedules/nightly", {"memory": 2, "retry_wait": 6})

    assert (refused.status, [*refused.json["Fields"]]) == (400, ["retry_wait"])


@pytest.mark.parametrize("what", [{"command_name": "migrate"}, {"command": "true"}])
def test_tags_are_set_and_taken_away_one_by_one(
    inside: HomeInProcess, app: str, what: dict[str, str]
) -> None:
    save_command(inside, app, "migrate")
    made = create(inside, app, **what, tags={"team": "shop", "old": ""})
    changed = change(inside, app, tags={"stage": "test", "old": None})

    assert (made["tags"], changed["tags"]) == ({"team": "shop", "old": ""}, {"team": "shop", "stage": "test"})
    refused = inside.ask(
        "POST", f"/apps/{app}/schedules", {"name": "b", **what, "every": 900, "tags": {"a": None}}
    )
    assert refused.json["Fields"] == {"tags.a": "must be a string"}


def test_what_is_run_takes_the_place_of_what_was(inside: HomeInProcess, app: str) -> None:
    save_command(inside, app, "migrate")
    create(inside, app, command_name="migrate", environment={"A": "1"}, memory=2)

    assert change(inside, app, command="true", memory=None)["command_name"] is None
    task = record(inside, app).task
    assert task is not None
    assert (task.command, task.environment, task.memory) == ("true", {"A": "1"}, None)

    assert change(inside, app, command_name="migrate")["command"] is None
    assert record(inside, app).options == {"environment": {"A": "1"}}


@pytest.mark.parametrize("what", [{"command": "true"}, {"command_name": "migrate"}], ids=["line", "saved"])
def test_what_changes_of_its_tasks_is_named_as_it_is_given(
    inside: HomeInProcess, app: str, what: dict[str, str]
) -> None:
    save_command(inside, app, "migrate")
    create(inside, app, **what, memory=2, environment={"A": "1"})

    assert change(inside, app, memory=4, environment={"A": "2"}, tags={"team": "x"})["changed"] == [
        "memory",
        "environment.A",
        "tags.team",
    ]
    assert change(inside, app, memory=None)["changed"] == ["memory"]


def test_a_line_in_place_of_a_saved_command_names_both_and_not_what_stays(
    inside: HomeInProcess, app: str
) -> None:
    save_command(inside, app, "migrate")
    create(inside, app, command_name="migrate", memory=2)

    assert change(inside, app, command="true")["changed"] == ["command_name", "command"]


def test_when_it_is_due_takes_the_place_of_when_it_was(inside: HomeInProcess, app: str) -> None:
    create(inside, app)

    changed = change(inside, app, every=900)
    assert (changed["cron"], changed["every"], changed["in_words"]) == (None, 900, "Every 15 minutes")
    assert "cron" in changed["changed"]
    changed = change(inside, app, at="2100-12-24T20:00", timezone="Europe/Berlin")
    assert (changed["every"], changed["at"]) == (None, "2100-12-24T19:00:00.000Z")
    assert changed["in_words"] == "Once, at 2100-12-24 20:00 Europe/Berlin"


def test_what_changes_nothing_of_its_times_leaves_due_what_is_due(inside: HomeInProcess, app: str) -> None:
    create(inside, app, every=900)
    late = record(inside, app).but(next_run_at="2026-01-01T00:00:00Z", due_at="2026-01-01T00:00:00Z")
    inside.services.schedules.save(late)

    assert change(inside, app, memory=2, overlap="queue")["changed"] == ["overlap", "memory"]
    assert record(inside, app).next_run_at == late.next_run_at
    assert change(inside, app, memory=2)["changed"] == []

    change(inside, app, every=600)
    following = record(inside, app).next_run_at
    assert following is not None
    assert following > inside.services.clock.now()


def test_switched_off_it_has_no_next_run_and_switched_on_again_it_has(
    inside: HomeInProcess, app: str
) -> None:
    create(inside, app, every=900)

    assert change(inside, app, enabled=False)["next_run_at"] is None
    assert (record(inside, app).due_at, show(inside, app)["next_runs"]) == (None, [])
    assert change(inside, app, enabled=True)["next_run_at"] is not None


def test_to_switch_one_on_that_paused_itself_resumes_it(inside: HomeInProcess, app: str) -> None:
    create(inside, app, pause_after_failures=3)
    now = inside.services.clock.now()
    paused = record(inside, app).but(
        paused=Pause(since=now, why="Three runs in a row failed.", revision=2), failures=3, problem="x"
    )
    inside.services.schedules.save(paused)
    assert show(inside, app)["paused"] == {"since": shown(now), "why": "Three runs in a row failed."}

    resumed = change(inside, app, enabled=True)

    assert (resumed["paused"], resumed["failures"], resumed["problem"]) == (None, 0, None)
    assert resumed["next_run_at"] is not None


def test_it_shows_its_last_runs_the_newest_first(inside: HomeInProcess, app: str) -> None:
    create(inside, app)
    times = [datetime.fromisoformat("2026-11-24T12:00:00Z") + timedelta(hours=hour) for hour in range(12)]
    runs = tuple(Run(time=time, why="missed") for time in times)
    inside.services.schedules.save(record(inside, app).but(runs=runs))

    told = show(inside, app)

    assert [run["time"] for run in told["runs"]] == [shown(time) for time in reversed(times[2:])]
    assert told["last_run"] == told["runs"][0]
    assert told["runs"][0] == {
        "time": shown(times[-1]),
        "task_id": None,
        "status": None,
        "exit_code": None,
        "why": "missed",
    }


def test_null_puts_a_rule_back_to_its_default(inside: HomeInProcess, app: str) -> None:
    create(inside, app, overlap="queue", jitter=60, missed_within=600, description="x", timezone="Asia/Tokyo")

    back = dict.fromkeys(("overlap", "jitter", "missed_within", "description", "timezone"))
    changed = change(inside, app, **back)

    assert [changed[name] for name in back] == ["skip", 0, 3600, None, "UTC"]


def test_a_change_of_nothing_changes_nothing(inside: HomeInProcess, app: str) -> None:
    create(inside, app, every=900)
    before = record(inside, app)

    assert change(inside, app)["changed"] == []
    assert record(inside, app) == before


@pytest.mark.parametrize(
    ("fields", "message", "named"),
    [
        (
            {"cron": "61 2 * * *"},
            "cron='61 2 * * *' cannot be: the minute is 61, and minutes go from 0 to 59.",
            "cron",
        ),
        ({"cron": "0 2 * * *", "every": 900}, "cron= and every= contradict each other.", "every"),
        ({"at": "2020-01-01T00:00"}, "at=2020-01-01 00:00 UTC is in the past.", "at"),
        ({"at": "tomorrow"}, "at=tomorrow is not a time.", "at"),
        (
            {"at": "9999-12-31T23:59", "timezone": "America/New_York"},
            "at=9999-12-31 is after the year 3000.",
            "at",
        ),
        ({"at": "0001-01-01T00:00", "timezone": "Asia/Tokyo"}, "at=0001-01-01 is in the past.", "at"),
        ({"every": 59}, "every=59s is out of range: it goes from 1 minute to 366 days.", "every"),
        ({"timezone": "Sidney"}, "timezone=Sidney is no zone.", "timezone"),
        ({"cron": None}, "Nothing says when it is due.", "cron"),
        ({"command": None}, "Nothing says what is run.", "command"),
        (
            {"command_name": "migrate", "command": "true"},
            "A line and the name of a saved command contradict each other; give one of them.",
            "command_name",
        ),
        (
            {"image": "a", "docker_tag": "b"},
            "The image is a, which names its own tag; give image= or docker_tag=, not both.",
            "docker_tag",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    inside: HomeInProcess, app: str, fields: dict[str, Any], message: str, named: str
) -> None:
    when = {} if fields.keys() & {"every", "at"} else {"cron": "0 2 * * *"}
    body = {"name": "nightly", "command": LINE, **when, **fields}

    refused = inside.ask("POST", f"/apps/{app}/schedules", body)

    assert (refused.status, refused.json["Message"]) == (400, message)
    assert named in refused.json["Fields"]
    assert inside.ask("GET", f"/apps/{app}/schedules").json["items"] == []


def test_a_second_one_of_its_name_is_refused(inside: HomeInProcess, app: str) -> None:
    create(inside, app)

    again = inside.ask("POST", f"/apps/{app}/schedules", {"name": "nightly", "command": "true", "every": 900})

    assert (again.status, again.json["Code"]) == (409, "ScheduleExists")


def test_an_app_has_no_more_than_its_limit(inside: HomeInProcess, app: str) -> None:
    assert inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_schedules": 1}}).status == 200
    create(inside, app)

    one_more = inside.ask("POST", f"/apps/{app}/schedules", {"name": "b", "command": "true", "every": 900})

    assert one_more.json["Code"] == "LimitExceeded"
    assert "max_schedules=1" in one_more.json["Message"]


def test_only_its_creator_and_admins_change_it_or_remove_it(inside: HomeInProcess, app: str) -> None:
    create(inside, app)
    path = f"/apps/{app}/schedules/nightly"

    token, text = new_token("bob", Rights(role=Role.OPERATOR))
    inside.services.tokens.add(token, inside.services.clock.now())

    for method, body in (("PATCH", {"every": 900}), ("DELETE", None)):
        refused = inside.ask(method, path, body, headers={"Authorization": f"Bearer {text}"})
        assert (refused.status, refused.json["Code"]) == (403, "Forbidden")
        assert "The schedule nightly is alice's" in refused.json["Message"]

    assert inside.ask("DELETE", path).json == {"name": "nightly", "removed": True}
    assert inside.ask("GET", path).json["Code"] == "ScheduleNotFound"


def test_a_page_has_as_many_as_were_asked_for(inside: HomeInProcess, app: str) -> None:
    for name in ("c", "a", "b"):
        create(inside, app, name)

    first = inside.ask("GET", f"/apps/{app}/schedules?limit=2").json
    rest = inside.ask("GET", f"/apps/{app}/schedules?limit=2&cursor={first['next']}").json

    assert [each["name"] for each in first["items"]] == ["a", "b"]
    assert ([each["name"] for each in rest["items"]], rest["next"]) == (["c"], None)


def test_they_go_with_their_app(inside: HomeInProcess, app: str) -> None:
    create(inside, app)

    assert inside.ask("DELETE", f"/apps/{app}").status == 200
    assert inside.ask("POST", "/apps", {"name": app}).status == 201

    assert inside.ask("GET", f"/apps/{app}/schedules").json["items"] == []


def test_it_is_started_at_once_as_its_own_task(inside: HomeInProcess, app: str) -> None:
    create(inside, app, memory=2)
    path = f"/apps/{app}/schedules/nightly/start"

    once = inside.ask("POST", path, headers={"Idempotency-Key": "a"})
    again = inside.ask("POST", path, headers={"Idempotency-Key": "a"})
    second = inside.ask("POST", path)

    assert (once.status, again.status) == (201, 201)
    assert once.json["id"] == again.json["id"]
    assert (once.json["created_by"], once.json["memory"], once.json["command"]) == (
        "schedule:nightly",
        2,
        LINE,
    )
    assert (second.status, second.json["Code"]) == (409, "Locked")
    assert second.json["Message"] == f"Task {once.json['id']} of schedule nightly has not ended."
    assert "if_locked" not in second.json["Hint"]
    assert f"tapit -a {app} set schedule name=nightly overlap=queue" in second.json["Hint"]
    (run,) = show(inside, app)["runs"]
    assert (run["task_id"], run["status"]) == (once.json["id"], "PENDING")
    assert inside.ask("GET", f"/apps/{app}/schedules").json["items"][0]["last_run"] == run


def test_a_change_answers_how_its_last_run_stands(inside: HomeInProcess, app: str) -> None:
    create(inside, app)
    started = inside.ask("POST", f"/apps/{app}/schedules/nightly/start")

    changed = change(inside, app, memory=2)

    assert (changed["last_run"]["task_id"], changed["last_run"]["status"]) == (started.json["id"], "PENDING")


def test_it_says_when_its_next_run_starts_with_its_jitter(inside: HomeInProcess, app: str) -> None:
    created = create(inside, app, every=900, jitter=60)
    due = record(inside, app).due_at

    assert due is not None
    assert created["due_at"] == show(inside, app)["due_at"] == shown(due)


def test_whoever_deletes_a_command_is_told_which_schedules_ran_it_and_these_say_so_at_once(
    inside: HomeInProcess, app: str
) -> None:
    save_command(inside, app, "migrate")
    for name in ("b", "a"):
        create(inside, app, name, command_name="migrate")
    create(inside, app)

    removed = inside.ask("DELETE", f"/apps/{app}/commands/migrate")

    assert removed.json == {"name": "migrate", "schedules": ["a", "b"], "removed": True}
    problem = f"App {app} has no command migrate."
    listed = inside.ask("GET", f"/apps/{app}/schedules").json["items"]
    assert [each["problem"] for each in listed] == [problem, problem, None]
    assert show(inside, app, "a")["problem"] == problem


def test_what_its_app_would_refuse_is_refused_at_once(inside: HomeInProcess, app: str) -> None:
    assert inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_memory": 4}}).status == 200
    body = {"name": "nightly", "command": LINE, "cron": "@daily"}

    too_large = inside.ask("POST", f"/apps/{app}/schedules", {**body, "memory": 16})
    unknown = inside.ask(
        "POST", f"/apps/{app}/schedules", {**body, "command": None, "command_name": "migrate"}
    )

    assert (too_large.json["Code"], unknown.json["Code"]) == ("LimitExceeded", "CommandNotFound")
    create(inside, app)
    assert (
        inside.ask("PATCH", f"/apps/{app}/schedules/nightly", {"memory": 16}).json["Code"] == "LimitExceeded"
    )
