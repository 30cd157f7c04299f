"""What travels unencrypted, and whose certificates are trusted."""

import pytest

from tests.cli.conftest import TOKEN, HomeThat, Place
from tests.cli.scripted_home import Says


@pytest.mark.parametrize("host", ["nowhere.invalid", "127.0.0.1.nowhere.invalid", "127.nowhere.invalid"])
def test_a_token_leaves_this_machine_encrypted_or_by_consent(host: str, place: Place) -> None:
    place.env |= {"TAPIT_URL": f"http://{host}", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    refused = place.run("list", "tasks")
    allowed = place.run("list", "tasks", TAPIT_ALLOW_HTTP="1")

    assert refused.returncode == 2
    assert f"error: http://{host} would be sent the token unencrypted" in refused.stderr
    assert "TAPIT_ALLOW_HTTP=1" in refused.stderr
    assert allowed.stderr.startswith(f"error: there is no host for http://{host}")


def test_plain_http_at_an_https_address_is_told(place: Place, home_that: HomeThat) -> None:
    home = home_that(lambda _asked: Says({}))
    place.env["TAPIT_URL"] = home.url.replace("http://", "https://")

    result = place.run("list", "tasks")

    assert result.returncode == 5
    assert result.stderr.startswith("error: no secure connection to https://")


def test_unreadable_certificates_are_told(place: Place) -> None:
    place.env |= {"TAPIT_URL": "https://x.invalid", "TAPIT_TOKEN": TOKEN, "TAPIT_APP": "demo"}

    result = place.run("list", "tasks", TAPIT_CA_BUNDLE="/nowhere.pem")

    assert result.stderr.startswith("error: cannot read the certificates in /nowhere.pem")
