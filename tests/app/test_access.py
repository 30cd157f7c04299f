"""Who may do what: every route, asked with every role, for an app that the token reaches or not, in every state.

A new route needs a row in ROUTES, which says what it takes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

import app as triggers
from chalicelib.domain.app import MOST_COMMANDS
from chalicelib.domain.session import Session
from chalicelib.domain.status import Status
from chalicelib.domain.token import Rights, Role, Token, new_token
from chalicelib.http import all_routes
from tests.app.error_shape import is_documented
from tests.builders import a_command
from tests.home_in_process import HomeInProcess
from tests.http_client import Answer

VIEWER, OPERATOR, ADMIN = Role
A_ROLE = "arn:aws:iam::123456789012:role/deploy-*"
NOBODY = "1jd3m8k7x2qf"  # an id that no task has
_numbers = count()


@dataclass(frozen=True)
class Subject:
    """What a request is about: an app, and the token of whoever is to ask."""

    home: HomeInProcess
    app: str
    by: Token | None = None

    def task(self, **fields: Any) -> str:
        return str(self.home.new_task(self.app, **fields)["id"])

    def ended_task(self) -> str:
        task_id = self.task()
        self.home.ask("POST", f"/tasks/{task_id}/stop")
        return task_id

    def session(self) -> str:
        """A running task, and the session in it that the asking token opened."""
        task_id = self.task(interactive=True)
        opened_at = self.home.services.clock.now()
        by = self.by or new_token("nobody")[0]
        session = Session(id="s1", command="bash", opened_by=by.name, token_id=by.id, opened_at=opened_at)
        task = self.home.record(task_id)
        self.home.services.tasks.save(task.but(status=Status.RUNNING, sessions=(session,)))
        return f"/tasks/{task_id}/sessions/s1"

    def subscription(self) -> str:
        """The path of a new one."""
        name = f"hook-{next(_numbers)}"
        body = {"name": name, "url": "https://hooks.invalid/"}
        made = self.home.ask("POST", f"/apps/{self.app}/subscriptions", body)
        assert made.status == 201, made.text
        return f"/apps/{self.app}/subscriptions/{name}"

    def command(self) -> str:
        """The path of a new one, which the asking token saved."""
        by = self.by or new_token("nobody")[0]
        name = f"command-{next(_numbers)}"
        saved = a_command(id=name, app=self.app, name=name, created_by=by.name)
        self.home.services.commands.create(saved, MOST_COMMANDS)
        return f"/apps/{self.app}/commands/{name}"

    def schedule(self) -> str:
        """The path of a new one, which the asking token made: another one's only admins may change."""
        name = f"schedule-{next(_numbers)}"
        body = {"name": name, "command": "true", "every": 900}
        made = self.home.ask("POST", f"/apps/{self.app}/schedules", body)
        assert made.status == 201, made.text
        schedules = self.home.services.schedules
        schedules.save(schedules.get(self.app, name).but(created_by=self.by.name if self.by else "nobody"))
        return f"/apps/{self.app}/schedules/{name}"

    def event(self) -> str:
        self.task()
        return str(self.home.ask("GET", f"/apps/{self.app}/events").json["items"][0]["id"])

    def token(self) -> str:
        name = f"token-{next(_numbers)}"
        made = self.home.ask("POST", "/tokens", {"name": name, "role": "viewer", "apps": [self.app]})
        assert made.status == 201, made.text
        return name


Path = Callable[[Subject], str]
Body = Callable[[Subject], Any]


@dataclass(frozen=True)
class Row:
    """What a route takes, and how it answers who has it, who does not reach the app, and about an app that is not."""

    role: Role
    path: Path
    status: int = 200
    body: Body = field(default=lambda _: None)
    beyond: Callable[[Role], int] = field(default=lambda _: 404)
    missing: str | None = None


def only_for_admins(otherwise: int) -> Callable[[Role], int]:
    return lambda role: otherwise if role is ADMIN else 403


