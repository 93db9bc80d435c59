"""What a hospital knows of itself and of its machine; none of it travels.

A hospital's own settings file: where the centre is, whom to trust, where the slices lie. It never travels.

The flags that joining and its preflight share: a settings file, and what goes before it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from common.config.hospital import Hospital
from common.config.hydra import hospital_from
from common.config.hydra_errors import suggest
from common.errors import InputError
from common.protocol.progress_channel import Progress, Spool


@dataclass(frozen=True)
class Site:
    """One hospital on its own machine.

    Attributes
    ----------
    hospital : Hospital
        Name, folder and class map.
    data_root : Path
        Folder below which the hospital's own folder lies.
    cache_dir : Path
        Folder for decoded slices.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    spool : Spool or None
        Where progress goes in a simulation.
    explains : bool
        Whether the sentence of an error may go to the server. True in a simulation, where both are one person; at a
        real hospital a sentence may name a folder, so only its code travels.
    fingerprint_key : Path or None
        File of the key that the hospitals share; without it no fingerprint leaves.
    pool : mapping of str to Site
        Every hospital by its key, where a simulation trains on all of them together; empty everywhere else.
    """

    hospital: Hospital
    data_root: Path
    cache_dir: Path
    device: str = "auto"
    spool: Spool | None = None
    explains: bool = False
    fingerprint_key: Path | None = None
    pool: Mapping[str, Site] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The hospital's folder of slices."""
        return self.data_root / self.hospital.path

    def teller(self, task: str) -> Callable[[int, int], None] | None:
        """Return a callback that reports (done, total) of a task, or None where nobody listens."""
        spool = self.spool
        if spool is None:
            return None
        return lambda done, total: spool.tell(Progress(self.hospital.key, task, done, total))


SITE_FILE = "site-file"  # the key in the SuperNode's configuration


@dataclass(frozen=True)
class SiteFile:
    """``hospital.yaml``, with absolute paths.

    Attributes
    ----------
    path : Path
        Of the file itself.
    superlink : str
        Host and port of the centre.
    private_key : Path
        This hospital's own key.
    data_root : Path
        Folder that holds ``hospital.path``.
    hospital : Hospital
        Name, folder and class map.
    root_certificate : Path or None
        The centre's CA; None where the connection has no TLS.
    cache_dir : Path
        For decoded slices.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    port : int
        Of the SuperNode's own interface, on loopback.
    fingerprint_key : Path or None
        The key that the hospitals share and the centre does not have; None sends no fingerprints.
    """

    path: Path
    superlink: str
    private_key: Path
    data_root: Path
    hospital: Hospital
    root_certificate: Path | None = None
    cache_dir: Path = Path("cache")
    device: str = "auto"
    port: int = 9094
    fingerprint_key: Path | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The centre's host and port."""
        host, _, port = self.superlink.rpartition(":")
        return host.strip("[]"), int(port)

    def site(self) -> Site:
        """Return what the ClientApp works with."""
        return Site(self.hospital, self.data_root, self.cache_dir, self.device, fingerprint_key=self.fingerprint_key)


def read_site(path: Path, flags: Mapping[str, Any] | None = None) -> SiteFile:
    """Read and check a settings file.

    Parameters
    ----------
    path : Path
        The file; relative paths in it count from its folder.
    flags : mapping, optional
        Settings from a command line, which go before the file's; None values are not set.

    Raises
    ------
    InputError
        ``SITE001`` unreadable, ``SITE002`` a setting is missing, unknown or impossible.
    """
    values = _values(path) | {name: value for name, value in (flags or {}).items() if value is not None}
    known = [field.name for field in fields(SiteFile) if field.name != "path"]
    for name in values:
        if name not in known:
            raise InputError("SITE002", f"{path} sets '{name}', which is no setting{suggest(str(name), known)}")
    for each in fields(SiteFile):
        if each.name != "path" and each.default is MISSING and values.get(each.name) is None:
            raise InputError("SITE002", f"{path} does not set {each.name}; see docs/deployment.md for the file.")
    section = values.pop("hospital")
    if not isinstance(section, dict) or "key" not in section:
        raise InputError("SITE002", f"{path}: hospital needs key, name, dataset_id, path, location, class_map.")
    key = str(section.pop("key"))
    try:
        hospital = hospital_from(OmegaConf.create(section), key)
    except InputError as error:
        raise InputError(error.code, error.sentence.replace(f"conf/hospital/{key}.yaml", str(path))) from None
    return _checked(SiteFile(path=path.resolve(), hospital=hospital, **values))


