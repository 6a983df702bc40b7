"""Address ranges of the settings: from where stations are let in without proving who they are."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=8)
def read_networks(text: str) -> tuple[Network, ...]:
    """Address ranges, comma separated.

    Raises:
        ValueError: one is none; the message says which.
    """
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def is_inside(address: str, networks: str) -> bool:
    """Whether an address is in one of the ranges; an IPv4 address may come written as an IPv6 one."""
    if not networks:
        return False
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped is not None:
        read = read.ipv4_mapped
    return any(read in network for network in read_networks(networks) if network.version == read.version)