SIGN_IN = ("POST", "/login")  # open too, for a home on AWS
OPEN = {("GET", "/health"): "/health", ("GET", "/openapi.json"): "/openapi.json"}
ROUTES: dict[tuple[str, str], Row] = {
    ("POST", "/apps/{app_name}/tasks"): Row(
        OPERATOR,
        lambda about: f"/apps/{about.app}/tasks",
        201,
        body=lambda _: {"command": "true"},
        missing="/apps/nope/tasks",
    ),
    ("GET", "/apps/{app_name}/tasks"): Row(
        VIEWER, lambda about: f"/apps/{about.app}/tasks", missing="/apps/nope/tasks"
    ),
    ("GET", "/apps/{app_name}/events"): Row(
        VIEWER, lambda about: f"/apps/{about.app}/events", missing="/apps/nope/events"
    ),
    ("GET", "/tasks/{task_id}"): Row(
        VIEWER, lambda about: f"/tasks/{about.task()}", missing=f"/tasks/{NOBODY}"
    ),
    ("PATCH", "/tasks/{task_id}"): Row(
        OPERATOR,
        lambda about: f"/tasks/{about.task()}",
        body=lambda _: {"max_hours": 1},
        missing=f"/tasks/{NOBODY}",
    ),
    ("DELETE", "/tasks/{task_id}"): Row(
        OPERATOR, lambda about: f"/tasks/{about.ended_task()}", missing=f"/tasks/{NOBODY}"
    ),
    ("POST", "/tasks/{task_id}/stop"): Row(
        OPERATOR, lambda about: f"/tasks/{about.task()}/stop", missing=f"/tasks/{NOBODY}/stop"
    ),
    ("GET", "/tasks/{task_id}/logs"): Row(
        VIEWER, lambda about: f"/tasks/{about.task()}/logs", missing=f"/tasks/{NOBODY}/logs"
    ),
    ("POST", "/tasks/{task_id}/rerun"): Row(
        OPERATOR,
        lambda about: f"/tasks/{about.ended_task()}/rerun",
        201,
        body=lambda _: {},
        missing=f"/tasks/{NOBODY}/rerun",
    ),
    ("POST", "/tasks/{task_id}/sessions"): Row(  # nothing runs here, so nobody can be let in
        OPERATOR,
        lambda about: f"/tasks/{about.task(interactive=True)}/sessions",
        409,
        body=lambda _: {"command": "bash"},
        missing=f"/tasks/{NOBODY}/sessions",
    ),
    ("POST", "/tasks/{task_id}/sessions/{session_id}/resume"): Row(
        OPERATOR,
        lambda about: f"{about.session()}/resume",
        409,
        missing=f"/tasks/{NOBODY}/sessions/s1/resume",
    ),
    ("POST", "/tasks/{task_id}/sessions/{session_id}/attend"): Row(
        OPERATOR, lambda about: f"{about.session()}/attend", missing=f"/tasks/{NOBODY}/sessions/s1/attend"
    ),
    ("POST", "/tasks/{task_id}/sessions/{session_id}/end"): Row(
        OPERATOR,
        lambda about: f"{about.session()}/end",
        body=lambda _: {},
        missing=f"/tasks/{NOBODY}/sessions/s1/end",
    ),
    ("GET", "/apps"): Row(VIEWER, lambda _: "/apps", beyond=lambda _: 200),
    ("POST", "/apps"): Row(
        ADMIN,
        lambda _: "/apps",
        409,  # it is there already, and that is told only to who reaches it
        body=lambda about: {"name": about.app},
        beyond=lambda _: 403,
    ),
    ("GET", "/apps/{app_name}"): Row(VIEWER, lambda about: f"/apps/{about.app}", missing="/apps/nope"),
    ("PATCH", "/apps/{app_name}"): Row(
        ADMIN, lambda about: f"/apps/{about.app}", body=lambda _: {"memory": 2}, missing="/apps/nope"
    ),
    ("DELETE", "/apps/{app_name}"): Row(ADMIN, lambda about: f"/apps/{about.app}", missing="/apps/nope"),
    ("POST", "/apps/{app_name}/subscriptions"): Row(
        ADMIN,
        lambda about: f"/apps/{about.app}/subscriptions",
        201,
        body=lambda _: {"url": "https://hooks.invalid/"},
        missing="/apps/nope/subscriptions",
    ),
    ("GET", "/apps/{app_name}/subscriptions"): Row(
        OPERATOR, lambda about: f"/apps/{about.app}/subscriptions", missing="/apps/nope/subscriptions"
    ),
    ("GET", "/apps/{app_name}/subscriptions/{name}"): Row(
        OPERATOR, lambda about: about.subscription(), missing="/apps/nope/subscriptions/x"
    ),
    ("PATCH", "/apps/{app_name}/subscriptions/{name}"): Row(
        ADMIN,
        lambda about: about.subscription(),
        body=lambda _: {"paused": True},
        missing="/apps/nope/subscriptions/x",
    ),
    ("DELETE", "/apps/{app_name}/subscriptions/{name}"): Row(
        ADMIN, lambda about: about.subscription(), missing="/apps/nope/subscriptions/x"
    ),
    ("POST", "/apps/{app_name}/subscriptions/{name}/rotate"): Row(
        ADMIN, lambda about: f"{about.subscription()}/rotate", missing="/apps/nope/subscriptions/x/rotate"
    ),
    ("POST", "/apps/{app_name}/subscriptions/{name}/test"): Row(
        OPERATOR, lambda about: f"{about.subscription()}/test", missing="/apps/nope/subscriptions/x/test"
    ),
    ("POST", "/apps/{app_name}/subscriptions/{name}/resend"): Row(
        OPERATOR,
        lambda about: f"{about.subscription()}/resend",
        202,
        body=lambda about: {"event": about.event()},
        missing="/apps/nope/subscriptions/x/resend",
    ),
    ("POST", "/apps/{app_name}/commands"): Row(
        OPERATOR,
        lambda about: f"/apps/{about.app}/commands",
        201,
        body=lambda _: {"name": "migrate", "command": "true"},
        missing="/apps/nope/commands",
    ),
    ("GET", "/apps/{app_name}/commands"): Row(
        VIEWER, lambda about: f"/apps/{about.app}/commands", missing="/apps/nope/commands"
    ),
    ("GET", "/apps/{app_name}/commands/{name}"): Row(
        VIEWER, lambda about: about.command(), missing="/apps/nope/commands/x"
    ),
    ("PATCH", "/apps/{app_name}/commands/{name}"): Row(
        OPERATOR, lambda about: about.command(), body=lambda _: {"memory": 2}, missing="/apps/nope/commands/x"
    ),
    ("DELETE", "/apps/{app_name}/commands/{name}"): Row(
        OPERATOR, lambda about: about.command(), missing="/apps/nope/commands/x"
    ),
    ("POST", "/apps/{app_name}/schedules"): Row(
        OPERATOR,
        lambda about: f"/apps/{about.app}/schedules",
        201,
        body=lambda _: {"name": f"schedule-{next(_numbers)}", "command": "true", "cron": "0 2 * * *"},
        missing="/apps/nope/schedules",
    ),
    ("GET", "/apps/{app_name}/schedules"): Row(
        VIEWER, lambda about: f"/apps/{about.app}/schedules", missing="/apps/nope/schedules"
    ),
    ("GET", "/apps/{app_name}/schedules/{name}"): Row(
        VIEWER, lambda about: about.schedule(), missing="/apps/nope/schedules/x"
    ),
    ("PATCH", "/apps/{app_name}/schedules/{name}"): Row(
        OPERATOR,
        lambda about: about.schedule(),
        body=lambda _: {"every": 600},
        missing="/apps/nope/schedules/x",
    ),
    ("POST", "/apps/{app_name}/schedules/{name}/start"): Row(
        OPERATOR,
        lambda about: f"{about.schedule()}/start",
        201,
        missing="/apps/nope/schedules/x/start",
    ),
    ("DELETE", "/apps/{app_name}/schedules/{name}"): Row(
        OPERATOR, lambda about: about.schedule(), missing="/apps/nope/schedules/x"
    ),
    ("GET", "/whoami"): Row(VIEWER, lambda _: "/whoami", beyond=lambda _: 200),
    ("GET", "/tokens"): Row(ADMIN, lambda _: "/tokens", beyond=only_for_admins(200)),
    ("POST", "/tokens"): Row(
        ADMIN,
        lambda _: "/tokens",
        201,
        body=lambda about: {"name": f"new-{next(_numbers)}", "role": "viewer", "apps": [about.app]},
        beyond=lambda _: 403,
    ),
    ("DELETE", "/tokens/{token_name}"): Row(
        ADMIN, lambda about: f"/tokens/{about.token()}", beyond=only_for_admins(404), missing="/tokens/nope"
    ),
    # a home on one machine trusts no AWS identities, and says so to whoever might
    ("GET", "/trusts"): Row(ADMIN, lambda _: "/trusts", 400, beyond=only_for_admins(400)),
    ("POST", "/trusts"): Row(
        ADMIN,
        lambda _: "/trusts",
        400,
        body=lambda about: {"name": "ci", "role": "viewer", "arn": A_ROLE, "apps": [about.app]},
        beyond=lambda _: 403,
    ),
    ("DELETE", "/trusts/{trust_name}"): Row(ADMIN, lambda _: "/trusts/ci", 400, beyond=only_for_admins(400)),
    ("GET", "/audit"): Row(ADMIN, lambda about: f"/audit?app={about.app}", beyond=only_for_admins(404)),
}
ABOUT_SOMETHING = [name for name, row in ROUTES.items() if row.missing]


