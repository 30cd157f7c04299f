"""Settings that are missing or wrong are named; their values never are."""

import pytest

from chalicelib.domain.errors import Misconfigured
from chalicelib.settings import Settings

WHOLE = {"STAGE": "prod", "TABLE": "tapit-prod", "AWS_REGION": "eu-west-1"}


def test_settings_are_read_by_their_names_and_nothing_else_is() -> None:
    settings = Settings.from_environment({**WHOLE, "HOME": "/root"})

    assert (settings.stage, settings.table, settings.region, settings.state_machine_arn) == (
        "prod",
        "tapit-prod",
        "eu-west-1",
        None,
    )


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_is_named(name: str, value: str | None) -> None:
    environment = {key: text for key, text in {**WHOLE, name: value}.items() if text is not None}

    with pytest.raises(Misconfigured, match=f"{name} is missing"):
        Settings.from_environment(environment)


@pytest.mark.parametrize(("name", "value"), [("STAGE", "My Stage"), ("STATE_MACHINE_ARN", "lifecycle")])
def test_what_is_wrong_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"{name} is not valid") as refusal:
        Settings.from_environment({**WHOLE, name: value})
    assert value not in str(refusal.value)
