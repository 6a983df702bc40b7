"""What can go wrong on the top floor.

ConsoleError
├── LanguageUnknown      no catalogue for the language asked for
├── ActionDisabled       an action that cannot be done now; its text says why
├── NoRoads              no road network was imported yet
├── RuleUnclear          a rule of a street that cannot be understood, or is refused
├── JobRunning           the same job is at work already
├── JobFailed            a job that could not do its work
├── ShapingImpossible    a plan that cannot be shaped by hand here and now
├── ExportRefused        a plan that cannot be exported as asked
├── FirmwareUnclear      a firmware file that cannot be taken over
├── PortTaken            another program listens there
└── AddressUnusable      a URL that leads nowhere the twin can go
"""

from __future__ import annotations


class ConsoleError(Exception):
    """Root of the top floor's errors. Its text is one line a person can act on."""


class LanguageUnknown(ConsoleError):
    """There is no catalogue for this language."""


class ActionDisabled(ConsoleError):
    """The action cannot be done now."""


class NoRoads(ConsoleError):
    """No road network was imported yet."""


class RuleUnclear(ConsoleError):
    """A rule of a street that cannot be understood, or that the store refuses."""


class JobRunning(ConsoleError):
    """The same job is at work already."""


class JobFailed(ConsoleError):
    """A job could not do its work; what was there before stays in force."""


class ShapingImpossible(ConsoleError):
    """A plan cannot be shaped by hand here and now."""


class ExportRefused(ConsoleError):
    """The plan, the truck or the folder asked for is not there, or cannot be used."""


class FirmwareUnclear(ConsoleError):
    """A firmware file that cannot be taken over."""


class PortTaken(ConsoleError):
    """Another program listens where this one should."""


class AddressUnusable(ConsoleError):
    """A URL that leads nowhere the twin can go."""
