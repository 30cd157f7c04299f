"""References of images, as docker and podman read them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain import image
from tests.builders import a_task

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGES = [
    "shop",
    "shop:1.2",
    "shop:V1.2_rc-3",
    "library/shop",
    "ghcr.io/acme/shop:1.2",
    "registry.example:5000/team/shop",
    "Registry.Example/team/shop",
    "localhost/bb:1",
    "[::1]:5000/shop",
    "a__b/c.d-e--f",
    f"shop@{DIGEST}",
    f"ghcr.io/acme/shop:1.2@{DIGEST}",
    DIGEST,
]


@pytest.mark.parametrize("reference", IMAGES)
def test_what_docker_takes_is_taken(reference: str) -> None:
    assert image.problem_with_image(reference) is None


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("Shop", "may be in its tag alone: shop"),
        ("ghcr.io/Acme/Shop:V1", "may be in its tag alone: ghcr.io/acme/shop:V1"),
        ("https://ghcr.io/acme/shop", "leave out https://"),
        ("shop:", "is no image; write it as docker takes it"),
        ("shop:1:2", "is no image"),
        ("shop 1", "is no image"),
        ("-shop", "is no image"),
        ("a/" * 300 + "a", "500 is the most"),
        ("shop@sha256:12", "is no image"),
        ("shop\n", "is no image"),
        ("", "is no image"),
    ],
)
def test_what_is_none_is_told_what_to_write(reference: str, words: str) -> None:
    assert words in (image.problem_with_image(reference) or "")


@given(st.text())
@example("a" * 400 + "!")
@example("a." * 200 + "!")
@example("a-" * 200 + "/" + "a-" * 40 + "!")
def test_any_text_is_judged_at_once(text: str) -> None:
    image.problem_with_image(text)


@pytest.mark.parametrize(
    ("own", "retagged"),
    [
        ("shop", "shop:v2"),
        ("shop:1.2", "shop:v2"),
        ("registry.example:5000/team/shop", "registry.example:5000/team/shop:v2"),
        (f"ghcr.io/acme/shop:1.2@{DIGEST}", "ghcr.io/acme/shop:v2"),
    ],
)
def test_a_tag_is_of_the_same_repository(own: str, retagged: str) -> None:
    assert a_task(docker_tag="v2").image_in(own) == retagged


def test_a_task_is_in_its_own_image_or_in_the_apps_or_in_none() -> None:
    assert a_task(image="busybox:1").image_in("shop:1") == "busybox:1"
    assert a_task().image_in("shop:1") == "shop:1"
    assert a_task().image_in(None) is None
    assert a_task(docker_tag="v2").image_in(None) is None


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("shop:v2", "a whole image goes into image="),
        ("team/shop", "a whole image goes into image="),
        (".v2", "is no tag"),
        ("v 2", "is no tag"),
        ("v" * 129, "is no tag"),
        ("", "is no tag"),
    ],
)
def test_a_tag_that_is_none_is_told_why(tag: str, words: str) -> None:
    assert words in (image.problem_with_tag(tag) or "")


@pytest.mark.parametrize("user", ["app", "1000", "1000:1000", "app:www-data", "_apt", "svc.app"])
def test_users_are_names_or_numbers(user: str) -> None:
    assert image.problem_with_user(user) is None


@pytest.mark.parametrize("user", ["", "a b", "a:b:c", "app:", ":1000", "-u"])
def test_other_words_are_no_users(user: str) -> None:
    assert "write a name or a number" in (image.problem_with_user(user) or "")
