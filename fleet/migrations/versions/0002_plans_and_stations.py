"""Plans and stations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("id_token")
    op.drop_table("connector")
    op.drop_table("evse")
    op.drop_table("station")
    op.drop_table("left_bin")
    op.drop_table("stop")
    op.drop_table("route")
    op.drop_table("plan")
