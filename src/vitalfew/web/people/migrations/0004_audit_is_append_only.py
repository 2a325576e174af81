"""The database itself refuses to change or remove entries of the audit log.

On SQLite Django changes a table by making a new one, and triggers go with the old: a migration that changes AuditEntry must run
`install` of this one again at its end (a test notices when it does not).
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "the audit log is append-only"
INSTALL = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON people_auditentry BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        *(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON people_auditentry "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
            for verb in ("UPDATE", "DELETE", "TRUNCATE")
        ),
    ],
}
REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS audit_no_{verb}" for verb in ("update", "delete")],
    "postgresql": ["DROP FUNCTION IF EXISTS audit_is_append_only() CASCADE"],
}


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in INSTALL[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in REMOVE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("people", "0003_invitations_and_keys")]
    operations = [migrations.RunPython(install, remove)]
