"""`tapit create token`, `list tokens`, `delete token`, `whoami` and `login`, on a real home."""

import json
from itertools import count

import pytest

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import Says
from tests.home_process import HomeProcess

_numbers = count()


@pytest.fixture
def owner(place: Place, home: HomeProcess) -> Place:
    """A place that reaches the home as its owner, over TCP."""
    place.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": home.token}
    return place


def a_name() -> str:
    return f"cli-{next(_numbers)}"


def created(owner: Place, *words: str) -> dict[str, str]:
    done = owner.run("create", "token", *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    made: dict[str, str] = json.loads(done.stdout)
    return made


def test_a_new_token_is_shown_once_and_can_be_logged_in_with(
    owner: Place, home: HomeProcess, app: str
) -> None:
    name = a_name()
    done = owner.run(
        "create", "token", f"name={name}", "role=operator", f"apps={app}", "expires=8h", "-o", "table"
    )

    assert done.returncode == 0, done.stderr
    token = done.stdout.removeprefix("Token:").strip()
    assert token.startswith("tpt_")
    assert f"Created token {name}: an operator of {app}, until 20" in done.stderr
    assert done.stderr.endswith(f"  tapit login url={home.url} --profile {name}\n")
    assert token not in owner.run("list", "tokens").stdout

    del owner.env["TAPIT_URL"], owner.env["TAPIT_TOKEN"]
    login = owner.run("login", f"url={home.url}", "--profile", "team", typed=f"{token}\n")
    assert (login.returncode, login.stdout) == (0, "")
    assert f"You are {name}, an operator of {app}, until 20" in login.stderr
    assert token not in login.stderr
    me = owner.run("whoami", "-o", "table").stdout
    assert [line.split(": ")[0] for line in me.splitlines()] == ["Token", "Role", "Apps", "Expires", "Home"]
    assert owner.run("list", "apps", "-o", "id").stdout == f"{app}\n"


def test_a_token_that_may_not_says_what_it_takes_with_exit_code_4(owner: Place, app: str) -> None:
    made = created(owner, a_name(), "role=viewer")

    done = owner.run("-a", app, "create", "task", "true", TAPIT_TOKEN=made["token"])

    assert (done.returncode, done.stdout) == (4, "")
    assert f"error: This takes the role operator; token {made['name']} is a viewer's." in done.stderr
    assert "tapit create token name=NAME role=operator" in done.stderr


def test_an_app_out_of_reach_is_not_there(owner: Place, home: HomeProcess, app: str) -> None:
    made = created(owner, a_name(), "role=operator", f"apps={app}")
    other = home.new_app()

    done = owner.run("-a", other, "list", "tasks", TAPIT_TOKEN=made["token"])

    assert (done.returncode, done.stderr.splitlines()[0]) == (
        3,
        f"error: There is no app {other} that token {made['name']} reaches: it is for {app} alone.",
    )


def test_to_delete_what_a_token_may_not_see_is_not_told_as_done(
    owner: Place, home: HomeProcess, app: str
) -> None:
    bound = created(owner, a_name(), "role=admin", f"apps={app}")
    other, theirs = home.new_app(), created(owner, a_name(), "role=viewer")["name"]

    for missing in (other, "no-such-app"):
        done = owner.run("delete", "app", missing, TAPIT_TOKEN=bound["token"])
        assert (done.returncode, done.stdout) == (3, "")
        assert f"There is no app {missing} that token {bound['name']} reaches" in done.stderr
    for missing in (theirs, "no-such-token"):
        done = owner.run("delete", "token", missing, TAPIT_TOKEN=bound["token"])
        assert done.returncode == 0
        assert done.stderr == (
            f"There is no token {missing} that token {bound['name']} reaches; nothing to delete.\n"
        )
    assert owner.run("show", "app", other).returncode == 0


def test_tokens_are_listed_for_people_and_for_scripts(owner: Place, app: str) -> None:
    made = created(owner, a_name(), "role=viewer", f"apps={app}")

    table = owner.run("list", "tokens", "-o", "table").stdout.splitlines()
    (row,) = [line for line in table if line.split()[0] == made["name"]]
    assert table[0].split("  ")[0] == "NAME"
    assert row.split() == [made["name"], "viewer", "never", "never", made["created_by"], app]
    (listed,) = [one for one in json.loads(owner.run("list", "tokens").stdout) if one["name"] == made["name"]]
    assert "token" not in listed
    assert made["name"] in owner.run("list", "tokens", "-o", "id").stdout.split()


def test_a_deleted_token_is_refused_at_once_and_to_delete_it_again_is_no_error(owner: Place) -> None:
    made = created(owner, a_name(), "role=viewer")

    first, second = (owner.run("delete", "token", made["name"]) for _ in range(2))

    assert (first.returncode, json.loads(first.stdout)["removed"]) == (0, True)
    assert (second.returncode, json.loads(second.stdout)["removed"]) == (0, False)
    refused = owner.run("whoami", TAPIT_TOKEN=made["token"])
    assert refused.returncode == 4
    assert "it was deleted, or belongs to another home" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["name=ci"], "tapit create token needs role="),
        (["role=viewer"], "tapit create token needs name="),
        (["name=ci", "role=viewr"], "did you mean role=viewer?"),
        (["name=ci", "role=viewer", "expires=59s"], "expires= goes from 1m to 3650d"),
        (["name=ci", "role=viewer", "expires=9999w"], "expires= goes from 1m to 3650d"),
        (
            ["name=ci", "role=viewer", f"apps={','.join(f'a{n}' for n in range(51))}"],
            "51 apps; 50 is the most",
        ),
        (["name=ci", "role=viewer", "expires=soon"], "expires=soon is not a length of time"),
        (["name=ci", "role=viewer", "apps=shop,,blog"], "has an empty part"),
        (["name=ci", "role=viewer", "apps="], "apps= is empty"),
        (["name=ci", "role=viewer", "app=shop"], "tapit create token name=ci role=viewer apps=shop"),
        (["name=ci", "role=viewer", "-a", "shop"], "tapit create token name=ci role=viewer apps=shop"),
        (["name=ci", "role=viewer", "-o", "id"], "with -o id the token itself would be lost"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_request(
    place: Place, home_that: HomeThat, words: list[str], said: str
) -> None:
    home = home_that(lambda _asked: Says({}, 201))

    done = place.run("create", "token", *words)

    assert (done.returncode, home.asked) == (2, [])
    assert said in done.stderr


def test_an_app_chosen_by_the_environment_does_not_bind_a_token(place: Place, home_that: HomeThat) -> None:
    answer: dict[str, object] = {
        "name": "ci",
        "role": "viewer",
        "apps": None,
        "expires_at": None,
        "token": "tpt_x",
        "notes": [],
    }
    home = home_that(lambda _asked: Says(answer, 201))

    assert place.run("create", "token", "ci", "role=viewer").returncode == 0
    assert home.asked[0].body == {"name": "ci", "role": "viewer"}


def test_login_at_a_home_that_does_not_say_whose_a_token_is_tries_it_all_the_same(
    place: Place, home_that: HomeThat
) -> None:
    older = home_that(
        lambda asked: (
            Says({"items": [], "next": None})
            if asked.path == "/apps"
            else Says({"Code": "RouteNotFound", "Message": "There is no route /whoami."}, 404)
        )
    )

    done = place.run("login", f"url={older.url}", "--profile", "team", typed="tpt_x\n")

    assert (done.returncode, [asked.path for asked in older.asked]) == (0, ["/whoami", "/apps"])


def test_tab_completes_the_names_of_tokens_and_their_roles(owner: Place) -> None:
    made = created(owner, a_name(), "role=viewer")

    assert f"{made['name']}\tviewer" in owner.run("__complete", "delete", "token", "").stdout
    roles = owner.run("__complete", "create", "token", "role=").stdout
    assert [line.split("\t")[0] for line in roles.splitlines()] == [
        "role=viewer",
        "role=operator",
        "role=admin",
    ]


def test_on_one_machine_the_owner_of_the_socket_is_an_admin_without_a_token(machine: Place) -> None:
    me = json.loads(machine.run("whoami").stdout)

    assert (me["role"], me["apps"], me["expires_at"], me["home"]) == ("admin", None, None, "local")


def test_over_the_socket_the_login_of_a_new_token_names_the_port_there_is(
    machine: Place, home: HomeProcess
) -> None:
    name = a_name()

    told = machine.run("create", "token", name, "role=viewer", "-o", "table").stderr

    assert told.endswith(f"  tapit login url={home.url} --profile {name}\n")


def test_of_a_home_without_a_port_it_is_said_how_to_get_one(place: Place, own_home: HomeProcess) -> None:
    place.env |= own_home.env
    (own_home.state / "server.json").write_text(json.dumps({"url": own_home.socket_url, "pid": 1}))

    told = place.run("create", "token", "ann", "role=viewer", "-o", "table").stderr

    assert told.endswith(
        "  tapit login url=http://127.0.0.1:PORT --profile ann    of tapit-local --port PORT\n"
    )


def test_a_token_of_the_environment_counts_on_the_socket_too(machine: Place) -> None:
    made = created(machine, a_name(), "role=viewer")

    done = machine.run("create", "task", "true", TAPIT_TOKEN=made["token"])

    assert (done.returncode, done.stdout) == (4, "")
    assert f"token {made['name']} is a viewer's" in done.stderr
    me = json.loads(machine.run("whoami", TAPIT_TOKEN=made["token"]).stdout)
    assert me["name"] == made["name"]


def test_a_profile_that_is_named_is_used_as_its_owner_whatever_token_the_shell_has(machine: Place) -> None:
    made = created(machine, a_name(), "role=viewer")

    me = json.loads(machine.run("--profile", "local", "whoami", TAPIT_TOKEN=made["token"]).stdout)

    assert me["role"] == "admin"


def test_a_token_of_another_home_on_the_socket_says_how_to_do_without(machine: Place) -> None:
    refused = machine.run("whoami", TAPIT_TOKEN=f"tpt_00000000_{'x' * 43}")

    assert refused.returncode == 4
    assert "It comes from TAPIT_TOKEN" in refused.stderr
    assert "as its owner, without a token: unset TAPIT_TOKEN" in refused.stderr
