"""What chargers run in full need: device model, certificates, campaigns, tariffs, reservations, frames kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("stop_after", sa.Integer(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id"),
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_state"), ["state"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("use", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("issuer", AutoString(), nullable=False),
        sa.Column("serial", AutoString(), nullable=False),
        sa.Column("fingerprint", AutoString(length=64), nullable=False),
        sa.Column("pem", AutoString(), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False),
        sa.Column("not_after", UTCDateTime(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("why", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_id"),
        sa.UniqueConstraint("fingerprint", "station_id", "use"),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_station_id"), ["station_id"], unique=False)

    op.create_table(
        "firmware",
        sa.Column("firmware_id", sa.Integer(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("version", AutoString(), nullable=False),
        sa.Column("vendor", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("path", AutoString(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", AutoString(), nullable=False),
        sa.Column("signature", AutoString(), nullable=False),
        sa.Column("signing_pem", AutoString(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("firmware_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "meter_hour",
        sa.Column("meter_hour_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("hour", UTCDateTime(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("mean_kw", sa.Float(), nullable=True),
        sa.Column("max_kw", sa.Float(), nullable=True),
        sa.Column("values", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("meter_hour_id"),
        sa.UniqueConstraint("hour", "station_id", "evse"),
    )
    with op.batch_alter_table("meter_hour", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meter_hour_station_id"), ["station_id"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("tariff_id", AutoString(), nullable=False),
        sa.Column("currency", AutoString(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("idle_minutes", sa.Float(), nullable=False),
        sa.Column("net", sa.Float(), nullable=False),
        sa.Column("vat", sa.Float(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_id"),
    )
    op.create_table(
        "security_event",
        sa.Column("security_event_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(length=48), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("info", AutoString(), nullable=False),
        sa.Column("address", AutoString(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("security_event_id"),
    )
    with op.batch_alter_table("security_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_security_event_station_id"), ["station_id"], unique=False)

    op.create_table(
        "station_file",
        sa.Column("name", AutoString(length=64), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("direction", AutoString(), nullable=False),
        sa.Column("what", AutoString(), nullable=False),
        sa.Column("path", AutoString(), nullable=False),
        sa.Column("most_bytes", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    with op.batch_alter_table("station_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_station_file_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_station_file_station_id"), ["station_id"], unique=False)

    op.create_table(
        "tariff",
        sa.Column("tariff_id", AutoString(length=36), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("currency", AutoString(), nullable=False),
        sa.Column("vat", sa.Float(), nullable=False),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=True),
        sa.Column("valid_until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("tariff_id"),
    )
    op.create_table(
        "wire_block",
        sa.Column("wire_block_id", sa.Integer(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("stations", AutoString(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("wire_block_id"),
    )
    with op.batch_alter_table("wire_block", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wire_block_since"), ["since"], unique=False)

    op.create_table(
        "campaign_station",
        sa.Column("campaign_station_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("status", AutoString(), nullable=False),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.campaign_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("campaign_station_id"),
        sa.UniqueConstraint("campaign_id", "station_id"),
    )
    with op.batch_alter_table("campaign_station", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_station_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaign_station_station_id"), ["station_id"], unique=False)

    op.create_table(
        "site_meter",
        sa.Column("site_meter_id", sa.Integer(), nullable=False),
        sa.Column("place_id", AutoString(), nullable=False),
        sa.Column("measured_at", UTCDateTime(), nullable=False),
        sa.Column("power_w", sa.Float(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.place_id"],
        ),
        sa.PrimaryKeyConstraint("site_meter_id"),
        sa.UniqueConstraint("place_id", "measured_at"),
    )
    op.create_table(
        "tariff_rule",
        sa.Column("tariff_rule_id", sa.Integer(), nullable=False),
        sa.Column("tariff_id", AutoString(), nullable=False),
        sa.Column("token_group", AutoString(), nullable=False),
        sa.Column("station_group", AutoString(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.tariff_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tariff_rule_id"),
    )
    op.create_table(
        "device_event",
        sa.Column("device_event_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("component", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("variable", AutoString(), nullable=False),
        sa.Column("trigger", AutoString(), nullable=False),
        sa.Column("value", AutoString(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=True),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column("tech_code", AutoString(), nullable=False),
        sa.Column("tech_info", AutoString(), nullable=False),
        sa.Column("transaction_ref", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_event_id"),
        sa.UniqueConstraint("station_id", "number", "at"),
    )
    op.create_table(
        "display_message",
        sa.Column("display_message_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("display_message_id"),
        sa.UniqueConstraint("station_id", "number"),
    )
    op.create_table(
        "local_list",
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.JSON(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("station_id"),
    )
    op.create_table(
        "reservation",
        sa.Column("reservation_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reservation_id"),
    )
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reservation_station_id"), ["station_id"], unique=False)

    op.create_table(
        "station_variable",
        sa.Column("variable_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("component", AutoString(length=120), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("connector", sa.Integer(), nullable=False),
        sa.Column("variable", AutoString(length=120), nullable=False),
        sa.Column("attribute", AutoString(), nullable=False),
        sa.Column("value", AutoString(), nullable=True),
        sa.Column("mutability", AutoString(), nullable=False),
        sa.Column("data_type", AutoString(), nullable=False),
        sa.Column("unit", AutoString(), nullable=False),
        sa.Column("min_limit", sa.Float(), nullable=True),
        sa.Column("max_limit", sa.Float(), nullable=True),
        sa.Column("values_list", AutoString(), nullable=False),
        sa.Column("reboot_required", sa.Boolean(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("variable_id"),
        sa.UniqueConstraint("station_id", "component", "evse", "connector", "variable", "attribute"),
    )
    op.create_table(
        "variable_monitor",
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("component", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("variable", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("on_transaction", sa.Boolean(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("monitor_id"),
        sa.UniqueConstraint("station_id", "number"),
    )
    with op.batch_alter_table("charging_transaction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("limit_kw", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("tariff_id", AutoString(), nullable=True))
        batch_op.add_column(sa.Column("closed_by", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("heard_at", UTCDateTime(), nullable=True))

    with op.batch_alter_table("id_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("most_at_once", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("language", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("note", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("last_used_at", UTCDateTime(), nullable=True))

    with op.batch_alter_table("station", schema=None) as batch_op:
        batch_op.add_column(sa.Column("groups", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("priority", sa.Float(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("security_profile", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("connected_profile", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("next_password_hash", AutoString(), nullable=True))
        batch_op.add_column(sa.Column("clock_error_s", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("quirks", sa.JSON(), nullable=False, server_default="[]"))
