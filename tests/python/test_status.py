"""What a status says of rejected and late records."""

from __future__ import annotations

import pandas as pd

import headrace as hr
from headrace.panel import Moment, html_of


def test_the_first_reject_is_of_the_commonest_reason() -> None:
    status = hr.Status(
        "running",
        rejected={"empty": 1, "wrong_type": 3},
        first_rejects={"empty": "t[0]@6: empty", "wrong_type": "t[0]@2: wrong"},
    )
    assert status.first_reject == "t[0]@2: wrong"
    assert "first: t[0]@2: wrong" in str(status)


def test_without_rejects_there_is_none() -> None:
    assert hr.Status("running").first_reject == ""
    assert "first" not in str(hr.Status("running"))


def test_late_rows_are_said_beside_the_rejected_ones() -> None:
    status = hr.Status("running", rejected={"rule": 7, "future": 1}, late_counted=2)
    assert status.late == 3
    assert "3 late or too far ahead (future 1, only counted 2)" in str(status)
    assert hr.Status("running", rejected={"rule": 7}).late == 0
    assert "late" not in str(hr.Status("running", rejected={"rule": 7}))


def test_the_panel_counts_late_rows() -> None:
    def shown(status: hr.Status) -> str:
        return html_of(Moment("bars", status, pd.Timestamp("2026-03-02", tz="UTC"), 0))

    with_late = shown(hr.Status("running", rejected={"late": 2}, late_counted=1_300))
    assert ">late or ahead<" in with_late
    assert ">1,302<" in with_late
    assert "1,302 late or too far ahead (late 2, only counted 1,300)" in with_late
    assert "late" not in shown(hr.Status("running", rejected={"rule": 2}))
