"""Signing in with an AWS identity: on the AWS home, with an STS that checks signatures, and every part altered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from tapit.home.aws_proof import proof_for

from chalicelib.adapters.aws_identities import AwsIdentities
from chalicelib.domain.aws_proof import read_proof
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.token import Rights, Role, new_token
from tests.aws_adapters.aws_home import AwsHome, aws_home
from tests.aws_clients import REGION
from tests.dynamodb_table import SetClock
from tests.sts import ACCOUNT, HOST, Said, Sts, presigned, sts_on_this_machine

HOME = "abc123.execute-api.eu-central-1.amazonaws.com/api"
ANY_DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deploy-*"
ALICE = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy-shop/alice"


@dataclass
class World:
    """A home whose clock the tests set, and the STS that it asks."""

    home: AwsHome
    sts: Sts
    clock: SetClock

    def trust(self, name: str = "deployers", **changes: Any) -> Any:
        body = {"name": name, "arn": ANY_DEPLOYER, "role": "operator", **changes}
        return self.home.ask("POST", "/trusts", body)

    def login(self, url: str, home: str = HOME, came_to: str | None = HOME) -> tuple[int, Any]:
        return self.home.login({"url": url, "home": home}, came_to)

    def token(self, role: str = "deploy-shop", session: str = "alice") -> str:
        status, said = self.login(presigned(self.sts.assume(role, session), home=HOME))
        assert status == 200, said
        return str(said["token"])

    def ask(self, method: str, path: str, body: Any = None, *, token: str, **headers: str) -> tuple[int, Any]:
        answered = self.home.answer(method, path, body, Authorization=f"Bearer {token}", **headers)
        return answered.status, json.loads(answered.body)


@pytest.fixture
def world() -> Iterator[World]:
    clock = SetClock(datetime.now(UTC))
    with sts_on_this_machine() as sts, aws_home(clock, identities=AwsIdentities(REGION, sts.connect)) as home:
        yield World(home, sts, clock)


def test_each_sign_in_that_gave_a_token_is_in_the_audit(world: World) -> None:
    world.trust(apps=["shop"])
    world.token()
    refused, _ = world.login(presigned(world.sts.assume("other", "eve"), home=HOME))

    (entry,) = world.home.ask("GET", "/audit?what=trust.used")["items"]

    assert refused == 403
    assert (entry["by"], entry["target"], entry["app"]) == (ALICE, "deployers", "shop")
    assert entry["details"]["role"] == "operator"
    assert entry["details"]["expires_at"].endswith("Z")
    assert [each["what"] for each in world.home.ask("GET", "/audit?app=shop")["items"]] == [
        "trust.used",
        "trust.created",
    ]


def test_whoever_is_trusted_gets_a_token_for_an_hour_with_the_rights_of_the_trust(world: World) -> None:
    world.trust(apps=["shop"])

    status, said = world.login(presigned(world.sts.assume("deploy-shop"), home=HOME))

    assert (status, said["name"], said["role"], said["apps"]) == (200, ALICE, "operator", ["shop"])
    left = datetime.fromisoformat(said["expires_at"]) - world.clock.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    me = world.ask("GET", "/whoami", token=said["token"])[1]
    assert (me["name"], me["role"], me["apps"]) == (ALICE, "operator", ["shop"])


def test_what_the_command_line_signs_lets_one_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.trust()
    keys = world.sts.assume("deploy-shop")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", str(keys.token))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    signed = proof_for(f"https://{HOME}/", None)

    assert world.home.login(signed, HOME)[0] == 200
    assert world.home.login(signed, HOME.replace("/api", "/prod"))[0] == 401


def test_what_is_made_with_it_is_the_sessions_of_the_role(world: World) -> None:
    world.trust()

    status, task = world.ask("POST", "/apps/shop/tasks", {"command": "true"}, token=world.token())

    assert (status, task["created_by"]) == (201, ALICE)
    mine = world.ask("GET", f"/apps/shop/tasks?created_by={quote(ALICE)}", token=world.token())[1]
    assert [each["id"] for each in mine["items"]] == [task["id"]]


def test_the_token_is_listed_nowhere_and_is_over_after_an_hour(world: World) -> None:
    world.trust()
    token = world.token()

    assert [each["name"] for each in world.home.ask("GET", "/tokens")["items"]] == ["alice"]
    world.clock.time += timedelta(hours=1)
    assert world.ask("GET", "/whoami", token=token)[0] == 401


def test_what_was_signed_is_asked_of_sts_and_nothing_else(world: World) -> None:
    world.trust()

    world.token()

    ((method, target, headers),) = world.sts.asked
    assert (method, urlsplit(target).path) == ("GET", "/")
    assert (headers["host"], headers["x-tapit-home"]) == (HOST, HOME)


@pytest.mark.parametrize(
    ("host", "region"),
    [(HOST, REGION), ("sts.us-west-2.amazonaws.com", "us-west-2"), ("sts.amazonaws.com", "us-east-1")],
)
def test_every_sts_of_the_partition_will_do(world: World, host: str, region: str) -> None:
    world.trust()

    url = presigned(world.sts.assume("deploy-shop"), home=HOME, host=host, region=region)

    assert world.login(url)[0] == 200


def changed(url: str, **parameters: str | None) -> str:
    """Change parameters of an address after it was signed; None takes one out."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | {
        name.replace("_", "-"): value for name, value in parameters.items()
    }
    return parts._replace(
        query=urlencode({name: value for name, value in query.items() if value is not None})
    ).geturl()


