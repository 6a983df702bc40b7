"""Sites without trucks: the stations of a site share what its connection carries, fairly and by priority."""

from chargers.sites.conduct import is_shared, share_site
from chargers.sites.share import Outlet, Phases, share

__all__ = ["Outlet", "Phases", "is_shared", "share", "share_site"]