def write_site(site: SiteFile, path: Path) -> Path:
    """Write settings with every path absolute, for the processes that answer the messages; mode 0600.

    Parameters
    ----------
    site : SiteFile
        What to write.
    path : Path
        Where; replaced if it exists.

    Returns
    -------
    Path
        `path`.
    """
    content: dict[str, Any] = {}
    for each in fields(SiteFile):
        value = getattr(site, each.name)
        if each.name not in ("path", "hospital") and value is not None:
            content[each.name] = str(value) if isinstance(value, Path) else value
    content["hospital"] = {**vars(site.hospital), "location": list(site.hospital.location)}
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(OmegaConf.to_yaml(OmegaConf.create(content)), encoding="utf-8")
    return path


def _values(path: Path) -> dict[str, Any]:
    try:
        config = OmegaConf.load(path)
        if not isinstance(config, DictConfig):
            raise ValueError("no settings in it")
        return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]
    except (OSError, ValueError, YAMLError, OmegaConfBaseException) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise InputError("SITE001", f"{path} cannot be read ({reason}).") from None


def _checked(site: SiteFile) -> SiteFile:
    """Give every value its type and every path its place."""
    host, _, port = str(site.superlink).rpartition(":")
    if not host or not port.isdigit():
        raise InputError("SITE002", f"superlink={site.superlink} is no address; write host:port.")
    if site.device not in ("auto", "cpu", "cuda"):
        raise InputError("SITE002", f"device={site.device} cannot be; device takes auto, cpu or cuda.")
    if not str(site.port).isdigit() or not 0 < int(site.port) < 65536:
        raise InputError("SITE002", f"port={site.port} cannot be; port takes a whole number up to 65535.")
    here = site.path.parent
    return replace(
        site,
        superlink=str(site.superlink),
        private_key=here / site.private_key,
        data_root=here / site.data_root,
        cache_dir=here / site.cache_dir,
        root_certificate=None if site.root_certificate is None else here / site.root_certificate,
        fingerprint_key=None if site.fingerprint_key is None else here / site.fingerprint_key,
        port=int(site.port),
    )


def add_site_flags(command: argparse.ArgumentParser) -> None:
    """Add the settings file and what may be said instead of it."""
    command.add_argument("--config", type=Path, required=True, help="this hospital's settings file, hospital.yaml")
    for name, text in (
        ("superlink", "host:port of the centre"),
        ("root-certificate", "the centre's CA certificate"),
        ("private-key", "this hospital's private key"),
        ("data-root", "folder that holds the hospital's folder"),
        ("cache-dir", "folder for decoded slices"),
        ("device", "auto, cpu or cuda"),
        ("port", "of the SuperNode's own interface on loopback"),
    ):
        command.add_argument(f"--{name}", help=f"{text} (before the file's)")


def site_from(given: argparse.Namespace) -> SiteFile:
    """Read the settings file; flags go before it, and their relative paths count from the present folder."""
    flags = {
        name: getattr(given, name)
        for name in ("superlink", "root_certificate", "private_key", "data_root", "cache_dir", "device", "port")
    }
    for name in ("root_certificate", "private_key", "data_root", "cache_dir"):
        if flags[name] is not None:
            flags[name] = Path(flags[name]).resolve()
    return read_site(given.config, flags)
