"""Which profiles may be sent now: decreases first, increases when the room for them is confirmed.

Whatever is sent counts with what was there before until the station confirms it (I3), so a push that fits in that sum
may go at once: no loss, delay, reboot or silence can then bring the site above its limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chargers.errors import ScheduleError
from chargers.safety.state import EvseId, EvseState, Kw, Push, PushState, held_by, held_kw, unsettled_evses

SAME_KW = 0.1
"""A station that follows a plan to less than this below it is left alone: limits are rounded down to 0.1 A or W."""

_EXACT_KW = 1e-6


def next_pushes(
    state: PushState, wanted: Mapping[EvseId, Kw], room_kw: Kw, *, first: int = 0
) -> tuple[PushState, tuple[Push, ...]]:
    """What to send now so that the site comes nearer to `wanted`, and the state with it sent.

    wanted: ceiling per slot as the station will really hold it (see slot_kw), most urgent EVSE first; EVSEs that do not
    charge or are silent are left alone. room_kw: site limit less base load and margin. first: the slot that runs;
    earlier ones are over. Decreases are always sent. Something that rises is sent where the site has room for old and
    new at once; else what falls of it goes now, and the rest as far as it fits once nothing is unsettled any more. Call
    it again after every event; a station that will not settle must be counted silent some time. An EVSE is asked for
    one thing at a time, unless it has to go lower still.
    """
    for name, kw in (*wanted.items(), ("room_kw", room_kw)):
        if len(kw) != state.slots:
            raise ScheduleError(f"{name}: {len(kw)} figures for {state.slots} slots: give one a slot")
    desk = _Desk(state.slots, room_kw, first, dict(state.evses), state.pushes, list(held_kw(state)))
    waiting: list[tuple[EvseId, Kw]] = []
    for name, kw in wanted.items():
        evse = state.evses.get(name)
        if evse is None or evse.silent or not evse.charging:
            continue
        goal = (*kw[:first], *(min(evse.hardware_kw, most) for most in kw[first:]))
        if evse.sent:
            desk.send_lower(name, evse, goal)
        elif not desk.same(_followed(evse, state.slots), goal) and not desk.send_if_safe(name, goal):
            waiting.append((name, goal))
    for name, goal in waiting:
        desk.send_lower(name, desk.evses[name], goal)
    after = replace(state, evses=desk.evses, pushes=desk.pushes)
    if not unsettled_evses(after):
        for name, goal in waiting:
            desk.send_what_fits(name, goal)
        after = replace(state, evses=desk.evses, pushes=desk.pushes)
    return after, (*desk.falling, *desk.rising)


def _followed(evse: EvseState, slots: int) -> Kw:
    """What a settled EVSE follows: its confirmed profile, else its fall-back."""
    if evse.confirmed is not None:
        return evse.confirmed
    return (evse.fallback_kw if evse.fallback_kw is not None else evse.hardware_kw,) * slots


@dataclass(slots=True)
class _Desk:
    slots: int
    room_kw: Kw
    first: int
    evses: dict[EvseId, EvseState]
    pushes: int
    held: list[float]
    falling: list[Push] = field(default_factory=list)
    rising: list[Push] = field(default_factory=list)

    def same(self, one: Kw, other: Kw) -> bool:
        """Whether a station that follows `one` needs no push to follow `other`."""
        pairs = zip(one[self.first :], other[self.first :], strict=True)
        return all(wanted - SAME_KW <= followed <= wanted + _EXACT_KW for followed, wanted in pairs)

    def send_lower(self, name: EvseId, evse: EvseState, goal: Kw) -> None:
        """Send what the goal is lower than the last word to this EVSE: safe at any time."""
        last = evse.sent[-1].kw if evse.sent else _followed(evse, self.slots)
        lower = tuple(map(min, last, goal))
        if any(new < old - _EXACT_KW for new, old in list(zip(lower, last, strict=True))[self.first :]):
            self._send(name, lower)

    def send_if_safe(self, name: EvseId, goal: Kw) -> bool:
        """Send the goal if the site has room for it beside everything that may be active now."""
        old = held_by(self.evses[name], self.slots)
        extra = [max(0.0, new - before) for new, before in zip(goal, old, strict=True)]
        sums = list(zip(self.held, extra, self.room_kw, strict=True))[self.first :]
        if any(more > _EXACT_KW and held + more > room + _EXACT_KW for held, more, room in sums):
            return False
        self._send(name, goal)
        return True

    def send_what_fits(self, name: EvseId, goal: Kw) -> None:
        """Send the goal as far as there is room, slot by slot; nothing between 0 and the minimum."""
        evse = self.evses[name]
        followed, old = _followed(evse, self.slots), held_by(evse, self.slots)
        spare = [room - held for room, held in zip(self.room_kw, self.held, strict=True)]
        fits = tuple(min(want, have + max(0.0, more)) for want, have, more in zip(goal, old, spare, strict=True))
        kept = zip(fits, followed, goal, strict=True)
        grant = tuple(fit if fit >= evse.min_kw else min(now, want) for fit, now, want in kept)
        if not self.same(followed, grant):
            self._send(name, grant)

    def _send(self, name: EvseId, kw: Kw) -> None:
        before = self.evses[name]
        self.pushes += 1
        push = Push(self.pushes, name, kw)
        after = replace(before, sent=(*before.sent, push))
        self.evses[name] = after
        old, new = held_by(before, self.slots), held_by(after, self.slots)
        self.held = [held + more - less for held, more, less in zip(self.held, new, old, strict=True)]
        (self.falling if new == old else self.rising).append(push)
