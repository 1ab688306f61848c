"""Asks the running system whether every part answers."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass

ANSWER_WITHIN_S = 4.0


@dataclass(frozen=True)
class Readiness:
    """What /readyz said: 200 means ready; `report` is its text, for people."""

    is_ready: bool
    report: str


def ask(url: str, *, trusted_certificate: str | None = None) -> Readiness:
    """One question to /readyz; nobody answering is an answer as well."""
    context = (
        ssl.create_default_context(cafile=trusted_certificate) if trusted_certificate else None
    )
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S, context=context) as answer:  # noqa: S310 - our own address
            return Readiness(True, _summarise(answer.read()))
    except urllib.error.HTTPError as error:
        return Readiness(False, _summarise(error.read()))
    except OSError as error:
        return Readiness(False, f"the web server does not answer ({error})")


def _summarise(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body))
    except ValueError:
        return body[:200].decode(errors="replace")
