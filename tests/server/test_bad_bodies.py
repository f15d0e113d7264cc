"""What each operation may be asked wrongly, sent over HTTP: refused in words, and the server goes on."""

from __future__ import annotations

import json

from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.config import Project
from tests.inputs import judge, operations
from tests.inputs.ground import outside

from .conftest import Server

_TOO_LARGE = 1 << 20  # these have a test of their own


def test_whatever_body_is_sent_to_an_operation_it_is_refused_clearly(
    server: Server, filled: Project, name: str
) -> None:
    before, said = outside(server.folder), len(server.log())
    runs = server.read("runs.page", name).result
    wrong, asked = {}, 0
    for op in OPERATIONS:
        for what, body in operations.bodies(op):
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            if len(sent) > _TOO_LARGE:
                continue
            answer = server.write(op, name, sent)
            asked += 1
            if not 400 <= answer.status < 500:
                wrong[f"{op}: {what}"] = f"{answer.status} {answer.body[:200]!r}"
            elif faults := judge.unclear(answer.error["message"], answer.error["hint"]):
                wrong[f"{op}: {what}"] = f"{faults} {answer.error}"
    assert not wrong
    assert asked >= 300
    assert "Traceback" not in server.log()[said:]
    assert server.read("runs.page", name).result == runs
    assert outside(server.folder) == before
