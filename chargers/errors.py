"""The exceptions of the chargers package.

ChargersError
├── ScheduleError            a night that cannot be scheduled as it is written
├── ProfileError             a charging profile that breaks a rule of OCPP
│   └── ProfileUnreadable    a wire profile that cannot be read as one
└── UnsafeLimits             limits under which no safe state exists: the fall-backs alone break the site limit
"""


class ChargersError(Exception):
    """Root of everything the chargers package raises on purpose."""


class ScheduleError(ChargersError):
    """A night that cannot be scheduled as it is written: the message names the truck or slot and the mend."""


class ProfileError(ChargersError):
    """A charging profile that breaks a rule of OCPP: the message names the profile, the rule and the mend."""


class ProfileUnreadable(ProfileError):  # noqa: N818 - said as it is read in a log: "profile unreadable"
    """A payload from the wire that cannot be read as a charging profile: the message names the field."""


class UnsafeLimits(ChargersError):  # noqa: N818 - it names the state, which is what an operator must mend
    """Limits under which no safe state exists, e.g. the fall-back powers alone are above the site limit."""
