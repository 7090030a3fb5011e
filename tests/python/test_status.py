"""What a status says of rejected records."""

from __future__ import annotations

import headrace as hr


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
