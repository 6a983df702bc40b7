"""What must hold at a site whatever its stations do, and where it is held.

I1  every EVSE at its fall-back and the base load at its highest stay within the limit: all may be silent for ever
    (check_fallbacks)
I2  the plan, each EVSE at least at its fall-back, and the base load stay within limit less margin in every slot
    (chargers.schedule)
I3  so does the most of everything that may be active while profiles change (chargers.safety.pushes)
I4  silent EVSEs keep counting with what they hold, never confirmed ones with their hardware (chargers.safety.state)
I5  the base load counts with its highest, as no meter of it is read
I6  nothing is allowed to start that the site could not carry in silence (chargers.central.ledger)

OCPP is no protection device: a certified breaker or relay stays in charge of what these rules cannot see.
"""

from collections.abc import Mapping

from chargers.errors import UnsafeLimits


def check_fallbacks(fallback_kw: Mapping[str, float], *, base_max_kw: float, limit_kw: float) -> None:
    """I1. Raise UnsafeLimits if what stations draw in silence and the highest base load are above the site limit.

    fallback_kw: by station, all its EVSEs together; the hardware's power where no fall-back was confirmed.
    """
    total = sum(fallback_kw.values())
    if total + base_max_kw > limit_kw + 1e-6:
        raise UnsafeLimits(
            f"{len(fallback_kw)} stations in silence ({total:.1f} kW) and {base_max_kw:.1f} kW of base load are above "
            f"the site limit of {limit_kw:.1f} kW: lower the fall-backs by "
            f"{total + base_max_kw - limit_kw:.1f} kW in all"
        )
