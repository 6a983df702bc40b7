"""Benchmark of the depot in closed loop: what a kWh costs and how many trucks are ready on nights full of surprises.

python tests/bench/depot_night.py [--short] [--json] [--nights N] [--first-seed N] [--trucks N] [--settings L/F/U ...]

One-minute physics. Against the expected night: one truck in five comes 20 to 90 minutes late, needs differ by 8 %, one
in ten leaves half an hour early, chargers fail for an hour or fall silent for two (then they give their fall-back),
in ten leaves half an hour early, chargers fail for an hour or fall silent for two (they give their fall-back then),
made again every quarter of an hour and after every event, with what each plugged-in truck really needs. Policies: the
plan at each prudence, least laxity first and equal share (both every minute). The settings of
chargers.schedule.MARGINS were chosen on seeds 0 to 7; the nights from seed 100 on are kept for judging them.
Simplified: need and state of charge are known exactly once plugged in; one phase; no queue for plugs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chargers.schedule import MARGINS, Margins, Night, TruckNeed, plan_power

START = datetime(2026, 1, 12, 16, tzinfo=UTC)
MINUTES, SLOT = 960, 15
SLOTS = MINUTES // SLOT
EFFICIENCY = 0.93
CUT = slice(660, 720)
SITES = {"tight": 1.0, "normal": 0.72, "roomy": 0.5}
HOURS = (16.0 + (np.arange(MINUTES) + 0.5) / 60) % 24
PRICE = np.where((HOURS >= 17) & (HOURS < 22), 1.4157, np.where((HOURS >= 7) & (HOURS < 17), 1.0101, 0.7398))


@dataclass
class World:
    """One night as expected and as it happens; arrays over trucks, or over minutes."""

    arrives: np.ndarray
    leaves: np.ndarray
    kwh: np.ndarray
    battery: np.ndarray
    most: np.ndarray
    least: np.ndarray
    base: np.ndarray
    limit: np.ndarray
    really_arrives: np.ndarray
    really_leaves: np.ndarray
    really_kwh: np.ndarray
    really_base: np.ndarray
    really_limit: np.ndarray
    knee: np.ndarray
    faulted: np.ndarray  # (trucks, minutes)
    silent: np.ndarray


def draw_world(trucks: int, seed: int, site: str) -> World:
    expect, surprise = np.random.default_rng(seed), np.random.default_rng(1000 + seed)
    arrives = np.clip(expect.normal(90.0, 120.0, trucks), 0.0, 390.0).astype(int)
    leaves = np.clip(expect.normal(810.0, 42.0, trucks), 720.0, 930.0).astype(int)
    direct = expect.random(trucks) < 0.4
    most = np.where(direct, expect.choice([50.0, 60.0, 90.0], trucks), 22.0)
    battery = expect.choice([200.0, 265.0, 300.0], trucks)
    kwh = np.minimum(expect.uniform(50.0, 180.0, trucks), 0.85 * most * (leaves - arrives) / 60 * EFFICIENCY)
    base = np.repeat(trucks * 1.5 * (1.0 + 0.3 * np.sin(np.arange(SLOTS) / SLOTS * 2 * np.pi)), SLOT)
    limit = np.full(MINUTES, np.ceil(kwh.sum() / EFFICIENCY / 10.5 / SITES[site] + base.max()))
    cut = limit.copy()
    cut[CUT] *= 0.7
    late = np.where(surprise.random(trucks) < 0.2, surprise.uniform(20, 90, trucks), surprise.normal(0, 12, trucks))
    early = np.where(surprise.random(trucks) < 0.1, 30, 0)
    drift = 1.0 + 0.06 * np.cumsum(surprise.normal(0, 0.15, MINUTES)).clip(-2, 2)

    def some(minutes: int, since: int) -> np.ndarray:
        struck = np.zeros((trucks, MINUTES), dtype=bool)
        for row in surprise.choice(trucks, max(1, trucks // 20), replace=False):
            begin = int(surprise.uniform(since, 700))
            struck[row, begin : begin + minutes] = True
        return struck

    return World(
        arrives=arrives,
        leaves=leaves,
        kwh=kwh,
        battery=battery,
        most=most,
        least=np.where(direct, 5.0, 4.14),
        base=base,
        limit=limit,
        really_arrives=np.clip(arrives + late, 0, MINUTES - 200).astype(int),
        really_leaves=leaves - early,
        really_kwh=np.clip(kwh * surprise.normal(1.0, 0.08, trucks), 5.0, 0.97 * battery),
        really_base=base * drift,
        really_limit=cut,
        knee=surprise.uniform(0.80, 0.90, trucks),
        faulted=some(60, 300),
        silent=some(120, 200),
    )


@dataclass
class Moment:
    """What a policy may know at one minute; arrays over trucks."""

    world: World
    minute: int
    plugged: np.ndarray
    active: np.ndarray  # can be commanded and still needs energy
    left_kwh: np.ndarray
    delivered: np.ndarray
    want: np.ndarray  # most a truck would take now
    room: float
    on: np.ndarray


Policy = Callable[[Moment], np.ndarray]


def in_order(now: Moment, order: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Hand the room out in an order; nothing between 0 and the minimum."""
    power, room = np.zeros(len(want)), now.room
    for row in order:
        given = min(want[row], room)
        if given >= now.world.least[row] - 1e-6:
            power[row] = given
            room -= given
    return power


