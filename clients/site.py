"""What a hospital knows of itself and of its machine; none of it travels.

`Site` is what the ClientApp works with, `SiteFile` the hospital's own settings file (``hospital.yaml``), and the flags
at the end are those that `clients.join` and `clients.preflight` share.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from clients.policy.limits import Policy, policy_values, read_policy
from common.addresses import is_port, split_address
from common.config.bounds import PLACE
from common.config.hospital import Hospital, hospital_from
from common.config.hydra_errors import suggest
from common.config.partition import Part
from common.config.plain_yaml import UNREADABLE, read_settings
from common.errors import InputError
from common.files import absolute, why
from common.files import replace as replace_file
from common.keys import checked_name
from common.protocol.progress_channel import Progress, ProgressChannel
from common.text import shown

SITE_FILE = "site-file"  # the key in the SuperNode's configuration
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Site:
    """One hospital on its own machine."""

    hospital: Hospital
    data_root: Path  # holds the hospital's own folder
    cache_dir: Path  # for decoded slices
    device: str = "auto"
    channel: ProgressChannel | None = None  # where progress goes in a simulation
    # Whether the sentence of an error may go to the server. True in a simulation, where both are one person; at a real
    # hospital a sentence may name a folder, so only its code travels.
    explains: bool = False
    fingerprint_key: Path | None = None  # the key that the hospitals share; without it no fingerprint leaves
    private_key: Path | None = None  # its own, which signs updates; a simulated hospital has none
    policy: Policy | None = None  # what the centre may ask; None in a simulation, where both are one person
    keep_cases: bool = False  # whether a table of its test cases stays here after each run
    home: Path | None = None  # of `clients.join`, at whose terminal a person can be asked
    part: Part | None = None  # of its folder, where a simulation cuts it into several hospitals
    # Every hospital by its key, where a simulation trains on all of them together; empty everywhere else.
    pool: "Mapping[str, Site]" = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The hospital's folder of slices."""
        return self.data_root / self.hospital.path

    def progress_callback(self, task: str) -> Callable[[int, int], None] | None:
        """Return a callback that reports (done, total) of a task, or None where nobody listens."""
        channel = self.channel
        if channel is None:
            return None
        return lambda done, total: channel.tell(Progress(self.hospital.key, task, done, total))


@dataclass(frozen=True)
class SiteFile:
    """``hospital.yaml``, with absolute paths."""

    path: Path  # of the file itself
    superlink: str  # host:port of the centre
    private_key: Path  # this hospital's own
    data_root: Path  # holds `hospital.path`
    hospital: Hospital
    root_certificate: Path | None = None  # the centre's CA; None without TLS
    cache_dir: Path = Path("cache")  # for decoded slices
    device: str = "auto"
    port: int = 9094  # of the SuperNode's own interface, on loopback
    fingerprint_key: Path | None = None  # the key that the hospitals share; None sends no fingerprints
    policy: Policy = field(default_factory=Policy)  # what the centre may ask
    keep_cases: bool = False  # whether a table of its test cases stays here after each run, for `clients.cases`

    @property
    def address(self) -> tuple[str, int]:
        """The centre's host and port."""
        return split_address(self.superlink)

    def site(self) -> Site:
        """Return what the ClientApp works with."""
        return Site(
            self.hospital,
            self.data_root,
            self.cache_dir,
            self.device,
            fingerprint_key=self.fingerprint_key,
            private_key=self.private_key if self.private_key.is_file() else None,  # --insecure does without
            policy=self.policy,
            keep_cases=self.keep_cases,
            home=self.path.parent,
        )


_SETTINGS = [each for each in fields(SiteFile) if each.name != "path"]


def read_site(path: Path, flags: Mapping[str, Any] | None = None) -> SiteFile:
    """Read and check a settings file; relative paths in it count from its folder.

    Parameters
    ----------
    flags : mapping, optional
        Settings from a command line, which take precedence; None values are not set.

    Raises
    ------
    InputError
        ``SITE001`` unreadable, ``SITE002`` a setting is missing, unknown or impossible.
    """
    values = _values(path) | {name: value for name, value in (flags or {}).items() if value is not None}
    known = [each.name for each in _SETTINGS]
    for name in values:
        if name not in known:
            raise InputError("SITE002", f"{path} sets '{shown(name)}', which is no setting{suggest(name, known)}")
    for each in _SETTINGS:
        if each.default is each.default_factory is MISSING and values.get(each.name) is None:
            raise InputError("SITE002", f"{path} does not set {each.name}; see docs/deployment.md for the file.")
    hospital = _hospital(values.pop("hospital"), path)
    try:
        policy = read_policy(values.pop("policy", None))
    except ValueError as error:
        raise InputError("SITE002", f"{path}: {error}; see docs/policy.md.") from None
    return _checked(SiteFile(path=absolute(path), hospital=hospital, policy=policy, **values))


