"""Charging."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("power_shortfall")
    op.drop_table("scheduled_power")
    op.drop_table("charging_schedule")
    op.drop_table("charging_need")
    op.drop_table("installed_profile")
    op.drop_table("meter_value")
    op.drop_table("charging_transaction")
