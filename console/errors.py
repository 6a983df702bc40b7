"""What can go wrong on the top floor.

ConsoleError
├── LanguageUnknown      no catalogue for the language asked for
├── ActionDisabled       an action that cannot be done now; its text says why
└── FeedLost             the store went away while the console was reading it
"""

from __future__ import annotations


class ConsoleError(Exception):
    """Root of the top floor's errors. Its text is one line a person can act on."""


class LanguageUnknown(ConsoleError):
    """There is no catalogue for this language."""


class ActionDisabled(ConsoleError):
    """The action cannot be done now."""


class FeedLost(ConsoleError):
    """The store cannot be read any more."""