def write_site(site: SiteFile, path: Path) -> Path:
    """Write settings with every path absolute (mode 0600), for the processes that answer messages; return `path`."""
    values = {each.name: getattr(site, each.name) for each in _SETTINGS}
    content = {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
    content["policy"] = policy_values(site.policy)
    content["hospital"] = {**vars(site.hospital), "location": list(site.hospital.location)}
    given = {name: value for name, value in content.items() if value is not None}
    replace_file(path, yaml.safe_dump(given, sort_keys=False, allow_unicode=True).encode(), mode=0o600)
    return path


def _values(path: Path) -> dict[str, Any]:
    try:
        return read_settings(path)
    except UNREADABLE as error:
        raise InputError("SITE001", f"{path} cannot be read ({why(error)}).") from None


def _hospital(section: Any, path: Path) -> Hospital:
    """Check the file's section on the hospital; an error names this file, not the centre's own."""
    if not isinstance(section, dict) or "key" not in section or not all(isinstance(name, str) for name in section):
        raise InputError("SITE002", f"{path}: hospital needs key, name, dataset_id, path, location, class_map.")
    key = checked_name(str(section["key"]))  # it becomes the name of folders
    try:
        return hospital_from({name: value for name, value in section.items() if name != "key"}, key)
    except InputError as error:
        raise InputError(error.code, error.sentence.replace(f"conf/hospital/{key}.yaml", str(path))) from None


def _checked(site: SiteFile) -> SiteFile:
    """Give every value its type and every path its place."""
    try:
        split_address(str(site.superlink))
    except ValueError:
        raise InputError("SITE002", f"superlink={shown(site.superlink)} is not an address; write host:port.") from None
    if site.device not in DEVICES:
        raise InputError("SITE002", f"device={shown(site.device)} is not possible; device takes auto, cpu or cuda.")
    if not is_port(str(site.port)):
        raise InputError("SITE002", f"port={shown(site.port)} is not possible; port takes a whole number up to 65535.")
    if not isinstance(site.keep_cases, bool):
        raise InputError(
            "SITE002", f"keep_cases={shown(site.keep_cases)} is not possible; keep_cases takes true or false."
        )
    names = ("private_key", "data_root", "cache_dir", "root_certificate", "fingerprint_key")
    given = {name: getattr(site, name) for name in names}
    for name, path in given.items():
        if path is not None and not (isinstance(path, str | Path) and PLACE.holds(str(path))):
            raise InputError("SITE002", f"{name}={shown(path)} is not possible; {name} takes {PLACE.takes}.")
    placed: dict[str, Any] = {name: site.path.parent / path for name, path in given.items() if path is not None}
    return replace(site, superlink=str(site.superlink), port=int(site.port), **placed)


_PATH_FLAGS = {
    "root-certificate": "the centre's CA certificate",
    "private-key": "this hospital's private key",
    "data-root": "folder that holds the hospital's folder",
    "cache-dir": "folder for decoded slices",
}
_FLAGS = {
    "superlink": "host:port of the centre",
    **_PATH_FLAGS,
    "device": "auto, cpu or cuda",
    "port": "of the SuperNode's own interface on loopback",
}


def add_site_flags(command: argparse.ArgumentParser) -> None:
    """Add the settings file, and the flags that take precedence over it."""
    command.add_argument("--config", type=Path, required=True, help="this hospital's settings file, hospital.yaml")
    for name, text in _FLAGS.items():
        kind = _absolute if name in _PATH_FLAGS else str
        command.add_argument(f"--{name}", type=kind, help=f"{text} (before the file's)")


def site_from(given: argparse.Namespace) -> SiteFile:
    """Read the settings file; flags take precedence, and their relative paths count from the current folder."""
    names = [flag.replace("-", "_") for flag in _FLAGS]
    return read_site(given.config, {name: getattr(given, name) for name in names})


def _absolute(text: str) -> Path:
    return absolute(text)
