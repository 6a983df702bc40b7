"""The city, its nights and its chargers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("alarm_id", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("severity", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.Column("cleared_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledged_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledged_by", AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("alarm_id"),
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_cleared_at"), ["cleared_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_alarm_subject"), ["subject"], unique=False)

    op.create_table(
        "bin",
        sa.Column("bin_id", AutoString(length=48), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("address", AutoString(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("stream", AutoString(), nullable=False),
        sa.Column("capacity_l", sa.Float(), nullable=False),
        sa.Column("density_kg_l", sa.Float(), nullable=False),
        sa.Column("service_seconds", sa.Integer(), nullable=False),
        sa.Column("overflow_fill", sa.Float(), nullable=False),
        sa.Column("narrow", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bin_id"),
    )
    op.create_table(
        "event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("subject", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("data", AutoString(), nullable=False),
        sa.Column("previous_hash", AutoString(), nullable=False),
        sa.Column("hash", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_kind"), ["kind"], unique=False)
        batch_op.create_index("ix_event_subject", ["subject", "event_id"], unique=False)

    op.create_table(
        "lease",
        sa.Column("name", AutoString(length=48), nullable=False),
        sa.Column("holder", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "meter_value",
        sa.Column("meter_value_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("ref", AutoString(), nullable=False),
        sa.Column("measured_at", UTCDateTime(), nullable=False),
        sa.Column("context", AutoString(), nullable=False),
        sa.Column("energy_wh", sa.Float(), nullable=True),
        sa.Column("power_w", sa.Float(), nullable=True),
        sa.Column("current_a", sa.Float(), nullable=True),
        sa.Column("voltage_v", sa.Float(), nullable=True),
        sa.Column("offered_w", sa.Float(), nullable=True),
        sa.Column("offered_a", sa.Float(), nullable=True),
        sa.Column("soc", sa.Float(), nullable=True),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("extra", AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("meter_value_id"),
        sa.UniqueConstraint("measured_at", "station_id", "evse", "ref", "context"),
    )

    op.create_table(
        "operator",
        sa.Column("name", AutoString(length=48), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=120), nullable=True),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("target", AutoString(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("ordered_at", UTCDateTime(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_state"), ["state"], unique=False)

    op.create_table(
        "pace",
        sa.Column("pace_id", sa.Integer(), nullable=False),
        sa.Column("sim", UTCDateTime(), nullable=False),
        sa.Column("wall", UTCDateTime(), nullable=False),
        sa.Column("speed", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("pace_id"),
    )
    op.create_table(
        "place",
        sa.Column("place_id", AutoString(length=48), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("is_depot", sa.Boolean(), nullable=False),
        sa.Column("is_disposal", sa.Boolean(), nullable=False),
        sa.Column("unload_seconds", sa.Integer(), nullable=False),
        sa.Column("opens", AutoString(), nullable=True),
        sa.Column("closes", AutoString(), nullable=True),
        sa.Column("site_limit_kw", sa.Float(), nullable=True),
        sa.Column("base_load_kw", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("place_id"),
    )
    op.create_table(
        "plan",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("made_by", AutoString(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("solve_seconds", sa.Float(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("kg", sa.Float(), nullable=False),
        sa.Column("served", sa.Integer(), nullable=False),
        sa.Column("unserved", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("note", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id"),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_day"), ["day"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_state"), ["state"], unique=False)

    op.create_table(
        "road_map",
        sa.Column("road_map_id", sa.Integer(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("extract_path", AutoString(), nullable=False),
        sa.Column("cache_path", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("imported_at", UTCDateTime(), nullable=False),
        sa.Column("junctions", sa.Integer(), nullable=False),
        sa.Column("edges", sa.Integer(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("attribution", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("road_map_id"),
    )
    op.create_table(
        "uplink",
        sa.Column("uplink_id", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=200), nullable=False),
        sa.Column("network", AutoString(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("device_id", AutoString(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("body", AutoString(), nullable=False),
        sa.Column("outcome", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("uplink_id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("uplink", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uplink_received_at"), ["received_at"], unique=False)

    op.create_table(
        "charging_schedule",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("place_id", AutoString(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("limit_kw", sa.JSON(), nullable=False),
        sa.Column("base_kw", sa.JSON(), nullable=False),
        sa.Column("total_kw", sa.JSON(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("peak_kw", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.place_id"],
        ),
        sa.PrimaryKeyConstraint("schedule_id"),
    )
    with op.batch_alter_table("charging_schedule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charging_schedule_place_id"), ["place_id"], unique=False)

    op.create_table(
        "emptying",
        sa.Column("emptying_id", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=200), nullable=False),
        sa.Column("bin_id", AutoString(), nullable=False),
        sa.Column("emptied_at", UTCDateTime(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("truck_id", AutoString(), nullable=True),
        sa.Column("fill_before", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bin_id"],
            ["bin.bin_id"],
        ),
        sa.PrimaryKeyConstraint("emptying_id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("emptying", schema=None) as batch_op:
        batch_op.create_index("ix_emptying_bin_at", ["bin_id", "emptied_at"], unique=False)

    op.create_table(
        "left_bin",
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("bin_id", AutoString(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("fill", sa.Float(), nullable=True),
        sa.Column("overflow_p", sa.Float(), nullable=True),
        sa.Column("reason", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bin_id"],
            ["bin.bin_id"],
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("left_id"),
    )
    with op.batch_alter_table("left_bin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_left_bin_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "reading",
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(length=200), nullable=False),
        sa.Column("bin_id", AutoString(), nullable=False),
        sa.Column("device_id", AutoString(), nullable=True),
        sa.Column("measured_at", UTCDateTime(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("fill", sa.Float(), nullable=True),
        sa.Column("distance_mm", sa.Float(), nullable=True),
        sa.Column("battery", sa.Float(), nullable=True),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("quality", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bin_id"],
            ["bin.bin_id"],
        ),
        sa.PrimaryKeyConstraint("reading_id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index("ix_reading_bin_at", ["bin_id", "measured_at"], unique=False)

    op.create_table(
        "sensor",
        sa.Column("device_id", AutoString(length=64), nullable=False),
        sa.Column("bin_id", AutoString(), nullable=False),
        sa.Column("dev_eui", AutoString(length=16), nullable=True),
        sa.Column("empty_mm", sa.Float(), nullable=False),
        sa.Column("full_mm", sa.Float(), nullable=False),
        sa.Column("blind_mm", sa.Float(), nullable=False),
        sa.Column("battery", sa.Float(), nullable=True),
        sa.Column("last_seen_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bin_id"],
            ["bin.bin_id"],
        ),
        sa.PrimaryKeyConstraint("device_id"),
    )
    with op.batch_alter_table("sensor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sensor_bin_id"), ["bin_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sensor_dev_eui"), ["dev_eui"], unique=False)

    op.create_table(
        "station",
        sa.Column("station_id", AutoString(length=48), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("place_id", AutoString(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("admission", AutoString(), nullable=False),
        sa.Column("password_hash", AutoString(), nullable=True),
        sa.Column("current", AutoString(), nullable=False),
        sa.Column("phases", sa.Integer(), nullable=False),
        sa.Column("max_kw", sa.Float(), nullable=False),
        sa.Column("fallback_kw", sa.Float(), nullable=False),
        sa.Column("vendor", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("serial", AutoString(), nullable=False),
        sa.Column("firmware", AutoString(), nullable=False),
        sa.Column("protocol", AutoString(), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("connected_at", UTCDateTime(), nullable=True),
        sa.Column("last_seen_at", UTCDateTime(), nullable=True),
        sa.Column("booted_at", UTCDateTime(), nullable=True),
        sa.Column("rate_unit", AutoString(), nullable=True),
        sa.Column("max_stack_level", sa.Integer(), nullable=True),
        sa.Column("max_periods", sa.Integer(), nullable=True),
        sa.Column("max_profiles", sa.Integer(), nullable=True),
        sa.Column("fallback_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.place_id"],
        ),
        sa.PrimaryKeyConstraint("station_id"),
    )
    op.create_table(
        "truck",
        sa.Column("truck_id", AutoString(length=48), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("depot_id", AutoString(), nullable=False),
        sa.Column("streams", sa.JSON(), nullable=False),
        sa.Column("capacity_l", sa.Float(), nullable=False),
        sa.Column("capacity_kg", sa.Float(), nullable=False),
        sa.Column("compaction", sa.Float(), nullable=False),
        sa.Column("gross_t", sa.Float(), nullable=False),
        sa.Column("height_m", sa.Float(), nullable=False),
        sa.Column("width_m", sa.Float(), nullable=False),
        sa.Column("narrow", sa.Boolean(), nullable=False),
        sa.Column("battery_kwh", sa.Float(), nullable=True),
        sa.Column("max_charge_kw", sa.Float(), nullable=True),
        sa.Column("kwh_per_km", sa.Float(), nullable=False),
        sa.Column("kwh_per_t_km", sa.Float(), nullable=False),
        sa.Column("kwh_per_lift", sa.Float(), nullable=False),
        sa.Column("kwh_per_t", sa.Float(), nullable=False),
        sa.Column("aux_kw", sa.Float(), nullable=False),
        sa.Column("fixed_cost", sa.Float(), nullable=False),
        sa.Column("cost_per_km", sa.Float(), nullable=False),
        sa.Column("cost_per_hour", sa.Float(), nullable=False),
        sa.Column("id_token", AutoString(length=36), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["depot_id"],
            ["place.place_id"],
        ),
        sa.PrimaryKeyConstraint("truck_id"),
    )
    with op.batch_alter_table("truck", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_truck_id_token"), ["id_token"], unique=False)

    op.create_table(
        "charging_need",
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("truck_id", AutoString(), nullable=False),
        sa.Column("ready_by", UTCDateTime(), nullable=False),
        sa.Column("target_kwh", sa.Float(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("soc_then", sa.Float(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("delivered_kwh", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("need_id"),
        sa.UniqueConstraint("truck_id", "ready_by"),
    )
    with op.batch_alter_table("charging_need", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charging_need_ready_by"), ["ready_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_charging_need_truck_id"), ["truck_id"], unique=False)

    op.create_table(
        "charging_transaction",
        sa.Column("transaction_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("connector", sa.Integer(), nullable=False),
        sa.Column("ref", AutoString(), nullable=True),
        sa.Column("start_key", AutoString(), nullable=True),
        sa.Column("token", AutoString(), nullable=True),
        sa.Column("truck_id", AutoString(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("start_wh", sa.Float(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("end_wh", sa.Float(), nullable=True),
        sa.Column("end_reason", AutoString(), nullable=True),
        sa.Column("seq_no", sa.Integer(), nullable=False),
        sa.Column("charging_state", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["station.station_id"],
        ),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("transaction_id"),
        sa.UniqueConstraint("station_id", "ref"),
        sa.UniqueConstraint("station_id", "start_key"),
    )
    with op.batch_alter_table("charging_transaction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charging_transaction_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_charging_transaction_station_id"), ["station_id"], unique=False)

    op.create_table(
        "connector",
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", AutoString(), nullable=False),
        sa.Column("error_code", AutoString(), nullable=False),
        sa.Column("info", AutoString(), nullable=False),
        sa.Column("status_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connector_id"),
        sa.UniqueConstraint("station_id", "evse", "number"),
    )
    op.create_table(
        "evse",
        sa.Column("evse_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("max_kw", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.station_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("evse_id"),
        sa.UniqueConstraint("station_id", "number"),
    )
    op.create_table(
        "id_token",
        sa.Column("token", AutoString(length=36), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("status", AutoString(), nullable=False),
        sa.Column("truck_id", AutoString(), nullable=True),
        sa.Column("holder", AutoString(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "installed_profile",
        sa.Column("installed_id", sa.Integer(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("purpose", AutoString(), nullable=False),
        sa.Column("stack_level", sa.Integer(), nullable=False),
        sa.Column("ref", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["station.station_id"],
        ),
        sa.PrimaryKeyConstraint("installed_id"),
        sa.UniqueConstraint("station_id", "evse", "profile_id"),
    )
    with op.batch_alter_table("installed_profile", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_installed_profile_station_id"), ["station_id"], unique=False)

    op.create_table(
        "power_shortfall",
        sa.Column("shortfall_id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("truck_id", AutoString(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("ready_by", UTCDateTime(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["charging_schedule.schedule_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("shortfall_id"),
    )
    with op.batch_alter_table("power_shortfall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_power_shortfall_schedule_id"), ["schedule_id"], unique=False)

    op.create_table(
        "route",
        sa.Column("route_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("truck_id", AutoString(), nullable=False),
        sa.Column("departs_at", UTCDateTime(), nullable=False),
        sa.Column("returns_at", UTCDateTime(), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("kwh_p90", sa.Float(), nullable=False),
        sa.Column("target_kwh", sa.Float(), nullable=True),
        sa.Column("kg", sa.Float(), nullable=False),
        sa.Column("bins", sa.Integer(), nullable=False),
        sa.Column("tips", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("line", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("route_id"),
    )
    with op.batch_alter_table("route", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_route_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "scheduled_power",
        sa.Column("power_id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("truck_id", AutoString(), nullable=False),
        sa.Column("station_id", AutoString(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("kw", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["charging_schedule.schedule_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("power_id"),
    )
    with op.batch_alter_table("scheduled_power", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scheduled_power_schedule_id"), ["schedule_id"], unique=False)

    op.create_table(
        "shift",
        sa.Column("shift_id", AutoString(length=64), nullable=False),
        sa.Column("truck_id", AutoString(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("starts", AutoString(), nullable=False),
        sa.Column("ends", AutoString(), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=False),
        sa.Column("break_from", AutoString(), nullable=False),
        sa.Column("break_until", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("shift_id"),
    )
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shift_truck_id"), ["truck_id"], unique=False)

    op.create_table(
        "truck_state",
        sa.Column("truck_id", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("activity", AutoString(), nullable=False),
        sa.Column("soc", sa.Float(), nullable=True),
        sa.Column("odometer_km", sa.Float(), nullable=True),
        sa.Column("load_kg", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["truck_id"],
            ["truck.truck_id"],
        ),
        sa.PrimaryKeyConstraint("truck_id"),
    )
    op.create_table(
        "stop",
        sa.Column("stop_id", sa.Integer(), nullable=False),
        sa.Column("route_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("bin_id", AutoString(), nullable=True),
        sa.Column("place_id", AutoString(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("arrives_at", UTCDateTime(), nullable=False),
        sa.Column("leaves_at", UTCDateTime(), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("load_l", sa.Float(), nullable=False),
        sa.Column("load_kg", sa.Float(), nullable=False),
        sa.Column("kwh", sa.Float(), nullable=False),
        sa.Column("fill", sa.Float(), nullable=True),
        sa.Column("overflow_p", sa.Float(), nullable=True),
        sa.Column("reason", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bin_id"],
            ["bin.bin_id"],
        ),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.place_id"],
        ),
        sa.ForeignKeyConstraint(["route_id"], ["route.route_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stop_id"),
    )
    with op.batch_alter_table("stop", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stop_route_id"), ["route_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("stop", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stop_route_id"))

    op.drop_table("stop")
    op.drop_table("truck_state")
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shift_truck_id"))

    op.drop_table("shift")
    with op.batch_alter_table("scheduled_power", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scheduled_power_schedule_id"))

    op.drop_table("scheduled_power")
    with op.batch_alter_table("route", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_route_plan_id"))

    op.drop_table("route")
    with op.batch_alter_table("power_shortfall", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_power_shortfall_schedule_id"))

    op.drop_table("power_shortfall")
    with op.batch_alter_table("installed_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_installed_profile_station_id"))

    op.drop_table("installed_profile")
    op.drop_table("id_token")
    op.drop_table("evse")
    op.drop_table("connector")
    with op.batch_alter_table("charging_transaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_charging_transaction_station_id"))
        batch_op.drop_index(batch_op.f("ix_charging_transaction_state"))

    op.drop_table("charging_transaction")
    with op.batch_alter_table("charging_need", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_charging_need_truck_id"))
        batch_op.drop_index(batch_op.f("ix_charging_need_ready_by"))

    op.drop_table("charging_need")
    with op.batch_alter_table("truck", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_truck_id_token"))

    op.drop_table("truck")
    op.drop_table("station")
    with op.batch_alter_table("sensor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sensor_dev_eui"))
        batch_op.drop_index(batch_op.f("ix_sensor_bin_id"))

    op.drop_table("sensor")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index("ix_reading_bin_at")

    op.drop_table("reading")
    with op.batch_alter_table("left_bin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_left_bin_plan_id"))

    op.drop_table("left_bin")
    with op.batch_alter_table("emptying", schema=None) as batch_op:
        batch_op.drop_index("ix_emptying_bin_at")

    op.drop_table("emptying")
    with op.batch_alter_table("charging_schedule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_charging_schedule_place_id"))

    op.drop_table("charging_schedule")
    with op.batch_alter_table("uplink", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uplink_received_at"))

    op.drop_table("uplink")
    op.drop_table("road_map")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_state"))
        batch_op.drop_index(batch_op.f("ix_plan_day"))

    op.drop_table("plan")
    op.drop_table("place")
    op.drop_table("pace")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_state"))
        batch_op.drop_index(batch_op.f("ix_orders_kind"))

    op.drop_table("orders")
    op.drop_table("operator")
    op.drop_table("meter_value")
    op.drop_table("lease")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_subject")
        batch_op.drop_index(batch_op.f("ix_event_kind"))

    op.drop_table("event")
    op.drop_table("bin")
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alarm_subject"))
        batch_op.drop_index(batch_op.f("ix_alarm_cleared_at"))

    op.drop_table("alarm")
