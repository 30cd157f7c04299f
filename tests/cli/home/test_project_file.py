"""What a project's own file may say."""

from pathlib import Path

import pytest

from tests.cli.conftest import Place
from tests.cli.scripted_home import ScriptedHome


@pytest.mark.parametrize("line", ['url = "http://evil"', 'token = "x"', 'profile = "prod"'])
def test_a_project_cannot_say_where_a_token_is_sent(
    line: str, place: Place, profile_home: ScriptedHome
) -> None:
    place.save_profile("local", profile_home.url)
    (place.folder / ".tapit.toml").write_text(line)

    result = place.run("list", "tasks", "-a", "x")

    assert result.returncode == 1
    assert profile_home.asked == []


def test_the_nearest_of_nested_projects_says_the_app(
    place: Place, profile_home: ScriptedHome, tmp_path: Path
) -> None:
    place.save_profile("local", profile_home.url)
    inner = tmp_path / "project" / "part" / "src"
    inner.mkdir(parents=True)
    (tmp_path / "project" / ".tapit.toml").write_text('app = "whole"')
    (tmp_path / "project" / "part" / ".tapit.toml").write_text('app = "part"')

    place.run("list", "tasks", cwd=inner)
    place.run("list", "tasks", cwd=tmp_path / "project")

    assert [asked.path for asked in profile_home.asked] == ["/apps/part/tasks", "/apps/whole/tasks"]


@pytest.mark.parametrize(
    "content",
    ["[app]\nname = 'x'", "app = ['x']", f"app = {'[' * 100_000}", "app = ", "\udcff", "#" * 2_000_000],
)
def test_what_cannot_be_read_is_named(content: str, place: Place) -> None:
    file = place.folder / ".tapit.toml"
    file.write_bytes(content.encode(errors="surrogateescape"))

    result = place.run("list", "tasks")

    assert result.returncode == 1
    assert str(file) in result.stderr
    assert "bug" not in result.stderr


def test_a_project_file_may_be_a_link_to_anything(place: Place) -> None:
    (place.folder / ".tapit.toml").symlink_to("/dev/zero")

    assert "It is larger than" in place.run("list", "tasks").stderr
