"""The values of apps' secrets, in one file beside the database that only its owner can read."""

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter

from chalicelib.domain.app import App
from chalicelib.domain.errors import RefusedForGood, RefusedForNow, Unavailable
from chalicelib.domain.kept_secrets import MOST_VERSIONS, refuse_lost, whole_set
from chalicelib.ports import KeptValues
from local.store.private_file import write_private
from local.store.system_refusals import advice, in_words

MOST_KEPT = 2 * MOST_VERSIONS  # of an app: those on record, and such that no record came to name

Versions = dict[str, dict[str, str]]  # values by version, oldest first
_FILE = TypeAdapter(dict[str, Versions])


class LocalAppSecrets:
    """One server has the file, so what it reads there is what it wrote; unless somebody else removes or damages it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def write(
        self, app: str, values: Mapping[str, str], others: Sequence[str], base: str | None
    ) -> KeptValues:
        version_id = uuid4().hex
        with self._lock:
            kept = self._read()
            versions = kept.get(app, {})
            whole = whole_set(app, values, others, versions.get(base or "", {}))
            self._write(kept | {app: _newest({**versions, version_id: json.loads(whole)}, base)})
        return KeptValues("", version_id)

    def check(self, app: str, names: Sequence[str], version_id: str) -> None:
        refuse_lost(app, names, self._read().get(app, {}).get(version_id, {}))

    def remove(self, app: str) -> None:
        with self._lock:
            kept = self._read()
            if kept.pop(app, None) is not None:
                self._write(kept)

    def about(self, app: str) -> str:  # noqa: ARG002 - the port's shape
        return f"The values of secrets are kept in {self._file}, which only you can read."

    def values_of(self, app: App) -> Mapping[str, str]:
        """Return what tasks of the app are started with.

        Raise RefusedForGood when it is not there any more, RefusedForNow when it cannot be read.
        """
        if app.kept_secrets is None or not app.kept_secrets.names:
            return {}
        try:
            values = self._read().get(app.name, {}).get(app.kept_secrets.version.id, {})
        except Unavailable as refusal:
            raise RefusedForNow(f"The secrets of app {app.name} cannot be read: {refusal}") from refusal
        lost = [name for name in app.kept_secrets.names if name not in values]
        if lost:
            raise RefusedForGood(
                f"{self._file} has no values of the secrets {', '.join(lost)} any more: "
                f"give them again (tapit set app name={app.name} secret={lost[0]})."
            )
        return values

    def _read(self) -> dict[str, Versions]:
        try:
            kept = _FILE.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unavailable(error) from error
        except ValueError:  # pydantic's, and it quotes what does not fit
            raise Unavailable(
                f"{self._file} is damaged.", "Put a backup back, or remove it and give the secrets again."
            ) from None
        return kept

    def _write(self, kept: Mapping[str, Versions]) -> None:
        try:
            write_private(self._file, json.dumps(kept, ensure_ascii=False))
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> Unavailable:
        mending = advice(error)
        return Unavailable(
            f"The file of secrets cannot be used: {in_words(error)}.", mending and f"{mending}."
        )


def _newest(versions: Versions, base: str | None) -> Versions:
    """What tasks are given at this moment stays until the record names the new one."""
    newest = list(versions)[-MOST_KEPT:]
    return {name: values for name, values in versions.items() if name in newest or name == base}
