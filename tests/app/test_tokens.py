"""Tokens over HTTP: made, listed, used and deleted; and none makes one that is good for more than itself."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.token import Rights, Role, new_token
from tests.home_in_process import HomeInProcess
from tests.http_client import Answer

_numbers = count()


@pytest.fixture
def app(inside: HomeInProcess) -> str:
    return inside.new_app()


def a_name() -> str:
    return f"made-here-{next(_numbers)}"


def create(home: HomeInProcess, by: str | None = None, **fields: Any) -> Answer:
    body = {"name": a_name(), "role": "viewer", **fields}
    headers = {"Authorization": f"Bearer {by}"} if by else {}
    return home.ask("POST", "/tokens", body, headers=headers)


def a_token(home: HomeInProcess, rights: Rights) -> str:
    token, text = new_token(a_name(), rights)
    home.services.tokens.add(token, home.services.clock.now())
    return text


def as_(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def listed(home: HomeInProcess, name: str) -> Any:
    """What the list tells of a token; others have many in it."""
    query: dict[str, Any] = {}
    while True:
        page = home.ask("GET", "/tokens", query=query).json
        found = [token for token in page["items"] if token["name"] == name]
        if found or page["next"] is None:
            return found[0]
        query = {"cursor": page["next"]}


def test_a_token_is_good_for_what_it_was_made_for(inside: HomeInProcess, app: str) -> None:
    made = create(inside, role="operator", apps=[app, app], expires_in=3600)

    assert made.status == 201
    told = made.json
    assert (told["role"], told["apps"], told["created_by"], told["notes"]) == ("operator", [app], "alice", [])
    me = inside.ask("GET", "/whoami", headers=as_(told["token"])).json
    assert me == {
        "name": told["name"],
        "role": "operator",
        "apps": [app],
        "expires_at": told["expires_at"],
        "home": "local",
    }
    lasts = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["created_at"])
    assert lasts == timedelta(hours=1)


@pytest.mark.parametrize("role", Role)
def test_each_answer_says_the_role_of_the_token_that_asked(
    inside: HomeInProcess, app: str, role: Role
) -> None:
    token, text = new_token(f"role-{role}-{app}", Rights(role=role))
    inside.services.tokens.add(token, inside.services.clock.now(), "alice")

    for path in (f"/apps/{app}", "/whoami", f"/apps/{app}/tasks"):
        answer = inside.ask("GET", path, headers={"Authorization": f"Bearer {text}"})
        assert answer.headers["tapit-role"] == role
    assert "tapit-role" not in inside.ask("GET", "/health").headers


def test_the_text_of_a_token_is_in_the_answer_that_made_it_alone(inside: HomeInProcess) -> None:
    made = create(inside).json

    mine = listed(inside, made["name"])

    assert made["token"].startswith(f"tpt_{made['id']}_")
    assert made["token"][13:] not in str(mine)
    assert mine == {name: made[name] for name in mine}


def test_what_is_done_with_a_token_is_under_its_name(inside: HomeInProcess, app: str) -> None:
    made = create(inside, role="operator").json

    task = inside.ask("POST", f"/apps/{app}/tasks", {"command": "true"}, headers=as_(made["token"])).json

    assert task["created_by"] == made["name"]


def test_when_a_token_was_used_is_listed(inside: HomeInProcess) -> None:
    made = create(inside).json
    before = inside.services.tokens.get(made["name"]).last_used_at
    inside.ask("GET", "/whoami", headers=as_(made["token"]))

    mine = listed(inside, made["name"])

    assert before is None
    assert mine["last_used_at"] >= made["created_at"]


def test_a_deleted_token_is_refused_at_once_and_its_name_is_free(inside: HomeInProcess) -> None:
    made = create(inside).json

    removed = inside.ask("DELETE", f"/tokens/{made['name']}")

    assert removed.json == {"name": made["name"], "removed": True}
    assert inside.ask("GET", "/whoami", headers=as_(made["token"])).status == 401
    assert inside.ask("DELETE", f"/tokens/{made['name']}").json["Code"] == "TokenNotFound"
    assert create(inside, name=made["name"]).status == 201


def test_a_name_is_given_once(inside: HomeInProcess) -> None:
    made = create(inside).json

    again = create(inside, name=made["name"])

    assert (again.status, again.json["Code"]) == (409, "TokenExists")
    assert f"tapit delete token name={made['name']}" in again.json["Hint"]


def test_the_name_of_a_token_that_has_expired_is_free(inside: HomeInProcess) -> None:
    rights = Rights(expires_at=inside.services.clock.now() - timedelta(days=1))
    token, _ = new_token(a_name(), rights)
    inside.services.tokens.add(token, inside.services.clock.now())

    assert create(inside, name=token.name).status == 201
    assert inside.services.tokens.find(token.id) is None


def test_an_app_that_is_not_there_yet_gets_a_note(inside: HomeInProcess, app: str) -> None:
    made = create(inside, apps=[app, "shp"])

    assert (made.status, made.json["notes"]) == (201, ["There is no app shp yet."])


def test_the_owner_of_a_machine_cannot_be_locked_out(inside: HomeInProcess) -> None:
    refused = inside.ask("DELETE", "/tokens/alice")

    assert (refused.status, refused.json["Code"]) == (409, "OwnersToken")
    assert inside.ask("GET", "/whoami").json["name"] == "alice"


@pytest.mark.parametrize(
    ("by", "wanted", "said"),
    [
        ({"apps": ("shop", "blog")}, {}, "is for shop, blog alone"),
        ({"apps": ("shop",)}, {"apps": ["shop", "blog"]}, "is for shop alone"),
        ({"apps": ()}, {"apps": ["shop"]}, "is for no app alone"),
        ({"lasts": timedelta(hours=1)}, {"expires_in": 7200}, "expires at"),
    ],
)
def test_no_token_makes_one_that_is_good_for_more(
    inside: HomeInProcess, by: dict[str, Any], wanted: dict[str, Any], said: str
) -> None:
    expires_at = inside.services.clock.now() + by["lasts"] if "lasts" in by else None
    text = a_token(inside, Rights(apps=by.get("apps"), expires_at=expires_at))

    refused = create(inside, text, **wanted)

    assert (refused.status, refused.json["Code"]) == (403, "Forbidden")
    assert said in refused.json["Message"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_is_no_admin_makes_no_token_at_all(inside: HomeInProcess, role: Role) -> None:
    assert create(inside, a_token(inside, Rights(role=role)), role="viewer").status == 403


def test_what_a_token_makes_that_expires_expires_with_it(inside: HomeInProcess) -> None:
    now = inside.services.clock.now()
    by = a_token(inside, Rights(expires_at=now + timedelta(hours=1)))

    made, shorter = create(inside, by).json, create(inside, by, expires_in=60).json

    end = datetime.fromisoformat(made["expires_at"])
    assert abs(end - now - timedelta(hours=1)) < timedelta(milliseconds=1)
    assert made["notes"] == ["It expires when the token does that made it."]
    assert (shorter["expires_at"] < made["expires_at"], shorter["notes"]) == (True, [])


def test_an_admin_of_some_apps_sees_and_deletes_the_tokens_for_those_alone(inside: HomeInProcess) -> None:
    app, other = inside.new_app(), inside.new_app()
    mine, both, theirs, every = (
        create(inside, apps=apps).json["name"] for apps in ([app], [app, other], [other], None)
    )
    by = as_(a_token(inside, Rights(apps=(app,))))

    seen = every_name(inside, by)

    assert mine in seen
    assert {both, theirs, every, "alice"}.isdisjoint(seen)
    for name in (both, theirs, every, "alice"):
        assert inside.ask("DELETE", f"/tokens/{name}", headers=by).status == 404
    assert inside.ask("DELETE", f"/tokens/{mine}", headers=by).status == 200


def every_name(inside: HomeInProcess, by: dict[str, str]) -> list[str]:
    names: list[str] = []
    query: dict[str, Any] = {"limit": 100}
    while query.get("cursor", "") is not None:
        page = inside.ask("GET", "/tokens", query=query, headers=by).json
        names += [token["name"] for token in page["items"]]
        query["cursor"] = page["next"]
    return names


def test_tokens_are_listed_page_by_page(inside: HomeInProcess, app: str) -> None:
    names = sorted(create(inside, apps=[app]).json["name"] for _ in range(5))
    by = as_(a_token(inside, Rights(apps=(app,))))
    pages: list[list[str]] = []
    query: dict[str, Any] = {"limit": 2}

    while query.get("cursor", "") is not None:
        page = inside.ask("GET", "/tokens", query=query, headers=by).json
        pages.append([token["name"] for token in page["items"]])
        query["cursor"] = page["next"]

    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [name for page in pages for name in page if name in names] == names


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "../x"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"role": "root"}, "role"),
        ({"role": None}, "role"),
        ({"apps": []}, "apps"),
        ({"apps": "shop"}, "apps"),
        ({"apps": ["Shop"]}, "apps.0"),
        ({"apps": [f"a{n}" for n in range(51)]}, "apps"),
        ({"expires_in": 1}, "expires_in"),
        ({"expires_in": -1}, "expires_in"),
        ({"expires_in": 1e99}, "expires_in"),
        ({"expires_at": "2030-01-01"}, "expires_at"),
        ({"id": "00000000"}, "id"),
    ],
)
def test_what_is_asked_for_is_checked(inside: HomeInProcess, fields: dict[str, Any], field: str) -> None:
    refused = create(inside, **fields)

    assert (refused.status, list(refused.json["Fields"])) == (400, [field]), refused.text