def test_none_gets_in_whose_request_is_not_exactly_that_one(world: World) -> None:
    """STS is not even asked."""
    world.trust()
    keys = world.sts.assume("deploy-shop")
    good = presigned(keys, home=HOME)
    altered = {
        "another host": good.replace(HOST, "sts.example.com"),
        "a host that only looks like STS's": good.replace(HOST, f"{HOST}.example.com"),
        "a bucket that is called sts": good.replace(HOST, "sts.s3.eu-central-1.amazonaws.com"),
        "another partition": presigned(
            keys, home=HOME, host="sts.cn-north-1.amazonaws.com.cn", region="cn-north-1"
        ),
        "a port": good.replace(HOST, f"{HOST}:8443"),
        "a user": good.replace("https://", "https://me@"),
        "another scheme": good.replace("https://", "http://"),
        "a path": good.replace("/?", "/x?"),
        "a fragment": f"{good}#x",
        "another service": good.replace("%2Fsts%2F", "%2Fiam%2F"),
        "a region that is not its host's": presigned(keys, home=HOME, region="eu-west-1"),
        "another action": presigned(keys, home=HOME, action="GetSessionToken"),
        "another version": changed(good, Version="2099-01-01"),
        "one parameter more": presigned(keys, home=HOME, DurationSeconds="900"),
        "one parameter more, added later": f"{good}&RoleArn=x",
        "a parameter twice": f"{good}&Action=GetCallerIdentity",
        "an action twice": f"{good}&Action=AssumeRole",
        "no signature": changed(good, X_Amz_Signature=None),
        "half a signature": changed(good, X_Amz_Signature="0" * 32),
        "another algorithm": changed(good, X_Amz_Algorithm="AWS4-HMAC-SHA1"),
        "the header not signed": presigned(keys, home=HOME, headers={}),
        "a header more": presigned(keys, home=HOME, headers={"X-Tapit-Home": HOME, "X-Amz-Target": "x"}),
        "longer than a quarter of an hour": presigned(keys, home=HOME, expires=901),
        "days that differ": changed(good, X_Amz_Date="20200101T000000Z"),
        "no time": changed(good, X_Amz_Date="20209999T999999Z"),
        "a line break in a parameter": changed(good, X_Amz_Security_Token="a\r\nHost: x"),
        "a line break": good.replace("/?", "/?\r\n"),
        "no address": "not an address",
        "nothing": "",
    }

    answers = {what: world.login(url) for what, url in altered.items()}

    assert {what: status for what, (status, _) in answers.items() if status != 400} == {}
    assert world.sts.asked == []
    assert world.login(good)[0] == 200


