"""Subscriptions over HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.audit import Entry
from chalicelib.domain.delivery import Answer
from chalicelib.domain.errors import LimitExceeded, SubscriptionExists, Unavailable
from chalicelib.domain.subscription import EVENT_NAMES, Subscription, note_answer
from chalicelib.wiring import running_on
from tests.home_in_process import HomeInProcess

URL = "https://hooks.example.org/tapit"
GONE = Answer(status=410, seconds=0.5, text="gone", retry_after=None)


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def create(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    created = inside.ask("POST", f"/apps/{app}/subscriptions", {"url": URL, **fields})
    assert created.status == 201, created.text
    return created.json


def ask(inside: HomeInProcess, method: str, app: str, name: str, more: str = "", body: Any = None) -> Any:
    answer = inside.ask(method, f"/apps/{app}/subscriptions/{name}{more}", body)
    assert answer.status < 300, answer.text
    return answer.json


def refused(inside: HomeInProcess, app: str, **fields: Any) -> Any:
    """Return what is said of one that is not made, and fail when there is anything of it."""
    before = inside.ask("GET", f"/apps/{app}/subscriptions").json
    answer = inside.ask("POST", f"/apps/{app}/subscriptions", {"url": URL, **fields})
    assert inside.ask("GET", f"/apps/{app}/subscriptions").json == before
    return answer


def record(inside: HomeInProcess, app: str, name: str) -> Subscription:
    return inside.services.subscriptions.get(app, name)


def secrets(inside: HomeInProcess, app: str, name: str) -> list[str]:
    """Return what signs now, the newest first."""
    found, now = record(inside, app, name), inside.services.clock.now()
    return list(inside.services.secrets.read(found.id, found.secrets_at(now)))


def test_a_change_says_what_it_changed(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")

    changes = [{"paused": True, "events": ["failed"]}, {"paused": True, "events": ["failed"]}, {}]
    told = [ask(inside, "PATCH", app, "mine", body=each)["changed"] for each in changes]

    assert told == [["events", "paused"], [], []]


def test_a_new_one_is_named_by_its_host_and_wants_every_event(inside: HomeInProcess, app: str) -> None:
    created = create(inside, app)

    assert (created["name"], created["url"], created["events"]) == ("hooks-example-org", URL, [])
    assert (created["app"], created["format"], created["created_by"]) == (app, "json", "alice")
    assert (created["paused"], created["failing_since"]) == (None, None)


def test_its_secret_is_shown_once(inside: HomeInProcess, app: str) -> None:
    created = create(inside, app)
    secret, path = created["secret"], f"/apps/{app}/subscriptions"

    assert secret.startswith("whsec_")
    assert secrets(inside, app, created["name"]) == [secret]
    answers = [
        inside.ask("GET", path),
        inside.ask("GET", f"{path}/{created['name']}"),
        inside.ask("PATCH", f"{path}/{created['name']}", {"events": ["failed"]}),
    ]
    assert [answer.text for answer in answers if secret in answer.text or "secret" in answer.text] == []
    assert secret not in record(inside, app, created["name"]).model_dump_json()


def test_of_an_address_of_slacks_only_the_host_is_shown(inside: HomeInProcess, app: str) -> None:
    path, url = f"/apps/{app}/subscriptions", "https://hooks.slack.com/services/T0/B0/sesame"
    created = create(inside, app, name="mine", format="slack", url=url)
    answers = [
        inside.ask("GET", path),
        inside.ask("GET", f"{path}/mine"),
        inside.ask("PATCH", f"{path}/mine", {"events": ["failed"]}),
        inside.ask("PATCH", f"{path}/mine", {"url": f"{url}2"}),
        inside.ask("POST", f"{path}/mine/rotate"),
    ]

    assert created["url"] == "https://hooks.slack.com/..."
    assert [answer.text for answer in answers if "sesame" in answer.text or answer.status != 200] == []
    assert record(inside, app, "mine").url == f"{url}2"


def test_each_has_a_secret_of_its_own(inside: HomeInProcess, app: str) -> None:
    assert len({create(inside, app, name=name)["secret"] for name in "abc"}) == 3


def test_what_was_asked_for_is_listed_by_name(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="b", events=["failed", "lost", "failed"])
    create(inside, app, name="a", format="slack", url="https://hooks.slack.com/services/T0/B0/x")

    listed = inside.ask("GET", f"/apps/{app}/subscriptions").json

    assert [(each["name"], each["format"], each["events"]) for each in listed["items"]] == [
        ("a", "slack", []),
        ("b", "json", ["failed", "lost"]),
    ]
    assert listed["next"] is None


def test_they_come_in_pages_that_lack_none(inside: HomeInProcess, app: str) -> None:
    for name in "cabed":
        create(inside, app, name=name)

    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while query:
        page = inside.ask("GET", f"/apps/{app}/subscriptions", query=query).json
        found += [each["name"] for each in page["items"]]
        query = {"limit": 2, "cursor": page["next"]} if page["next"] else {}

    assert found == list("abcde")


def test_an_event_that_does_not_exist_is_named_with_those_that_do(inside: HomeInProcess, app: str) -> None:
    answer = refused(inside, app, events=["failed", "faild"])

    assert (answer.status, answer.json["Code"]) == (400, "InvalidRequest")
    said = answer.json["Message"]
    assert "did you mean failed?" in said
    assert [name for name in EVENT_NAMES if name not in said] == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.org/", "https"),
        ("https://localhost/hook", "machine itself"),
        ("https://127.0.0.1:8000/hook", "machine itself"),
        ("https://[::ffff:10.0.0.1]/", "address"),
        ("https://169.254.169.254/latest/meta-data", "metadata"),
        ("https://10.1.2.3/", "private"),
        ("https://user:password@hooks.example.org/", "password"),
        ("https://[::1", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_an_address_that_nothing_is_sent_to_is_refused_with_the_reason(
    inside: HomeInProcess, app: str, url: str, why: str
) -> None:
    answer = refused(inside, app, url=url)

    assert (answer.status, answer.json["Code"]) == (400, "InvalidRequest")
    assert why in answer.json["Message"]
    assert "url" in answer.json["Fields"]
    create(inside, app, name="mine")
    changed = inside.ask("PATCH", f"/apps/{app}/subscriptions/mine", {"url": url})
    assert (changed.status, record(inside, app, "mine").url) == (400, URL)


def test_the_machine_itself_may_be_allowed(inside: HomeInProcess, app: str) -> None:
    with running_on(replace(inside.services, local_webhooks=True)):
        created = create(inside, app, url="http://127.0.0.1:8000/hook")

    assert created["name"] == "host-127-0-0-1"


def test_an_app_has_one_of_a_name(inside: HomeInProcess, app: str) -> None:
    first = create(inside, app, name="mine")

    answer = refused(inside, app, name="mine", url="https://example.org/")

    assert (answer.status, answer.json["Code"]) == (409, "SubscriptionExists")
    assert f"tapit -a {app} set subscription name=mine" in answer.json["Hint"]
    assert secrets(inside, app, "mine") == [first["secret"]]
    create(inside, inside.new_app(), name="mine")


def test_an_app_has_20_unless_an_admin_allows_more(inside: HomeInProcess, app: str) -> None:
    for number in range(20):
        create(inside, app, name=f"n{number}")

    answer = refused(inside, app, name="one-more")
    assert (answer.status, answer.json["Code"]) == (403, "LimitExceeded")
    assert "max_subscriptions=20" in answer.json["Message"]
    assert answer.json["Hint"] == (
        f"Delete one, or have an admin allow more, up to 100: tapit set app name={app} max_subscriptions=..."
    )

    inside.ask("PATCH", f"/apps/{app}", {"limits": {"max_subscriptions": 21}})
    create(inside, app, name="one-more")
    assert refused(inside, app, name="two-more").status == 403


def test_whoever_is_overtaken_leaves_no_secret_behind(inside: HomeInProcess, app: str) -> None:
    """Somebody else creates one of that name, or the last that may be, just after it was looked for."""

    class Overtaken:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def list(self, _app: str) -> list[Subscription]:
            return []

        def create(self, _subscription: Subscription, _most: int, _entry: Entry) -> Subscription:
            raise self.error

    class Noting:
        def __init__(self) -> None:
            self.kept: set[str] = set()

        def add(self, subscription_id: str, _secret: str) -> int:
            self.kept.add(subscription_id)
            return 1

        def remove(self, subscription_id: str) -> None:
            self.kept.remove(subscription_id)

    for error, status in (
        (SubscriptionExists(app, "mine"), 409),
        (LimitExceeded(app, "max_subscriptions", 20, "it has that many"), 403),
    ):
        kept: Any = Noting()
        overtaken: Any = Overtaken(error)
        with running_on(replace(inside.services, subscriptions=overtaken, secrets=kept)):
            answer = inside.ask("POST", f"/apps/{app}/subscriptions", {"url": URL, "name": "mine"})
        assert answer.status == status
        assert kept.kept == set()


def test_one_of_which_nobody_knows_if_it_was_made_can_sign(inside: HomeInProcess, app: str) -> None:
    """The answer of the database is lost, as on AWS it may be."""

    class Silent:
        list = inside.services.subscriptions.list

        def create(self, *wanted: Any) -> Subscription:
            inside.services.subscriptions.create(*wanted)
            raise Unavailable("The table cannot be reached right now.")

    silent: Any = Silent()
    with running_on(replace(inside.services, subscriptions=silent)):
        answer = inside.ask("POST", f"/apps/{app}/subscriptions", {"url": URL, "name": "mine"})

    assert answer.status == 503
    assert len(secrets(inside, app, "mine")) == 1


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_one_that_is_not_there_is_not_found(inside: HomeInProcess, app: str, method: str) -> None:
    create(inside, inside.new_app(), name="mine")  # of another app
    body = {"paused": True} if method == "PATCH" else None

    answer = inside.ask(method, f"/apps/{app}/subscriptions/mine", body)

    assert (answer.status, answer.json["Code"]) == (404, "SubscriptionNotFound")
    assert answer.json["Hint"] == f"tapit -a {app} list subscriptions"


@pytest.mark.parametrize(
    ("method", "more", "body"),
    [
        ("GET", "", None),
        ("POST", "", {"url": URL}),
        ("GET", "/mine", None),
        ("PATCH", "/mine", {"paused": True}),
        ("DELETE", "/mine", None),
        ("POST", "/mine/rotate", None),
        ("POST", "/mine/test", None),
        ("POST", "/mine/resend", {"event": "1jd3m8k7x2qf-1"}),
    ],
)
def test_an_app_that_is_not_there_has_none(inside: HomeInProcess, method: str, more: str, body: Any) -> None:
    answer = inside.ask(method, f"/apps/nope/subscriptions{more}", body)

    assert (answer.status, answer.json["Code"]) == (404, "AppNotFound")


def test_only_what_is_given_changes(inside: HomeInProcess, app: str) -> None:
    created = create(inside, app, name="mine", events=["failed"])

    changed = ask(inside, "PATCH", app, "mine", body={"format": "slack"})
    assert (changed["format"], changed["events"]) == ("slack", ["failed"])
    assert record(inside, app, "mine").url == URL

    moved = ask(inside, "PATCH", app, "mine", body={"url": "https://example.org/", "events": []})
    assert (moved["events"], moved["format"]) == ([], "slack")
    assert record(inside, app, "mine").url == "https://example.org/"
    assert moved["revision"] == created["revision"] + 2
    assert ask(inside, "PATCH", app, "mine", body={})["revision"] == moved["revision"]


def test_whoever_pauses_it_is_named(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")

    paused = ask(inside, "PATCH", app, "mine", body={"paused": True})
    inside.new_task(app)

    assert (paused["paused"]["by"], paused["paused"]["why"]) == ("alice", "alice paused it.")
    assert ask(inside, "GET", app, "mine")["deliveries"] == []
    assert ask(inside, "PATCH", app, "mine", body={"paused": False})["paused"] is None


def test_one_that_paused_itself_says_so_in_the_list_and_in_the_feed(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")
    now = inside.services.clock.now()
    inside.services.subscriptions.save(note_answer(record(inside, app, "mine"), GONE, now))

    (listed,) = inside.ask("GET", f"/apps/{app}/subscriptions").json["items"]
    assert listed["paused"]["by"] is None
    assert "410" in listed["paused"]["why"]
    (event,) = inside.ask("GET", f"/apps/{app}/events").json["items"]
    assert (event["type"], event["subscription"]) == ("Subscription State Change", "mine")


def test_what_is_sent_to_it_is_shown_newest_first(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")
    task = inside.new_task(app)
    inside.ask("POST", f"/tasks/{task['id']}/stop")
    (_, waiting) = inside.services.deliveries.list(record(inside, app, "mine").id, 50)
    inside.services.deliveries.record(waiting.after(GONE, inside.services.clock.now(), 0))

    newest, oldest = ask(inside, "GET", app, "mine")["deliveries"]

    assert (newest["about"], newest["state"], newest["tries"]) == (f"task {task['id']} STOPPED", "waiting", 0)
    assert (newest["answer"], newest["last_at"]) == (None, None)
    assert newest["due_at"] is not None
    assert (oldest["event_id"], oldest["state"], oldest["tries"]) == (f"{task['id']}-1", "failed", 1)
    assert oldest["answer"] == {"status": 410, "problem": None, "text": "gone", "seconds": 0.5}


def test_after_a_rotation_the_new_secret_signs_and_the_old_one_too(inside: HomeInProcess, app: str) -> None:
    created = create(inside, app, name="mine")

    rotated = ask(inside, "POST", app, "mine", "/rotate")

    assert rotated["secret"] != created["secret"]
    assert created["previous_until"] is None
    assert rotated["previous_until"] is not None
    assert ask(inside, "GET", app, "mine")["previous_until"] == rotated["previous_until"]
    assert secrets(inside, app, "mine") == [rotated["secret"], created["secret"]]


def test_a_rotation_that_was_cut_off_leaves_the_old_secret_in_use(inside: HomeInProcess, app: str) -> None:
    created = create(inside, app, name="mine")
    inside.services.secrets.add(created["id"], "whsec_of-which-nobody-heard")

    assert secrets(inside, app, "mine") == [created["secret"]]
    rotated = ask(inside, "POST", app, "mine", "/rotate")
    assert secrets(inside, app, "mine") == [rotated["secret"], created["secret"]]


def test_whoever_rotates_twice_does_not_end_the_secret_that_the_receiver_has(
    inside: HomeInProcess, app: str
) -> None:
    """The first answer was lost, and so was the secret in it."""
    created = create(inside, app, name="mine")

    lost, rotated = (ask(inside, "POST", app, "mine", "/rotate") for _ in range(2))

    assert secrets(inside, app, "mine") == [rotated["secret"], lost["secret"], created["secret"]]


def test_with_a_removed_one_its_secrets_and_deliveries_go(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")
    inside.new_task(app)
    removed = record(inside, app, "mine")

    assert ask(inside, "DELETE", app, "mine") == {"name": "mine", "removed": True}

    assert inside.ask("GET", f"/apps/{app}/subscriptions").json["items"] == []
    assert inside.services.secrets.read(removed.id, [removed.secret]) == []
    assert inside.services.deliveries.list(removed.id, 50) == []


def test_an_app_takes_its_subscriptions_with_it(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")
    removed = record(inside, app, "mine")

    assert inside.ask("DELETE", f"/apps/{app}").status == 200

    assert inside.services.secrets.read(removed.id, [removed.secret]) == []
    inside.ask("POST", "/apps", {"name": app})
    assert inside.ask("GET", f"/apps/{app}/subscriptions").json["items"] == []


class Meddling:
    """The store, and somebody else who does something just before it is first asked to list or to remove."""

    def __init__(self, inside: HomeInProcess, meddle: Callable[[], None]) -> None:
        self._store = inside.services.subscriptions
        self._meddle: Callable[[], None] | None = meddle

    def list(self, app: str) -> Sequence[Subscription]:
        listed = self._store.list(app)
        self._do()
        return listed

    def remove(self, subscription: Subscription, entry: Entry) -> None:
        self._do()
        self._store.remove(subscription, entry)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _do(self) -> None:
        meddle, self._meddle = self._meddle, None
        if meddle is not None:
            meddle()


def test_an_app_takes_with_it_what_was_made_while_it_was_removed(inside: HomeInProcess, app: str) -> None:
    meddling: Any = Meddling(inside, lambda: create(inside, app, name="mine"))

    with running_on(replace(inside.services, subscriptions=meddling)):
        assert inside.ask("DELETE", f"/apps/{app}").status == 200

    assert inside.services.subscriptions.list(app) == []


def test_one_that_changes_while_it_is_removed_goes_all_the_same(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")

    def note() -> None:
        failed = note_answer(record(inside, app, "mine"), GONE, inside.services.clock.now())
        inside.services.subscriptions.save(failed)

    meddling: Any = Meddling(inside, note)
    with running_on(replace(inside.services, subscriptions=meddling)):
        assert inside.ask("DELETE", f"/apps/{app}/subscriptions/mine").status == 200

    assert inside.services.subscriptions.list(app) == []


def test_an_app_that_is_in_use_keeps_its_subscriptions(inside: HomeInProcess, app: str) -> None:
    create(inside, app, name="mine")
    inside.new_task(app)

    assert inside.ask("DELETE", f"/apps/{app}").status == 409
    assert len(inside.ask("GET", f"/apps/{app}/subscriptions").json["items"]) == 1
