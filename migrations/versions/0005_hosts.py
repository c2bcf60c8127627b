"""Hosts: which process may ask them, until when, and how long they rest after their last request.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("lease_token", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("rest_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_hosts")),
    )
