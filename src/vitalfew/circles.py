"""Ways through what people wrote: initiatives that need each other in a circle, records that decisions make one."""

from __future__ import annotations

from collections import deque

from vitalfew.settings import Initiative


def cycle_of(by_name: dict[str, Initiative]) -> list[str]:
    """One circle among prerequisites, its first name repeated at the end; empty when there is none."""
    done: set[str] = set()
    for start in by_name:
        path: list[str] = []
        found = _walk(start, by_name, path, done)
        if found:
            return found
    return []


def _walk(name: str, by_name: dict[str, Initiative], path: list[str], done: set[str]) -> list[str]:
    if name in path:
        return [*path[path.index(name) :], name]
    if name in done or name not in by_name:
        return []
    path.append(name)
    for needed in by_name[name].needs:
        found = _walk(needed, by_name, path, done)
        if found:
            return found
    path.pop()
    done.add(name)
    return []


def path_of(graph: dict[str, list[str]], start: str, end: str) -> list[str]:
    """A shortest path from `start` to `end`; empty when there is none."""
    before = {start: ""}
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        if place == end:
            path = [place]
            while before[path[-1]]:
                path.append(before[path[-1]])
            return path[::-1]
        for other in graph.get(place, ()):
            if other not in before:
                before[other] = place
                waiting.append(other)
    return []
