"""How a station reaches its central system: address, credentials, TLS, and the wait before it tries again."""

from __future__ import annotations

import base64
import logging
from random import Random
from urllib.parse import quote

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from chargers.twin.keyring import Keyring
from chargers.twin.spec import Misbehaviour, StationSpec
from chargers.twin.variables import Variables

_line_log = logging.getLogger("chargers.twin.line")

PING_SECONDS = 20.0
"""Wall seconds between WebSocket pings: they tell a dead line, whatever the clock."""
MOST_FRAME_BYTES = 1 << 20
SHORT_BACK_OFF_SECONDS = (1.0, 2.0, 4.0)


class Dialer:
    """One station's way out. url: of the central system, without the identity."""

    def __init__(self, spec: StationSpec, url: str, variables: Variables, keyring: Keyring, seed: int) -> None:
        self.password: str | None = None
        self._spec = spec
        self._url = f"{url.rstrip('/')}/{quote(spec.identity, safe='')}"
        self._variables = variables
        self._keyring = keyring
        self._random = Random(f"{spec.identity} {seed}")

    @property
    def uses_tls(self) -> bool:
        return self._url.startswith("wss://")

    def dial(self) -> connect:
        """A connection to be awaited."""
        headers = {}
        password = self._variables.text("AuthorizationKey") or self.password
        if password is not None:
            credentials = base64.b64encode(f"{self._spec.identity}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        return connect(
            self._url,
            subprotocols=[Subprotocol(self._spec.protocol)],
            additional_headers=headers,
            compression=None,
            logger=_line_log,
            proxy=None,
            ssl=self._keyring.context() if self.uses_tls else None,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=2,
            max_size=MOST_FRAME_BYTES,
        )

    def back_off(self, attempts: int) -> float:
        """Clock seconds before the next attempt: doubled some times, with a random part (2.0.1 part 4 section 5.3)."""
        if self._spec.shows(Misbehaviour.SHORT_BACK_OFF):
            return SHORT_BACK_OFF_SECONDS[min(attempts, 2)]
        doubled = 1 << min(attempts, self._variables.number("RetryBackOffRepeatTimes"))
        spread = self._random.random() * self._variables.number("RetryBackOffRandomRange")
        return float(max(1, self._variables.number("RetryBackOffWaitMinimum")) * doubled + spread)
