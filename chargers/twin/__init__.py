"""Simulated charging stations: true OCPP clients with a cable, a meter and, if asked, the bad manners of the field."""
