"""The host in MLflow: with the tracking URI ``nbtrack:`` MLflow's own code logs into the project's file.

``nbtrack:`` is the project of the working folder (or of ``NBTRACK_DIR``), ``nbtrack:/path`` the one in a folder. MLflow
finds the functions below by the entry points in pyproject.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from mlflow.store.model_registry.abstract_store import AbstractStore as AbstractRegistryStore

    from nbtrack.mlflow.tracking import NbtrackStore


def tracking_store(store_uri: str | None = None, artifact_uri: str | None = None) -> NbtrackStore:
    """The tracking store behind a URI such as ``nbtrack:/path``.

    artifact_uri: where new runs keep their files, if not in the project.
    """
    from nbtrack.mlflow.tracking import NbtrackStore

    return NbtrackStore(store_uri, artifact_uri)


def registry_store(store_uri: str | None = None, tracking_uri: str | None = None) -> AbstractRegistryStore:
    """The model registry behind a URI such as ``nbtrack:/path``."""
    from nbtrack.mlflow.registry import NbtrackRegistry

    return NbtrackRegistry(store_uri, tracking_uri)


def artifact_repository(artifact_uri: str, **options: Any) -> ArtifactRepository:
    """The files behind an artifact URI such as ``nbtrack:/path/.nbtrack/0/RUN/artifacts``."""
    from nbtrack.mlflow.artifacts import NbtrackArtifacts

    return NbtrackArtifacts(artifact_uri, **options)
