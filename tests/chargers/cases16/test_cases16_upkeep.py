"""The OCA's cases for a 1.6 central system about local lists, reservations, firmware and logs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fleet.tables import Campaign, CampaignStation

covers = pytest.mark.covers

UNTIL = "2026-03-10T20:00:00+00:00"


# local lists


@covers("1.6", "GetLocalListVersion", case="TC_042_1_CSMS", orders="get_local_list")
async def test_a_station_without_a_local_list(enter):
    """-1 means that it keeps none: the order is rejected and the store knows."""
    async with enter(GetLocalListVersion={"listVersion": -1}) as case:
        order = await case.order("get_local_list")
        assert (order.state, order.answer) == ("rejected", {"version": -1})
        assert case.house.look(lambda work: work.tokens.local_list("CP1").state) == "unsupported"


@covers("1.6", "GetLocalListVersion", case="TC_042_2_CSMS", orders="get_local_list")
async def test_a_local_list_that_is_empty(enter):
    """0 is an empty list."""
    async with enter(GetLocalListVersion={"listVersion": 0}) as case:
        order = await case.order("get_local_list")
        assert (order.state, order.answer) == ("accepted", {"version": 0})


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        pytest.param(
            "NotSupported",
            "unsupported",
            marks=covers("1.6", "SendLocalList", case="TC_043_1_CSMS", orders="send_local_list"),
        ),
        pytest.param(
            "Failed",
            "rejected",
            marks=covers("1.6", "SendLocalList", case="TC_043_3_CSMS", orders="send_local_list"),
        ),
    ],
)
async def test_a_local_list_the_station_does_not_take(enter, answer, kept):
    """The order is rejected with the station's word, and nothing of the list is taken for known."""
    async with enter(GetLocalListVersion={"listVersion": 0}, SendLocalList={"status": answer}) as case:
        order = await case.order("send_local_list")
        assert (order.state, order.answer["status"]) == ("rejected", answer)
        row = case.house.look(lambda work: work.tokens.local_list("CP1"))
        assert (row.state, row.tokens) == (kept, [])


class Shelf:
    """A station's local list, as one that follows the standard keeps it."""

    def __init__(self) -> None:
        self.version = 0
        self.tags: dict[str, dict] = {}

    @property
    def answers(self) -> dict:
        return {"GetLocalListVersion": lambda _: {"listVersion": self.version}, "SendLocalList": self.take}

    def take(self, asked: dict) -> dict:
        if asked["updateType"] == "Full":
            self.tags.clear()
        elif asked["listVersion"] <= self.version:
            return {"status": "VersionMismatch"}
        for entry in asked["localAuthorizationList"]:
            if "idTagInfo" in entry:
                self.tags[entry["idTag"]] = entry["idTagInfo"]
            else:
                self.tags.pop(entry["idTag"], None)
        self.version = asked["listVersion"]
        return {"status": "Accepted"}


@covers("1.6", "SendLocalList", "GetLocalListVersion", case="TC_043_4_CSMS", orders="send_local_list")
async def test_the_whole_local_list(enter):
    """All cards with status, group and expiry, in as many messages as the station takes."""
    shelf = Shelf()
    keys = {"configurationKey": [{"key": "SendLocalListMaxLength", "readonly": True, "value": "2"}]}
    async with enter(GetConfiguration=keys, **shelf.answers) as case:
        for number in range(4):
            case.set_card(f"C{number}", group_id="G", expires_at=case.house.clock.now() + timedelta(days=1))
        order = await case.order("send_local_list", how="full")
        assert (order.state, order.answer["how"], order.answer["status"]) == ("accepted", "full", "Accepted")
        assert {"CARD1", "BAD", "C0", "C1", "C2", "C3"} == set(shelf.tags)
        assert shelf.tags["BAD"] == {"status": "Blocked"}
        assert shelf.tags["C0"] == {"status": "Accepted", "parentIdTag": "G", "expiryDate": "2026-03-11T19:00:00Z"}
        parts = [body for action, body in case.station.heard if action == "SendLocalList"]
        assert [(one["updateType"], len(one["localAuthorizationList"])) for one in parts] == [
            ("Full", 2), ("Differential", 2), ("Differential", 2),
        ]  # fmt: skip