def test_what_was_changed_after_it_was_signed_is_refused_by_sts(world: World) -> None:
    world.trust()
    keys, mallory = world.sts.assume("deploy-shop"), world.sts.assume("other", "mallory")
    good = presigned(keys, home=HOME)
    query = dict(parse_qsl(urlsplit(good).query))
    credential, moment = query["X-Amz-Credential"], query["X-Amz-Date"]
    a_second_apart = f"{moment[:13]}{(int(moment[13:15]) + 1) % 60:02}Z"  # of the same day
    altered = {
        "another signature": changed(good, X_Amz_Signature="0" * 64),
        "another key": changed(
            presigned(mallory, home=HOME), X_Amz_Credential=credential, X_Amz_Security_Token=keys.token
        ),
        "another token": changed(good, X_Amz_Security_Token=mallory.token),
        "no token": changed(good, X_Amz_Security_Token=None),
        "another time": changed(good, X_Amz_Date=a_second_apart),
        "another time to live": changed(good, X_Amz_Expires="899"),
        "another host of STS": good.replace(HOST, "sts.eu-west-1.amazonaws.com").replace(REGION, "eu-west-1"),
        "another method": presigned(keys, home=HOME, method="POST"),
        "another header's value": presigned(keys, home=f"{HOME}/"),
        "another stage": presigned(keys, home=HOME.replace("/api", "/prod")),
        "a key that AWS does not know": presigned(
            type(keys)("AKIAUNKNOWNUNKNOWN00", keys.secret_key, keys.token), home=HOME
        ),
    }

    answers = {what: world.login(url) for what, url in altered.items()}

    assert {what: said for what, (_, said) in answers.items() if said["Code"] != "NotProven"} == {}
    assert {status for status, _ in answers.values()} == {401}


def test_a_request_for_one_home_serves_at_no_other(world: World) -> None:
    """Whoever runs another home, and was shown one, gets in nowhere with it: whatever they say it was signed for."""
    world.trust()
    shown = presigned(world.sts.assume("deploy-shop"), home="evil.example.com")

    honest = world.login(shown, home="evil.example.com")
    lying = world.login(shown, home=HOME)

    assert (honest[0], lying[0]) == (401, 401)
    assert "signed for evil.example.com; this home was asked as" in honest[1]["Message"]
    assert "signature does not fit" in lying[1]["Message"]


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=16), "too old"),
        (timedelta(minutes=-6), "in the future"),
    ],
)
def test_it_is_a_quarter_of_an_hour_old_at_most(world: World, age: timedelta, words: str) -> None:
    world.trust()

    status, said = world.login(
        presigned(world.sts.assume("deploy-shop"), home=HOME, at=world.clock.now() - age)
    )

    assert (status, world.sts.asked) == (401, [])
    assert words in said["Message"]


def test_one_that_was_signed_for_a_minute_is_good_for_no_longer(world: World) -> None:
    world.trust()
    url = presigned(world.sts.assume("deploy-shop"), home=HOME, at=world.clock.now(), expires=60)

    world.clock.time += timedelta(seconds=61)

    assert world.login(url)[0] == 401


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("deploy-shop", 200),
        ("deploy-", 200),
        ("deploy", 403),
        ("predeploy-shop", 403),
        ("arn:aws:iam::123456789012:role/team/deploy-shop", 200),
        ("arn:aws:iam::999999999999:role/deploy-shop", 403),
    ],
)
def test_who_may_is_said_by_the_role_and_its_account(world: World, role: str, status: int) -> None:
    world.trust()

    assert world.login(presigned(world.sts.assume(role), home=HOME))[0] == status


def test_whoever_is_not_trusted_is_told_who_they_are_and_what_an_admin_can_do(world: World) -> None:
    status, said = world.login(presigned(world.sts.assume("ops"), home=HOME))

    assert (status, said["Code"]) == (403, "Forbidden")
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/alice" in said["Message"]
    assert f"arn='arn:aws:iam::{ACCOUNT}:role/ops'" in said["Hint"]


