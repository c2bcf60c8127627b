"""Polling: what a feed is read as, its hints and rhythm, gaps, notices, WebSub.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("feeds") as feeds:
        feeds.add_column(sa.Column("source_type", sa.Text(), nullable=False, server_default="feed"))
        feeds.add_column(sa.Column("item_selector", sa.Text()))
        feeds.add_column(sa.Column("full_text", sa.Boolean(), nullable=False, server_default=sa.false()))
        feeds.add_column(sa.Column("interval", sa.BigInteger()))
        feeds.add_column(sa.Column("hints", sa.JSON()))
        feeds.add_column(sa.Column("max_age", sa.BigInteger()))
        feeds.add_column(sa.Column("usual_gap", sa.BigInteger()))
        feeds.add_column(sa.Column("longest_gap", sa.BigInteger()))
        feeds.add_column(sa.Column("listed", sa.Integer()))
        feeds.add_column(sa.Column("failure_told_at", sa.DateTime(timezone=True)))
        feeds.add_column(sa.Column("unfinished", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "gaps",
        sa.Column("id", _id(), nullable=False),
        sa.Column("feed_id", _id(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recovered_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_gaps_feed_id_feeds"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    op.create_index(op.f("ix_gaps_feed_id_gaps_until"), "gaps", ["feed_id", "until"])
    op.create_table(
        "notices",
        sa.Column("id", _id(), nullable=False),
        sa.Column("feed_id", _id()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_notices_feed_id_feeds"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_feed_id"), "notices", ["feed_id"])
    op.create_index(op.f("ix_notices_at"), "notices", ["at"])
    op.create_table(
        "websub",
        sa.Column("feed_id", _id(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("next_act_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.Text()),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_websub_feed_id_feeds"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_websub")),
        sa.UniqueConstraint("token", name=op.f("uq_websub_token")),
    )
    op.create_index(op.f("ix_websub_next_act_at"), "websub", ["next_act_at"])
