"""Picking by facets, without a screen."""

from __future__ import annotations

from console.view.sieve import Sieve

A = {"state": ("Charging",), "site": ("Depot",), "group": ("night", "public")}
B = {"state": ("Faulted",), "site": ("Depot",), "fault": ("GroundFailure",), "group": ("",)}
C = {"state": ("Charging",), "site": ("",), "group": ("",)}


def picked(*values) -> Sieve:
    sieve = Sieve()
    for facet, value in values:
        sieve = sieve.toggled(facet, value)
    return sieve


def test_one_value_of_every_facet_must_fit():
    """Values of one facet are alternatives, facets are all needed, nothing picked lets everything through."""
    assert all(Sieve().lets(one) for one in (A, B, C))
    either = picked(("state", "Charging"), ("state", "Faulted"))
    assert [either.lets(one) for one in (A, B, C)] == [True, True, True]
    both = picked(("state", "Charging"), ("site", "Depot"))
    assert [both.lets(one) for one in (A, B, C)] == [True, False, False]
    assert [picked(("fault", "GroundFailure")).lets(one) for one in (A, B, C)] == [False, True, False]


def test_a_value_picked_twice_is_taken_back():
    """The second time it is picked no more, and an empty facet is none."""
    sieve = picked(("site", "Depot"), ("site", "Depot"))
    assert sieve == Sieve()
    assert not sieve


def test_counts_are_of_what_each_value_would_show():
    """Beside the other facets picked; a picked value that shows nothing is counted 0, so that it can be taken back."""
    counts = picked(("site", "Depot")).count([A, B, C])
    assert counts["state"] == {"Charging": 1, "Faulted": 1}
    assert counts["site"] == {"": 1, "Depot": 2}
    assert counts["group"] == {"": 1, "night": 1, "public": 1}
    assert picked(("vendor", "Volta")).count([A])["vendor"] == {"Volta": 0}
