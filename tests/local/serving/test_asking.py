"""Requests that wait for news: they hold no thread, are asked once when they are the same, and miss nothing."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from local.serving.asking import READERS_OF_OUTPUT, TRIERS, WRITERS, Asking
from local.serving.gateway import Answer, Gateway, Request
from local.serving.unread import Unread
from local.timing.changes import LocalChanges


class OneTask(Gateway):
    """Stands where the app is asked: the revision of one task, waited for as the app would."""

    def __init__(self, changes: LocalChanges) -> None:
        self.changes = changes
        self.revision = 1
        self.asked: list[str] = []
        self.gate = threading.Event()  # what POST waits for, as for a slow disk
        self.receiver = threading.Event()  # what a trial of a subscription waits for

    def answer(self, request: Request) -> Answer:
        self.asked.append(request.headers.get("authorization", ""))
        if request.method == "POST":
            (self.receiver if request.target.endswith("/test") else self.gate).wait(60)
        elif "wait=" in request.target:
            with self.changes.watch("t1") as watch:
                known = int(request.target.rpartition("revision=")[2])
                patience = float(request.target.partition("wait=")[2].partition("&")[0])
                while self.revision <= known and watch.wait(patience):
                    pass
        return Answer(200, {}, str(self.revision).encode())

    def change(self) -> None:
        self.revision += 1
        self.changes.tell("t1")


Story = Callable[[OneTask, Asking], Coroutine[Any, Any, None]]


def play(story: Story) -> None:
    task = OneTask(LocalChanges())
    asking = Asking(task, task.changes, Unread())
    try:
        asyncio.run(story(task, asking))
    finally:
        task.gate.set()
        task.receiver.set()
        asking.close()


def waiting(token: str = "one", patience: str = "60", path: str = "/tasks/t1") -> Request:
    return Request("GET", f"{path}?wait={patience}&revision=1", {"authorization": token})


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0)


@pytest.mark.parametrize("path", ["/tasks/t1", "/tasks/t1/logs"])
def test_who_waits_is_answered_with_the_news(path: str) -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        answers = asyncio.gather(*(asking.answer(waiting(str(number), path=path)) for number in range(200)))
        await until(lambda: len(task.asked) == 200)
        task.change()

        assert {answer.body for answer in await answers} == {b"2"}

    play(story)


def test_the_same_question_of_the_same_client_is_asked_once_for_all() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        mine = [asyncio.create_task(asking.answer(waiting("me"))) for _ in range(50)]
        other = asyncio.create_task(asking.answer(waiting("another")))
        await until(lambda: len(task.asked) == 2)
        task.change()

        assert [(await answer).body for answer in (*mine, other)] == [b"2"] * 51
        assert sorted(task.asked) == ["another", "another", "me", "me"]

    play(story)


def test_an_answer_is_not_given_again_to_who_asks_later() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        first = asyncio.create_task(asking.answer(waiting()))
        await until(lambda: len(task.asked) == 1)
        task.change()
        await first
        task.revision = 1

        second = asyncio.create_task(asking.answer(waiting()))
        await until(lambda: len(task.asked) == 3)
        task.change()

        assert (await second).body == b"2"

    play(story)


def test_without_news_the_wait_ends_with_its_time() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        assert (await asking.answer(waiting(patience="0.01"))).body == b"1"

    play(story)


def test_who_waited_in_vain_is_answered_with_how_things_are_by_then() -> None:
    """As whom a task waits for: that changes without any change of the task's."""

    async def story(task: OneTask, asking: Asking) -> None:
        answer = asyncio.create_task(asking.answer(waiting(patience="0.05")))
        await until(lambda: len(task.asked) == 1)
        task.revision = 2  # and nobody is told

        assert (await answer).body == b"2"

    play(story)


def test_the_end_of_the_home_answers_everybody() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        answer = asyncio.create_task(asking.answer(waiting()))
        await until(lambda: len(task.asked) == 1)
        task.changes.close()

        assert (await answer).body == b"1"

    play(story)


def test_one_client_that_hangs_up_does_not_end_the_wait_of_the_others() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        gone, stays = (asyncio.create_task(asking.answer(waiting())) for _ in range(2))
        await until(lambda: len(task.asked) == 1)
        gone.cancel()
        task.change()

        assert (await stays).body == b"2"

    play(story)


def test_slow_writing_keeps_no_reader_waiting() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        writing = [
            asyncio.create_task(asking.answer(Request("POST", "/apps/shop/tasks", {})))
            for _ in range(WRITERS + 5)
        ]
        await until(lambda: len(task.asked) == WRITERS)

        for _ in range(READERS_OF_OUTPUT + 5):
            assert (await asking.answer(Request("GET", "/tasks/t1/logs", {}))).status == 200
        assert (await asking.answer(Request("GET", "/tasks/t1", {}))).status == 200

        task.gate.set()
        assert {answer.status for answer in await asyncio.gather(*writing)} == {200}

    play(story)


def test_a_receiver_that_does_not_answer_a_trial_keeps_nobody_else_waiting() -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        trials = [
            Request("POST", f"/apps/shop/subscriptions/hooks-{number}/test", {})
            for number in range(WRITERS + TRIERS)
        ]
        trying = [asyncio.create_task(asking.answer(trial)) for trial in trials]
        await until(lambda: len(task.asked) == TRIERS)
        task.gate.set()

        assert (await asking.answer(Request("POST", "/apps/shop/tasks", {}))).status == 200

        task.receiver.set()
        assert {answer.status for answer in await asyncio.gather(*trying)} == {200}

    play(story)


@pytest.mark.parametrize("again", ["hooks/test", "hooks/test?", "h%6Foks/test"])
def test_a_second_trial_of_a_subscription_is_refused_while_its_receiver_hangs(again: str) -> None:
    async def story(task: OneTask, asking: Asking) -> None:
        first = asyncio.create_task(
            asking.answer(Request("POST", "/apps/shop/subscriptions/hooks/test", {"authorization": "one"}))
        )
        await until(lambda: len(task.asked) == 1)

        second = await asking.answer(Request("POST", f"/apps/shop/subscriptions/{again}", {}))

        assert (second.status, int(second.headers["retry-after"])) == (429, 10)
        task.receiver.set()
        assert (await first).status == 200
        third = await asking.answer(Request("POST", "/apps/shop/subscriptions/hooks/test", {}))
        assert third.status == 200

    play(story)
