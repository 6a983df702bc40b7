"""What a charge costs: tariffs in the words of OCPI, the rule that picks one, the bill line by line. Pure."""

from chargers.money.bill import Bill, Line, price
from chargers.money.charge import Charge
from chargers.money.rules import Rule, choose
from chargers.money.tariff import Dimension, PriceComponent, PriceElement, PriceList, Restrictions, read_tariff

__all__ = [
    "Bill",
    "Charge",
    "Dimension",
    "Line",
    "PriceComponent",
    "PriceElement",
    "PriceList",
    "Restrictions",
    "Rule",
    "choose",
    "price",
    "read_tariff",
]
