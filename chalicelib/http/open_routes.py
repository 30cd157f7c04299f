"""What needs no token: is it up, and what can it do."""

import json
from collections.abc import Callable, Sequence
from functools import cache

from chalice.app import Blueprint, Response

from chalicelib import VERSION
from chalicelib.domain.errors import TapitError
from chalicelib.http.endpoint import Route, json_response, refusal
from chalicelib.http.openapi import describe
from chalicelib.ports import Services


def open_blueprint(routes: Sequence[Route], services: Callable[[], Services]) -> Blueprint:
    """Return /health, and /openapi.json about all the routes."""
    made = Blueprint(__name__)

    @made.route("/health", methods=["GET"])
    def health() -> Response:
        try:
            home = services().home
        except TapitError as error:
            return refusal(error)
        return json_response({"status": "ok", "home": home, "version": VERSION})

    @made.route("/openapi.json", methods=["GET"])
    def openapi() -> Response:
        return json_response(description())

    @cache
    def description() -> str:
        return json.dumps(describe(routes))

    return made
