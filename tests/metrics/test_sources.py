"""The declared sources of metrics: complete, known, and those that the formulas really wait for."""

from __future__ import annotations

from retention_pipeline.config import Sources
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.registry import REGISTRY
from retention_pipeline.metrics.sources import completed_by, sources_frame


def test_every_metric_has_a_source_that_completes_its_periods_on_every_basis() -> None:
    frame = sources_frame()
    completing = frame[frame["is_completing"]].groupby(["metric", "variant", "basis"])["source"].apply(set).to_dict()
    assert completing == {
        (each.metric, each.variant, basis): set(completed_by(each, basis)) for each in REGISTRY for basis in each.bases
    }
    assert not frame.duplicated(["metric", "variant", "basis", "source"]).any()


def test_only_known_sources_are_named() -> None:
    assert set(sources_frame()["source"]) <= set(Sources.model_fields)


def test_a_subscription_waits_for_subscriptions_and_an_order_does_not() -> None:
    by_name = {each.name: each for each in REGISTRY}
    retention = by_name["customer_retention_rate.set_based"]
    assert completed_by(retention, "subscription") == ("subscriptions",)
    assert completed_by(retention, "purchase_window") == ("orders",)
    assert set(completed_by(by_name["clv.net_of_cost"], "calendar")) == {"orders", "spend"}
    assert set(completed_by(by_name["customers.ordering"], "subscription")) == {"orders", "subscriptions"}
    assert completed_by(by_name["customers.ordering"], "calendar") == ("orders",)
    assert {each.family for each in REGISTRY} == set(FAMILIES)
