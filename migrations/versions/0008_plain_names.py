"""Columns are called by the field's words: fingerprints (before: marks), status (standing), failure_notified_at.

Revision: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RENAMED = (
    ("feeds", "marks", "fingerprints"),
    ("feeds", "failure_told_at", "failure_notified_at"),
    ("entries", "standing", "status"),
)


def upgrade() -> None:
    for table, before, after in RENAMED:
        op.alter_column(table, before, new_column_name=after)
