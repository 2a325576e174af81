"""An older database with data in it is brought up to date after a backup and keeps its data; a newer one is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.web.ops.test_backup import vitalfew
from tests.web.runs.conftest import Database

# The first state of each app of ours, with a row in every table that can have one.
FIRST = """
from datetime import UTC, datetime
from importlib import import_module
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

loader = MigrationLoader(connection)
ours = sorted(each.label for each in apps.get_app_configs() if each.name.startswith("vitalfew.web.") and each.label in loader.migrated_apps)
executor = MigrationExecutor(connection)
firsts = [node for node in executor.loader.graph.root_nodes() if node[0] in ours]
# The first migration of one app may need the second of another: targets are those that no other needs, else Django takes them back.
firsts = [node for node in firsts if not any(node in executor.loader.graph.forwards_plan(other) for other in firsts if other != node)]
executor.migrate([*[(app, None) for app in ours]])
executor = MigrationExecutor(connection)
executor.migrate([*firsts])
state = executor.loader.project_state(firsts)
made = {}

def value(field):
    kind = field.get_internal_type()
    if field.has_default():
        return field.get_default()
    if field.choices:
        return field.choices[0][0]
    return {
        "DateTimeField": datetime(2026, 1, 1, tzinfo=UTC), "DateField": datetime(2026, 1, 1).date(),
        "JSONField": {"kept": True}, "BooleanField": True, "SlugField": "acme", "UUIDField": "0" * 32,
    }.get(kind, 1 if "Integer" in kind or kind in ("FloatField", "DecimalField") else "kept")

def row(model, depth=0):
    if model in made:
        return made[model]
    values = {}
    for field in model._meta.concrete_fields:
        if field.auto_created or (field.primary_key and field.has_default()):
            continue
        if field.is_relation:
            values[field.name] = row(field.related_model, depth + 1) if depth < 5 and field.related_model is not model else None
        else:
            values[field.name] = value(field)
    made[model] = model.objects.create(**values)
    return made[model]

for model in state.apps.get_models():
    if model._meta.app_label in ours:
        row(model)
print(sorted(f"{model._meta.app_label}.{model._meta.model_name}" for model in made if model._meta.app_label in ours))
"""
COUNTS = """
from django.apps import apps
for name in {names}:
    assert apps.get_model(name)._base_manager.count() >= 1, name
from vitalfew.web.people.models import Company, User
print(Company.objects.get(slug="acme").name, User.objects.get().name)
"""
STATE = "from vitalfew.web.ops.database import state\nprint(state())"


@pytest.fixture
def installation(database: Database, other_workspace: Path, tmp_path: Path) -> tuple[Database, Path]:
    folder = tmp_path / "acme"
    shutil.copytree(other_workspace, folder, symlinks=True)
    for each in Path(database.environment["VITALFEW_HOME"]).iterdir():
        shutil.move(each, folder / ".vitalfew" / each.name)
    return Database({**database.environment, "VITALFEW_HOME": str(folder / ".vitalfew")}, folder), folder


def test_the_first_state_of_every_app_comes_up_to_date_with_its_data(installation: tuple[Database, Path]) -> None:
    database, folder = installation
    names = database.run(FIRST).strip()
    assert "people.company" in names
    assert "runs.job" in names
    done = vitalfew(database, "upgrade", str(folder))
    assert done.returncode == 0, done.stderr
    assert database.run(STATE).strip() == "current"
    assert database.run(COUNTS.format(names=names)).split() == ["kept", "kept"]


def test_a_database_behind_is_backed_up_first_and_a_second_upgrade_does_nothing(installation: tuple[Database, Path]) -> None:
    database, folder = installation
    database.run("from django.core.management import call_command\ncall_command('migrate', 'runs', 'zero', verbosity=0)")
    assert database.run(STATE).strip() == "behind"
    done = vitalfew(database, "upgrade", str(folder))
    assert done.returncode == 0, done.stderr
    (kept,) = (folder / ".vitalfew" / "backups").iterdir()
    assert str(kept) in done.stdout
    assert "up to date" in vitalfew(database, "upgrade", str(folder)).stdout
    assert len(list((folder / ".vitalfew" / "backups").iterdir())) == 1


def test_a_newer_database_is_refused_by_every_command_that_would_write_to_it(installation: tuple[Database, Path]) -> None:
    database, folder = installation
    database.run(
        "from django.db.migrations.recorder import MigrationRecorder\nfrom django.db import connection\n"
        "MigrationRecorder(connection).record_applied('runs', '9999_of_the_future')"
    )
    for arguments in (("serve", str(folder), "--port", "0"), ("work", str(folder)), ("upgrade", str(folder))):
        done = vitalfew(database, *arguments)
        assert done.returncode == 2, done.stdout
        assert "made by a newer version" in done.stderr
        assert "Traceback" not in done.stderr
