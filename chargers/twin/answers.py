"""Which answers a station has by its protocol, and a line that gives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping

from chargers.twin.answering import Answer, answer_from
from chargers.twin.answers16 import ANSWERS16
from chargers.twin.answers21 import ANSWERS21
from chargers.twin.answers201 import ANSWERS201
from chargers.twin.controls import Controls
from chargers.twin.speaker import Connection, Speaker
from chargers.twin.spec import Misbehaviour, Protocol
from chargers.twin.tally import Tally

ANSWERS: Mapping[Protocol, Mapping[str, Answer]] = {
    "ocpp1.6": ANSWERS16,
    "ocpp2.0.1": ANSWERS201,
    "ocpp2.1": ANSWERS21,
}


def speaker_of(
    controls: Controls,
    connection: Connection,
    tally: Tally,
    ids: Iterator[str | int],
    listens: Callable[[], bool],
    delay: Callable[[], Awaitable[None]] | None,
) -> Speaker:
    """A connection of a station, with its answers."""
    spec = controls.cabinet.spec
    table = ANSWERS[spec.protocol]
    return Speaker(
        spec.identity,
        spec.protocol,
        connection,
        tally,
        ids,
        lambda action, payload: answer_from(table, controls, action, payload),
        listens,
        delay=delay,
    )


def deadly_to(speaker: Speaker) -> list[Misbehaviour]:
    """The manners of stations that what was heard on this line would kill."""
    heard = {
        Misbehaviour.DIES_ON_UNKNOWN_RESULT: speaker.unknown_answers,
        Misbehaviour.DIES_ON_CALLERROR: speaker.errors_heard,
    }
    return [manner for manner, times in heard.items() if times]
