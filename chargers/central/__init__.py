"""The central system: OCPP 1.6 and 2.0.1 charging stations over WebSockets."""

from chargers.central.server import CentralSystem

__all__ = ["CentralSystem"]
