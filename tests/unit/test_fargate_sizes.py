"""Sizes snap up to the nearest pair that Fargate has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.fargate_sizes import MAX_CPU, MAX_MEMORY, MEMORY_BY_CPU, SMALLEST, Size, fit

PAIRS = [Size(cpu, memory) for cpu, sizes in MEMORY_BY_CPU.items() for memory in sizes]
pairs = st.sampled_from(PAIRS)
cpus = st.floats(0.001, MAX_CPU)
memories = st.floats(0.001, MAX_MEMORY)


def holds(pair: Size, cpu: float, memory: float) -> bool:
    return pair.cpu >= cpu and pair.memory >= memory


@given(cpus, memories)
def test_the_size_is_a_valid_pair_that_holds_what_was_asked(cpu: float, memory: float) -> None:
    size, _ = fit(cpu, memory, SMALLEST)

    assert size in PAIRS
    assert holds(size, cpu, memory)


@given(cpus, memories)
def test_no_smaller_pair_would_do(cpu: float, memory: float) -> None:
    size, _ = fit(cpu, memory, SMALLEST)

    assert [
        pair
        for pair in PAIRS
        if pair != size and holds(size, pair.cpu, pair.memory) and holds(pair, cpu, memory)
    ] == []


@given(cpus, memories)
def test_fitting_twice_changes_nothing_more(cpu: float, memory: float) -> None:
    size, _ = fit(cpu, memory, SMALLEST)

    assert fit(size.cpu, size.memory, SMALLEST) == (size, None)


@given(cpus | st.none(), memories | st.none(), pairs)
def test_there_is_a_note_exactly_when_something_was_changed(
    cpu: float | None, memory: float | None, default: Size
) -> None:
    size, note = fit(cpu, memory, default)

    wanted = Size(default.cpu if cpu is None else cpu, default.memory if memory is None else memory)
    assert (note is None) == (size == wanted)


@given(cpus | st.none(), memories | st.none(), pairs)
def test_naming_one_never_shrinks_the_other(cpu: float | None, memory: float | None, default: Size) -> None:
    size, _ = fit(cpu, memory, default)

    assert holds(size, cpu or default.cpu, memory or default.memory)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_every_pair_of_fargate_stays_as_it_is(pair: Size) -> None:
    assert fit(pair.cpu, pair.memory, SMALLEST) == (pair, None)


def test_two_vcpu_with_four_gigabytes_stay_as_they_are() -> None:
    assert fit(2.0, 4.0, SMALLEST) == (Size(cpu=2, memory=4), None)


def test_there_are_as_many_pairs_as_fargate_documents() -> None:
    assert {cpu: len(sizes) for cpu, sizes in MEMORY_BY_CPU.items()} == {
        0.25: 3,
        0.5: 4,
        1: 7,
        2: 13,
        4: 23,
        8: 12,
        16: 12,
    }


def test_the_note_says_what_was_asked_and_what_it_becomes() -> None:
    _, note = fit(None, 9, Size(0.25, 0.5))

    assert note == "cpu=0.25 (the default) with memory=9 is not a Fargate size; using cpu=2 memory=9."


@pytest.mark.parametrize(("cpu", "memory", "field"), [(16.01, 32, "cpu"), (16, 120.5, "memory")])
def test_above_fargates_largest_it_is_refused_by_name(cpu: float, memory: float, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        fit(cpu, memory, SMALLEST)

    assert list(refused.value.fields) == [field]
    assert "above" in refused.value.fields[field]


def test_the_largest_pair_is_allowed() -> None:
    assert fit(16, 120, SMALLEST) == (Size(16, 120), None)