def named(route: tuple[str, str]) -> str:
    return " ".join(route)


every_route = pytest.mark.parametrize("route", ROUTES, ids=named)
every_role = pytest.mark.parametrize("role", Role)


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


@pytest.fixture
def other_app(inside: HomeInProcess) -> str:
    return inside.new_app()


def made(home: HomeInProcess, rights: Rights) -> tuple[Token, str]:
    token, text = new_token(f"made-{next(_numbers)}", rights)
    home.services.tokens.add(token, home.services.clock.now(), "alice")
    return token, text


def ask(home: HomeInProcess, method: str, path: str, body: Any, authorization: str) -> Answer:
    answer = home.ask(method, path, body, headers={"Authorization": authorization})
    assert is_documented(answer), answer.text
    return answer


def asked(inside: HomeInProcess, route: tuple[str, str], app: str, rights: Rights) -> Answer:
    """Ask the route about something of the app."""
    token, text = made(inside, rights)
    row, about = ROUTES[route], Subject(inside, app, token)
    return ask(inside, route[0], row.path(about), row.body(about), f"Bearer {text}")


def test_every_route_has_a_row() -> None:
    served = {(method, path) for path, methods in triggers.app.routes.items() for method in methods}

    assert served == ROUTES.keys() | OPEN.keys() | {SIGN_IN}


