"""The schedule: which night a tick stands for, what it asks for, where it is on, and what the nights come to."""

import datetime as dt
import os
from pathlib import Path

import dagster as dg
import pytest

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.config_operations import current_environment
from retention_pipeline.core.errors import BusyError, ConfigError, InputRefusedError
from retention_pipeline.defs.automation import SCHEDULE, build_file_sensor, build_nights, build_schedules, build_sensors
from retention_pipeline.defs.keys import JOB
from retention_pipeline.defs.partitions import delivery_days
from retention_pipeline.defs.retrying import UNATTENDED, delay_seconds, retrying
from tests.time import story as stories

BERLIN = """
[shop]
name = "Berlin"
timezone = "Europe/Berlin"
currency = "EUR"
[schedule]
hour = 2
minute = 30
first_date = 2025-01-01
watch_files = true
[sources.orders]
path = "landing/orders_{date}.csv"
"""


@pytest.fixture
def berlin(tmp_path: Path) -> Settings:
    (tmp_path / "landing").mkdir()
    (tmp_path / "retention.toml").write_text(BERLIN, encoding="utf-8")
    return load_settings(tmp_path / "retention.toml")


def tick(settings: Settings, instant: dt.datetime) -> dg.RunRequest | dg.SkipReason:
    """What the schedule asks for at an instant, in a repository with a job of that name and days."""
    days = dg.AssetSpec("days", partitions_def=delivery_days(settings))
    repository = dg.Definitions(
        assets=[dg.multi_asset(name="days", specs=[days])(lambda: None)],
        jobs=[dg.define_asset_job(JOB)],
        schedules=[build_nights(settings, "production")],
    ).get_repository_def()
    context = dg.build_schedule_context(scheduled_execution_time=instant, repository_def=repository)
    data = repository.get_schedule_def(SCHEDULE).evaluate_tick(context)
    if data.run_requests:
        (request,) = data.run_requests
        return request
    return dg.SkipReason(data.skip_message)


@pytest.mark.parametrize(
    ("utc", "night"),
    [
        ("2025-01-02T01:30:00", "2025-01-01"),
        ("2025-03-30T01:00:00", "2025-03-29"),  # 03:00, in the night whose clock skips 02:30
        ("2025-10-26T00:30:00", "2025-10-25"),  # the first of two 02:30s
        ("2025-07-01T00:30:00", "2025-06-30"),
    ],
)
def test_a_tick_stands_for_the_day_that_is_over_in_the_shops_zone(utc: str, night: str, berlin: Settings) -> None:
    request = tick(berlin, dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC))
    assert isinstance(request, dg.RunRequest)
    assert (request.run_key, request.partition_key, request.tags["as_of"]) == (night, night, night)
    assert request.run_config["resources"]["clock"]["config"] == {"as_of": None, "until": night}
    assert request.run_config["resources"]["writer"]["config"]["wait_seconds"] == 3600


def test_a_night_before_the_first_day_is_skipped(berlin: Settings) -> None:
    assert isinstance(tick(berlin, dt.datetime(2025, 1, 1, 1, 30, tzinfo=dt.UTC)), dg.SkipReason)


def test_nights_run_by_themselves_only_where_it_is_said(berlin: Settings) -> None:
    assert build_nights(berlin, "development").default_status.value == "STOPPED"
    assert build_nights(berlin, "production").default_status.value == "RUNNING"
    assert (build_schedules(berlin, None), build_sensors(berlin, None)) == ([], [])
    nights = build_nights(berlin, "staging")
    assert (nights.cron_schedule, nights.execution_timezone) == ("30 2 * * *", "Europe/Berlin")


@pytest.mark.parametrize("value", [None, "", "prod", "Production"])
def test_an_environment_that_nobody_named_is_an_error(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)
    if value is not None:
        monkeypatch.setenv("RETENTION_ENVIRONMENT", value)
    with pytest.raises(ConfigError, match="RETENTION_ENVIRONMENT") as error:
        current_environment()
    assert "development, staging, production" in str(error.value.remedy)
    monkeypatch.setenv("RETENTION_ENVIRONMENT", "staging")
    assert current_environment() == "staging"


def test_new_files_start_a_run_once_they_have_stopped_growing(berlin: Settings) -> None:
    sensor = build_file_sensor(berlin, "production")
    cursor = None

    def look() -> int:
        nonlocal cursor
        result = sensor.evaluate_tick(dg.build_sensor_context(cursor=cursor))
        cursor = result.cursor
        return len(result.run_requests or [])

    path = berlin.resolve("landing/orders_2025-01-01.csv")
    assert look() == 0
    path.write_text("order_id\n", encoding="utf-8")
    assert look() == 0
    path.write_text("order_id\n1\n", encoding="utf-8")
    assert [look(), look(), look()] == [0, 1, 0]
    os.utime(path, (1, 1))
    assert [look(), look(), look()] == [0, 1, 0]


def test_only_what_may_pass_is_tried_again_and_only_where_nobody_watches(berlin: Settings) -> None:
    at_once = berlin.schedule.model_copy(update={"retries": 1, "retry_delay_seconds": 0})
    settings = berlin.model_copy(update={"schedule": at_once})

    def outcome(error: Exception, tags: dict[str, str]) -> str:
        @dg.op
        def step(context: dg.OpExecutionContext) -> None:
            with retrying(context, settings):
                raise error

        @dg.job(tags=tags)
        def job() -> None:
            step()

        result = job.execute_in_process(raise_on_error=False)
        kinds = [event.event_type_value for event in result.all_events]
        return "retried" if "STEP_UP_FOR_RETRY" in kinds else "failed" if "STEP_FAILURE" in kinds else "?"

    assert outcome(BusyError("somebody else"), UNATTENDED) == "retried"
    assert outcome(BusyError("somebody else"), {}) == "failed"
    assert outcome(InputRefusedError("a bad file"), UNATTENDED) == "failed"
    assert outcome(ValueError("a defect"), UNATTENDED) == "failed"


def test_each_wait_is_twice_as_long(berlin: Settings) -> None:
    assert [delay_seconds(berlin, attempt) for attempt in range(4)] == [30, 60, 120, 240]


@pytest.mark.slow
def test_nights_with_all_that_goes_wrong_come_to_what_one_run_makes_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_ID_KEY", "the key of a story")
    story = stories.play(tmp_path / "shop", 8, customers=80)
    told = {chapter.day - stories.START: chapter for chapter in story.chapters if "backfill" not in chapter.happened}
    nights = [told[dt.timedelta(days=stories.BEFORE + number)] for number in range(8)]
    assert [night.status for night in nights] == ["SUCCESS"] * 5 + ["FAILURE"] + ["SUCCESS"] * 2
    assert nights[1].as_of == nights[0].as_of  # nothing came, so nothing is known of a later day
    assert nights[5].version == nights[4].version  # what was published stays while a night fails
    assert nights[7].through == nights[7].as_of == str(nights[7].day)
    causes = dict(story.shop.rows("select cause, count(*) from metric_restatements group by 1"))
    assert "deletion" in causes
    assert "unexplained" not in causes  # not even after two weeks are filled in
    assert stories.one_shot(story, tmp_path / "once") == story.shop.manifest()["content_hash"]
