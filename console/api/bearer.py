"""Who may ask: a token in the settings, shown as `Authorization: Bearer` or `X-Api-Key`."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request


def knows(request: Request, token: str, *, schemes: tuple[str, ...] = ("bearer",)) -> bool:
    """Whether a request shows the token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    shown = (given.strip() if scheme.lower() in schemes else "", request.headers.get("x-api-key", ""))
    return any(hmac.compare_digest(secret.encode(), token.encode()) for secret in shown if secret)


def ask_for(token: str, setting: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets in whoever shows `token`; without one nobody: `setting` opens it."""

    async def check(request: Request) -> None:
        if not token:
            raise HTTPException(403, f"closed: set {setting} to open it")
        if not knows(request, token):
            raise HTTPException(401, "unauthorized", {"WWW-Authenticate": "Bearer"})

    return check
