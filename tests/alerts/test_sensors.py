"""Failed runs of Dagster become incidents; the watching sensor is quick and asks for no run."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import dagster as dg
import pytest

from retention_pipeline.config import Environment
from retention_pipeline.core.errors import BusyError, GateFailedError, StorageError
from retention_pipeline.defs.automation import build_sensors
from retention_pipeline.defs.sensors import build_alert_sensors
from tests.alerts.home import Shop
from tests.alerts.sinks import HttpSink

REMEDY = "correct the files"


def failing_job(error: BaseException, *, in_resource: bool = False) -> dg.JobDefinition:
    @dg.resource
    def writer() -> None:
        if in_resource:
            raise error

    @dg.op(required_resource_keys={"writer"})
    def step() -> None:
        raise error

    @dg.job(resource_defs={"writer": writer})
    def nightly() -> None:
        step()

    return nightly


def tell(shop: Shop, job: dg.JobDefinition) -> None:
    sensor, _ = build_alert_sensors(shop.settings(freshness_days=0), default_status=dg.DefaultSensorStatus.STOPPED)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not result.success
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failure",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
        ).for_run_failure()
        sensor(context)


def skipped(watch: dg.SensorDefinition) -> str:
    found = watch(dg.build_sensor_context())
    assert isinstance(found, dg.SkipReason)
    return str(found.skip_message)


CASES: dict[str, tuple[Callable[[], BaseException], str, str]] = {
    "a gate": (lambda: GateFailedError("gate raw: 1 failed\n  for example x@y.z", remedy=REMEDY), "gate_failed", "raw"),
    "the disk": (lambda: StorageError("no space: here", remedy=REMEDY), "run_failed", "no space: here"),
    "a defect": (lambda: ValueError("x@y.z"), "run_failed", "unexpected ValueError"),
    "a cancel": (KeyboardInterrupt, "run_failed", "interrupted"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failed_run_is_told_with_the_products_own_words(name: str, shop: Shop, hook: HttpSink) -> None:
    make, kind, word = CASES[name]
    tell(shop, failing_job(make()))
    ((incident,),) = (body["incidents"] for body in hook.bodies)
    assert incident["kind"] == kind
    assert word in incident["title"]
    assert "x@y.z" not in str(hook.bodies)
    assert "Traceback" not in str(hook.bodies)
    if isinstance(make(), GateFailedError | StorageError):
        assert incident["remedy"] == REMEDY


def test_an_error_of_a_resource_is_found_too(shop: Shop, hook: HttpSink) -> None:
    tell(shop, failing_job(StorageError("the home is read-only", remedy=REMEDY), in_resource=True))
    assert "the home is read-only" in hook.bodies[0]["title"]


def test_a_run_that_found_the_home_taken_is_no_incident(shop: Shop, hook: HttpSink) -> None:
    tell(shop, failing_job(BusyError("taken"), in_resource=True))
    assert hook.bodies == []


def test_a_run_whose_process_vanished_is_told(shop: Shop, hook: HttpSink) -> None:
    sensor, _ = build_alert_sensors(shop.settings(freshness_days=0), default_status=dg.DefaultSensorStatus.STOPPED)
    with dg.DagsterInstance.ephemeral() as instance:
        job = failing_job(ValueError())
        run = instance.create_run_for_job(job)
        instance.report_run_failed(run, message="the run worker is gone")
        found = instance.get_run_by_id(run.run_id)
        assert found is not None
        records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
        event = records[0].event_log_entry.dagster_event
        assert event is not None
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failure", dagster_instance=instance, dagster_run=found, dagster_event=event
        ).for_run_failure()
        sensor(context)
    assert hook.bodies[0]["incidents"][0]["key"] == "run_failed:LOST"


def test_the_watching_sensor_tells_and_is_quick(shop: Shop, hook: HttpSink) -> None:
    _, watch = build_alert_sensors(shop.settings(freshness_days=0), default_status=dg.DefaultSensorStatus.RUNNING)
    assert watch.default_status is dg.DefaultSensorStatus.RUNNING
    assert skipped(watch) == "0 incident(s) open"
    shop.deliver("orders", dt.date(2025, 2, 27), refusal="empty_file: it has zero bytes")
    assert skipped(watch) == "1 incident(s) open"
    began = time.process_time()
    skipped(watch)
    assert time.process_time() - began < 1
    assert len(hook.bodies) == 1


def test_a_shop_that_never_ran_has_nothing_to_watch(tmp_path_factory: pytest.TempPathFactory, hook: HttpSink) -> None:
    shop = Shop(tmp_path_factory.mktemp("new"))
    _, watch = build_alert_sensors(shop.settings(), default_status=dg.DefaultSensorStatus.STOPPED)
    assert skipped(watch) == "nothing has been delivered yet"
    assert not shop.home.root.exists()


def test_a_dead_target_fails_no_sensor(shop: Shop, hook: HttpSink) -> None:
    hook.answer = 500
    tell(shop, failing_job(StorageError("no space: here", remedy=REMEDY)))
    _, watch = build_alert_sensors(shop.settings(freshness_days=0), default_status=dg.DefaultSensorStatus.STOPPED)
    assert skipped(watch) == "1 incident(s) open"
    hook.answer = 200
    skipped(watch)
    assert [body["event"] for body in hook.bodies] == ["opened"]


@pytest.mark.parametrize(("environment", "status"), [("production", "RUNNING"), ("development", "STOPPED")])
def test_the_sensors_are_on_where_the_nights_are(environment: Environment, status: str, shop: Shop) -> None:
    found = {sensor.name: sensor.default_status.name for sensor in build_sensors(shop.settings(), environment)}
    assert found == {"alert_on_failure": status, "watch": status}
    assert build_sensors(shop.settings(), None) == []
