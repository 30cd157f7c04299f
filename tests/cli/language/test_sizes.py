"""Sizes, in whatever unit they were typed."""

import pytest

from tests.cli.language.typed import read, refusal


@pytest.mark.parametrize(
    ("given", "gigabytes"),
    [
        *[("4", 4), ("4.5", 4.5), ("4G", 4), ("4gb", 4), ("4Gi", 4)],
        *[("4096M", 4), ("512MiB", 0.5), ("512Mi", 0.5), (".5", 0.5)],
    ],
)
def test_memory_has_units(given: str, gigabytes: float) -> None:
    assert read("create", "task", f"memory={given}", "x").settings["memory"] == gigabytes


@pytest.mark.parametrize(
    ("given", "hours"),
    [("6", 6), ("0.5", 0.5), ("30m", 0.5), ("1h30m", 1.5), ("2d", 48), ("90s", 0.025), ("none", "none")],
)
def test_a_time_limit_is_in_hours_or_a_length_of_time(given: str, hours: float | str) -> None:
    assert read("create", "task", f"max_hours={given}", "x").settings["max_hours"] == hours
    assert read("set", "task", "x", f"max_hours={given}").settings["max_hours"] == hours
    assert read("create", "app", "name=a", f"max_hours_limit={given}").settings["max_hours_limit"] == hours


@pytest.mark.parametrize(("given", "gigabytes"), [("30", 30), ("30G", 30), ("30GiB", 30)])
def test_a_disk_may_have_its_unit(given: str, gigabytes: int) -> None:
    wanted = read("create", "task", f"ephemeral_storage_gb={given}", "x")

    assert wanted.settings["ephemeral_storage_gb"] == gigabytes


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ("memory=512", "did you mean memory=512M?"),
        ("memory=4096", "did you mean memory=4096M?"),
        ("memory=121", "memory=120"),
        ("memory=512G", "memory=120"),
        ("memory=200000", "memory=120"),
        ("cpu=1024", "did you mean cpu=1?"),
        ("cpu=500m", "did you mean cpu=0.5?"),
        ("cpu=256", "did you mean cpu=0.25?"),
        ("cpu=4096", "did you mean cpu=4?"),
        ("cpu=17", "cpu=16"),
        ("max_hours=9000", "max_hours=none"),
        ("max_hours=400d", "max_hours=none"),
    ],
)
def test_what_is_too_much_may_have_been_meant_in_another_unit(given: str, instead: str) -> None:
    assert refusal("create", "task", given, "x").then == instead
