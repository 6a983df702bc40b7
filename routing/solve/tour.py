"""One truck's tour in search: its sequence and everything an insertion must know to be tried in constant time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig, Table


class Tour:
    """A rig and the nodes it visits, bins and tips between them; the way home over the last tip is implied.

    Per position: `early` is when service begins at the earliest, `late` when the truck must arrive at the latest (one
    more entry: home), `trip` the number of the load, `kg_before` and `litres_before` what lies on board (both with one
    more entry). Per trip: `kg`, `litres` and `streams`. `cost` counts the `surcharge` for overtime and charging; where
    there may be one, `home` is when the tour ends at the earliest, `back` the same with charging.
    """

    __slots__ = (
        "back", "cost", "early", "ground", "home", "kg", "kg_before", "kwh", "late", "litres", "litres_before",
        "metres", "rig", "sequence", "streams", "surcharge", "trip",
    )  # fmt: skip

    def __init__(self, ground: Ground, rig: Rig, sequence: list[int]) -> None:
        self.ground = ground
        self.rig = rig
        self.sequence = sequence
        self.refresh()

    def copy(self) -> Tour:
        """A tour that may change without this one changing."""
        twin = Tour.__new__(Tour)
        twin.ground, twin.rig = self.ground, self.rig
        twin.cost, twin.kwh, twin.metres = self.cost, self.kwh, self.metres
        twin.surcharge, twin.home, twin.back = self.surcharge, self.home, self.back
        twin.sequence = self.sequence[:]
        twin.early, twin.late, twin.trip = self.early[:], self.late[:], self.trip[:]
        twin.kg_before, twin.litres_before = self.kg_before[:], self.litres_before[:]
        twin.kg, twin.litres, twin.streams = self.kg[:], self.litres[:], self.streams[:]
        return twin

    def insert(self, position: int, visit: int, added: float) -> None:
        """Put a visit in that fits its load; only what it shifts is worked out again. `added` is the money it costs."""
        rig, ground, sequence = self.rig, self.ground, self.sequence
        if rig.gates or rig.soft or ground.releases:
            sequence.insert(position, visit)
            self._load()
            self._clock()
            self._price()
            return
        steps, opens, closes = rig.roads.steps, rig.opens, rig.closes
        kg, litres, number = ground.kg[visit], ground.litres[visit], self.trip[position]
        self.cost += added
        before = sequence[position - 1] if position else rig.depot
        now = (self.early[position - 1] if position else rig.starts) + steps[before][visit]
        if position == len(sequence):
            latest = rig.last_call[visit]
        else:
            latest = self.late[position] - steps[visit][sequence[position]]
        sequence.insert(position, visit)
        self.trip.insert(position, number)
        self.kg_before.insert(position, self.kg_before[position])
        self.litres_before.insert(position, self.litres_before[position])
        for later in range(position + 1, len(self.trip)):
            if self.trip[later] != number:
                break
            self.kg_before[later] += kg
            self.litres_before[later] += litres
        self.kg[number] += kg
        self.litres[number] += litres
        self.streams[number] = ground.streams[visit]
        now = max(now, opens[visit])
        early = self.early
        early.insert(position, now)
        last = visit
        for later in range(position + 1, len(sequence)):
            node = sequence[later]
            now = max(now + steps[last][node], opens[node])
            if early[later] == now:
                break
            early[later] = now
            last = node
        late = self.late
        latest = min(latest, closes[visit])
        late.insert(position, latest)
        after = visit
        for sooner in range(position - 1, -1, -1):
            node = sequence[sooner]
            latest = min(latest - steps[node][after], closes[node])
            if late[sooner] == latest:
                break
            late[sooner] = latest
            after = node
        if rig.kwh_limit != float("inf"):
            self._measure()

    def refresh(self) -> None:
        """Work everything out again after a change of the sequence; tips no longer needed are dropped."""
        self._load()
        while self._drop_idle_tip():
            self._load()
        self._clock()
        self._price()

    def feasible(self) -> bool:
        """Whether capacity, tips, times and energy hold, in net time."""
        rig, truck = self.rig, self.rig.truck
        if not self.sequence:
            return True
        if max(self.kg) > truck.kg or max(self.litres) > truck.litres or len(self.kg) > truck.max_tips:
            return False
        if (self.kwh > rig.kwh_limit and not rig.charge_kw) or any(
            begins > rig.closes[node] for begins, node in zip(self.early, self.sequence, strict=True)
        ):
            return False
        if self.early[-1] > rig.last_call[self.sequence[-1]] or (rig.soft and self.back > rig.ends):
            return False
        return all(
            self.ground.streams[node] in (None, self.streams[trip])
            for node, trip in zip(self.sequence, self.trip, strict=False)
        )

    def _load(self) -> None:
        ground = self.ground
        count, kg_of, litres_of = ground.count, ground.kg, ground.litres
        trip_kg = trip_litres = number = 0
        stream: str | None = None
        self.kg, self.litres, self.streams = [], [], []
        trip, kg_before, litres_before = [], [], []
        for node in self.sequence:
            trip.append(number)
            kg_before.append(trip_kg)
            litres_before.append(trip_litres)
            if node < count:
                trip_kg += kg_of[node]
                trip_litres += litres_of[node]
                stream = ground.streams[node]
            else:
                self.kg.append(trip_kg)
                self.litres.append(trip_litres)
                self.streams.append(stream)
                trip_kg = trip_litres = 0
                stream = None
                number += 1
        trip.append(number)
        kg_before.append(trip_kg)
        litres_before.append(trip_litres)
        self.kg.append(trip_kg)
        self.litres.append(trip_litres)
        self.streams.append(stream)
        self.trip, self.kg_before, self.litres_before = trip, kg_before, litres_before

    def _drop_idle_tip(self) -> bool:
        if len(self.kg) == 1:
            return False
        truck = self.rig.truck
        for number in range(len(self.kg) - 1):
            one, two = self.streams[number], self.streams[number + 1]
            if (
                (one is None or two is None or one == two)
                and self.kg[number] + self.kg[number + 1] <= truck.kg
                and self.litres[number] + self.litres[number + 1] <= truck.litres
            ):
                del self.sequence[self.trip.index(number + 1) - 1]  # the last of a trip is its tip
                return True
        return False

    def _clock(self) -> None:
        rig = self.rig
        if rig.gates or self.ground.releases:
            self._clock_gates()
            return
        steps, opens, closes = rig.roads.steps, rig.opens, rig.closes
        sequence = self.sequence
        now, before = rig.starts, rig.depot
        early = []
        for node in sequence:
            now += steps[before][node]
            if now < opens[node]:  # noqa: PLR1730 - max() would cost a call in the innermost loop
                now = opens[node]
            early.append(now)
            before = node
        self.early = early
        size = len(sequence)
        late = [0] * (size + 1)
        late[size] = rig.ends
        if size:
            last = sequence[-1]
            late[size - 1] = min(closes[last], rig.last_call[last])
            after = last
            for position in range(size - 2, -1, -1):
                node = sequence[position]
                begin = late[position + 1] - steps[node][after]
                late[position] = begin if begin < closes[node] else closes[node]  # noqa: FURB136 - as above
                after = node
        self.late = late

    def _clock_gates(self) -> None:
        """As `_clock`, where some halts have shut hours or queues, or trips wait for bins to be released."""
        rig, steps, sequence = self.rig, self.rig.roads.steps, self.sequence
        service, releases = rig.roads.service, self._releases()
        opens, closes, gates = rig.opens, rig.closes, rig.gates
        now, before = max(rig.starts, releases[0]), rig.depot
        early = []
        for node, trip in zip(sequence, self.trip, strict=False):
            now += steps[before][node]
            gate = gates.get(node)
            now = max(now, opens[node]) if gate is None else gate.admit(now, opens[node])
            if node >= self.ground.count:  # a tip ends its trip, and the next may have to wait
                now = max(now, releases[trip + 1] - service[node])
            early.append(now)
            before = node
        self.early = early
        late = [0] * len(sequence) + [rig.ends]
        latest = rig.last_call[sequence[-1]] if sequence else 0
        for position in range(len(sequence) - 1, -1, -1):
            node = sequence[position]
            gate = gates.get(node)
            latest = min(latest, closes[node])
            late[position] = latest if gate is None else gate.latest(latest)
            if position:
                latest = late[position] - steps[sequence[position - 1]][node]
        self.late = late

    def _releases(self) -> list[int]:
        """Per trip, when it may begin."""
        found, releases = [0] * (len(self.kg) + 1), self.ground.releases
        if releases:
            for node, trip in zip(self.sequence, self.trip, strict=False):
                if node < self.ground.count and releases[node] > found[trip]:
                    found[trip] = releases[node]
        return found

    def _price(self) -> None:
        rig, sequence = self.rig, self.sequence
        self.kwh = 0.0
        self.metres = 0
        self.cost = self.surcharge = 0.0
        self.home = self.back = rig.starts
        if not sequence:
            return
        cost, before = rig.cost, rig.depot
        total = rig.fixed
        for node in sequence:
            total += cost[before][node]
            before = node
        self.cost = total + rig.home_cost[before]
        if rig.kwh_limit != float("inf"):
            self._measure()
        if rig.soft:
            self.home = self.early[-1] + rig.home_seconds[before]
            self.surcharge, self.back = rig.surcharge(self.home, self.kwh)
            self.cost += self.surcharge

    def _measure(self) -> None:
        """Metres and expected kWh, exact but for hours spent waiting."""
        rig = self.rig
        metres, steps = rig.roads.metres, rig.roads.steps
        energy = rig.truck.energy
        before, seconds, way, tonne_metres = rig.depot, 0, 0, 0
        for position, node in enumerate(self.sequence):
            leg = metres[before][node]
            way += leg
            seconds += steps[before][node]
            tonne_metres += leg * self.kg_before[position]
            before = node
        way += rig.home_metres[before]
        seconds += rig.home_seconds[before]
        site = rig.home_site[before]
        tonne_metres += self.kg_before[-1] * (metres[before][site] if site >= 0 else 0)
        bins = len(self.sequence) - len(self.kg) + 1
        self.metres = way
        self.kwh = (
            way / 1000 * energy.kwh_per_km
            + tonne_metres / 1e6 * energy.kwh_per_t_km
            + bins * energy.kwh_per_lift
            + sum(self.kg) / 1000 * energy.kwh_per_t
            + len(self.kg) * energy.kwh_per_tip
            + seconds / 3600 * energy.aux_kw
        )
        if rig.roads.climb is not None and energy.tare_t > 0:
            self.kwh += energy.kwh_per_t_climbed * self._climbed(rig.roads.climb)

    def _climbed(self, climb: Table) -> float:
        """Tonnes times metres climbed, the truck's own weight counted."""
        rig, tare = self.rig, self.rig.truck.energy.tare_t
        before, total = rig.depot, 0.0
        for position, node in enumerate(self.sequence):
            total += climb[before][node] * (tare + self.kg_before[position] / 1000)
            before = node
        site = rig.home_site[before]
        if site >= 0:
            total += climb[before][site] * (tare + self.kg_before[-1] / 1000)
            before = site
        return total + climb[before][rig.end] * tare
