"""Where a SageMaker container finds its files: below /opt/ml, or below another folder in a local run."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from shared.settings import Settings

ROOT = PurePosixPath("/opt/ml")


class ContainerSettings(Settings):
    """The one thing that differs between a container and a local run."""

    sagemaker_base_dir: Path = Path(ROOT)

    @property
    def is_local(self) -> bool:
        """Whether this is a process on a laptop and no container."""
        return self.sagemaker_base_dir != Path(ROOT)

    def path(self, inside: str) -> Path:
        """Return where a path of the container contract is.

        Parameters
        ----------
        inside
            A path below /opt/ml, as SageMaker's documentation writes it.
        """
        return self.sagemaker_base_dir / PurePosixPath(inside).relative_to(ROOT)
