"""What an app says of its tasks' containers, typed at the real local home, which keeps it."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.cli.conftest import Place, Ran
from tests.home_process import HomeProcess

PLAIN: dict[str, Any] = {"user": None, "mounts": [], "networks": [], "keep_entrypoint": False}


@pytest.fixture
def new_app(home: HomeProcess, place: Place) -> str:
    """A name that nobody has yet."""
    place.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": home.token}
    return f"shop-{uuid4().hex[:8]}"


def app_of(ran: Ran) -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    app: dict[str, Any] = json.loads(ran.stdout)
    return app


def test_every_key_about_containers_is_kept_and_can_be_put_back(place: Place, new_app: str) -> None:
    asked = ("user=app", "mounts=shop-data:/data:rw,./conf:/etc/shop,/cache", "network=shop_default,shop_db")
    place.run("create", "app", f"name={new_app}", "image=shop:1", *asked, "keep_entrypoint=yes")

    kept = app_of(place.run("show", "app", new_app))

    assert {field: kept[field] for field in PLAIN} == {
        "user": "app",
        "mounts": ["shop-data:/data:rw", f"{place.folder}/conf:/etc/shop", "/cache"],
        "networks": ["shop_default", "shop_db"],
        "keep_entrypoint": True,
    }

    emptied = app_of(place.run("set", "app", new_app, *(f"unset={field}" for field in PLAIN)))

    assert {field: emptied[field] for field in PLAIN} == PLAIN


def test_what_an_app_says_of_its_containers_is_shown(place: Place, new_app: str) -> None:
    mounts = "mounts=/srv/shop:/srv,shop-data:/data:rw"
    place.run("create", "app", f"name={new_app}", "image=shop:1", "user=1000:1000", mounts, "network=none")

    block = place.run("show", "app", new_app, "-o", "table").stdout

    assert "Image:       shop:1" in block
    assert "Workdir:     the image's own" in block
    assert "User:        1000:1000" in block
    assert "Mounts:      /srv/shop:/srv\n             shop-data:/data:rw" in block
    assert "Networks:    none" in block


def test_nothing_after_the_equals_sign_leaves_no_mounts(place: Place, new_app: str) -> None:
    place.run("create", "app", f"name={new_app}", "image=shop:1", "mounts=a:/a,b:/b", "networks=a,b")

    app = app_of(place.run("set", "app", new_app, "mounts=", "networks="))

    assert (app["mounts"], app["networks"]) == ([], [])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("mounts=conf/shop:/etc/shop", "did you mean mounts=./conf/shop:/etc/shop?"),
        ("mounts=~nobody-by-that-name/x:/x", "leads to no folder"),
        ("mounts=a:/a,", "has an empty part"),
        ("mounts=/:/host", "would give tasks the whole machine"),
        ("mounts=data", "does not say where in the container"),
        ("networks=host,shop", "host goes with no other network"),
        ("image=Shop:1", "may be in its tag alone: shop:1"),
        ("user=a b", "write a name or a number"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_type(
    asked: str, words: str, place: Place, new_app: str
) -> None:
    refused = place.run("create", "app", f"name={new_app}", asked)

    assert refused.returncode == 2
    assert words in refused.stderr
    assert place.run("show", "app", new_app).returncode == 3


def test_an_absolute_workdir_may_be_one_of_the_image(place: Place, new_app: str) -> None:
    (place.folder / "link").symlink_to("/tmp")

    made = app_of(place.run("create", "app", f"name={new_app}", f"workdir={place.folder}/link"))

    assert made["workdir"] == f"{place.folder}/link"


def test_an_image_has_a_path_of_its_own(own_home: HomeProcess, place: Place) -> None:
    place.env |= own_home.env

    plain = app_of(place.run("create", "app", "name=plain"))
    boxed = app_of(place.run("create", "app", "name=boxed", "image=shop:1"))

    assert (plain["environment"], boxed["environment"]) == (["PATH"], [])


def test_a_task_says_whom_it_runs_as_and_when_its_image_is_fetched(place: Place, new_app: str) -> None:
    place.run("create", "app", f"name={new_app}")
    place.run("-a", new_app, "create", "command", "name=migrate", "user=app", "pull=always", "true")

    made = place.run("-a", new_app, "create", "task", "command=migrate", "user=root", "-o", "json")

    task = json.loads(made.stdout)
    assert (task["user"], task["pull"]) == ("root", "always")
    saved = place.run("-a", new_app, "show", "command", "migrate", "-o", "table").stdout
    assert "Pull:" in saved
    assert "User:" in saved
    again = place.run("rerun", f"task={task['id']}", "pull=never", "-o", "json")
    assert (json.loads(again.stdout)["user"], json.loads(again.stdout)["pull"]) == ("root", "never")


def test_a_pull_of_another_kind_is_refused_before_any_request(place: Place) -> None:
    refused = place.run("create", "task", "pull=allways", "true")

    assert refused.returncode == 2
    assert "did you mean pull=always?" in refused.stderr
