"""The HTTP side: webhooks of sensor networks and trucks in, health out."""

from console.api.app import make_api

__all__ = ["make_api"]
