"""The job, and what starts it without anybody asking: the schedule of the nights, the sensor for new files.

Belongs here: selections, ticks, what each tick asks for. Not here: when and where they run (``config_operations``),
what a run does.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg

from retention_pipeline.config import Environment, Settings
from retention_pipeline.defs.keys import JOB
from retention_pipeline.defs.landing import landing_state
from retention_pipeline.defs.partitions import delivery_days
from retention_pipeline.defs.retrying import UNATTENDED
from retention_pipeline.defs.sensors import build_alert_sensors

SCHEDULE = "nightly"
SENSOR = "new_files"
SENSOR_SECONDS = 60
DUE_HOURS = 3


def build_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """The whole pipeline, from the delivered files to the published version, every gate included."""
    return [
        dg.define_asset_job(
            JOB,
            selection=dg.AssetSelection.all(),
            description="Take in what was delivered, rebuild, check, publish.",
            executor_def=dg.in_process_executor,
        )
    ]


def night_of(tick: dt.datetime, settings: Settings) -> dt.date:
    """The business date that is over when the schedule ticks: the day before, in the shop's time zone."""
    return tick.astimezone(ZoneInfo(settings.shop.timezone)).date() - dt.timedelta(days=1)


def night_request(night: dt.date, settings: Settings) -> dg.RunRequest:
    """The run of one night: what has been delivered until then, as of then."""
    return dg.RunRequest(
        run_key=night.isoformat(),
        partition_key=night.isoformat(),
        run_config=run_config(settings, until=night, wait_seconds=60 * settings.schedule.wait_minutes),
        tags={**UNATTENDED, "as_of": night.isoformat()},
    )


def run_config(
    settings: Settings,
    *,
    as_of: dt.date | None = None,
    until: dt.date | None = None,
    wait_seconds: float = 0,
    rebuild: bool = False,
    look: bool = True,
) -> dict[str, object]:
    """What Dagster is told about one run of the job."""
    clock = {"as_of": as_of and as_of.isoformat(), "until": until and until.isoformat()}
    return {
        "resources": {
            "clock": {"config": clock},
            "writer": {"config": {"home_dir": str(settings.home_dir), "wait_seconds": wait_seconds}},
        },
        "ops": {"ingest": {"config": {"rebuild": rebuild, "look": look}}},
    }


def build_schedules(settings: Settings, environment: Environment | None) -> list[dg.ScheduleDefinition]:
    """The schedules of an environment; none where nothing runs by itself."""
    return [] if environment is None else [build_nights(settings, environment)]


def build_sensors(settings: Settings, environment: Environment | None) -> list[dg.SensorDefinition]:
    """The sensors of an environment; that for new files only where ``schedule.watch_files`` asks for it."""
    if environment is None:
        return []
    running = settings.schedule.runs_in(environment)
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    files = [build_file_sensor(settings, environment)] if settings.schedule.watch_files else []
    return [*files, *build_alert_sensors(settings, default_status=status)]


def build_nights(settings: Settings, environment: Environment) -> dg.ScheduleDefinition:
    """The run of every night; on from the start where ``schedule.running_in`` says so."""
    days = delivery_days(settings)

    @dg.schedule(
        name=SCHEDULE,
        job_name=JOB,
        cron_schedule=f"{settings.schedule.minute} {settings.schedule.hour} * * *",
        execution_timezone=settings.shop.timezone,
        default_status=_schedule_status(settings, environment),
        description="Every night: the day that is over, and whatever late or corrected has come until then.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        night = night_of(context.scheduled_execution_time, settings)
        if night < days.start.date():
            return dg.SkipReason(f"{night} lies before the first day, {days.start.date()}")
        return night_request(night, settings)

    return nightly


def build_file_sensor(settings: Settings, environment: Environment) -> dg.SensorDefinition:
    """A run whenever new files have arrived and have stopped growing."""
    running = settings.schedule.runs_in(environment)

    @dg.sensor(
        name=SENSOR,
        job_name=JOB,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description="Files that are new, or were replaced, and have not changed since the last look.",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen, _, done = (context.cursor or "").partition(" ")
        state = landing_state(settings)
        if state in {done, ""}:
            return dg.SensorResult(skip_reason="nothing new", cursor=f"{state} {done}")
        if state != seen:
            return dg.SensorResult(skip_reason="files are still arriving", cursor=f"{state} {done}")
        wait = 60 * settings.schedule.wait_minutes
        request = dg.RunRequest(
            run_key=state, run_config=run_config(settings, wait_seconds=wait), tags={**UNATTENDED, "as_of": "latest"}
        )
        return dg.SensorResult(run_requests=[request], cursor=f"{state} {state}")

    return new_files


def freshness_policy(settings: Settings) -> dg.FreshnessPolicy:
    """A version every night, some hours after the schedule's at the latest; a missed one shows in the interface."""
    due = (settings.schedule.hour + DUE_HOURS) % 24
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{settings.schedule.minute} {due} * * *",
        lower_bound_delta=dt.timedelta(hours=DUE_HOURS),
        timezone=settings.shop.timezone,
    )


def _schedule_status(settings: Settings, environment: Environment) -> dg.DefaultScheduleStatus:
    running = settings.schedule.runs_in(environment)
    return dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
