"""The message log: every frame of every station, requests beside their replies, no password in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chargers.central.frames import FrameLog
from fleet.frames import Frame, pack, pair, unpack
from fleet.store import Writer

SINCE = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


def frame(text: str, second: float, *, sent: bool, station: str = "CP1") -> Frame:
    return Frame(station, SINCE + timedelta(seconds=second), sent, text)


def test_a_block_gives_back_what_was_packed():
    """Bytes that are no UTF-8 and frames that are no JSON too."""
    noted = [("CP1", 0.0, False, b'[2,"1","Heartbeat",{}]'), ("CP2", 0.25, True, b"\xff nonsense")]
    first, second = unpack(pack(noted), SINCE)
    assert first == frame('[2,"1","Heartbeat",{}]', 0, sent=False)
    assert (second.station_id, second.sent, second.at) == ("CP2", True, SINCE + timedelta(seconds=0.25))
    assert second.text.endswith("nonsense")


def test_a_block_that_is_none_is_refused():
    """A damaged row is told as such."""
    with pytest.raises(ValueError, match="cannot be read"):
        unpack(b"no block", SINCE)


@pytest.mark.parametrize(
    "text",
    [
        b'[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"tell nobody"}]',
        (
            b'[2,"1","SetVariables",{"setVariableData":[{"attributeValue":"tell nobody",'
            b'"component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}]'
        ),
        b'[2,"1","SetNetworkProfile",{"connectionData":{"basicAuthPassword":"tell nobody"}}]',
        b'[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"tell nobody"',
    ],
)
def test_passwords_are_not_kept(text):
    """A password that goes to a station is masked in every message that can carry one, broken ones too."""
    (kept,) = unpack(pack([("CP1", 0.0, True, text)]), SINCE)
    assert "tell nobody" not in kept.text
    assert "***" in kept.text


def test_replies_stand_beside_their_requests():
    """Both directions at once with the same number; what was not answered has no reply; errors tell their code."""
    frames = [
        frame('[2,"1","Heartbeat",{}]', 0, sent=False),
        frame('[2,"1","Reset",{"type":"Soft"}]', 1, sent=True),
        frame('[3,"1",{"currentTime":"x"}]', 2, sent=True),
        frame('[4,"1","NotSupported","",{}]', 3, sent=False),
        frame('[2,"2","StatusNotification",{}]', 4, sent=False),
        frame("nonsense", 5, sent=False),
    ]
    broken, status, reset, heartbeat = pair(reversed(frames))
    assert (broken.action, broken.request) == ("", "nonsense")
    assert (status.action, status.reply, status.milliseconds) == ("StatusNotification", None, None)
    assert (reset.sent, reset.error, reset.milliseconds) == (True, "NotSupported", 2000.0)
    assert (heartbeat.sent, heartbeat.reply, heartbeat.error) == (False, '[3,"1",{"currentTime":"x"}]', "")


async def test_exchanges_of_a_station_are_read_back(house):
    """What a station asked and was answered can be read a moment later, by action, and of this station only."""
    async with house.station("CP1") as station:
        await station.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        await station.call("Heartbeat", {})
        beats = await house.until(lambda work: work.frames.exchanges("CP1", action="Heartbeat"))
        last = house.look(lambda work: work.frames.exchanges("CP1", count=1))
        nobody = house.look(lambda work: work.frames.exchanges("CP_"))
        frames = house.look(lambda work: work.frames.raw("CP1"))
    assert [one.message_id for one in beats] == ["m2"]
    assert "currentTime" in (beats[0].reply or "")
    assert len(last) == 1
    assert not nobody
    assert frames[0].at >= frames[-1].at
    assert frames[-1].text.startswith('[2, "m1", "BootNotification"')


async def test_blocks_are_forgotten_by_age(store, clock):
    """Only what ended before the instant goes."""
    began = clock.now()
    writer = Writer(store)
    writer.start()
    log = FrameLog(writer)
    for _ in range(3):
        log.note("CP1", False, b'[2,"1","Heartbeat",{}]')
        await log.stop()
        clock.advance(timedelta(days=1))
    assert await writer.do(lambda work: work.frames.forget(began + timedelta(days=1, hours=1))) == 2
    left = await writer.read(lambda work: work.frames.raw())
    await writer.stop()
    assert [one.at for one in left] == [began + timedelta(days=2)]


async def test_a_log_that_is_off_keeps_nothing(make_house):
    """[ocpp] frames_days = 0."""
    async with make_house(frames_days=0) as house, house.station("CP1") as station:
        await station.call("Heartbeat", {})
    assert house.look(lambda work: work.frames.raw()) == []
