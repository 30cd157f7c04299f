"""Profiles, tokens and the choice of an app: what wins, what is kept, what is refused."""

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import TOKEN, Place
from tests.cli.scripted_home import Answers, Asked, Says, ScriptedHome, a_refusal, a_task

HomeThat = Callable[[Answers], ScriptedHome]


def save(place: Place, name: str, url: str, token: str = TOKEN) -> None:
    script = "import sys; from tapit.config import save_profile; print(save_profile(*sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, name, url, token],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(place.config)), done.stderr


def empty_home(_asked: Asked) -> Says:
    return Says({"items": [], "next": None})


@pytest.fixture
def home(home_that: HomeThat, place: Place) -> ScriptedHome:
    """A home that only a profile leads to."""
    started = home_that(empty_home)
    for variable in ("TAPIT_URL", "TAPIT_TOKEN", "TAPIT_APP"):
        del place.env[variable]
    return started


def asked_app(home: ScriptedHome) -> str:
    return home.asked[-1].path.split("/")[2]


def test_without_a_profile_it_says_how_to_get_one(place: Place) -> None:
    result = place.run("list", "tasks")

    assert result.returncode == 2
    assert "tapit-local" in result.stderr
    assert "tapit login" in result.stderr


def test_a_saved_profile_is_all_it_takes(place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)

    assert place.run("list", "tasks", "-a", "shop").returncode == 0
    assert home.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_files_and_folders_are_the_users_alone(place: Place) -> None:
    save(place, "local", "http://127.0.0.1:1")

    modes = {
        path: stat.S_IMODE(path.stat().st_mode)
        for path in (place.config, place.tokens / "local", place.tokens)
    }
    assert list(modes.values()) == [0o600, 0o600, 0o700]
    assert json.loads((place.tokens / "local").read_text()) == {"url": "http://127.0.0.1:1", "token": TOKEN}


def test_saving_keeps_everything_else(place: Place) -> None:
    before = '# mine\n[profile.team]  # ours\nurl = "https://x"\n# the end\n'
    place.config.parent.mkdir(parents=True)
    place.config.write_text(before)

    save(place, "local", "http://127.0.0.1:1")
    save(place, "local", "http://127.0.0.1:2")

    after = place.config.read_text()
    for line in before.splitlines():
        assert line in after.splitlines()
    assert after.count("[profile.local]") == 1
    assert 'url = "http://127.0.0.1:2"' in after
    assert place.run("config", "show").returncode == 0


def test_the_first_profile_becomes_the_default_and_stays_it(place: Place, home: ScriptedHome) -> None:
    save(place, "one", home.url)
    save(place, "two", "http://127.0.0.1:1")

    assert json.loads(place.run("config", "show").stdout)["profile"]["value"] == "one"


def test_a_readable_token_is_refused(place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)
    (place.tokens / "local").chmod(0o640)

    result = place.run("list", "tasks", "-a", "shop")

    assert "others can read the token" in result.stderr
    assert home.asked == []


def test_a_token_is_only_sent_where_it_belongs(place: Place, home: ScriptedHome) -> None:
    save(place, "local", "http://127.0.0.1:1")
    place.config.write_text(place.config.read_text().replace("http://127.0.0.1:1", home.url))

    result = place.run("list", "tasks", "-a", "shop")

    assert "belongs to http://127.0.0.1:1" in result.stderr
    assert home.asked == []


@pytest.mark.parametrize("content", ["[profile", "profile = 3", "[profile.x]\nurl = 3", "\udcff"])
def test_a_broken_configuration_is_named(content: str, place: Place) -> None:
    place.config.parent.mkdir(parents=True)
    place.config.write_bytes(content.encode(errors="surrogateescape"))

    result = place.run("list", "tasks")

    assert result.returncode != 0
    assert str(place.config) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_configuration_that_cannot_be_read_is_named(place: Place) -> None:
    place.config.mkdir(parents=True)

    result = place.run("list", "tasks")

    assert result.returncode == 1
    assert f"cannot read the configuration {place.config}" in result.stderr