def test_of_several_trusts_the_most_exact_counts(world: World) -> None:
    world.trust("all", arn=f"arn:aws:iam::{ACCOUNT}:role/*", role="viewer")
    world.trust("shop", arn=f"arn:aws:iam::{ACCOUNT}:role/deploy-shop", role="admin")
    world.trust("deployers", role="operator")

    me = [
        world.ask("GET", "/whoami", token=world.token(role))[1]["role"]
        for role in ("x", "deploy-x", "deploy-shop")
    ]

    assert me == ["viewer", "operator", "admin"]


def test_once_a_trust_is_gone_its_tokens_are_too_and_stay_so_under_its_name(world: World) -> None:
    world.trust()
    token = world.token()

    world.home.ask("DELETE", "/trusts/deployers")
    world.clock.time += timedelta(seconds=31)
    assert world.ask("GET", "/whoami", token=token)[0] == 401

    world.trust(role="viewer")
    world.clock.time += timedelta(seconds=31)
    assert world.ask("GET", "/whoami", token=token)[0] == 401
    assert world.ask("GET", "/whoami", token=world.token())[1]["role"] == "viewer"


def test_the_next_token_of_the_same_identity_goes_on_where_the_last_one_was(world: World) -> None:
    """A cursor, and a request's key, are good after the token was renewed; for others they are not."""
    world.trust()
    first, second, others = world.token(), world.token(), world.token(session="bob")
    key = {"Idempotency-Key": "once"}

    made = world.ask("POST", "/apps/shop/tasks", {"command": "true"}, token=first, **key)[1]
    again = world.ask("POST", "/apps/shop/tasks", {"command": "true"}, token=second, **key)[1]
    other = world.ask("POST", "/apps/shop/tasks", {"command": "true"}, token=others, **key)[1]
    page = world.ask("GET", "/apps/shop/tasks?limit=1", token=first)[1]
    path = f"/apps/shop/tasks?limit=1&cursor={page['next']}"

    assert made["id"] == again["id"] != other["id"]
    assert (world.ask("GET", path, token=second)[0], world.ask("GET", path, token=others)[0]) == (200, 400)


@pytest.mark.parametrize(
    "said",
    [
        Said(302, "", {"Location": "https://evil.example.com/"}),
        Said(500, "<html>"),
        Said(503, ""),
        Said(200, "<GetCallerIdentityResponse/>"),
        Said(200, "not XML"),
        Said(200, "x" * 200_000),
        Said(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"),
        Said(403, "forbidden by whom?"),
    ],
    ids=["a redirect", "a bug", "unavailable", "empty", "no XML", "endless", "busy", "a stranger"],
)
def test_an_sts_that_gives_no_answer_is_said_to(world: World, said: Said) -> None:
    world.trust()
    world.sts.instead = lambda: said

    status, answer = world.login(presigned(world.sts.assume("deploy-shop"), home=HOME))

    assert (status, answer["Code"]) == (503, "Unavailable")
    assert len(world.sts.asked) == 1


def test_an_sts_that_keeps_silent_is_given_up(world: World) -> None:
    was_given_up = Event()

    def nothing_yet() -> Said:
        was_given_up.wait()
        return Said(200, "")

    world.sts.instead = nothing_yet
    proof = read_proof(presigned(world.sts.assume("deploy-shop"), home=HOME))

    with pytest.raises(Unavailable):
        AwsIdentities(REGION, world.sts.connect, patience=0.1).identify(proof, HOME)
    was_given_up.set()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "have expired"),
        ("InvalidClientTokenId", "does not know the access key"),
        ("Odd", "Odd"),
    ],
)
def test_a_refusal_of_sts_is_told_in_our_words(world: World, code: str, words: str) -> None:
    """Its own may quote what was signed."""
    world.trust()
    secret = "quotes what was signed"
    world.sts.instead = lambda: Said(
        403, f"<ErrorResponse><Error><Code>{code}</Code><Message>{secret}</Message></Error></ErrorResponse>"
    )

    status, said = world.login(presigned(world.sts.assume("deploy-shop"), home=HOME))

    assert (status, said["Code"]) == (401, "NotProven")
    assert words in said["Message"]
    assert secret not in str(said)


