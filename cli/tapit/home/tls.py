"""TLS: where it may be left out, and whose certificates are trusted."""

from __future__ import annotations

import os
import re

from tapit import TYPE_CHECKING
from tapit.errors import CliError

if TYPE_CHECKING:
    import ssl

TRUST_THE_NETWORK = "in a network that you trust: export TAPIT_ALLOW_HTTP=1"
TRUST_AN_AUTHORITY = "if your team has its own authority: export TAPIT_CA_BUNDLE=/path/to/ca.pem"


def why_not_plain(scheme: str) -> str:
    """Said when an address is refused because it does not use TLS."""
    return f"Plain {scheme}:// is for a home on this machine: on the way to another one, others can read it."


def may_be_unencrypted(host: str) -> bool:
    """On this machine, or where somebody said that the network is trusted."""
    return is_this_machine(host) or os.environ.get("TAPIT_ALLOW_HTTP") == "1"


def is_this_machine(host: str) -> bool:
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def trusted_certificates() -> ssl.SSLContext:
    """The system's, or TAPIT_CA_BUNDLE's; raise CliError when that cannot be read."""
    import ssl

    bundle = os.environ.get("TAPIT_CA_BUNDLE") or None
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise CliError(
            f"cannot read the certificates in {bundle}", str(error), "unset TAPIT_CA_BUNDLE"
        ) from error
