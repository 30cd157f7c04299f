"""Access on the emulated AWS: STS says whose a request is that `tapit login --aws` signed, and a trust lets them in."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from tapit.home.aws_credentials import Credentials
from tapit.home.aws_proof import name_of_home, presigned

from tests.aws.account import AwsAccount, open_account
from tests.aws.command_line import Tapit
from tests.aws.concessions import concede
from tests.aws.emulator import ACCOUNT, REGION
from tests.aws.internet import Front, fronting
from tests.aws.roles import Workers, arn_of_session
from tests.aws.shop import SETTINGS, a_team
from tests.aws.waiting import until

pytestmark = pytest.mark.slow

STS = f"sts.{REGION}.amazonaws.com"
MARKERS = "postgres://MARKER-one", "postgres://MARKER-two", "postgres://MARKER-three"
ALICE = arn_of_session("deploy-shop", "alice")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with fronting(tmp_path_factory.mktemp("tls"), [STS, f"*.execute-api.{REGION}.amazonaws.com"]) as front:
        yield front


@pytest.fixture(autouse=True)
def _open_again(front: Front) -> Iterator[None]:
    yield
    front.closed.clear()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory, front: Front) -> Iterator[AwsAccount]:
    with open_account(tmp_path_factory.mktemp("aws"), SETTINGS, front.environment(STS)) as account:
        front.leads_to = account.emulator.port
        account.deploy()
        concede(account)
        account.give_a_name()
        yield account


@pytest.fixture(scope="module")
def admin(account: AwsAccount, tmp_path_factory: pytest.TempPathFactory) -> Tapit:
    return a_team(account, tmp_path_factory.mktemp("home"))


@dataclass(frozen=True)
class Team:
    """People and programs with roles; nobody of them has a token."""

    account: AwsAccount
    front: Front
    workers: Workers
    homes: Path

    def at_work(self, role: str, session: str, **changed: str) -> Tapit:
        """Return the command line of whoever took the role, as far as their keys are not changed."""
        home = self.homes / f"{role}-{session}-{'-'.join(changed)}"
        home.mkdir(exist_ok=True)
        keys = {**self.workers.take(role, session), **changed}
        network = self.front.environment(self.account.name)
        return Tapit(self.account.outputs["ApiUrl"], "", home, {**network, **keys})


@pytest.fixture(scope="module")
def team(account: AwsAccount, front: Front, tmp_path_factory: pytest.TempPathFactory) -> Team:
    workers = Workers(account.emulator, "worker")
    for role in ("deploy-shop", "auditor"):
        workers.make(role)
    return Team(account, front, workers, tmp_path_factory.mktemp("homes"))


@pytest.fixture
def trusted(admin: Tapit) -> Iterator[None]:
    trust_deployers(admin)
    yield
    admin.run("delete", "trust", "deployers")


def trust_deployers(admin: Tapit) -> None:
    arn = f"arn=arn:aws:iam::{ACCOUNT}:role/deploy-*"
    admin.say("create", "trust", "name=deployers", arn, "role=operator", "apps=shop")


def log_in(who: Tapit) -> Any:
    return who.run("login", f"url={who.url}", "--aws")


@pytest.mark.usefixtures("trusted")
def test_who_has_a_role_that_is_trusted_works_without_a_token_and_is_on_record(
    admin: Tapit, team: Team
) -> None:
    alice = team.at_work("deploy-shop", "alice")

    signed_in = log_in(alice)
    assert f"You are {ALICE}, an operator of shop." in signed_in.stderr, signed_in.stderr
    task_id = alice.create("echo by alice; sleep 600", "initiated_by=bob")
    until(lambda: alice.say("logs", task_id) == "by alice\n")
    alice.say("delete", "task", task_id)

    until(lambda: alice.show(task_id)["status"] == "STOPPED")
    assert (alice.show(task_id)["created_by"], alice.show(task_id)["initiated_by"]) == (ALICE, "bob")
    entries = json.loads(admin.say("list", "audit", f"by={ALICE}", "-o", "json"))
    assert [(entry["what"], entry["target"], entry["app"]) for entry in entries] == [
        ("task.stopped", task_id, "shop"),
        ("trust.used", "deployers", "shop"),
    ]
    refused = alice.run("list", "tokens")
    assert (refused.returncode, "This takes the role admin" in refused.stderr) == (4, True)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("role", "changed", "said"),
    [
        ("auditor", {}, "and no trust is for that"),
        ("deploy-shop", {"AWS_SECRET_ACCESS_KEY": "guessed"}, "signature does not fit"),
        ("deploy-shop", {"AWS_ACCESS_KEY_ID": "ASIA0000000000000000"}, "does not know the access key"),
        ("deploy-shop", {"AWS_SESSION_TOKEN": ""}, "does not know the access key"),
    ],
    ids=["another role", "another secret", "another key", "no session token"],
)
def test_nobody_else_gets_in(team: Team, role: str, changed: Mapping[str, str], said: str) -> None:
    refused = log_in(team.at_work(role, "mallory", **changed))

    assert (refused.returncode, said in refused.stderr) == (4, True), refused.stderr


@pytest.mark.usefixtures("trusted")
def test_a_proof_that_was_made_for_another_home_does_not_fit_here(account: AwsAccount, team: Team) -> None:
    """Whoever runs that other home has it, and says that it is for this one."""
    keys = team.workers.take("deploy-shop", "alice")
    here = name_of_home(account.outputs["ApiUrl"])

    assert offer(account, keys, signed_for=here) == (200, None)
    assert offer(account, keys, signed_for="tapit.example.org/api") == (401, "NotProven")


@pytest.mark.usefixtures("trusted")
def test_without_an_answer_of_sts_nobody_gets_in_and_that_is_said(front: Front, team: Team) -> None:
    alice = team.at_work("deploy-shop", "no-answer")
    front.closed.add(STS)

    refused = log_in(alice)

    assert (refused.returncode, f"STS ({STS}) gave no answer" in refused.stderr) == (5, True), refused.stderr
    front.closed.clear()
    assert log_in(alice).returncode == 0


def test_the_end_of_a_trust_is_the_end_of_what_was_lent_for_it(admin: Tapit, team: Team) -> None:
    trust_deployers(admin)
    alice = team.at_work("deploy-shop", "later")
    assert log_in(alice).returncode == 0

    admin.say("delete", "trust", "deployers")
    until(lambda: alice.run("whoami").returncode == 4, seconds=60, pause=1)
    assert "no trust is for that" in alice.run("whoami").stderr

    trust_deployers(admin)
    assert json.loads(alice.say("whoami", "-o", "json"))["role"] == "operator"


def test_a_secret_that_is_kept_reaches_tasks_by_their_execution_role_and_nobody_else(
    account: AwsAccount, admin: Tapit, team: Team
) -> None:
    for value in MARKERS:
        admin.say("set", "app", "name=shop", "secret=DATABASE_URL", typed=value)
    prints = ("create", "task", 'echo "$DATABASE_URL"', "--wait")

    assert admin.say(*prints) == f"{MARKERS[-1]}\n"
    admin.say("set", "app", "name=shop", "secrets_version=1")
    assert admin.say(*prints) == f"{MARKERS[0]}\n"

    auditor = team.workers.client("secretsmanager", "auditor", "curious")
    with pytest.raises(ClientError, match="AccessDenied"):
        auditor.get_secret_value(SecretId=f"tapit/{account.stage}/shop")
    places = [admin.say("show", "app", "shop", "-o", "json"), admin.say("list", "audit", "-o", "json")]
    places += [account.emulator.log.read_text(), repr(account.ecs.calls)]
    assert not [place for place in places if "MARKER" in place]


def offer(account: AwsAccount, keys: Mapping[str, str], *, signed_for: str) -> tuple[int, str | None]:
    """Send to this home what was signed for one; return the status of the answer, and its code."""
    here = urlsplit(account.outputs["ApiUrl"])
    credentials = Credentials(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"]
    )
    url = presigned(credentials, REGION, signed_for, datetime.now(UTC))
    content = json.dumps({"url": url, "home": name_of_home(here.geturl())})
    headers = {"Host": here.netloc, "Content-Type": "application/json"}
    with closing(HTTPConnection("127.0.0.1", account.emulator.port, timeout=30)) as asked:
        asked.request("POST", f"{here.path}/login", content, headers)
        answer = asked.getresponse()
        return answer.status, json.loads(answer.read()).get("Code")
