"""What a tag may be: what ECS takes, but for a colon in its key."""

import gzip
import json
import re
import unicodedata
from pathlib import Path

import botocore
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain import tags
from chalicelib.domain.errors import InvalidRequest


@pytest.mark.parametrize("key", ["ticket", "Straße", "日本", "a b", "a+b-c=d.e_f/g@h", "x" * 128, "٣", "aws"])
def test_a_key_may_be(key: str) -> None:
    assert tags.problem_with_key(key) is None


@pytest.mark.parametrize(
    "key",
    ["", " a", "a ", "a:b", "aws:x", "tapit:task", "a,b", "a;b", "a\n", "a\0", "😀", "x" * 129, "a\u2028b"],
)
def test_a_key_cannot_be(key: str) -> None:
    assert tags.problem_with_key(key)


@pytest.mark.parametrize("value", ["", "42", "a:b", "https://x/y", "x" * 256, "ü ö", "laws:1"])
def test_a_value_may_be(value: str) -> None:
    assert tags.problem_with_value(value) is None


@pytest.mark.parametrize("value", [" ", " a", "a ", "a,b", "aws:a", "AWS:a", "a\n", "'", "x" * 257, "a\tb"])
def test_a_value_cannot_be(value: str) -> None:
    assert tags.problem_with_value(value)


@given(
    st.text(max_size=300) | st.text(st.characters(categories=["L", "N", "Zs"], include_characters=":+-=._/@"))
)
@example("x" * 257)
def test_what_is_taken_is_what_ecs_takes(text: str) -> None:
    for problem_with, shape in ((tags.problem_with_key, "TagKey"), (tags.problem_with_value, "TagValue")):
        if problem_with(text) is None:
            assert is_in_ecs_own_words(text, shape)


def is_in_ecs_own_words(text: str, shape: str) -> bool:
    """By the model of ECS's API: this library knows the pattern's classes of characters by other names."""
    model = ECS_SHAPES[shape]
    classes = "".join(re.findall(r"\\p\{(\w)\}", model["pattern"]))
    others = model["pattern"].split("}")[-1].partition("]")[0].replace("\\", "")
    return model["min"] <= len(text) <= model["max"] and all(
        unicodedata.category(character)[0] in classes or character in others for character in text
    )


_MODEL = next(Path(botocore.__file__).parent.glob("data/ecs/*/service-2.json.gz"))
ECS_SHAPES = json.loads(gzip.decompress(_MODEL.read_bytes()))["shapes"]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("a:b", "", "has a colon in its key, and at the first one the value begins"),
        ("", "", "is empty, and a tag has a key"),
        ("a", "50%", "has '%' in its value: letters, digits, spaces and + - = . _ : / @ are what AWS takes"),
        ("a", "Aws:x", "has a value that begins with aws:, as only AWS's own may"),
        ("a", "x" * 257, "has 257 characters in its value; 256 is the most"),
        ("a ", "", "has a space at an end of its key"),
    ],
)
def test_what_is_wrong_is_said(key: str, value: str, problem: str) -> None:
    assert (tags.problem_with_key(key) or tags.problem_with_value(value)) == problem


def test_a_task_has_its_own_tags_before_those_of_its_app() -> None:
    assert tags.with_defaults({"a": "1"}, {"a": "2", "b": "3"}) == {"a": "1", "b": "3"}


def test_a_task_has_no_more_than_ten_with_those_of_its_app() -> None:
    defaults = {f"app{number}": "" for number in range(5)}
    assert len(tags.with_defaults({f"own{number}": "" for number in range(5)}, defaults)) == 10
    with pytest.raises(InvalidRequest, match="would be 11 in all; 10 is the most"):
        tags.with_defaults({f"own{number}": "" for number in range(6)}, defaults)
