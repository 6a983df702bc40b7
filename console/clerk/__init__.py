"""The clerk: follows the store while the server runs, sounds alarms, keeps the depot's night, has plans made."""

from console.clerk.attend import Clerk

__all__ = ["Clerk"]
