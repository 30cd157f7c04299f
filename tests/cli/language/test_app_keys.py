"""What can be said of an app."""

from tests.cli.conftest import Place


def test_a_workdir_of_an_unknown_user_is_refused(place: Place) -> None:
    result = place.run("create", "app", "name=a", "workdir=~nobody-by-that-name/x")

    assert result.returncode == 2
    assert "workdir=~nobody-by-that-name/x leads to no folder" in result.stderr
