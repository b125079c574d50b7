"""Flows between channels, counted by step."""

from __future__ import annotations

from analysis.channel_flow import END, Flow, channel_flow


def test_what_flows_in_flows_out() -> None:
    paths = {("web", "shop", "web"): 4, ("web",): 3, ("shop", "shop", "phone"): 2}
    found = channel_flow(paths)
    assert found.starts == {"shop": 2, "web": 7}
    assert Flow(1, "shop", "phone", 2) in found.flows  # a repeat is one visit
    assert sum(flow.count for flow in found.flows if flow.target == END) == found.customers == 9


def test_longer_paths_are_cut_off_without_an_end() -> None:
    found = channel_flow([("a", "b", "c", "d")], steps=2)
    assert found.flows == (Flow(1, "a", "b", 1),)


def test_nobody_flows_nowhere() -> None:
    assert channel_flow([]).flows == ()
