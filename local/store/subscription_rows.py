"""Subscriptions as they are kept in SQLite."""

from chalicelib.domain.subscription import SUBSCRIPTIONS
from local.store.named_rows import NamedRows

SUBSCRIPTION_ROWS = NamedRows(SUBSCRIPTIONS, {"is_slow": lambda subscription: subscription.is_slow})
