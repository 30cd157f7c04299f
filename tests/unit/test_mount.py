"""What of its machine a container sees, as people write it."""

import pytest

from chalicelib.domain.mount import Mount, problem_with_mounts, problem_with_network


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("data:/var/lib/data", Mount("data", "/var/lib/data")),
        ("data:/var/lib/data:ro", Mount("data", "/var/lib/data")),
        ("data:/var/lib/data:rw", Mount("data", "/var/lib/data", is_writable=True)),
        ("/srv/shop:/srv:rw", Mount("/srv/shop", "/srv", is_writable=True)),
        ("/srv//shop/../x/:/srv/", Mount("/srv/x", "/srv")),
        ("//srv:/srv", Mount("/srv", "/srv")),
        ("/cache", Mount(None, "/cache", is_writable=True)),
        ("ro:/data", Mount("ro", "/data")),
    ],
)
def test_what_is_written_is_read(text: str, mount: Mount) -> None:
    assert Mount.of(text) == mount
    assert Mount.of(str(mount)) == mount


def test_a_folder_is_told_from_a_volume() -> None:
    assert Mount.of("/srv:/srv").is_folder
    assert not Mount.of("srv:/srv").is_folder
    assert not Mount.of("/srv").is_folder


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data", "does not say where in the container"),
        ("data:srv", "does not say where in the container"),
        ("/srv:rw", "is no mount; write NAME:/path"),
        ("data:/srv:rx", "is no mount; write NAME:/path"),
        ("./data:/srv", "neither a volume's name nor an absolute path"),
        ("data:/srv\0", "that nobody can see"),
        (":/srv", "neither a volume's name nor an absolute path"),
        ("data:/", "would hide all that is in the image"),
        ("data://", "would hide all that is in the image"),
        ("data:/srv/..", "would hide all that is in the image"),
        ("/:/host", "would give tasks the whole machine"),
        ("/srv/..:/host", "would give tasks the whole machine"),
        ("/var/run/docker.sock:/var/run/docker.sock", "the engine's own socket"),
        ("/run/user/1000/podman/podman.sock:/sock:rw", "the engine's own socket"),
    ],
)
def test_what_is_none_is_told_why(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Mount.of(text)


def test_two_things_at_one_place_are_refused() -> None:
    assert problem_with_mounts([Mount.of("a:/data"), Mount.of("b:/other")]) is None
    assert "two things at /data" in (problem_with_mounts([Mount.of("a:/data"), Mount.of("/data/")]) or "")


@pytest.mark.parametrize("name", ["none", "host", "shop_default", "shop.backend-2"])
def test_networks_are_called_as_the_engine_lists_them(name: str) -> None:
    assert problem_with_network(name) is None


@pytest.mark.parametrize("name", ["", "container:abc", "a b", "-x"])
def test_other_words_are_no_networks(name: str) -> None:
    assert "as docker network ls shows it" in (problem_with_network(name) or "")