def least_laxity(now: Moment) -> np.ndarray:
    laxity = (now.world.leaves - now.minute) / 60 - now.left_kwh / EFFICIENCY / now.world.most
    return in_order(now, np.argsort(laxity), np.where(now.active, now.want, 0.0))


def equal_share(now: Moment) -> np.ndarray:
    rows = sorted(np.flatnonzero(now.active).tolist(), key=lambda row: now.want[row])
    while rows and now.world.least[rows].sum() > now.room:
        rows.remove(max(rows, key=lambda row: now.world.really_arrives[row]))
    power, room = np.zeros(len(now.want)), now.room
    for place, row in enumerate(rows):
        power[row] = max(now.world.least[row], min(now.want[row], room / (len(rows) - place)))
        room -= power[row]
    return power


@dataclass
class Planned:
    """Plan again every quarter of an hour and when something happened, else follow the plan."""

    margins: Margins
    ceiling: dict[str, tuple[float, ...]] = field(default_factory=dict)
    known: tuple[object, ...] = ()
    spent_ms: list[float] = field(default_factory=list)

    def __call__(self, now: Moment) -> np.ndarray:
        world, minute = now.world, now.minute
        events = (
            now.plugged.tobytes(),
            world.faulted[:, minute].tobytes(),
            world.silent[:, minute].tobytes(),
            world.really_limit[minute],
            int(now.active.sum()),
        )
        if minute % SLOT == 0 or events != self.known:
            self.known = events
            night = self.night(now)
            begin = time.process_time()
            self.ceiling = dict(plan_power(night).kw)
            self.spent_ms.append((time.process_time() - begin) * 1e3)
        nothing = (0.0,) * SLOTS
        kw = np.array([self.ceiling.get(f"T{row}", nothing)[minute // SLOT] for row in range(len(now.want))])
        return in_order(now, np.argsort(world.leaves), np.where(now.active, kw, 0.0))

    def night(self, now: Moment) -> Night:
        world, minute = now.world, now.minute
        moment = START + timedelta(minutes=minute)
        limit = world.limit.copy()
        if CUT.start <= minute < CUT.stop:
            limit[minute : CUT.stop] = world.really_limit[minute : CUT.stop]
        base = world.base.reshape(SLOTS, SLOT).max(axis=1) * 1.05
        base[minute // SLOT] = world.really_base[minute]
        silent = world.silent[:, minute] & now.plugged
        trucks = []
        for row in range(len(now.want)):
            if silent[row] or minute >= world.really_leaves[row]:
                continue
            waits = 60 if world.faulted[row, minute] else 0
            arrives = minute + waits if now.plugged[row] else max(world.arrives[row], minute + SLOT)
            ready_by = world.leaves[row] if world.leaves[row] > minute else minute + 30
            left = float(now.left_kwh[row]) if now.plugged[row] else float(world.kwh[row])
            trucks.append(
                TruckNeed(
                    truck=f"T{row}",
                    station=f"S{row}",
                    evse=1,
                    kwh=left,
                    arrives=START + timedelta(minutes=int(arrives)),
                    ready_by=START + timedelta(minutes=int(ready_by)),
                    max_kw=float(world.most[row]),
                    min_kw=float(world.least[row]),
                    efficiency=EFFICIENCY,
                    fallback_kw=float(world.least[row]),
                    charging=bool(now.on[row]),
                    battery_kwh=float(world.battery[row]),
                    soc=max(0.0, 1.0 - left / float(world.battery[row])),
                )
            )
        return Night(
            START,
            tuple(limit.reshape(SLOTS, SLOT).min(axis=1).tolist()),
            tuple(base.tolist()),
            tuple(PRICE[::SLOT].tolist()),
            tuple(trucks),
            others_kw=(float(world.least[silent].sum()),) * SLOTS,
            margins=self.margins,
            now=moment,
        )


def play(world: World, policy: Policy) -> dict[str, float]:
    """One night minute by minute: money, kWh at the grid, trucks ready, minutes above the limit, starts."""
    trucks = len(world.kwh)
    soc = 1.0 - world.really_kwh / world.battery
    delivered, on = np.zeros(trucks), np.zeros(trucks, dtype=bool)
    money = grid = 0.0
    over = starts = 0
    for minute in range(MINUTES):
        plugged = (minute >= world.really_arrives) & (minute < world.really_leaves)
        left = np.maximum(0.0, world.really_kwh - delivered)
        left[left < 0.05] = 0.0
        unheard = world.silent[:, minute] & plugged & (left > 0)
        active = plugged & ~world.faulted[:, minute] & ~world.silent[:, minute] & (left > 0)
        takes = np.minimum(world.most, 0.5 * world.battery * np.clip((1.02 - soc) / (1 - world.knee), 0, None))
        want = np.where(active, np.maximum(np.minimum(world.most, takes + 2.0), world.least), 0.0)
        held = world.least[world.silent[:, minute] & plugged].sum()
        room = world.really_limit[minute] - world.really_base[minute] - held
        now = Moment(world, minute, plugged, active, left, delivered, want, float(room), on)
        allowed = np.where(active, policy(now), 0.0)
        power = np.where(unheard, np.minimum(world.least, takes), np.minimum(allowed, takes))
        power = np.minimum(power, left / EFFICIENCY * 60)
        delivered += power * EFFICIENCY / 60
        soc += power * EFFICIENCY / 60 / world.battery
        money += float(power.sum()) / 60 * PRICE[minute]
        grid += float(power.sum()) / 60
        over += bool(power.sum() + world.really_base[minute] > world.really_limit[minute] + 0.01)
        starts += int(((allowed > 0) & ~on).sum())
        on = allowed > 0
    ready = world.really_kwh - delivered < 0.01 * world.really_kwh + 0.2
    return {
        "money": money,
        "grid_kwh": grid,
        "ready": float(ready.mean()),
        "delivered": float(delivered.sum() / world.really_kwh.sum()),
        "minutes_over_limit": float(over),
        "starts_per_truck": starts / trucks,
    }


def judge(worlds: list[World], make: Callable[[], Policy]) -> dict[str, float]:
    """A policy over nights: money per kWh, and means of the rest."""
    spent: list[float] = []
    nights = []
    for world in worlds:
        policy = make()
        nights.append(play(world, policy))
        spent += policy.spent_ms if isinstance(policy, Planned) else []
    per_kwh = sum(night["money"] for night in nights) / sum(night["grid_kwh"] for night in nights)
    names = ("ready", "delivered", "minutes_over_limit", "starts_per_truck")
    figures = {"per_kwh": per_kwh, **{name: statistics.mean(night[name] for night in nights) for name in names}}
    return {**figures, "plan_ms": statistics.mean(spent), "plan_ms_max": max(spent)} if spent else figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="two nights, the normal site only")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--nights", type=int, default=12)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--trucks", type=int, default=20)
    parser.add_argument("--settings", nargs="*", default=[], help="more margins: share/minutes/hours, e.g. 0.15/60/2.5")
    options = parser.parse_args()
    policies: dict[str, Callable[[], Policy]] = {
        "equal share": lambda: equal_share,
        "least laxity": lambda: least_laxity,
    }
    settings = {str(prudence): margins for prudence, margins in MARGINS.items()}
    for text in options.settings:
        share, minutes, hours = text.split("/")
        settings[text] = Margins(float(share), int(minutes), float(hours))
    for name, margins in settings.items():
        policies[f"plan, {name}"] = lambda margins=margins: Planned(margins)
    nights = 2 if options.short else options.nights
    figures: dict[str, dict[str, dict[str, float]]] = {}
    print("site    policy             per kWh  ready %  delivered %  over limit min  starts  plan ms (max)")
    for site in ("normal",) if options.short else SITES:
        worlds = [draw_world(options.trucks, options.first_seed + night, site) for night in range(nights)]
        for name, make in policies.items():
            got = judge(worlds, make)
            figures.setdefault(site, {})[name] = got
            solve = f"{got['plan_ms']:8.1f} ({got['plan_ms_max']:.1f})" if "plan_ms" in got else ""
            print(
                f"{site:7} {name:18} {got['per_kwh']:7.4f} {got['ready'] * 100:8.2f} {got['delivered'] * 100:12.2f} "
                f"{got['minutes_over_limit']:15.1f} {got['starts_per_truck']:7.2f} {solve}"
            )
    if options.json:
        saved = {
            site: 1.0 - by_policy["plan, normal"]["per_kwh"] / by_policy["least laxity"]["per_kwh"]
            for site, by_policy in figures.items()
        }
        print(json.dumps({"saved_against_least_laxity": saved, "sites": figures}))


if __name__ == "__main__":
    main()
