"""Routes about subscriptions."""

from chalicelib.domain.delivery import MOST_SHOWN
from chalicelib.domain.token import Role
from chalicelib.http.cursor import seal, unseal
from chalicelib.http.endpoint import Call, Routes
from chalicelib.http.subscription_models import (
    BacklogView,
    ChangedSubscriptionView,
    ChangeSubscription,
    CreateSubscription,
    DeliveryView,
    ListSubscriptionsQuery,
    ResendEvent,
    SubscriptionDetails,
    SubscriptionList,
    SubscriptionRemovedView,
    SubscriptionView,
    SubscriptionWithSecretView,
    TestView,
)
from chalicelib.usecases.find_named import find_named
from chalicelib.usecases.remove_subscription import remove_subscription
from chalicelib.usecases.save_subscription import alter_subscription, create_subscription, rotate_secret
from chalicelib.usecases.send_again import resend, try_out

routes = Routes()
_ALL = "/apps/{app_name}/subscriptions"
_ONE = "/apps/{app_name}/subscriptions/{name}"


@routes.add("POST", _ALL, Role.ADMIN, status=201)
def create(call: Call, app_name: str, body: CreateSubscription) -> SubscriptionWithSecretView:
    """Have an app's events sent to an address; its secret is in this answer and in no other."""
    wanted = body.subscription(app_name, call.home.clock.now(), call.token.name)
    return SubscriptionWithSecretView.with_secret(*create_subscription(call.home, wanted))


@routes.add("GET", _ALL, Role.OPERATOR)
def list_subscriptions(call: Call, app_name: str, query: ListSubscriptionsQuery) -> SubscriptionList:
    """List an app's subscriptions, by name."""
    call.home.apps.get(app_name)
    scope = f"subscriptions {app_name}"
    after = unseal(call.token, scope, query.cursor) or ""
    left = [each for each in call.home.subscriptions.list(app_name) if each.name > after]
    page = left[: query.limit]
    following = seal(call.token, scope, page[-1].name) if len(left) > query.limit else None
    return SubscriptionList(items=[SubscriptionView.of(each) for each in page], next=following)


@routes.add("GET", _ONE, Role.OPERATOR)
def show(call: Call, app_name: str, name: str) -> SubscriptionDetails:
    """Show a subscription and its last deliveries."""
    subscription = find_named(call.home, call.home.subscriptions, app_name, name)
    deliveries = call.home.deliveries.list(subscription.id, MOST_SHOWN)
    return SubscriptionDetails.of(
        subscription,
        previous_until=subscription.previous_secret_until(call.home.clock.now()),
        backlog=BacklogView.showing_if_any(call.home.deliveries.backlog(subscription.id)),
        deliveries=[DeliveryView.of(each) for each in deliveries],
    )


@routes.add("PATCH", _ONE, Role.ADMIN)
def change(call: Call, app_name: str, name: str, body: ChangeSubscription) -> ChangedSubscriptionView:
    """Change a subscription, pause it or resume it; only what is given changes."""
    now, by = call.home.clock.now(), call.token.name
    subscription, changed = alter_subscription(
        call.home, app_name, name, lambda subscription: body.applied_to(subscription, now, by), by
    )
    return ChangedSubscriptionView.of(subscription, changed=list(changed))


@routes.add("DELETE", _ONE, Role.ADMIN)
def remove(call: Call, app_name: str, name: str) -> SubscriptionRemovedView:
    """Remove a subscription; what is on its way to it is not sent."""
    remove_subscription(call.home, app_name, name, by=call.token.name)
    return SubscriptionRemovedView(name=name)


@routes.add("POST", f"{_ONE}/rotate", Role.ADMIN)
def rotate(call: Call, app_name: str, name: str) -> SubscriptionWithSecretView:
    """Give it a new secret; for a day after it was replaced, each one before signs too."""
    rotated = rotate_secret(call.home, app_name, name, by=call.token.name)
    return SubscriptionWithSecretView.with_secret(*rotated)


@routes.add("POST", f"{_ONE}/test", Role.OPERATOR)
def test(call: Call, app_name: str, name: str) -> TestView:
    """Send an event that is marked as a test, once and at once, and say what was answered."""
    trial, answer = try_out(call.home, app_name, name, by=call.token.name)
    return TestView.of(trial.id, answer)


@routes.add("POST", f"{_ONE}/resend", Role.OPERATOR, status=202)
def send_again(call: Call, app_name: str, name: str, body: ResendEvent) -> DeliveryView:
    """Send an event of the last seven days once more, also one that it was never sent."""
    return DeliveryView.of(resend(call.home, app_name, name, body.event, by=call.token.name))
