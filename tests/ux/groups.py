"""The groups of figures: what each needs, and how it is measured round by round."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.ux import behind, first_chart, frames, install, j2, memory, notebooks, redraws
from tests.ux.stage import Found, Stage

_SOAKS = {"headrace_inline": "soak_inline", "headrace_ipympl": "soak_ipympl"}
_PANELS = {"headrace_inline": "panels_inline", "headrace_ipympl": "panels_ipympl"}


async def _install(stage: Stage, options: Namespace, found: Found) -> None:
    with found.attempt("install"):
        install.measure(stage.folder / "install", found, options.build_dir, options.rounds)


async def _lines(_stage: Stage, options: Namespace, found: Found) -> None:
    for way in options.ways:
        lines = notebooks.code_lines(notebooks.source(way))
        found.add(way, lines=len(lines), longest=max(map(len, lines)))


async def _first(stage: Stage, options: Namespace, found: Found) -> None:
    warm = Found(problems=found.problems)  # of the round that is not counted
    for number in range(options.rounds + 1):
        counted = found if number else warm
        for way in options.ways:
            for imported in (False, True) if number else (False,):
                with found.attempt(f"{way}, first chart"):
                    await first_chart.measure(stage, way, counted, imported=imported)
                if way in notebooks.OURS and number:
                    with found.attempt(f"{way}, empty topic"):
                        await first_chart.measure_empty(stage, way, counted, imported=imported)


async def _redraws(stage: Stage, options: Namespace, found: Found) -> None:
    for _ in range(options.rounds):
        for way in options.ways:
            with found.attempt(f"{way}, redraws"):
                await redraws.measure(stage, way, found, 6.0 if options.quick else 15.0)


async def _behind(stage: Stage, options: Namespace, found: Found) -> None:
    for _ in range(options.rounds):
        for job in (_PANELS[way] for way in options.ways if way in _PANELS):
            with found.attempt(f"{job}, behind"):
                await behind.measure(stage, job, found, 6.0 if options.quick else 15.0)


async def _memory(stage: Stage, options: Namespace, found: Found) -> None:
    with found.attempt("memory of what all load"):
        await memory.measure_alone(stage, found)
    for way in options.ways:
        with found.attempt(f"{way}, memory"):
            await memory.measure(stage, way, found, 20.0 if options.quick else memory.SETTLED_S)


async def _frames(stage: Stage, options: Namespace, found: Found) -> None:
    for _ in range(options.rounds):
        with found.attempt("frames"):
            frames.measure(stage, found)


async def _j2(stage: Stage, options: Namespace, found: Found) -> None:
    with found.attempt("J2"):
        j2.prepare(stage, options.records)
        j2.measure(stage, found, max(options.rounds, 2), options.records)


async def _soak(stage: Stage, options: Namespace, found: Found) -> None:
    for job in (_SOAKS[way] for way in options.ways if way in _SOAKS):
        with found.attempt(job):
            await memory.soak(stage, job, found, options.soak)


@dataclass(frozen=True)
class Group:
    """Figures that are measured together."""

    measure: Callable[[Stage, Namespace, Found], Awaitable[None]]
    kafka: bool = True
    notebook: bool = True  # in the browser


SOAK = Group(_soak)
GROUPS = {
    "install": Group(_install, kafka=False, notebook=False),
    "lines": Group(_lines, kafka=False, notebook=False),
    "first": Group(_first),
    "redraws": Group(_redraws),
    "behind": Group(_behind),
    "memory": Group(_memory),
    "frames": Group(_frames, notebook=False),
    "j2": Group(_j2, notebook=False),
}
