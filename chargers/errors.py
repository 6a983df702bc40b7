"""The exceptions of the chargers package.

ChargersError
├── ScheduleError            a night that cannot be scheduled as it is written
├── ProfileError             a charging profile that breaks a rule of OCPP
│   └── ProfileUnreadable    a wire profile that cannot be read as one
├── TariffInvalid            a price list that is none
├── UnsafeLimits             limits under which no safe state exists: the fall-backs alone break the site limit
├── CentralError             the central system
│   ├── PortUnavailable      it cannot listen where it was told to
│   ├── RequestRefused       a certificate signing request that is not granted
│   ├── CertificateUnreadable  no certificate
│   ├── AuthorityBroken      our own authority's files cannot be used
│   ├── OrderUnclear         an order whose arguments cannot be understood
│   └── CallFailed           a call to a station that brought no result
│       ├── CallInvalid      not sent: it breaks the OCPP schema
│       ├── StationLost      the connection went before the answer came
│       ├── CallUnanswered   no answer in time
│       └── CallRefused      the station answered with a CALLERROR
└── TwinError                a simulated station
    ├── LineLost             its connection ended before an answer came
    ├── CallDenied           the central system answered its call with a CALLERROR
    └── CallNotTaken         it answers a call with a CALLERROR
"""


class ChargersError(Exception):
    """Root of everything the chargers package raises on purpose."""


class ScheduleError(ChargersError):
    """A night that cannot be scheduled as it is written: the message names the truck or slot and the mend."""


class ProfileError(ChargersError):
    """A charging profile that breaks a rule of OCPP: the message names the profile, the rule and the mend."""


class ProfileUnreadable(ProfileError):
    """A payload from the wire that cannot be read as a charging profile: the message names the field."""


class UnsafeLimits(ChargersError):
    """Limits under which no safe state exists, e.g. the fall-back powers alone are above the site limit."""


class TariffInvalid(ChargersError):
    """A price list that is none: the message names the tariff, the element and the mend."""


class CentralError(ChargersError):
    """Something the central system cannot do."""


class PortUnavailable(CentralError):
    """The central system cannot listen where it was told to: the message names host, port and the mend."""


class RequestRefused(CentralError):
    """A certificate signing request that is not granted: the message says why."""


class CertificateUnreadable(CentralError):
    """What should be a certificate is none."""


class AuthorityBroken(CentralError):
    """Our own certificate authority cannot be used: the message names the file and the mend."""


class OrderUnclear(CentralError):
    """An order whose arguments cannot be understood: the message names the argument and the mend."""


class CallFailed(CentralError):
    """A call to a station that brought no result."""


class CallInvalid(CallFailed):
    """Not sent, because it breaks the schema of its OCPP version: the message names the action and the field."""


class StationLost(CallFailed):
    """The connection went before the answer came. Whether the station did it is not known."""


class CallUnanswered(CallFailed):
    """No answer in time. Whether the station did it is not known."""


class CallRefused(CallFailed):
    """The station answered with a CALLERROR: its code and description."""

    def __init__(self, action: str, code: str, description: str) -> None:
        self.code = code
        self.description = description
        super().__init__(f"{action}: {code}" + (f" ({description})" if description else ""))


class TwinError(ChargersError):
    """Something a simulated station met. Never leaves the twin."""


class LineLost(TwinError):
    """The connection ended before the answer came."""


class CallDenied(TwinError):
    """The central system answered a call with a CALLERROR: the message names action, code and description."""


class CallNotTaken(TwinError):
    """A simulated station answers a call with a CALLERROR: its code and description."""

    def __init__(self, code: str, description: str = "") -> None:
        self.code = code
        self.description = description
        super().__init__(f"{code} {description}".strip())
