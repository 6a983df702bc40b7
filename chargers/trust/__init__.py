"""Our own certificate authority: who a station is, under our key. Knows files and keys, no network and no store."""

from chargers.trust.authority import Authority
from chargers.trust.issuing import Issued, read_certificate

__all__ = ["Authority", "Issued", "read_certificate"]
