"""Where the twin goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import httpx

from console.errors import AddressUnusable

Option = Literal["--ocpp", "--http"]
SCHEMES: dict[Option, tuple[str, str]] = {"--ocpp": ("ws", "wss"), "--http": ("http", "https")}
EXAMPLES: dict[Option, str] = {"--ocpp": "ws://127.0.0.1:9000/ocpp", "--http": "http://127.0.0.1:8080"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of the central system, without an identity, and of the webhooks. `http` empty: nothing is posted."""

    ocpp: str
    http: str

    @classmethod
    def check(cls, ocpp: str, http: str) -> Addresses:
        """Addresses that can be tried.

        Raises:
            AddressUnusable: not a URL of the right kind.
        """
        return cls(_check("--ocpp", ocpp), _check("--http", http) if http else "")


def _check(option: Option, url: str) -> str:
    try:
        parts, port = httpx.URL(url), urlsplit(url).port
        usable = parts.scheme in SCHEMES[option] and parts.host and port != 0 and url.split() == [url]
    except (httpx.InvalidURL, ValueError):
        usable = False
    if not usable:
        raise AddressUnusable(
            f"{option}: {url!r} is no {SCHEMES[option][0]} address; write one like {EXAMPLES[option]}"
        )
    return url
