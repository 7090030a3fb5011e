from headrace import _core
from headrace.plot.style import panel_style


def test_every_panel_of_the_registry_has_a_style_or_is_the_price() -> None:
    panels = {info["panel"] for info in _core.indicators()}
    without = {name for name in panels if panel_style(name).label == name}
    assert without <= {"price", "sum", "volume"}  # these are called what they are
    assert panel_style("rsi").guides == (30, 70)
    assert panel_style("mine").label == "mine"
