"""Which library carries the WebSockets."""

from __future__ import annotations

import errno
from typing import Literal

from chargers.central.socket import Gate, Listener
from chargers.central.tls import Lock
from chargers.errors import PortUnavailable

Transport = Literal["auto", "picows", "websockets"]
"""`auto`: picows where it is installed and no compression is wanted, else `websockets`."""


async def listen(
    gate: Gate,
    host: str,
    port: int,
    transport: Transport,
    ping_seconds: float,
    *,
    deflate: bool,
    lock: Lock | None = None,
) -> Listener:
    """Listen for stations; with a `lock`, over TLS.

    Raises:
        PortUnavailable: the port is taken, not allowed, or the host is not this machine's.
    """
    try:
        if transport == "picows" or (transport == "auto" and not deflate and _has_picows()):
            from chargers.central.picows_transport import listen_with_picows

            return await listen_with_picows(gate, host, port, ping_seconds, lock)
        from chargers.central.websockets_transport import listen_with_websockets

        return await listen_with_websockets(gate, host, port, ping_seconds, deflate=deflate, lock=lock)
    except OSError as error:
        raise PortUnavailable(_say(error, host, port)) from error


def _has_picows() -> bool:
    try:
        import picows  # noqa: F401 - asked, not used
    except ImportError:
        return False
    return True


def _say(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; end the other program or choose another port (BINWATT_OCPP_PORT)"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} may not be used by this user; choose one above 1023"
    return f"cannot listen on {host} port {port}: {error.strerror or error}; correct the OCPP host and port"
