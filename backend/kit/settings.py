"""Settings from `BEAMCAST_…` environment variables."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.kit.addresses import check_broker, check_database, is_loopback

SQLITE_FILE = "beamcast.db"


class Settings(BaseSettings):
    """Settings of one server and its workers; both read the same environment."""

    model_config = SettingsConfigDict(env_prefix="BEAMCAST_", frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="address that the server listens on")
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="further host names of the server, separated by commas; '*' allows all"
    )
    auth: Literal["none", "oidc"] | None = Field(
        None,
        description="how users sign in; none: everybody who reaches the server is the local user, which must be stated "
        "for an address that is not a loopback one; oidc: at a provider of OpenID Connect",
    )
    public_url: str = Field("", description="address at which browsers reach the server, such as https://beamcast.org")
    oidc_issuer: str = Field("", description="issuer of the provider of OpenID Connect")
    oidc_client_id: str = Field("", description="id under which the provider knows this server")
    oidc_client_secret: str = Field("", repr=False, description="secret that the provider gave to this server")
    oidc_scopes: str = Field("openid profile email", description="scopes that are asked of the provider")
    oidc_roles_claim: str = Field(
        "", description="claim with the groups or roles of a user; dots lead into objects, as in realm_access.roles"
    )
    oidc_operators: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="values of the claim that make a user an operator, separated by commas"
    )
    session_idle_h: Annotated[float, Field(gt=0)] = Field(
        12.0, description="hours without a request after which a user signs in again"
    )
    session_max_h: Annotated[float, Field(gt=0)] = Field(
        72.0, description="hours after which a user signs in again in any case"
    )
    data_dir: Path = Field(Path("data"), description="folder of the database, structures, potentials, predictions")
    # Kept out of the representation, and so out of logs: they may hold passwords
    database_url: str = Field("", repr=False, description="SQLAlchemy address; empty: SQLite in the data folder")
    broker_url: str = Field("filesystem://", repr=False, description="Celery broker")
    potentials_dir: Path = Field(Path(), description="drop-in folder for potential files; default: in the data folder")

    worker_concurrency: Annotated[int, Field(ge=0, le=256)] = Field(
        2, description="jobs that the embedded worker runs at the same time; 0: no worker is started"
    )
    lease_s: Annotated[float, Field(gt=0)] = Field(
        45.0, description="seconds without a report after which a running job is taken from its worker"
    )
    checkpoint_s: Annotated[float, Field(gt=0)] = Field(
        30.0,
        description="seconds between checkpoints of molecular dynamics; a dead worker loses at most this time",
    )
    max_attempts: Annotated[int, Field(ge=1)] = Field(
        3, description="largest number of attempts of a job whose workers die"
    )
    job_time_limit_h: Annotated[float, Field(gt=0)] = Field(72.0, description="time limit of one job, hours")

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="level of Beamcast's own lines; INFO has a line for each request and each job"
    )

    max_upload_bytes: Annotated[int, Field(gt=0)] = 32 * 1024 * 1024
    max_dataset_bytes: Annotated[int, Field(gt=0)] = Field(
        256 * 1024 * 1024,
        description="largest size of a file of measured data; a large spectrometer has many detectors",
    )
    max_source_bytes: Annotated[int, Field(gt=0)] = Field(
        128 * 1024 * 1024, description="largest size of the files of uploaded phonons, together"
    )
    max_trajectory_bytes: Annotated[int, Field(gt=0)] = Field(
        2 * 1024**3, description="largest size of an uploaded trajectory"
    )
    max_owner_uploads_bytes: Annotated[int, Field(gt=0)] = Field(
        6 * 1024**3, description="largest size of the resumable uploads of one user, together"
    )
    max_uploads_bytes: Annotated[int, Field(gt=0)] = Field(
        24 * 1024**3, description="largest size of the resumable uploads of all users, together"
    )
    upload_expires_h: Annotated[float, Field(gt=0)] = Field(
        48.0, description="hours without a byte after which a resumable upload is removed"
    )
    max_proposal_bytes: Annotated[int, Field(gt=0)] = Field(
        1024**3, description="largest size of an imported proposal, both packed and unpacked"
    )
    max_atoms: Annotated[int, Field(gt=0)] = Field(
        5000, description="largest number of atoms in a cell, after symmetry"
    )
    parse_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    partials_cache_bytes: Annotated[int, Field(ge=0)] = Field(
        512 * 1024 * 1024, description="memory for partials, so that a change of a slider reads no file"
    )

    # Empty, or of some length: a short one could be guessed
    metrics_token: Annotated[str, Field(pattern=r"^([A-Za-z0-9_.~+/=-]{16,200})?$")] = Field(
        "",
        repr=False,
        description="token of at least 16 characters that /metrics asks for; empty: /metrics answers only a server of "
        "one machine",
    )

    nep89_url: str = Field("", description="address to download NEP89 from; empty: the Python package index")

    @field_validator("allowed_hosts", "oidc_operators", mode="before")
    @classmethod
    def _split(cls, values: object) -> object:
        return [one.strip() for one in values.split(",") if one.strip()] if isinstance(values, str) else values

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _safe_address(cls, address: str) -> str:
        parts = urlsplit(address)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if address and not (is_safe and parts.hostname and not parts.query and not parts.fragment):
            raise ValueError("must be an address with https; http is possible on this machine only")
        return address

    @field_validator("public_url")
    @classmethod
    def _origin(cls, address: str) -> str:
        if urlsplit(address).path.strip("/"):
            raise ValueError("must be an address without a path")
        return address.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, address: str) -> str:
        return address and check_database(address)

    @field_validator("broker_url")
    @classmethod
    def _broker(cls, address: str) -> str:
        return check_broker(address)

    @field_validator("data_dir", "potentials_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        # Workers may run in another folder than the server
        return path if path == Path() else path.expanduser().absolute()

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        if self.potentials_dir == Path():
            object.__setattr__(self, "potentials_dir", self.data_dir / "potentials")
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir / SQLITE_FILE}")
        return self

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        needed = ("public_url", "oidc_issuer", "oidc_client_id", "oidc_client_secret")
        missing = [f"BEAMCAST_{name.upper()}" for name in needed if not getattr(self, name)]
        if self.has_accounts and missing:
            raise ValueError(f"BEAMCAST_AUTH=oidc needs {', '.join(missing)}")
        return self

    @property
    def has_accounts(self) -> bool:
        """Whether users must sign in."""
        return self.auth == "oidc"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the server by https only."""
        return self.public_url.startswith("https:")

    @property
    def open_to_all(self) -> bool:
        """Whether other machines may reach a server on which nobody chose how users sign in."""
        return self.auth is None and not is_loopback(self.host)

    @property
    def embedded_broker(self) -> bool:
        """Whether messages are files in the data folder, so that server and worker share a machine."""
        return self.broker_url.startswith("filesystem:")

    @property
    def single_machine(self) -> bool:
        """Whether this is the embedded default: a loopback address, and one broker for server and worker."""
        return self.auth is None and is_loopback(self.host) and self.embedded_broker

    @property
    def scratch_dir(self) -> Path:
        """Folder of temporary files of workers, emptied when the server starts and stops."""
        return self.data_dir / "scratch"

    @property
    def staging_dir(self) -> Path:
        """Folder of files that arrive: they are written here, and moved when their rows are committed."""
        return self.data_dir / "arriving"

    @property
    def previews_dir(self) -> Path:
        """Folder of phonons that previews have read, for the uploads that follow; the sweep empties it."""
        return self.data_dir / "previews"

    @property
    def broker_dir(self) -> Path:
        """Folder of the embedded broker's messages."""
        return self.data_dir / "broker"

    def structure_dir(self, structure_id: object) -> Path:
        """Folder of one structure's files."""
        return self.data_dir / "structures" / str(structure_id)

    def dataset_dir(self, dataset_id: object) -> Path:
        """Folder of one dataset's files."""
        return self.data_dir / "datasets" / str(dataset_id)

    def source_dir(self, source_id: object) -> Path:
        """Folder of one source's files."""
        return self.data_dir / "sources" / str(source_id)

    @property
    def readings_dir(self) -> Path:
        """Folder of the folders of sources that are being read."""
        return self.data_dir / "readings"

    def reading_dir(self, reading_id: object) -> Path:
        """Folder of the files of a source that is being read."""
        return self.readings_dir / str(reading_id)

    def upload_path(self, upload_id: object) -> Path:
        """File of one resumable upload, as far as it has arrived."""
        return self.data_dir / "uploads" / str(upload_id)

    def proposal_dir(self, proposal_id: object) -> Path:
        """Folder of one proposal's reports."""
        return self.data_dir / "proposals" / str(proposal_id)

    def report_path(self, proposal_id: object, report_id: object, fmt: str) -> Path:
        """File of one proposal's report."""
        return self.proposal_dir(proposal_id) / f"{report_id}.{fmt}"

    def potential_dir(self, potential_id: object) -> Path:
        """Folder of one uploaded potential's files."""
        return self.data_dir / "models" / str(potential_id)

    @property
    def predictions_dir(self) -> Path:
        """Folder of all predictions' folders."""
        return self.data_dir / "predictions"

    def prediction_dir(self, prediction_id: object) -> Path:
        """Folder of one prediction's files."""
        return self.predictions_dir / str(prediction_id)

    def work_dir(self, prediction_id: object) -> Path:
        """Folder of files that the jobs of a prediction leave for each other, removed when the prediction has ended."""
        return self.prediction_dir(prediction_id) / "work"

    @property
    def trainings_dir(self) -> Path:
        """Folder of all trainings' folders."""
        return self.data_dir / "trainings"

    def training_dir(self, training_id: object) -> Path:
        """Folder of one training's files."""
        return self.trainings_dir / str(training_id)

    def label_set_dir(self, label_set_id: object) -> Path:
        """Folder of one label set's files."""
        return self.data_dir / "label_sets" / str(label_set_id)

    def partials_path(self, prediction_id: object) -> Path:
        """File of one prediction's partials."""
        return self.prediction_dir(prediction_id) / "partials.h5"


def error_messages(error: ValidationError) -> list[str]:
    """Return a sentence for each wrong setting, which starts with the name of the setting."""

    def message(loc: tuple[int | str, ...], text: str) -> str:
        text = text.removeprefix("Value error, ")
        # Several settings that do not fit together have no location; the text names them
        return f"BEAMCAST_{'_'.join(map(str, loc)).upper()}: {text}" if loc else text

    return [message(problem["loc"], problem["msg"]) for problem in error.errors()]


@cache
def current() -> Settings:
    """Return the settings of this process, read from the environment once."""
    return Settings()
