"""What needs no token."""

from tests.home_in_process import HomeInProcess


def test_health_says_which_home_and_version(inside: HomeInProcess) -> None:
    answer = inside.ask("GET", "/health", headers={"Authorization": ""})

    assert (answer.status, answer.json["status"], answer.json["home"]) == (200, "ok", "local")
