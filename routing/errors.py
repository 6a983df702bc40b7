"""What can go wrong in routing, drawn:

RoutingError
└── RoadsError               the road network
    ├── ExtractError         an OpenStreetMap file that cannot be read, or holds no streets a truck may use
    ├── NetworkFileError     a saved network that is damaged, or of another version
    ├── OffNetworkError      a point farther from every street than allowed
    └── NoWayError           two points with no permitted way between them

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
