"""What requests about subscriptions and their answers look like."""

import difflib
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field

from chalicelib.domain import ids
from chalicelib.domain.delivery import Answer, Delivery, State
from chalicelib.domain.subscription import EVENT_NAMES, Format, Subscription, name_from, pause, resume
from chalicelib.domain.view import Moment, View
from chalicelib.http.fields import AppName, QueryParameters, RequestBody


def _event_name(name: str) -> str:
    if name in EVENT_NAMES:
        return name
    close = difflib.get_close_matches(name.lower(), EVENT_NAMES, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    raise ValueError(f"is no event{meant}; there are {', '.join(EVENT_NAMES)}")


def _format(name: str) -> Format:
    if name in list(Format):
        return Format(name)
    raise ValueError(f"must be {' or '.join(Format)}")


EventName = Annotated[str, AfterValidator(_event_name), Field(json_schema_extra={"enum": list(EVENT_NAMES)})]
EventNames = Annotated[
    list[EventName],
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    Field(
        max_length=100, description="which are sent; none are all of them, also those that are added later"
    ),
]
FormatName = Annotated[
    str,
    AfterValidator(_format),
    Field(description="the event itself, or a message for Slack", json_schema_extra={"enum": list(Format)}),
]
Url = Annotated[str, Field(max_length=2048, description="https, and on the public internet")]


class CreateSubscription(RequestBody):
    """Without a name it is called like the URL's host."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://hooks.example.org/tapit", "events": ["failed", "lost"]}]
        }
    )

    url: Url
    events: EventNames = Field(default_factory=list)
    name: AppName | None = None
    format: FormatName = Format.JSON

    def subscription(self, app: str, now: datetime, created_by: str) -> Subscription:
        return Subscription(
            id=ids.new_id(now),
            app=app,
            name=self.name or name_from(self.url),
            url=self.url,
            events=tuple(self.events),
            format=Format(self.format),
            created_at=now,
            created_by=created_by,
        )


class ChangeSubscription(RequestBody):
    """Only what is given changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": ["failed"], "paused": False}]})

    url: Url | None = None
    events: EventNames | None = None
    format: FormatName | None = None
    paused: bool | None = None

    def applied_to(self, subscription: Subscription, now: datetime, by: str) -> Subscription:
        changed = subscription if self.url is None else subscription.moved(self.url)
        if self.events is not None:
            changed = changed.but(events=tuple(self.events))
        if self.format is not None:
            changed = changed.but(format=Format(self.format))
        if self.paused is None:
            return changed
        return pause(changed, f"{by} paused it.", now, by) if self.paused else resume(changed)


class ResendEvent(RequestBody):
    """Of the app's feed, which keeps events for seven days."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event": "1jd3m8k7x2qf-4"}]})

    event: Annotated[str, Field(min_length=1, max_length=64, description="the event's id")]


class ListSubscriptionsQuery(QueryParameters):
    """A page of an app's subscriptions, by name."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


class PauseView(View):
    """Since when nothing is sent, why, and who paused it: nobody, when it paused itself."""

    since: Moment
    why: str
    by: str | None


class SubscriptionView(View):
    """Where news of an app is sent; without `events`, all are.

    Nobody ever sees its secret again, nor, with the format of Slack, more of its URL than the host: that is a secret
    as well.
    """

    id: str
    app: str
    name: str
    url: str
    events: tuple[str, ...]
    format: Format
    created_at: Moment
    created_by: str
    paused: PauseView | None
    failing_since: Moment | None
    revision: int

    @classmethod
    def of(cls, subscription: Subscription, **others: Any) -> Self:
        paused = PauseView.showing_if_any(subscription.paused)
        return cls.showing(subscription, url=subscription.shown_url, paused=paused, **others)


class ChangedSubscriptionView(SubscriptionView):
    """The subscription as it is now, and the names of what was changed; none when it was so already."""

    changed: list[str]


class SubscriptionList(View):
    """Subscriptions by name; `next` is the cursor of the next page, None on the last."""

    items: list[SubscriptionView]
    next: str | None


class SubscriptionWithSecretView(SubscriptionView):
    """The only answer with the secret. Until `previous_until`, the one before signs too.

    Any before that one signs for a day after it was replaced; of very many, the last four.
    """

    secret: str
    previous_until: Moment | None

    @classmethod
    def with_secret(cls, subscription: Subscription, secret: str) -> Self:
        until = next((each.until for each in subscription.earlier_secrets), None)
        return cls.of(subscription, secret=secret, previous_until=until)


class AnswerView(View):
    """What a receiver answered, of its words the first 200 characters; or the problem that kept it from it."""

    status: int | None
    problem: str | None
    text: str
    seconds: float


class DeliveryView(View):
    """An event on its way to a subscription; `due_at` None: it is not tried again."""

    event_id: str
    about: str
    created_at: Moment
    tries: int
    last_at: Moment | None
    due_at: Moment | None
    state: State
    answer: AnswerView | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        return cls.showing(delivery, answer=AnswerView.showing_if_any(delivery.answer))


class BacklogView(View):
    """How many events wait to be taken, and since when the first of them."""

    waiting: int
    oldest_at: Moment


class SubscriptionDetails(SubscriptionView):
    """A subscription and its last deliveries, the newest first.

    Until `previous_until` the secret before signs too; null when only the newest does. `backlog` is null when nothing
    waits, and where that is not known, as on AWS: what waits there is in a queue.
    """

    backlog: BacklogView | None
    previous_until: Moment | None
    deliveries: list[DeliveryView]


class TestView(View):
    """Whether a test was taken, and what was answered."""

    event_id: str
    delivered: bool
    answer: AnswerView

    @classmethod
    def of(cls, event_id: str, answer: Answer) -> Self:
        return cls(event_id=event_id, delivered=answer.is_success, answer=AnswerView.showing(answer))


class SubscriptionRemovedView(View):
    """The subscription is gone, and what was on its way to it."""

    name: str
    removed: Literal[True] = True
