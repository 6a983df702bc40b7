"""What fill sensors and trucks say: network payloads in, readings of bins, positions and emptyings out.

message = parse(network, source, body, received_at)     # shape and times: UplinkRefused where it cannot be used
receipt = take_message(work, message)                   # kept with its reading, or kept with the reason for none
"""

from fleet.sensors.intake import Receipt, take_message
from fleet.sensors.message import Message
from fleet.sensors.networks import NETWORKS, parse
from fleet.sensors.trucks import TruckReceipt, parse_truck_messages, take_truck_messages

__all__ = [
    "NETWORKS",
    "Message",
    "Receipt",
    "TruckReceipt",
    "parse",
    "parse_truck_messages",
    "take_message",
    "take_truck_messages",
]
