"""What tags mean to a truck."""

import pytest

from routing.errors import RoadsError
from routing.roads.rules import ROAD_CLASSES, TruckLimits, blocks_passage, choose_name, read_way

TRUCK = TruckLimits(gross_t=19, height_m=3.6, width_m=2.55)


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"maxweight": "3.5"}, False),
        ({"maxweight": "3.5 t"}, False),
        ({"maxweight": "3,5t"}, False),
        ({"maxweight": "7500 kg"}, False),
        ({"maxweight": "20 st"}, False),
        ({"maxweight": "22 st"}, True),
        ({"maxweight": "26"}, True),
        ({"maxweight": "19"}, True),
        ({"maxweight": "26;7.5"}, False),
        ({"maxweightrating": "12"}, False),
        ({"maxheight": "2.9 m"}, False),
        ({"maxheight": "3.6"}, True),
        ({"maxheight": "290 cm"}, False),
        ({"maxheight": "11'6\""}, False),
        ({"maxheight": "12'0\""}, True),
        ({"maxheight": "11 ft"}, False),
        ({"maxheight:physical": "3.4"}, False),
        ({"maxwidth": "2.20"}, False),
        ({"maxwidth": "3 m"}, True),
        *(({"maxheight": word}, True) for word in ("default", "none", "unsigned", "below_default", "", "?", "-1")),
    ],
)
def test_signs_smaller_than_the_truck_close_a_way(tags: dict[str, str], is_open: bool) -> None:
    """A posted weight, height or width below the truck's closes the way, in any unit; words close nothing."""
    assert (read_way({"highway": "residential"} | tags, TRUCK) is not None) == is_open


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"access": "no"}, False),
        ({"access": "private"}, False),
        ({"access": "permissive"}, True),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"access": "yes", "vehicle": "no"}, False),
        ({"vehicle": "yes", "motor_vehicle": "no"}, False),
        ({"access": "private", "hgv": "destination"}, True),
        ({"motor_vehicle": "yes", "hgv": "no"}, False),
        ({"area": "yes"}, False),
        ({"highway": "footway"}, False),
        ({"oneway": "reversible"}, False),
    ],
)
def test_the_most_specific_access_decides(tags: dict[str, str], is_open: bool) -> None:
    """hgv beats motor_vehicle beats vehicle beats access; footways, squares and reversible lanes are closed."""
    assert (read_way({"highway": "residential"} | tags, TRUCK) is not None) == is_open


@pytest.mark.parametrize(
    ("tags", "directions"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
        ({"junction": "circular"}, (True, False)),
        ({"junction": "roundabout", "oneway": "-1"}, (False, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "motorway_link"}, (True, True)),
    ],
)
def test_directions(tags: dict[str, str], directions: tuple[bool, bool]) -> None:
    """One-ways, also backwards ones and the implied ones of roundabouts and motorways."""
    rule = read_way({"highway": "residential"} | tags, TRUCK)
    assert rule is not None
    assert (rule.forward, rule.backward) == directions


@pytest.mark.parametrize(
    ("posted", "kmh"), [("20", 16), ("10 mph", 12.87), ("80", 25), ("walk", 25), ("FR:urban", 25), ("3", 5)]
)
def test_a_posted_speed_only_slows_down(posted: str, kmh: float) -> None:
    """Four fifths of the posted limit where that is less than the class's speed; words change nothing."""
    rule = read_way({"highway": "residential", "maxspeed": posted}, TRUCK)
    assert rule is not None
    assert rule.kmh == pytest.approx(kmh, abs=0.01)


def test_every_class_has_a_speed() -> None:
    """Each drivable class gives a rule that knows its class."""
    for at, name in enumerate(ROAD_CLASSES):
        rule = read_way({"highway": name}, TRUCK)
        assert rule is not None
        assert rule.road_class == at


@pytest.mark.parametrize(
    ("tags", "blocked"),
    [
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "bollard": "rising"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "height_restrictor", "maxheight": "2"}, True),
        ({"barrier": "toll_booth"}, False),
        ({"access": "private"}, False),
    ],
)
def test_barriers(tags: dict[str, str], blocked: bool) -> None:
    """Bollards and locked gates stop a truck, open gates do not."""
    assert blocks_passage(tags, TRUCK) == blocked


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"name": "Rua de João IV"}, "Rua de João IV"),
        ({"name": "شارع الحرية", "name:fr": "Rue de la Liberté"}, "Rue de la Liberté"),
        ({"name": "شارع الحرية"}, "شارع الحرية"),
        ({"ref": "N2"}, "N2"),
        ({}, ""),
    ],
)
def test_names_are_in_latin_letters_where_there_are_any(tags: dict[str, str], name: str) -> None:
    """A terminal cannot shape Arabic: the French name stands in, the number of the road where it has no name."""
    assert choose_name(tags) == name


@pytest.mark.parametrize("wrong", [{"gross_t": 0}, {"height_m": -1}, {"width_m": 25}, {"gross_t": 19_000}])
def test_limits_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    """Kilograms for tonnes, centimetres for metres: the message names the field."""
    with pytest.raises(RoadsError, match=next(iter(wrong))):
        TruckLimits(**wrong)