def test_what_a_row_says_a_route_takes_is_what_stands_beside_it() -> None:
    declared = {
        (route.method, route.path): route.role for routes in all_routes.ROUTES for route in routes.all
    }

    assert declared == {name: row.role for name, row in ROUTES.items()} | {SIGN_IN: None}


@every_route
@every_role
@pytest.mark.parametrize("bound", [True, False], ids=["for its app", "for every app"])
def test_who_reaches_the_app_is_judged_by_the_role(
    inside: HomeInProcess, app: str, route: tuple[str, str], role: Role, *, bound: bool
) -> None:
    answer = asked(inside, route, app, Rights(role=role, apps=(app,) if bound else None))

    expected = ROUTES[route].status if role.includes(ROUTES[route].role) else 403
    assert answer.status == expected, answer.text


@every_route
@every_role
@pytest.mark.parametrize("apps", ["another", "none"])
def test_who_does_not_reach_the_app_learns_nothing_of_it(
    inside: HomeInProcess, app: str, other_app: str, route: tuple[str, str], role: Role, apps: str
) -> None:
    answer = asked(inside, route, app, Rights(role=role, apps=(other_app,) if apps == "another" else ()))

    assert answer.status == ROUTES[route].beyond(role), answer.text
    if answer.status == 404:  # word by word as of what is not there
        assert answer.json["Message"].startswith("There is no ")
    else:
        assert app not in answer.text or (route == ("POST", "/apps") and app in answer.json["Message"])


@pytest.mark.parametrize("route", ABOUT_SOMETHING, ids=named)
@every_role
@pytest.mark.parametrize("bound", [True, False], ids=["for another app", "for every app"])
def test_what_is_not_there_is_not_found(
    inside: HomeInProcess, app: str, route: tuple[str, str], role: Role, *, bound: bool
) -> None:
    row, (_, text) = ROUTES[route], made(inside, Rights(role=role, apps=(app,) if bound else None))
    assert row.missing is not None

    answer = ask(inside, route[0], row.missing, row.body(Subject(inside, app)), f"Bearer {text}")

    expected = 404 if role.includes(row.role) else row.beyond(role) if bound else 403
    assert answer.status == expected, answer.text


