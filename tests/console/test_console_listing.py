"""Which rows are listed and in what order, without a screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from console.widgets.columns import Cell, Column
from console.widgets.listing import Listing, matches, put_in_order


@dataclass(frozen=True, slots=True)
class Tin:
    name: str
    fill: float | None


COLUMNS: list[Column[Tin]] = [
    Column("Bin", 8, lambda t: Cell(t.name), lambda t: t.name),
    Column("Fill", 8, lambda t: Cell(str(t.fill)), lambda t: t.fill, kind="number"),
]


def make_listing(n: int = 5, **how) -> Listing[Tin]:
    listing = Listing(COLUMNS, lambda t: t.name, lambda t: t.name, **how)
    listing.take({f"B{i}": Tin(f"B{i}", i / n) for i in range(n)})
    listing.arrange()
    return listing


def test_words_are_all_needed_and_may_be_turned_round():
    """Every word must be there, one after "!" must not, and capitals do not matter."""
    assert matches("BIN-0042 Rue de Fes", "rue 42")
    assert not matches("BIN-0042 Rue de Fes", "rue 43")
    assert not matches("BIN-0042 Rue de Fes", "rue !42")


@given(st.lists(st.none() | st.integers()), st.booleans())
def test_rows_without_a_value_come_last(values, descending):
    """Whichever way it goes, what has a value is in order and comes first."""
    ordered = put_in_order(values, lambda value: value, descending=descending)
    known = [value for value in values if value is not None]
    assert ordered == sorted(known, reverse=descending) + [None] * (len(values) - len(known))


def test_rows_that_changed_are_told_apart_from_rows_that_came():
    """The same keys give the keys of the rows that differ; another key asks for a new arrangement."""
    listing = make_listing()
    rows = dict(listing.rows)
    rows["B3"] = replace(rows["B3"], fill=0.9)
    rows["B4"] = replace(rows["B4"])
    assert listing.take(rows) == ["B3"]
    assert listing.take(rows | {"B9": Tin("B9", None)}) is None


def test_order_follows_rows_only_when_it_is_arranged():
    """A changed row stays where it is until the listing is arranged; what is due shows that it should be."""
    listing = make_listing(sort=1)
    listing.take(dict(listing.rows) | {"B0": Tin("B0", 2.0)})
    assert listing.order == ["B0", "B1", "B2", "B3", "B4"]
    assert listing.due_order() == ["B1", "B2", "B3", "B4", "B0"]
    listing.arrange()
    assert listing.place["B0"] == 4


def test_sorting_begins_with_the_largest_figure_and_the_first_word():
    """A column of figures sorts from the largest, one of words from the first, again turns it round."""
    listing = make_listing()
    listing.sort_by(1)
    assert listing.due_order()[0] == "B4"
    listing.sort_by(1)
    assert listing.due_order()[0] == "B0"
    listing.sort_by(0)
    assert (listing.due_order()[0], listing.descending) == ("B0", False)


def test_a_cursor_stays_on_its_row_or_near_it():
    """A row still shown is followed, one that went leaves its place, no rows leave none."""
    listing = make_listing()
    listing.only = lambda tin: tin.name in {"B0", "B3"}
    listing.arrange()
    assert (listing.where("B3", 3), listing.where("B4", 4), listing.where(None, 2)) == (1, 1, 0)
    listing.take({})
    listing.arrange()
    assert listing.where("B3", 1) == 0
