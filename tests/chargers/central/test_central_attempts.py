"""Who failed to log in waits, longer each time, and memory stays bounded."""

from __future__ import annotations

from chargers.central.attempts import FORGET_SECONDS, FREE, FREE_OF_ADDRESS, MOST_KEPT, MOST_SECONDS, Attempts
from chargers.central.networks import is_inside


class Hand:
    """A clock moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_wait_doubles_up_to_a_minute():
    """Five failures are free, then 1, 2, 4 … seconds, never more than a minute; success wipes the slate."""
    clock = Hand()
    attempts = Attempts(clock)
    waits = []
    for _ in range(FREE + 9):
        attempts.note_failure("CP1", "192.0.2.1")
        waits.append(attempts.wait_seconds("CP1", "192.0.2.1"))
    assert waits == [0.0] * FREE + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert attempts.wait_seconds("CP1", "192.0.2.2") == 0
    clock.now += MOST_SECONDS
    assert attempts.wait_seconds("CP1", "192.0.2.1") == 0
    attempts.note_success("CP1", "192.0.2.1")
    attempts.note_failure("CP1", "192.0.2.1")
    assert attempts.wait_seconds("CP1", "192.0.2.1") == 0


def test_old_failures_are_forgotten():
    """After a quarter of an hour in peace the count begins anew."""
    clock = Hand()
    attempts = Attempts(clock)
    for _ in range(FREE + 3):
        attempts.note_failure("CP1", "192.0.2.1")
    clock.now += FORGET_SECONDS + 1
    attempts.note_failure("CP1", "192.0.2.1")
    assert attempts.wait_seconds("CP1", "192.0.2.1") == 0


def test_an_address_that_tries_many_names_waits():
    """A hundred names from one address, or from one IPv6 network, and nobody from there may try."""
    attempts = Attempts(Hand())
    for number in range(FREE_OF_ADDRESS + 1):
        attempts.note_failure(f"X{number}", f"2001:db8::{number:x}")
    assert attempts.wait_seconds("CP1", "2001:db8::ffff") == 1.0
    assert attempts.wait_seconds("CP1", "2001:db8:1::1") == 0


def test_memory_is_bounded():
    """However many names and addresses there are, no more than so many are kept."""
    attempts = Attempts(Hand())
    for number in range(MOST_KEPT):
        attempts.note_failure(f"X{number}", f"10.{number >> 8 & 255}.{number & 255}.1")
    assert len(attempts) == MOST_KEPT


def test_networks():
    """Ranges of either family; an IPv4 address written as IPv6 is what it is; no address is in no range."""
    ranges = "10.1.0.0/16, 2001:db8::/32, 192.0.2.7"
    inside = [name for name in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7") if is_inside(name, ranges)]
    assert len(inside) == 4
    assert not any(is_inside(name, ranges) for name in ("10.2.0.1", "2001:db9::1", "192.0.2.8", "", "somewhere"))
    assert not is_inside("10.1.2.3", "")
