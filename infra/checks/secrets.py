"""Look for secrets in what is committed: `python -m infra.checks.secrets`.

The forms of keys, tokens and passwords are those of detect-secrets. Strings that merely look random are
not asked for: identities and hashes are everywhere here. What is taken for a secret and is none is listed
with the reason.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.keyword import KeywordDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

ROOT = Path(__file__).resolve().parents[2]
_FORMS: tuple[RegexBasedDetector, ...] = (
    ArtifactoryDetector(),
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    BasicAuthDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    JwtTokenDetector(),
    PrivateKeyDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    StripeDetector(),
    TwilioKeyDetector(),
)
_HASHES = "requirements/"  # locks: hashes of packages, and nothing else
_PICTURES = {".png", ".xlsx", ".parquet", ".gz"}

# A line with one of these is no secret.
NO_SECRETS = {
    "detect-secrets==": "the name of a package",
    "secretsmanager:": "a right",
    "GenerateSecretString:": "AWS makes the secret up",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that looks like a secret."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        """Return where it is and what to do."""
        return (
            f"{self.path}:{self.line}: {self.kind}. Take it out of the history and replace it where it "
            "is used; if it is none, say why in infra/checks/secrets.py"
        )


def committed() -> list[Path]:
    """Return every file that is committed or about to be, but locks and pictures."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the one on the path
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [
        ROOT / each
        for each in listed
        if not each.startswith(_HASHES)
        and Path(each).suffix not in _PICTURES
        and (ROOT / each).is_file()
    ]


def find(paths: Iterable[Path], root: Path = ROOT) -> list[Finding]:
    """Return the lines of files that look like secrets and are not known to be none."""
    found = []
    for path in paths:
        name, text = str(path.relative_to(root)), path.read_text("utf-8", errors="replace")
        lines = text.splitlines()
        for number, kind in sorted({*_by_form(text), *_by_name(name, lines)}):
            if not any(known in lines[number - 1] for known in NO_SECRETS):
                found.append(Finding(name, number, kind))
    return found


def _by_form(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and kind of what has the form of a key or token.

    The whole text is searched at once: line by line, as detect-secrets does, takes ten times as long.
    """
    for detector in _FORMS:
        for form in detector.denylist:
            for match in form.finditer(text):
                yield text.count("\n", 0, match.start()) + 1, detector.secret_type


def _by_name(name: str, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield line and kind of what is called a password or key; of Python ruff says it (S105 to S107)."""
    if name.endswith(".py"):
        return
    detector = KeywordDetector()
    for number, line in enumerate(lines, start=1):
        if detector.analyze_line(filename=name, line=line, line_number=number):
            yield number, detector.secret_type


def main() -> int:
    """Print what looks like a secret; exit code 1 where anything does."""
    found = find(committed())
    for each in found:
        print(each)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
