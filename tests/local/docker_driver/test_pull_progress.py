"""How far a pull is, as engines tell it."""

from typing import Any

from local.docker_driver.image_pull import PullProgress

DOCKER: list[dict[str, Any]] = [
    {"status": "Pulling from library/busybox", "id": "1.36"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "aaa"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "bbb"},
    {"status": "Already exists", "progressDetail": {}, "id": "ccc"},
    {"status": "Downloading", "progressDetail": {"current": 500_000, "total": 2_000_000}, "id": "aaa"},
]


def heard(*more: dict[str, Any]) -> str:
    progress = PullProgress("busybox:1.36")
    for said in (*DOCKER, *more):
        progress.hear(said)
    return str(progress)


def test_nothing_is_known_at_first() -> None:
    assert str(PullProgress("busybox:1.36")) == "pulling busybox:1.36"


def test_layers_and_bytes_are_counted() -> None:
    assert heard() == "pulling busybox:1.36 (0.5 of 2.0 MB, 1 of 3 layers)"


def test_a_layer_that_is_here_is_here_whole() -> None:
    done: dict[str, Any] = {"status": "Download complete", "progressDetail": {}, "id": "aaa"}

    assert heard(done) == "pulling busybox:1.36 (2.0 of 2.0 MB, 2 of 3 layers)"


def test_what_has_no_details_changes_nothing() -> None:
    assert heard({"status": "Downloading", "id": "bbb"}, {"status": "Digest: sha256:1"}, {}) == heard()
