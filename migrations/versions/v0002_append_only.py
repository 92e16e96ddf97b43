"""The service's role, and the triggers that keep the log append only, even for its owner."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PRIMARY = ("artist", "work_detail", "work_vector", "preview")
WRITE_ONCE = ("fingerprint_spec", "calibration_file")
PROJECTIONS = ("record", "record_match", "work", "calibration", "key_event", "projection_head")


def upgrade() -> None:
    _create_role()
    _grant()
    _guard_entry()
    _guard_head()


def downgrade() -> None:
    raise RuntimeError("the log's guards are not taken away again")


def _create_role() -> None:
    """A group role for the whole server, which all its databases share. Two migrations may try to make it at once."""
    op.execute(
        """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'artledger_service') THEN
                CREATE ROLE artledger_service NOLOGIN;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """
    )
    op.execute(
        """
        DO $$ BEGIN
            EXECUTE format('GRANT artledger_service TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END $$
        """
    )
    op.execute("SET LOCAL ROLE artledger_service")  # fails here, not in the service, if the role was not granted
    op.execute("RESET ROLE")


def _grant() -> None:
    op.execute("GRANT USAGE ON SCHEMA public TO artledger_service")
    op.execute("GRANT SELECT ON alembic_version TO artledger_service")
    op.execute("GRANT SELECT, INSERT ON entry TO artledger_service")
    op.execute("GRANT SELECT, INSERT, UPDATE ON log_head TO artledger_service")
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(WRITE_ONCE)} TO artledger_service")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(PRIMARY)} TO artledger_service")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {', '.join(PROJECTIONS)} TO artledger_service")


def _guard_entry() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% of % refused: the log is append only', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER log_head_stays BEFORE DELETE OR TRUNCATE ON log_head"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_append_only")
    op.execute("ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_stays")


def _guard_head() -> None:
    op.execute(
        """
        CREATE FUNCTION head_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.size < OLD.size OR NEW.origin <> OLD.origin THEN
                RAISE EXCEPTION 'the log head only grows (size % to %, origin % to %)',
                    OLD.size, NEW.size, OLD.origin, NEW.origin USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER log_head_only_grows BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION head_only_grows()"
    )
    op.execute("ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_only_grows")
