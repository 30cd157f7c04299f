"""Who would wait for news says so, is answered at once, and is told when there is some."""

import pytest

from local.timing.changes import LocalChanges, Watch


def look(changes: LocalChanges, task_id: str, patience: float) -> str:
    """Look at a task once, as a use case does that waits for news of it."""
    with changes.watch(task_id) as watch:
        return "news" if watch.wait(patience) else "nothing new"


def asked(changes: LocalChanges, task_id: str = "t1", patience: float = 20.0) -> Watch:
    answer, watch = changes.ask(lambda: look(changes, task_id, patience))
    assert answer == "nothing new"
    assert watch is not None
    return watch


def test_what_would_be_waited_for_is_known_to_whoever_asked() -> None:
    assert asked(LocalChanges(), patience=7.5).wished_for == 7.5


def test_without_patience_there_is_nothing_to_wait_for() -> None:
    changes = LocalChanges()

    assert changes.ask(lambda: look(changes, "t1", 0.0)) == ("nothing new", None)


def test_a_change_rings_for_all_who_watch_that_task() -> None:
    changes, rung = LocalChanges(), list[str]()
    for name in ("one", "other"):
        asked(changes).when_news(lambda name=name: rung.append(name))  # type: ignore[misc]
    asked(changes, "t2").when_news(lambda: rung.append("stranger"))

    changes.tell("t1")

    assert sorted(rung) == ["one", "other"]


def test_a_change_between_the_look_and_the_wait_is_not_missed() -> None:
    changes, rung = LocalChanges(), list[str]()
    watch = asked(changes)
    changes.tell("t1")

    watch.when_news(lambda: rung.append("rung"))

    assert rung == ["rung"]


def test_who_is_forgotten_hears_nothing() -> None:
    changes, rung = LocalChanges(), list[str]()
    watch = asked(changes)
    watch.when_news(lambda: rung.append("rung"))
    changes.forget(watch)
    changes.forget(watch)

    changes.tell("t1")

    assert rung == []


def test_the_end_of_the_home_rings_for_everybody_and_lets_nobody_wait_any_more() -> None:
    changes, rung = LocalChanges(), list[str]()
    watch = asked(changes)
    watch.when_news(lambda: rung.append("rung"))

    changes.close()

    assert (rung, watch.is_open) == (["rung"], False)
    assert changes.ask(lambda: look(changes, "t1", 20.0)) == ("nothing new", None)


def test_a_question_that_fails_leaves_no_watch_behind() -> None:
    changes = LocalChanges()

    def fail() -> None:
        look(changes, "t1", 20.0)
        raise KeyError

    with pytest.raises(KeyError):
        changes.ask(fail)
    assert changes.ask(lambda: "something else") == ("something else", None)
