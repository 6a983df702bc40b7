"""Places, bins and trucks."""

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


def downgrade() -> None:
    op.drop_table("truck_state")
    op.drop_table("shift")
    op.drop_table("truck")
    op.drop_table("emptying")
    op.drop_table("reading")
    op.drop_table("uplink")
    op.drop_table("sensor")
    op.drop_table("bin")
    op.drop_table("road_map")
    op.drop_table("place")
