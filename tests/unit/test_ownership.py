"""Who may change what somebody made."""

import pytest

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.token import Rights, Role, Token, new_token
from chalicelib.usecases.ownership import refuse_unless_owner
from tests.builders import a_subscription


def token(name: str, role: Role) -> Token:
    return new_token(name, Rights(role=role))[0]


@pytest.mark.parametrize(
    ("name", "role"), [("alice", Role.OPERATOR), ("alice", Role.ADMIN), ("bob", Role.ADMIN)]
)
def test_who_made_it_may_and_so_may_any_admin(name: str, role: Role) -> None:
    refuse_unless_owner("command", a_subscription(created_by="alice"), token(name, role))


def test_another_operator_is_told_whose_it_is_and_what_to_do() -> None:
    with pytest.raises(
        Forbidden, match="The command hooks is alice's, so bob may use it, but not"
    ) as refusal:
        refuse_unless_owner("command", a_subscription(created_by="alice"), token("bob", Role.OPERATOR))
    assert refusal.value.hint
    assert refusal.value.hint.startswith("Ask alice or an admin")
