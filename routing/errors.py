"""What can go wrong in routing, drawn:

RoutingError
├── RoadsError               the road network
│   ├── ExtractError         an OpenStreetMap file that cannot be read, or holds no streets a truck may use
│   ├── NetworkFileError     a saved network that is damaged, or of another version
│   ├── OffNetworkError      a point farther from every street than allowed
│   ├── NoWayError           two points with no permitted way between them
│   └── RouterError          a road engine that does not answer, refuses, or answers nonsense
├── ForecastError            readings or settings a forecast cannot be made from
├── EditError                an edit by hand that makes no sense, or touches what is locked
├── ProblemError             a night that cannot be planned as it is written
│   └── PackingError         bytes that are no packed problem, or damaged
└── SolveError               a search that was asked for something it cannot do

Each message is one line: what is wrong, where, and the mend.
"""


class RoutingError(Exception):
    """Root of everything routing raises on purpose."""


class RoadsError(RoutingError):
    """The road network cannot answer."""


class ExtractError(RoadsError):
    """An OpenStreetMap file cannot be read, or holds no streets a truck may use."""


class NetworkFileError(RoadsError):
    """A saved network is damaged or of another version; building it again from its extract mends it."""


class OffNetworkError(RoadsError):
    """A point lies farther from every street than the allowed distance."""


class NoWayError(RoadsError):
    """No permitted way leads from one point to another."""


class RouterError(RoadsError):
    """A road engine elsewhere does not answer, refuses, or answers nonsense; the built-in network can step in."""


class ForecastError(RoutingError):
    """Readings or settings no forecast can be made from."""


class ProblemError(RoutingError):
    """A night that cannot be planned as it is written: the message names the bin, truck or place and the mend."""


class PackingError(ProblemError):
    """Bytes that should hold a packed problem do not; planning again mends it."""


class SolveError(RoutingError):
    """A search was asked for something it cannot do."""


class EditError(RoutingError):
    """An edit by hand that makes no sense for the plan as it stands, or touches what is locked."""
