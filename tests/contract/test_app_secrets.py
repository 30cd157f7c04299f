"""What every keeper of apps' secrets promises."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.adapters.app_secrets_manager import SecretsManagerAppSecrets
from chalicelib.adapters.keep_secrets_function import KeepSecretsFunction, answer
from chalicelib.domain.errors import InvalidRequest, RefusedForGood, TooLarge
from chalicelib.domain.kept_secrets import LARGEST, KeptSecrets, SecretsVersion
from chalicelib.ports import AppSecrets, KeptValues
from local.store.app_secrets import LocalAppSecrets
from tests.aws_adapters.ecs_account import client
from tests.aws_adapters.lambda_endpoint import lambda_endpoint
from tests.aws_clients import REGION
from tests.builders import NOON, an_app
from tests.dynamodb_table import dynamodb_on_moto


@dataclass(frozen=True)
class Keeper:
    """`values_of` reads as a task that is started does, `is_there` is whether anything is kept of an app."""

    secrets: AppSecrets
    values_of: Callable[[str, KeptValues, tuple[str, ...]], Mapping[str, str]]
    is_there: Callable[[str], bool]


@pytest.fixture(params=["local", "secrets_manager", "keep_secrets"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    if request.param == "local":
        yield _on_this_machine(tmp_path / "secrets.json")
        return
    with dynamodb_on_moto():
        manager = SecretsManagerAppSecrets(client("secretsmanager"), "test")
        if request.param == "secrets_manager":
            yield _on_aws(manager)
            return
        functions = {"tapit-test-keep-secrets": lambda event: answer(manager, event)}
        with lambda_endpoint(functions) as url:
            yield _on_aws(KeepSecretsFunction(_client_of_lambda(url), "test"))


def _client_of_lambda(url: str) -> Any:
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    return boto3.client("lambda", REGION, endpoint_url=url, **keys)


def _on_this_machine(file: Path) -> Keeper:
    secrets = LocalAppSecrets(file)

    def values_of(app: str, kept: KeptValues, names: tuple[str, ...]) -> Mapping[str, str]:
        version = SecretsVersion(
            number=1, id=kept.version_id, names=names, created_at=NOON, created_by="alice"
        )
        return secrets.values_of(an_app(name=app, kept_secrets=KeptSecrets(current=1, versions=(version,))))

    return Keeper(secrets, values_of, lambda app: app in json.loads(file.read_text()))


def _on_aws(secrets: AppSecrets) -> Keeper:
    """ECS asks for the whole ARN, and the version by its id."""
    manager: Any = client("secretsmanager")

    def values_of(app: str, kept: KeptValues, names: tuple[str, ...]) -> Mapping[str, str]:
        assert f":secret:tapit/test/{app}-" in kept.place
        try:
            found = manager.get_secret_value(SecretId=kept.place, VersionId=kept.version_id)
        except manager.exceptions.ResourceNotFoundException as error:
            raise RefusedForGood(str(error)) from error
        values = json.loads(found["SecretString"])
        return {name: values[name] for name in names}

    def is_there(app: str) -> bool:
        return f"tapit/test/{app}" in [each["Name"] for each in manager.list_secrets()["SecretList"]]

    return Keeper(secrets, values_of, is_there)


def test_a_version_has_what_was_given_and_the_others_of_its_base(keeper: Keeper) -> None:
    first = keeper.secrets.write("shop", {"A": "one", "B": "two"}, [], None)
    second = keeper.secrets.write("shop", {"B": "2"}, ["A"], first.version_id)

    assert keeper.values_of("shop", second, ("A", "B")) == {"A": "one", "B": "2"}
    assert second.place == first.place


def test_what_is_neither_given_nor_among_the_others_is_in_no_new_version(keeper: Keeper) -> None:
    first = keeper.secrets.write("shop", {"A": "one", "B": "two"}, [], None)
    second = keeper.secrets.write("shop", {}, ["B"], first.version_id)

    assert keeper.values_of("shop", second, ("B",)) == {"B": "two"}
    with pytest.raises((RefusedForGood, KeyError)):
        keeper.values_of("shop", second, ("A",))


def test_earlier_versions_stay_as_they_are(keeper: Keeper) -> None:
    kept = [keeper.secrets.write("shop", {"A": f"value {number}"}, [], None) for number in range(12)]

    for number, each in enumerate(kept):
        assert keeper.values_of("shop", each, ("A",)) == {"A": f"value {number}"}


def test_two_who_write_at_once_each_make_a_version_of_the_same_base(keeper: Keeper) -> None:
    base = keeper.secrets.write("shop", {"A": "one"}, [], None)
    alices = keeper.secrets.write("shop", {"B": "alice's"}, ["A"], base.version_id)
    bobs = keeper.secrets.write("shop", {"C": "bob's"}, ["A"], base.version_id)

    assert keeper.values_of("shop", alices, ("A", "B")) == {"A": "one", "B": "alice's"}
    assert keeper.values_of("shop", bobs, ("A", "C")) == {"A": "one", "C": "bob's"}


def test_values_of_every_kind_come_back_as_they_were(keeper: Keeper) -> None:
    values = {
        "PEM": "-----BEGIN-----\nab\n-----END-----\n",
        "JSON": '{"a": "\\"b\\""}',
        "UTF8": "grüße 🔑",
        "DOLLAR": "$A:b",
    }

    kept = keeper.secrets.write("shop", values, [], None)

    assert keeper.values_of("shop", kept, tuple(values)) == values


def test_each_app_has_its_own(keeper: Keeper) -> None:
    shop, blog = (
        keeper.secrets.write("shop", {"A": "1"}, [], None),
        keeper.secrets.write("blog", {"A": "2"}, [], None),
    )

    keeper.secrets.remove("blog")

    assert keeper.values_of("shop", shop, ("A",)) == {"A": "1"}
    with pytest.raises(RefusedForGood):
        keeper.values_of("blog", blog, ("A",))


def test_what_was_removed_is_gone_at_once_and_may_be_removed_and_made_again(keeper: Keeper) -> None:
    keeper.secrets.write("shop", {"A": "1"}, [], None)

    keeper.secrets.remove("shop")
    keeper.secrets.remove("shop")
    assert not keeper.is_there("shop")

    again = keeper.secrets.write("shop", {"A": "2"}, [], None)
    assert keeper.values_of("shop", again, ("A",)) == {"A": "2"}


def test_a_base_that_somebody_removed_is_told_and_no_value_is_made_up(keeper: Keeper) -> None:
    base = keeper.secrets.write("shop", {"A": "1", "B": "2"}, [], None)
    keeper.secrets.remove("shop")

    with pytest.raises(InvalidRequest, match="The values of B are not where they were kept") as refusal:
        keeper.secrets.write("shop", {"A": "3"}, ["B"], base.version_id)
    assert "secret=B" in (refusal.value.hint or "")

    whole = keeper.secrets.write("shop", {"A": "3", "B": "4"}, [], base.version_id)
    assert keeper.values_of("shop", whole, ("A", "B")) == {"A": "3", "B": "4"}


def test_a_version_is_asked_for_before_tasks_are_given_it_again(keeper: Keeper) -> None:
    kept = keeper.secrets.write("shop", {"A": "1", "B": "2"}, [], None)

    keeper.secrets.check("shop", ["A", "B"], kept.version_id)
    with pytest.raises(InvalidRequest, match="The values of C are not where they were kept"):
        keeper.secrets.check("shop", ["A", "C"], kept.version_id)
    keeper.secrets.remove("shop")
    with pytest.raises(InvalidRequest, match="The values of A, B are not where they were kept"):
        keeper.secrets.check("shop", ["A", "B"], kept.version_id)


def test_more_than_a_secret_of_secrets_manager_holds_is_refused(keeper: Keeper) -> None:
    base = keeper.secrets.write("shop", {"A": "a" * (LARGEST - 100)}, [], None)

    with pytest.raises(TooLarge) as refusal:
        keeper.secrets.write("shop", {"B": "b" * 100}, ["A"], base.version_id)

    assert "bbbb" not in str(refusal.value)
    assert keeper.values_of("shop", base, ("A",)) == {"A": "a" * (LARGEST - 100)}


def test_it_says_where_values_are_and_of_aws_what_that_costs(keeper: Keeper) -> None:
    said = keeper.secrets.about("shop")

    assert "secrets.json, which only you can read" in said or (
        "tapit/test/shop" in said and "$0.40 a month" in said
    )
