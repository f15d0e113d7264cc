"""Verbs that say where a run comes from."""

from __future__ import annotations

from argparse import Namespace

from nbtrack.lineage.contract import ExplainRequest
from nbtrack.lineage.service import LineageService
from nbtrack.runs.contract import RunRequest
from nbtrack.sdk.verbs.setting import Context, Shown
from nbtrack.sdk.views.lineage import ExplanationView, LineageView


def explain(args: Namespace, context: Context) -> Shown:
    """Why a run came out differently."""
    return ExplanationView(LineageService(context.service).explain(ExplainRequest(args.run, args.against)))


def lineage(args: Namespace, context: Context) -> Shown:
    """The cells behind a run, and what is hidden of them."""
    row = context.service.row(args.run)
    return LineageView(row, LineageService(context.service).graph(RunRequest(row.id)))