@covers("1.6", "SendLocalList", "GetLocalListVersion", case="TC_043_5_CSMS", orders="send_local_list")
async def test_only_what_changed_of_the_local_list(enter):
    """A differential list has the cards changed since; a station with another version gets all of it."""
    shelf = Shelf()
    async with enter(**shelf.answers) as case:
        assert (await case.order("send_local_list")).state == "accepted"
        case.set_card("BAD", status="Accepted")
        order = await case.order("send_local_list", how="differential")
        assert (order.state, order.answer["how"]) == ("accepted", "differential")
        last = [body for action, body in case.station.heard if action == "SendLocalList"][-1]
        assert last["localAuthorizationList"] == [{"idTag": "BAD", "idTagInfo": {"status": "Accepted"}}]
        assert shelf.version == case.house.look(lambda work: work.tokens.local_list("CP1").version) == 2
        shelf.version = 40  # another system has been here
        order = await case.order("send_local_list", how="differential")
        assert (order.state, order.answer["how"], shelf.version) == ("accepted", "full", 41)


@covers("1.6", "SendLocalList", orders="send_local_list")
async def test_a_version_mismatch_is_put_right_with_the_whole_list(enter):
    """A station that refuses the difference is sent everything."""
    shelf = Shelf()
    refuse = iter([False, True, False])

    def take(asked: dict) -> dict:
        return {"status": "VersionMismatch"} if next(refuse) else shelf.take(asked)

    async with enter(**{**shelf.answers, "SendLocalList": take}) as case:
        await case.order("send_local_list")
        case.set_card("BAD", status="Accepted")
        order = await case.order("send_local_list", how="differential")
        assert (order.state, order.answer["how"]) == ("accepted", "full, after a version mismatch")
        assert shelf.tags["BAD"] == {"status": "Accepted"}


@covers("1.6", "ClearCache", case="TC_061_CSMS", orders="clear_cache")
@pytest.mark.parametrize(("answer", "state"), [("Accepted", "accepted"), ("Rejected", "rejected")])
async def test_cards_the_station_remembers_are_forgotten(enter, answer, state):
    """ClearCache, done or refused."""
    async with enter(ClearCache={"status": answer}) as case:
        assert (await case.order("clear_cache")).state == state


# reservations


@covers("1.6", "ReserveNow", "StartTransaction", case="TC_046_CSMS", orders="reserve")
async def test_a_reserved_connector_is_used(enter):
    """Held for a card, then used by the charge that names it."""
    async with enter() as case:
        order = await case.order("reserve", evse=1, token="CARD1", until=UNTIL)
        number = order.answer["reservation_id"]
        assert order.state == "accepted"
        assert await case.station.until_heard("ReserveNow") == {
            "connectorId": 1, "expiryDate": "2026-03-10T20:00:00Z", "idTag": "CARD1", "reservationId": number,
        }  # fmt: skip
        assert case.house.look(lambda work: work.reservations.get(number).state) == "held"
        await case.status("Reserved")
        await case.start(reservationId=number)
        assert case.house.look(lambda work: work.reservations.get(number).state) == "used"


@covers("1.6", "ReserveNow", "StatusNotification", case="TC_047_CSMS", orders="reserve")
async def test_a_reservation_nobody_uses(enter):
    """When its time has come it is expired, and the connector is free again."""
    async with enter() as case:
        order = await case.order("reserve", evse=1, token="CARD1", until=UNTIL)
        await case.status("Reserved")
        case.house.clock.advance(timedelta(hours=2))
        with case.house.store.begin() as work:
            work.reservations.expire()
        await case.status("Available")
        number = order.answer["reservation_id"]
        assert case.house.look(lambda work: work.reservations.get(number).state) == "expired"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("Faulted", marks=covers("1.6", "ReserveNow", case="TC_048_1_CSMS", orders="reserve")),
        pytest.param("Occupied", marks=covers("1.6", "ReserveNow", case="TC_048_2_CSMS", orders="reserve")),
        pytest.param("Unavailable", marks=covers("1.6", "ReserveNow", case="TC_048_3_CSMS", orders="reserve")),
        pytest.param("Rejected", marks=covers("1.6", "ReserveNow", case="TC_048_4_CSMS", orders="reserve")),
    ],
)
async def test_a_connector_that_cannot_be_reserved(enter, answer):
    """The order is rejected with the station's word and the reservation is over."""
    async with enter(ReserveNow={"status": answer}) as case:
        order = await case.order("reserve", evse=1, token="CARD1", until=UNTIL)
        assert (order.state, order.answer["status"]) == ("rejected", answer)
        assert case.house.look(lambda work: work.reservations.open("CP1")) == []