def test_a_damaged_token_file_is_told(place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)
    (place.tokens / "local").write_text("{}")

    assert "tapit login --profile local" in place.run("list", "tasks", "-a", "x").stderr


def test_the_app_comes_from_the_nearest_source(place: Place, home: ScriptedHome, tmp_path: Path) -> None:
    save(place, "local", home.url)
    place.run("config", "set", "app=from-profile")
    inner = tmp_path / "project" / "src"
    inner.mkdir(parents=True)

    place.run("list", "tasks", cwd=inner)
    assert asked_app(home) == "from-profile"
    (tmp_path / "project" / ".tapit.toml").write_text('app = "from-project"')
    place.run("list", "tasks", cwd=inner)
    assert asked_app(home) == "from-project"
    place.run("list", "tasks", cwd=inner, TAPIT_APP="from-env")
    assert asked_app(home) == "from-env"
    place.run("list", "tasks", "-a", "from-flag", cwd=inner, TAPIT_APP="from-env")
    assert asked_app(home) == "from-flag"


@pytest.mark.parametrize("line", ['url = "http://evil"', 'token = "x"', 'profile = "prod"'])
def test_a_project_cannot_say_where_a_token_is_sent(line: str, place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)
    (place.folder / ".tapit.toml").write_text(line)

    result = place.run("list", "tasks", "-a", "x")

    assert result.returncode == 1
    assert home.asked == []


def test_without_an_app_it_lists_the_ones_there_are(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"items": [{"name": "shop"}, {"name": "blog"}], "next": None}))
    del place.env["TAPIT_APP"]

    result = place.run("create", "task", "x")

    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "error: no app is chosen",
        "  There are shop, blog.",
        "  → tapit -a shop ...",
        "  → or for good: tapit config set app=shop",
    ]


def test_another_url_gets_neither_token_nor_app_of_the_profile(place: Place, home: ScriptedHome) -> None:
    save(place, "local", "http://127.0.0.1:1")

    result = place.run("list", "tasks", TAPIT_URL=home.url)

    assert "TAPIT_URL is set without TAPIT_TOKEN" in result.stderr
    assert home.asked == []


def test_a_profile_named_on_the_command_line_beats_the_environment(place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)

    place.run(
        "list", "tasks", "-a", "x", "--profile", "local", TAPIT_URL="http://127.0.0.1:1", TAPIT_TOKEN="other"
    )

    assert home.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_what_is_suggested_names_the_profile_that_was_named(place: Place, home_that: HomeThat) -> None:
    not_there = a_refusal(404, "TaskNotFound", "There is no task nope.")
    home = home_that(lambda asked: Says(a_task()) if asked.path.endswith("/t1") else not_there)
    save(place, "team", home.url)

    shown = place.run("--profile", "team", "show", "task", "t1", "-o", "table")
    refused = place.run("show", "task", "nope", "profile=team")

    assert "tapit --profile team logs -f task=" in shown.stdout
    assert "→ tapit --profile team list tasks" in refused.stderr


def test_an_unknown_profile_is_told(place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)

    assert "did you mean local?" in place.run("list", "tasks", "--profile", "locl").stderr


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_profile_cannot_leave_its_folder(name: str, place: Place) -> None:
    assert place.run("list", "tasks", "--profile", name).returncode == 2


def test_login_tries_the_token_before_it_saves_it(place: Place, home: ScriptedHome) -> None:
    result = place.run("login", f"url={home.url}", "--profile", "team", typed="tpt_new_token\n")

    assert result.returncode == 0, result.stderr
    assert home.asked[0].headers["Authorization"] == "Bearer tpt_new_token"
    assert json.loads((place.tokens / "team").read_text())["token"] == "tpt_new_token"


