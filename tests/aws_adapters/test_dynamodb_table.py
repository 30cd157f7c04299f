"""The table as the template makes it."""

from itertools import chain

from tests.dynamodb_table import PROPERTIES

INDEXES = PROPERTIES["GlobalSecondaryIndexes"]


def test_the_table_forgets_only_what_has_expired() -> None:
    assert PROPERTIES["BillingMode"] == "PAY_PER_REQUEST"
    assert PROPERTIES["DeletionProtectionEnabled"] is True
    assert PROPERTIES["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert PROPERTIES["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_every_attribute_is_defined_that_is_a_key_and_no_other() -> None:
    schemas = chain(PROPERTIES["KeySchema"], *(index["KeySchema"] for index in INDEXES))

    keys = {key["AttributeName"] for key in schemas}

    assert {attribute["AttributeName"] for attribute in PROPERTIES["AttributeDefinitions"]} == keys


def test_every_index_is_sorted_by_id_and_holds_no_more_than_is_read() -> None:
    assert {index["KeySchema"][1]["AttributeName"] for index in INDEXES} == {"id"}
    held = {index["IndexName"]: index["Projection"]["NonKeyAttributes"] for index in INDEXES}
    by = ("app", "status", "initiator", "creator")
    assert held == {
        **{f"tasks-by-{what}": ["summary", "expires_at"] for what in by},
        "active-tasks": ["record"],
        "apps-by-name": ["record"],
    }
