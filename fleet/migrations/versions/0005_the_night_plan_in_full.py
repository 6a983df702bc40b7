"""The night plan in full: forecast state, road overrides, shaping by hand, more rules of bins, places and trucks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_group",
        sa.Column("group", AutoString(length=96), nullable=False),
        sa.Column("fitted_at", UTCDateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("group"),
    )
    op.create_table(
        "road_override",
        sa.Column("override_id", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("street", AutoString(), nullable=False),
        sa.Column("line", sa.JSON(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("from_time", AutoString(), nullable=True),
        sa.Column("until_time", AutoString(), nullable=True),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("override_id"),
    )
    op.create_table(
        "road_table",
        sa.Column("key", AutoString(length=80), nullable=False),
        sa.Column("engine", AutoString(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "citizen_report",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("bin_id", AutoString(), nullable=True),
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["bin_id"], ["bin.bin_id"]),
        sa.PrimaryKeyConstraint("report_id"),
    )
    with op.batch_alter_table("citizen_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_citizen_report_bin_id"), ["bin_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_citizen_report_state"), ["state"], unique=False)

    op.create_table(
        "forecast_state",
        sa.Column("bin_id", AutoString(), nullable=False),
        sa.Column("upto", UTCDateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("snapshot_at", UTCDateTime(), nullable=True),
        sa.Column("snapshot", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["bin_id"], ["bin.bin_id"]),
        sa.PrimaryKeyConstraint("bin_id"),
    )
    op.create_table(
        "plan_edit",
        sa.Column("edit_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("delta", sa.JSON(), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("edit_id"),
    )
    with op.batch_alter_table("plan_edit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_edit_plan_id"), ["plan_id"], unique=False)

    op.create_table(
        "plan_problem",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id"),
    )
    with op.batch_alter_table("bin", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kerb", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("shut", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("fixed_days", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("quarter", AutoString(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("notes", AutoString(), nullable=False, server_default=""))

    with op.batch_alter_table("left_bin", schema=None) as batch_op:
        batch_op.add_column(sa.Column("why", sa.JSON(), nullable=False, server_default="{}"))

    with op.batch_alter_table("place", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weekdays", sa.JSON(), nullable=False, server_default="[0, 1, 2, 3, 4, 5, 6]"))
        batch_op.add_column(sa.Column("streams", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("queue", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("truck_charger_kw", sa.Float(), nullable=False, server_default="0"))

    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("based_on", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))

    with op.batch_alter_table("route", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shift_id", AutoString(), nullable=True))
        batch_op.add_column(sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("overtime_minutes", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("charged_kwh", sa.Float(), nullable=False, server_default="0"))

    with op.batch_alter_table("stop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("charged_kwh", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("why", sa.JSON(), nullable=False, server_default="{}"))

    with op.batch_alter_table("truck", schema=None) as batch_op:
        batch_op.add_column(sa.Column("length_m", sa.Float(), nullable=False, server_default="9"))
        batch_op.add_column(sa.Column("tare_t", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("end_depot_id", AutoString(), nullable=True))
        batch_op.add_column(sa.Column("max_tips", sa.Integer(), nullable=False, server_default="6"))
        batch_op.add_column(sa.Column("service_pace", sa.Float(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("overtime_minutes", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("overtime_per_hour", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("co2_kg_per_km", sa.Float(), nullable=False, server_default="0"))
