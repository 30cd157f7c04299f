"""`tapit delete app`: what stays."""

from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    Says,
)


def test_removing_an_app_says_what_stays(place: Place, home_that: HomeThat) -> None:
    home_that(lambda _asked: Says({"name": "shop", "removed": True}))

    assert "finished tasks stay until they expire" in place.run("delete", "app", "shop").stderr
