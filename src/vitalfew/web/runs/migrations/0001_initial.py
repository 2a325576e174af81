"""Jobs, schedules, workers."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, unique=True)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(default="run", max_length=20)),
                ("arguments", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("by_schedule", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("not_before", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("heartbeat", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("worker", models.CharField(blank=True, max_length=200)),
                ("cancel_asked", models.BooleanField(default=False)),
                ("progress_text", models.CharField(blank=True, max_length=300)),
                ("progress_done", models.PositiveIntegerField(default=0)),
                ("progress_total", models.PositiveIntegerField(default=0)),
                ("log", models.TextField(blank=True)),
                ("reason", models.TextField(blank=True)),
                ("faults", models.JSONField(default=list)),
                ("run_id", models.CharField(blank=True, max_length=40)),
                ("same_as_before", models.BooleanField(default=False)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="jobs", to="people.company"),
                ),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "indexes": [
                    models.Index(fields=["company", "-made_at"], name="job_latest"),
                    models.Index(fields=["state", "not_before"], name="job_next"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "done", "failed", "cancelled"])), name="job_state"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("company",), name="one_running_job_a_company"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cadence",
                    models.CharField(
                        choices=[("daily", "every day"), ("weekly", "every week"), ("monthly", "every month")],
                        default="weekly",
                        max_length=10,
                        verbose_name="how often",
                    ),
                ),
                ("hour", models.PositiveSmallIntegerField(default=5, verbose_name="hour")),
                ("weekday", models.PositiveSmallIntegerField(default=0, verbose_name="day of the week")),
                ("day", models.PositiveSmallIntegerField(default=1, verbose_name="day of the month")),
                (
                    "next_at",
                    models.DateTimeField(
                        help_text="when the next run is due; empty while switched off", null=True, verbose_name="next"
                    ),
                ),
                (
                    "company",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="schedule", to="people.company"),
                ),
                ("set_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("hour__lte", 23)), name="schedule_hour"),
                    models.CheckConstraint(condition=models.Q(("weekday__lte", 6)), name="schedule_weekday"),
                    models.CheckConstraint(condition=models.Q(("day__gte", 1), ("day__lte", 28)), name="schedule_day"),
                ],
            },
        ),
    ]
