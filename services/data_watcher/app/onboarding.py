"""Puts uploaded configuration in force, or says why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from services.data_watcher.app.contention import insist
from services.data_watcher.domain import configuration
from services.data_watcher.domain.configuration import Active, ConfigRecord, ConfigState
from services.data_watcher.domain.cursor import Cursor
from services.data_watcher.domain.records import Listed
from services.data_watcher.ports import ConfigLedger, Configurations, Inbox, Publisher, RawObjects
from shared import layout
from shared.active import ActiveModel, ActiveSite
from shared.clock import Clock
from shared.errors import ConflictError, InvalidConfigError, NotFoundError
from shared.exclusions import ActiveExclusions
from shared.messages import ConfigAccepted, ConfigRejected, SweepDue
from shared.notifications import ActiveNotifications

# Behind every process that began to read a file before the new YAML was in force; functions live two minutes.
LATER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Takes in what people upload below `config/`."""

    ledger: ConfigLedger
    raw: RawObjects
    configurations: Configurations
    publisher: Publisher
    inbox: Inbox
    clock: Clock

    def refresh(self, key: str) -> None:
        """Bring what is in force to what S3 now holds under a key of `config/`.

        A deleted file is reported as rejected and leaves the last good configuration in force: models
        are trained and served by it, and a slip of the finger must not stop them.

        Raises
        ------
        ConflictError
            Others kept changing the same key; the message has to come again.
        """
        if not key.endswith("/"):  # a folder
            insist(lambda: self._refresh(key))

    def _refresh(self, key: str) -> None:
        stored = self.ledger.load_config(key)
        latest = next((each for each in self.raw.versions(key) if each.is_latest), None)
        record = self._judge(stored, latest)
        if record is None:
            return
        in_force = _in_force(record)
        if in_force is not None:
            # Asserted each time: a slower process may have put an older one in force before it died.
            # What a refused upload left in force is not of that upload.
            upload = record.version_id if record.state == "accepted" else None
            self.configurations.put(in_force, upload)
        if record.settled:
            return
        record = self.ledger.save_config(record)
        self._publish(record)
        if record.state == "accepted" and configuration.kind_of(key) == "site":
            self.inbox.send([self._reading_again(record)])
            self.inbox.send([self._reading_again(record, "later")], LATER)
        self.ledger.save_config(replace(record, settled=True))

    def _judge(self, stored: ConfigRecord, latest: Listed | None) -> ConfigRecord | None:
        if latest is None or latest.is_marker:
            if not stored.state:
                return None
            if stored.state == "deleted":
                return stored
            return _news(stored, "deleted", reason=_deleted(stored))
        if stored.version_id == latest.version_id and stored.state in {"accepted", "rejected"}:
            return stored
        seen = replace(stored, version_id=latest.version_id, uploaded_at=latest.uploaded_at)
        try:
            if latest.size > configuration.LARGEST_CONFIG:
                message = f"a configuration has at most {configuration.LARGEST_CONFIG} bytes"
                raise InvalidConfigError(message)
            body = bytes(self.raw.read(stored.key, latest.version_id))
            config = _validated(stored.key, body)
        except NotFoundError as error:
            message = f"{stored.key} changed while it was read"
            raise ConflictError(message) from error
        except InvalidConfigError as error:
            return _news(seen, "rejected", line=error.line, reason=error.reason)
        return replace(
            _news(seen, "accepted"),
            config_version=config.config_version,
            in_force=config.model_dump_json(),
        )

    def _publish(self, record: ConfigRecord) -> None:
        subject = (record.key, record.version_id, record.changes)
        if record.state != "accepted":
            self.publisher.publish(
                ConfigRejected.of(
                    subject=subject,
                    occurred_at=self.clock(),
                    correlation_id=record.key,
                    key=record.key,
                    line=record.line,
                    reason=record.reason,
                )
            )
            return
        config = _in_force(record)
        if config is None or isinstance(config, ActiveNotifications):
            return  # no model is looked at again for who is told what
        model_id = self._model_of(config)
        if model_id is None:
            return
        self.publisher.publish(
            ConfigAccepted.of(
                subject=subject,
                occurred_at=self.clock(),
                correlation_id=record.key,
                kind=configuration.kind_of(record.key),
                name=config.model_id if isinstance(config, ActiveModel) else config.site_id,
                model_id=model_id,
                config_version=config.config_version,
            )
        )

    def _model_of(self, config: ActiveSite | ActiveModel | ActiveExclusions) -> str | None:
        """Return the model that is to be looked at again.

        None for exclusions of a site without a YAML; once there is one, its model is looked at.
        """
        if not isinstance(config, ActiveExclusions):
            return config.model_id
        site = self.configurations.site(config.site_id)
        return site.model_id if site else None

    def _reading_again(self, record: ConfigRecord, when: str = "now") -> SweepDue:
        """Ask for a look at all files of the site: some may have waited for it, or read otherwise now."""
        site_id = record.key.rpartition("/")[2].removesuffix(".yaml")
        return SweepDue.of(
            subject=(record.key, record.version_id, record.changes, when),
            occurred_at=self.clock(),
            correlation_id=record.key,
            scope="full",
            cursor=Cursor(prefix=f"{layout.RAW}{site_id}/").text(),
        )


def _news(
    record: ConfigRecord,
    state: ConfigState,
    *,
    line: int | None = None,
    reason: str | None = None,
) -> ConfigRecord:
    return replace(
        record,
        state=state,
        line=line,
        reason=reason,
        changes=record.changes + 1,
        settled=False,
    )


def _deleted(stored: ConfigRecord) -> str:
    if stored.in_force:
        return "the file was deleted; the last good configuration stays in force. Upload it to change it"
    return "the file was deleted before it was ever accepted"


def _validated(key: str, body: bytes) -> Active:
    from services.data_watcher.domain import validation  # noqa: PLC0415 - few messages bring YAML

    return validation.read(key, body)


def _in_force(record: ConfigRecord) -> Active | None:
    if record.in_force is None:
        return None
    return configuration.parse(configuration.kind_of(record.key), record.in_force)
