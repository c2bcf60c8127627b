"""The ledger of who was notified of which story is called ``notified``; before, ``told``.

Made anew with its rows carried over, so that constraints and index bear the new name on SQLite and PostgreSQL alike.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notified",
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("story_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_notified_story_id_stories"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_notified_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "story_id", name=op.f("pk_notified")),
    )
    op.execute("INSERT INTO notified (subscriber_id, story_id, at) SELECT subscriber_id, story_id, at FROM told")
    op.drop_table("told")
    op.create_index(op.f("ix_notified_story_id"), "notified", ["story_id"], unique=False)