@covers("1.6", "ReserveNow", "StartTransaction", case="TC_049_CSMS", orders="reserve")
async def test_any_connector_of_a_station_is_reserved(enter):
    """Connector 0 stands for any; the card's charge on any connector uses it."""
    async with enter() as case:
        order = await case.order("reserve", token="CARD1", until=UNTIL)
        assert (await case.station.until_heard("ReserveNow"))["connectorId"] == 0
        await case.start()
        number = order.answer["reservation_id"]
        assert case.house.look(lambda work: work.reservations.get(number).state) == "used"


@covers("1.6", "CancelReservation", case="TC_051_CSMS", orders="cancel_reservation")
async def test_a_reservation_is_cancelled(enter):
    """The station lets go of it."""
    async with enter() as case:
        number = (await case.order("reserve", evse=1, token="CARD1", until=UNTIL)).answer["reservation_id"]
        assert (await case.order("cancel_reservation", reservation_id=number)).state == "accepted"
        assert await case.station.until_heard("CancelReservation") == {"reservationId": number}
        assert case.house.look(lambda work: work.reservations.get(number).state) == "cancelled"


@covers("1.6", "CancelReservation", case="TC_052_CSMS", orders="cancel_reservation")
async def test_a_reservation_the_station_does_not_know(enter):
    """Rejected: it holds none by this number, so nothing is held any more."""
    async with enter(CancelReservation={"status": "Rejected"}) as case:
        number = (await case.order("reserve", evse=1, token="CARD1", until=UNTIL)).answer["reservation_id"]
        assert (await case.order("cancel_reservation", reservation_id=number)).state == "rejected"
        assert case.house.look(lambda work: work.reservations.get(number).state) == "removed"


@covers("1.6", "ReserveNow", "Authorize", "StartTransaction", case="TC_053_CSMS", orders="reserve")
async def test_a_reserved_connector_is_used_by_another_card_of_the_group(enter):
    """The group goes along as parentIdTag, and with the other card's judgement."""
    async with enter() as case:
        case.set_card("ONE", group_id="FAMILY")
        case.set_card("TWO", group_id="FAMILY")
        order = await case.order("reserve", evse=1, token="ONE", until=UNTIL)
        assert (await case.station.until_heard("ReserveNow"))["parentIdTag"] == "FAMILY"
        assert (await case.authorize("TWO"))["parentIdTag"] == "FAMILY"
        number = order.answer["reservation_id"]
        assert (await case.start("TWO", reservationId=number))["idTagInfo"]["status"] == "Accepted"
        assert case.house.look(lambda work: work.reservations.get(number).state) == "used"


@covers("1.6", "DataTransfer", orders="data_transfer")
async def test_vendor_data_for_a_station(enter):
    """Data goes out as given; the station's answer decides."""
    async with enter(DataTransfer={"status": "UnknownVendorId"}) as case:
        order = await case.order("data_transfer", vendor="V", message="m", data="x")
        assert (order.state, order.answer["status"]) == ("rejected", "UnknownVendorId")
        assert await case.station.until_heard("DataTransfer") == {"vendorId": "V", "messageId": "m", "data": "x"}


def campaign(house, kind: str, request_id: int | None) -> int:
    """A campaign in which CP1 has been ordered something."""
    with house.store.begin() as work:
        row = Campaign(kind=kind, who="test", made_at=work.now)
        work.session.add(row)
        work.session.flush()
        part = CampaignStation(campaign_id=row.campaign_id, station_id="CP1", request_id=request_id, state="ordered")
        work.session.add(part)
        work.session.flush()
        return part.campaign_station_id
