"""Faults explained: every code of the standard, a vendor's before it, problems of 2.0.1 stations, three languages."""

from __future__ import annotations

import pytest
from ocpp.v16.enums import ChargePointErrorCode

from console import i18n
from console.faults import known_faults, read_faults


@pytest.fixture(autouse=True)
def _english():
    yield
    i18n.use("en")


@pytest.mark.parametrize("code", [code for code in ChargePointErrorCode if code != "NoError"])
def test_every_error_code_of_16_says_what_it_means_and_what_to_do(code):
    """Each code of the schema but NoError is explained; NoError is none."""
    told = known_faults().of_code(code)
    assert told.code == code
    assert told.means.endswith(".")
    assert told.todo.endswith(".")
    assert known_faults().of_code("NoError") is None


@pytest.mark.parametrize("number", range(1, 27))
def test_the_common_codes_of_all_vendors_are_known(number):
    """CX001 to CX026 are found in what the vendor wrote beside the standard's word, and are nearer than it."""
    told = known_faults().of_code("OtherError", f"CX{number:03d} see manual")
    assert told.code == f"CX{number:03d}"


def test_a_vendors_own_code_holds_for_its_stations_only():
    """An entry with a vendor explains that vendor's stations, capitals apart; others keep the standard's word."""
    faults = read_faults("""
        [[code]]
        names = ["E42"]
        vendor = "Volta*"
        means = "The fan stands still."
        do = "Clean it."
        [[code]]
        names = ["OtherError"]
        means = "Something."
        do = "Look."
    """)
    assert faults.of_code("OtherError", "E42", "VOLTA AG").means == "The fan stands still."
    assert faults.of_code("OtherError", "E42", "Other").means == "Something."
    assert faults.of_code("Unheard", "E43", "Volta") is None


@pytest.mark.parametrize(
    ("component", "variable", "tech", "says"),
    [
        ("RCD", "Tripped", "", "residual current"),
        ("EmergencyStopSensor#2", "Tripped", "", "emergency stop"),
        ("Connector", "Problem", "CX020", "not fully in"),
        ("Connector", "Problem[Main]", "", "reports a problem"),
        ("Controller", "Temperature", "", None),
    ],
)
def test_problems_of_201_are_found_by_part_and_by_code(component, variable, tech, says):
    """A code the station adds is nearest, then its part; a plain reading is no fault."""
    told = known_faults().of_event(component, variable, tech)
    assert says in told.means if says else told is None


def test_they_are_told_in_the_language_in_force():
    """The same fault reads in French and in Arabic."""
    i18n.use("fr")
    assert "terre" in known_faults().of_code("GroundFailure").means
    i18n.use("ar")
    assert "الأرض" in known_faults().of_code("GroundFailure").means