@pytest.mark.parametrize("typed", ["", "\n", "two words\n", "x\x1b\n"])
def test_login_refuses_what_is_no_token(typed: str, place: Place, home: ScriptedHome) -> None:
    assert place.run("login", f"url={home.url}", typed=typed).returncode == 2
    assert not place.tokens.exists()


def test_config_show_names_each_source_and_no_secret(place: Place, home: ScriptedHome) -> None:
    save(place, "local", home.url)

    result = place.run("config", "show", TAPIT_APP="shop")

    told = json.loads(result.stdout)
    assert told["app"] == {"value": "shop", "source": "TAPIT_APP"}
    assert told["url"] == {"value": home.url, "source": "profile local"}
    assert TOKEN not in result.stdout


def test_a_relative_xdg_folder_is_ignored(place: Place, home: ScriptedHome) -> None:
    place.env |= {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": ""}

    assert json.loads(place.run("config", "show").stdout)["file"] == str(
        place.folder / ".config/tapit/config.toml"
    )


@pytest.mark.parametrize("words", [("config", "show"), ("create", "app", "name=a", "workdir=~")])
def test_a_user_without_a_home_folder_is_told_what_to_set(words: tuple[str, ...], place: Place) -> None:
    for variable in ("HOME", "XDG_CONFIG_HOME"):
        del place.env[variable]
    script = "import pwd, sys; pwd.getpwuid = {}.__getitem__; from tapit import main; main.main()"

    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=place.env, capture_output=True, text=True, check=False
    )

    assert done.returncode == (1 if "show" in words else 2)
    assert "set HOME" in done.stderr


def test_a_workdir_of_an_unknown_user_is_refused(place: Place) -> None:
    result = place.run("create", "app", "name=a", "workdir=~nobody-by-that-name/x")

    assert result.returncode == 2
    assert "workdir=~nobody-by-that-name/x leads to no folder" in result.stderr


@pytest.mark.parametrize(
    "words",
    [("login",), ("config", "set", "default_profile=x"), ("config", "set", "app=x"), ("list", "tasks")],
)
@pytest.mark.parametrize("line", ["profile = 3", "[profile]\nx = 3"])
def test_profiles_that_are_no_tables_are_told(line: str, words: tuple[str, ...], place: Place) -> None:
    place.config.parent.mkdir(parents=True)
    place.config.write_text(line + "\n")

    result = place.run(*words)

    assert result.returncode == 1
    assert "Profiles are tables: [profile.NAME]." in result.stderr


def test_an_app_is_told_even_where_the_profile_cannot_be_written(place: Place, home_that: HomeThat) -> None:
    made = home_that(lambda _asked: Says({"name": "shop"}, 201))
    for variable in ("TAPIT_URL", "TAPIT_TOKEN", "TAPIT_APP"):
        del place.env[variable]
    save(place, "local", made.url)
    script = (
        "from tapit import config, main\n"
        "from tapit.errors import CliError\n"
        "def refuse(document): raise CliError('cannot write it', 'Read-only file system')\n"
        "config.write_config = refuse\n"
        "main.main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "create", "app", "name=shop", "-o", "id"],
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "shop\n")
    assert "The profile was not changed: cannot write it. Read-only file system" in done.stderr


def test_a_linked_configuration_is_replaced_where_it_is(place: Place) -> None:
    """The folder of the link may be on another file system, or not be writable."""
    kept, link = place.folder / "dotfiles" / "tapit.toml", place.folder / "link.toml"
    kept.parent.mkdir()
    link.symlink_to(kept)
    script = (
        "import sys; from pathlib import Path; from tapit.private_files import write_private\n"
        "sys.addaudithook(lambda event, args: print(args[0]) if event == 'os.rename' else None)\n"
        "write_private(Path(sys.argv[1]), 'x = 1')"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, link], env=place.env, capture_output=True, text=True, check=True
    )

    assert link.is_symlink()
    assert kept.read_text() == "x = 1"
    assert Path(done.stdout.strip()).parent == kept.parent