@pytest.mark.parametrize("arn", [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:sts::{ACCOUNT}:federated-user/x"])
def test_nobody_but_roles_and_users_can_sign_in(world: World, arn: str) -> None:
    world.trust(arn=f"arn:aws:iam::{ACCOUNT}:user/*")
    world.sts.instead = lambda: Said(
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>{arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>",
    )

    status, said = world.login(presigned(world.sts.assume("deploy-shop"), home=HOME))

    assert (status, said["Code"]) == (403, "Forbidden")
    assert "neither a role nor a user" in said["Message"]


def test_without_its_address_from_the_gateway_a_home_lets_nobody_in(world: World) -> None:
    world.trust()

    status, said = world.login(presigned(world.sts.assume("deploy-shop"), home=HOME), came_to=None)

    assert (status, said["Code"], world.sts.asked) == (503, "Unavailable", [])


def test_a_trust_is_good_for_no_more_than_the_token_of_whoever_made_it(world: World) -> None:
    admin = Rights(role=Role.ADMIN, apps=("shop",), expires_at=world.clock.now() + timedelta(hours=2))
    token, text = new_token("shops-admin", admin)
    world.home.services().tokens.add(token, world.clock.now())
    asked = {"name": "t", "arn": ANY_DEPLOYER, "role": "viewer"}

    every_app = world.ask("POST", "/trusts", asked, token=text)
    longer = world.ask("POST", "/trusts", asked | {"apps": ["shop"], "expires_in": 86400.0}, token=text)
    status, made = world.ask("POST", "/trusts", asked | {"apps": ["shop"]}, token=text)

    assert (every_app[0], longer[0], status) == (403, 403, 201)
    assert datetime.fromisoformat(made["expires_at"]) - world.clock.now() < timedelta(hours=2, seconds=1)
    assert made["notes"] == ["It expires when the token does that made it."]


def test_who_trusted_whom_is_kept(world: World) -> None:
    world.trust(apps=["shop"])
    world.clock.time += timedelta(seconds=1)
    world.home.ask("DELETE", "/trusts/deployers")

    deleted, created = world.home.ask("GET", "/audit")["items"]

    assert [each["what"] for each in (created, deleted)] == ["trust.created", "trust.deleted"]
    assert {each["target"] for each in (created, deleted)} == {"deployers"}
    assert (created["by"], created["app"], created["details"]["arn"]) == ("alice", "shop", ANY_DEPLOYER)


def test_an_admin_of_some_apps_sees_and_removes_the_trusts_of_those_alone(world: World) -> None:
    token, text = new_token("shops-admin", Rights(role=Role.ADMIN, apps=("shop",)))
    world.home.services().tokens.add(token, world.clock.now())
    world.trust("everybody")
    world.trust("shoppers", apps=["shop"])

    listed = world.ask("GET", "/trusts", token=text)[1]["items"]

    assert [each["name"] for each in listed] == ["shoppers"]
    assert world.ask("DELETE", "/trusts/everybody", token=text)[0] == 404
    assert world.ask("DELETE", "/trusts/shoppers", token=text)[0] == 200


def test_a_token_for_an_hour_cannot_make_what_lasts_longer(world: World) -> None:
    world.trust(role="admin")
    token = world.token()

    made = world.ask("POST", "/tokens", {"name": "mine", "role": "viewer"}, token=token)[1]
    longer = world.ask(
        "POST", "/tokens", {"name": "more", "role": "viewer", "expires_in": 86400.0}, token=token
    )

    assert datetime.fromisoformat(made["expires_at"]) - world.clock.now() <= timedelta(hours=1)
    assert (longer[0], made["created_by"]) == (403, ALICE)
