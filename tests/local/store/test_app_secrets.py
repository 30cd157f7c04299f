"""The file of secrets: whole whatever happens, and telling nothing of what is in it."""

import resource
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib.domain.errors import RefusedForGood, RefusedForNow, Unavailable
from chalicelib.domain.kept_secrets import KeptSecrets, SecretsVersion
from local.store.app_secrets import MOST_KEPT, LocalAppSecrets
from tests.builders import NOON, an_app
from tests.local.limits import limited


def read(secrets: LocalAppSecrets, version_id: str) -> Mapping[str, str]:
    version = SecretsVersion(number=1, id=version_id, names=("A",), created_at=NOON, created_by="alice")
    return secrets.values_of(an_app(name="shop", kept_secrets=KeptSecrets(current=1, versions=(version,))))


def test_a_write_that_finds_no_room_leaves_what_was_there_and_nothing_half_written(tmp_path: Path) -> None:
    secrets = LocalAppSecrets(tmp_path / "secrets.json")
    kept = secrets.write("shop", {"A": "1"}, [], None)

    with (
        limited(resource.RLIMIT_FSIZE, 1000),
        pytest.raises(Unavailable, match="The file of secrets cannot be used") as refusal,
    ):
        secrets.write("shop", {"A": "marker" * 1000}, [], None)

    assert "marker" not in f"{refusal.value} {refusal.value.hint}"
    assert read(secrets, kept.version_id) == {"A": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_what_a_killed_writer_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "secrets.json.new").write_text("half of ")
    secrets = LocalAppSecrets(tmp_path / "secrets.json")

    kept = secrets.write("shop", {"A": "1"}, [], None)

    assert read(secrets, kept.version_id) == {"A": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("content", ["{marker", '{"shop": "marker"}', '["marker"]', "", "\udc80"])
def test_a_damaged_file_is_told_and_not_quoted_nor_written_over(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_bytes(content.encode(errors="surrogateescape"))
    secrets = LocalAppSecrets(file)

    with pytest.raises(Unavailable, match="is damaged") as when_written:
        secrets.write("shop", {"A": "1"}, [], None)
    with pytest.raises(RefusedForNow, match="is damaged") as when_read:
        read(secrets, "1")

    assert "marker" not in f"{when_written.value} {when_read.value}"
    assert file.read_bytes() == content.encode(errors="surrogateescape")


def test_without_the_file_a_task_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RefusedForGood, match=r"give them again \(tapit set app name=shop secret=A"):
        read(LocalAppSecrets(tmp_path / "secrets.json"), "1")


def test_of_very_many_versions_the_last_are_kept_and_the_one_that_is_built_upon(tmp_path: Path) -> None:
    secrets = LocalAppSecrets(tmp_path / "secrets.json")
    base = secrets.write("shop", {"A": "base"}, [], None)
    dropped = secrets.write("shop", {"A": "dropped"}, [], None)

    later = [secrets.write("shop", {"B": "1"}, ["A"], base.version_id) for _ in range(MOST_KEPT + 1)]

    assert read(secrets, base.version_id) == {"A": "base"}
    assert read(secrets, later[-1].version_id) == {"A": "base", "B": "1"}
    with pytest.raises(RefusedForGood):
        read(secrets, dropped.version_id)


def test_many_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    secrets = LocalAppSecrets(tmp_path / "secrets.json")

    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda n: secrets.write(f"app-{n}", {"A": str(n)}, [], None), range(40)))

    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert all(each.version_id in (tmp_path / "secrets.json").read_text() for each in kept)
