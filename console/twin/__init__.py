"""The simulated city at work: its stations over OCPP, its sensors and trucks over HTTP, against any server."""

from console.twin.play import run

__all__ = ["run"]
