"""Alert, notification, delivery: who hears of an alert is stored with a code, and a delivery carries notifications.

Existing deliveries become notifications that were sent; the reasons why somebody was not notified become codes. Test
messages are no alerts any more and are removed. All existing alerts count as routed.

Revision: 0004
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: The sentences that 0.1 stored in ``silences``, as patterns, with the codes that take their place.
_CODES = (
    ("% is paused", "paused"),
    ("% has already heard of this story", "already_notified"),
    ("it only mentions the topic%", "only_mention"),
    ("no subscriber follows its topics", "no_follower"),
    ("late: dated %", "late"),
    ("it matched only after an edit%", "edited"),
    ("it was there at the first poll%", "baseline"),
)
_PAUSES = {"paused by the operator": "operator", "unsubscribed by the reader": "unsubscribed"}
_SUMMARY = re.compile(r"^(\d+) · (.*)$", re.DOTALL)


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _remove_test_alerts()
    _change_alerts()
    _create_notifications()
    _carry_over_deliveries()
    _change_deliveries()
    _change_silences()
    _change_subscribers()


def _remove_test_alerts() -> None:
    op.execute(
        "DELETE FROM attempts WHERE delivery_id IN (SELECT d.id FROM deliveries d JOIN alerts a ON a.id = d.alert_id "
        "WHERE a.kind = 'test')"
    )
    op.execute("DELETE FROM deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE kind = 'test')")
    op.execute("DELETE FROM alerts WHERE kind = 'test'")


def _change_alerts() -> None:
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("burst", sa.JSON()))
        alerts.add_column(sa.Column("routed_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE alerts SET routed_at = created_at")
    unrouted = sa.text("routed_at IS NULL")
    op.create_index("ix_alerts_unrouted", "alerts", ["id"], sqlite_where=unrouted, postgresql_where=unrouted)
    connection = op.get_bind()
    for alert_id, headline in connection.execute(sa.text("SELECT id, headline FROM alerts WHERE kind = 'burst'")).all():
        found = _SUMMARY.match(headline)
        burst = {"feed": found[2] if found else headline, "stories": int(found[1]) if found else 0}
        connection.execute(
            sa.text("UPDATE alerts SET kind = 'summary', headline = '', burst = :burst WHERE id = :id"),
            {"burst": json.dumps(burst, ensure_ascii=False), "id": alert_id},
        )
    with op.batch_alter_table("alert_topics") as topics:
        topics.add_column(sa.Column("strength", sa.Text(), nullable=False, server_default="mention"))
    op.execute(
        "UPDATE alert_topics SET strength = 'about' WHERE EXISTS (SELECT 1 FROM alert_entries e JOIN matches m "
        "ON m.entry_id = e.entry_id WHERE e.alert_id = alert_topics.alert_id AND m.topic_id = alert_topics.topic_id "
        "AND m.strength = 'about')"
    )
    with op.batch_alter_table("alert_topics") as topics:
        topics.alter_column("strength", server_default=None)


def _create_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("alert_id", _id(), nullable=False),
        sa.Column("subscriber_id", _id(), nullable=False),
        sa.Column("delivery_id", _id()),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("topic_ids", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_notifications_alert_id_alerts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_notifications_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_notifications_delivery_id_deliveries"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("alert_id", "subscriber_id", name=op.f("pk_notifications")),
    )
    op.create_index(op.f("ix_notifications_subscriber_id"), "notifications", ["subscriber_id"])
    op.create_index(op.f("ix_notifications_delivery_id"), "notifications", ["delivery_id"])


def _carry_over_deliveries() -> None:
    op.execute(
        "INSERT INTO notifications (alert_id, subscriber_id, delivery_id, decision, code, topic_ids, created_at) "
        "SELECT alert_id, subscriber_id, id, 'send', 'instant', topic_ids, created_at FROM deliveries"
    )


def _change_deliveries() -> None:
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("closed", sa.Text()))
    op.execute("UPDATE deliveries SET closed = 'subscriber_paused' WHERE last_error LIKE 'subscriber paused:%'")
    op.execute("UPDATE deliveries SET closed = 'given_up' WHERE last_error LIKE '% (given up after % attempts)'")
    op.execute(
        "UPDATE deliveries SET closed = 'address_dead' WHERE state = 'dead' AND closed IS NULL AND last_error IN "
        "(SELECT paused_because FROM subscribers s WHERE s.id = deliveries.subscriber_id)"
    )
    op.execute("UPDATE deliveries SET closed = 'rejected' WHERE state = 'dead' AND closed IS NULL")
    op.execute("UPDATE deliveries SET closed = NULL WHERE state <> 'dead'")
    op.execute("UPDATE deliveries SET last_error = NULL WHERE closed = 'subscriber_paused'")
    op.drop_index(op.f("ix_deliveries_alert_id"), "deliveries")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_constraint(op.f("fk_deliveries_alert_id_alerts"), type_="foreignkey")
        deliveries.drop_column("alert_id")
        deliveries.drop_column("topic_ids")


def _change_silences() -> None:
    """Put codes in the place of sentences; what was about an alert and a subscriber becomes a notification."""
    op.create_table(
        "suppressions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("entry_id", _id(), nullable=False),
        sa.Column("subscriber_id", _id()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_suppressions_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_suppressions_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(op.f("ix_suppressions_entry_id"), "suppressions", ["entry_id"])
    op.create_index(op.f("ix_suppressions_subscriber_id"), "suppressions", ["subscriber_id"])
    codes = " ".join(f"WHEN reason LIKE '{pattern}' THEN '{code}'" for pattern, code in _CODES)
    op.execute(
        "INSERT INTO suppressions (entry_id, subscriber_id, code, created_at) "  # noqa: S608 - named above
        f"SELECT entry_id, subscriber_id, CASE {codes} ELSE 'late' END, created_at FROM silences ORDER BY id"
    )
    op.drop_table("silences")
    op.execute(
        "INSERT INTO notifications (alert_id, subscriber_id, decision, code, topic_ids, created_at) "
        "SELECT e.alert_id, s.subscriber_id, 'suppress', min(s.code), '[]', min(s.created_at) "
        "FROM suppressions s JOIN alert_entries e ON e.entry_id = s.entry_id "
        "WHERE s.subscriber_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM notifications n "
        "WHERE n.alert_id = e.alert_id AND n.subscriber_id = s.subscriber_id) GROUP BY e.alert_id, s.subscriber_id"
    )
    op.execute(
        "DELETE FROM suppressions WHERE subscriber_id IS NOT NULL AND entry_id IN (SELECT entry_id FROM alert_entries)"
    )


def _change_subscribers() -> None:
    with op.batch_alter_table("subscribers") as subscribers:
        subscribers.add_column(sa.Column("pause_code", sa.Text()))
        subscribers.add_column(sa.Column("pause_detail", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE subscribers SET pause_code = 'refused', pause_detail = coalesce(paused_because, '') "
        "WHERE state = 'paused'"
    )
    for sentence, code in _PAUSES.items():
        op.get_bind().execute(
            sa.text("UPDATE subscribers SET pause_code = :code, pause_detail = '' WHERE paused_because = :sentence"),
            {"code": code, "sentence": sentence},
        )
    with op.batch_alter_table("subscribers") as subscribers:
        subscribers.drop_column("paused_because")