def states(home: HomeInProcess) -> dict[str, str]:
    """Authorizations that are none, each of an admin who might do everything."""
    now = home.services.clock.now()
    _, expired = made(home, Rights(expires_at=now - timedelta(seconds=1)))
    deleted_token, deleted = made(home, Rights())
    home.services.tokens.remove(home.services.tokens.get(deleted_token.name))
    known, good = made(home, Rights())
    _, foreign = new_token(known.name)
    return {
        "missing": "",
        "blank": " ",
        "malformed": "Bearer tpt_x",
        "cut short": f"Bearer {good[:-1]}",
        "without its scheme": good,
        "of another scheme": f"Basic {good}",
        "with another secret": f"Bearer {good[:13]}{foreign[13:]}",
        "expired": f"Bearer {expired}",
        "deleted": f"Bearer {deleted}",
        "foreign": f"Bearer {foreign}",
    }


STATES = ["missing", "blank", "malformed", "cut short", "without its scheme", "of another scheme"]
STATES += ["with another secret", "expired", "deleted", "foreign"]


@every_route
@pytest.mark.parametrize("state", STATES)
def test_a_token_that_is_not_good_is_good_for_nothing(
    inside: HomeInProcess, app: str, route: tuple[str, str], state: str
) -> None:
    row, about = ROUTES[route], Subject(inside, app)

    answer = ask(inside, route[0], row.path(about), row.body(about), states(inside)[state])

    assert (answer.status, answer.json["Code"]) == (401, "Unauthenticated"), answer.text
    assert answer.headers["www-authenticate"] == 'Bearer realm="tapit"'
    assert app not in answer.text


@pytest.mark.parametrize("path", OPEN.values())
@pytest.mark.parametrize("state", STATES)
def test_what_is_open_needs_no_token(inside: HomeInProcess, path: str, state: str) -> None:
    assert ask(inside, "GET", path, None, states(inside)[state]).status == 200


@pytest.mark.parametrize("state", STATES)
def test_signing_in_needs_no_token_and_is_for_a_home_on_aws(inside: HomeInProcess, state: str) -> None:
    body = {"url": "https://sts.amazonaws.com/", "home": "127.0.0.1"}

    answer = ask(inside, *SIGN_IN, body, states(inside)[state])

    assert (answer.status, answer.json["Code"]) == (400, "NoAwsIdentities")
    assert "is for a home on AWS" in answer.json["Message"]


def not_found(inside: HomeInProcess, path: str, text: str, method: str = "DELETE") -> dict[str, Any]:
    answer = ask(inside, method, path, None, f"Bearer {text}")
    assert answer.status == 404, answer.text
    return {"Message": answer.json["Message"], "Code": answer.json["Code"]}


def test_to_a_token_for_some_apps_what_is_out_of_reach_is_told_as_what_is_not_there(
    inside: HomeInProcess, app: str, other_app: str
) -> None:
    """Neither does it learn which of both it is, nor is it told for sure that there is none."""
    token, text = made(inside, Rights(apps=(app,)))
    theirs = Subject(inside, other_app)
    pairs = [
        (f"/apps/{other_app}", "/apps/no-such-app"),
        (f"/apps/{other_app}/subscriptions/x", "/apps/no-such-app/subscriptions/x"),
        (theirs.command(), "/apps/no-such-app/commands/x"),
        (f"/tasks/{theirs.task()}", f"/tasks/{NOBODY}"),
        (f"/tokens/{theirs.token()}", "/tokens/no-such-token"),
    ]

    for beyond, missing in pairs:
        said, of_missing = not_found(inside, beyond, text), not_found(inside, missing, text)

        name, missing_name = beyond.split("/")[2], missing.split("/")[2]
        assert said["Message"].replace(name, missing_name) == of_missing["Message"]
        assert said["Code"] == of_missing["Code"]
        assert f"that token {token.name} reaches" in said["Message"]


def test_of_its_own_app_a_token_is_told_for_sure(inside: HomeInProcess) -> None:
    _, text = made(inside, Rights(apps=("not-made-yet",)))

    assert not_found(inside, "/apps/not-made-yet", text) == {
        "Message": "There is no app not-made-yet.",
        "Code": "AppNotFound",
    }


# Beyond single requests


def as_(home: HomeInProcess, rights: Rights) -> Callable[..., Answer]:
    """Ask with a token of those rights, always the same."""
    _, text = made(home, rights)
    return lambda method, path, body=None: ask(home, method, path, body, f"Bearer {text}")


def test_a_list_of_apps_holds_those_that_the_token_reaches_page_by_page(inside: HomeInProcess) -> None:
    mine = sorted(inside.new_app() for _ in range(3))
    inside.new_app()
    viewer = as_(inside, Rights(role=VIEWER, apps=(*mine, "not-made-yet")))

    first = viewer("GET", "/apps?limit=2").json
    rest = viewer("GET", f"/apps?limit=2&cursor={first['next']}").json

    assert [app["name"] for app in first["items"]] == mine[:2]
    assert [app["name"] for app in rest["items"]] == mine[2:]
    assert rest["next"] is None


def test_an_admin_of_some_apps_makes_and_removes_those_alone(inside: HomeInProcess) -> None:
    name = f"app-{next(_numbers)}"
    admin = as_(inside, Rights(apps=(name,)))

    assert admin("POST", "/apps", {"name": name}).status == 201
    assert admin("POST", "/apps", {"name": f"{name}-2"}).status == 403
    assert admin("DELETE", f"/apps/{name}").status == 200


def test_a_refusal_names_the_right_and_who_can_give_it(inside: HomeInProcess, app: str) -> None:
    viewer = as_(inside, Rights(role=VIEWER))

    refused = viewer("POST", f"/apps/{app}/tasks", {"command": "true"}).json

    assert refused["Code"] == "Forbidden"
    assert refused["Message"].startswith("This takes the role operator; token made-")
    assert refused["Message"].endswith(" is a viewer's.")
    assert "admin" in refused["Hint"]
    assert "tapit create token name=NAME role=operator" in refused["Hint"]


def test_what_has_expired_says_so_and_when(inside: HomeInProcess) -> None:
    now = inside.services.clock.now()
    token, text = made(inside, Rights(expires_at=now - timedelta(days=1)))

    said = ask(inside, "GET", "/apps", None, f"Bearer {text}").json["Message"]

    assert said == f"Token {token.name} expired at {now - timedelta(days=1):%Y-%m-%d %H:%M} UTC."


def test_of_what_has_expired_nothing_is_told_to_who_has_not_its_secret(inside: HomeInProcess) -> None:
    token, text = made(inside, Rights(expires_at=inside.services.clock.now()))

    said = ask(inside, "GET", "/apps", None, f"Bearer {text[:-1]}{'a' if text[-1] != 'a' else 'b'}").json

    assert token.name not in said["Message"]


@pytest.mark.parametrize("what", ["resume", "attend", "end"])
def test_a_session_is_for_nobody_but_its_own_token_and_admins(
    inside: HomeInProcess, app: str, what: str
) -> None:
    token, text = made(inside, Rights(role=OPERATOR))
    path = f"{Subject(inside, app, token).session()}/{what}"
    body: dict[str, Any] | None = {} if what == "end" else None

    other = as_(inside, Rights(role=OPERATOR, apps=(app,)))("POST", path, body)
    assert (other.status, other.json["Code"]) == (403, "Forbidden")
    assert f"is {token.name}'s" in other.json["Message"]
    admin = as_(inside, Rights(apps=(app,)))("POST", path, body)
    assert admin.status in (200, 409), admin.text
    assert ask(inside, "POST", path, body, f"Bearer {text}").status in (200, 409)


def test_who_ended_a_session_of_somebody_else_s_is_shown(inside: HomeInProcess, app: str) -> None:
    token, _ = made(inside, Rights(role=OPERATOR))
    path = Subject(inside, app, token).session()

    ended = inside.ask("POST", f"{path}/end", {}).json["sessions"][0]

    assert (ended["opened_by"], ended["ended_by"]) == (token.name, "alice")


def test_another_token_of_the_same_name_does_not_own_the_session(inside: HomeInProcess, app: str) -> None:
    first, _ = made(inside, Rights(role=OPERATOR))
    path = Subject(inside, app, first).session()
    inside.services.tokens.remove(inside.services.tokens.get(first.name))
    second, text = new_token(first.name, Rights(role=OPERATOR))
    inside.services.tokens.add(second, inside.services.clock.now())

    assert ask(inside, "POST", f"{path}/end", {}, f"Bearer {text}").status == 403
