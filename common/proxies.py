"""The way out of a hospital's network: straight, or through a proxy that the environment names.

``HTTPS_PROXY`` (or ``ALL_PROXY``) names the proxy, ``NO_PROXY`` the hosts that are reached without it; small letters
count, too, and first. This machine is always reached straight. A proxy carries bytes (CONNECT): TLS goes through it.
"""

import contextlib
import http.client
import ipaddress
import os
import re
import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from common.addresses import LOOPBACK, is_loopback
from common.errors import InputError

_NAMES = ("HTTPS_PROXY", "ALL_PROXY")
_ALL_NAMES = (*_NAMES, "HTTP_PROXY", "NO_PROXY")


class ProxyRefusal(OSError):
    """The proxy, and not the centre, said no; `sentence` tells what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Proxy:
    """A proxy that is reached in plain HTTP."""

    host: str
    port: int
    url: str  # with the password; for a program, never for a screen
    credentials: str = ""  # "name:password"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def proxy_for(host: str, environment: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy by which a host is reached, or None where it is reached straight.

    Raises
    ------
    InputError
        ``JOIN005`` if the environment names one that cannot be used.
    """
    environment = os.environ if environment is None else environment
    name, text = next(((name, text) for name in _NAMES if (text := _read(environment, name))), ("", ""))
    if not text or is_loopback(host) or _is_excepted(host, _read(environment, "NO_PROXY")):
        return None
    try:
        found = urlsplit(text if "://" in text else f"http://{text}")
        port = found.port or 80
    except ValueError:
        raise InputError("JOIN005", f"{name} is no address; set it to http://HOST:PORT.") from None
    if found.scheme != "http" or not found.hostname:
        raise InputError(
            "JOIN005",
            f"{name} names a proxy of the kind '{found.scheme}'; only http:// ones can be used: set it to "
            f"http://HOST:PORT, or NO_PROXY={host} to go without it.",
        )
    return Proxy(found.hostname, port, found.geturl(), _credentials(found))


def environment_for(host: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which any program reaches a host as `proxy_for` says, and this machine straight."""
    proxy = proxy_for(host, environment)
    plain = without_proxies(environment)
    if proxy is None:
        return {**plain, "NO_PROXY": "*", "no_proxy": "*"}
    own = ",".join(LOOPBACK)
    return {**plain, "HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "NO_PROXY": own, "no_proxy": own}


def without_proxies(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment that names no proxy."""
    environment = os.environ if environment is None else environment
    return {name: text for name, text in environment.items() if name.upper() not in _ALL_NAMES}


@contextlib.contextmanager
def applied(host: str) -> Iterator[None]:
    """Let this process reach a host as `proxy_for` says, also where a library reads the environment itself."""
    before = dict(os.environ)
    wanted = environment_for(host)
    try:
        os.environ.update(wanted)
        for name in before.keys() - wanted.keys():
            del os.environ[name]
        yield
    finally:
        for name in _ALL_NAMES:
            for each in (name, name.lower()):
                os.environ.pop(each, None)
                if each in before:
                    os.environ[each] = before[each]


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Open a connection to a host, through the proxy if there is one.

    Raises
    ------
    OSError
        The host cannot be reached.
    ProxyRefusal
        The proxy cannot be reached, or does not let through.
    InputError
        ``JOIN005``, as `proxy_for`.
    """
    proxy = proxy_for(host)
    if proxy is None:
        return socket.create_connection((host, port), timeout=seconds)
    line = http.client.HTTPConnection(proxy.host, proxy.port, timeout=seconds)
    token = b64encode(proxy.credentials.encode()).decode()
    headers = {"Proxy-Authorization": f"Basic {token}"} if proxy.credentials else {}
    line.set_tunnel(f"[{host}]" if ":" in host else host, port, headers)
    try:
        line.connect()
    except (OSError, http.client.HTTPException) as error:
        line.close()
        raise ProxyRefusal(_why(error, proxy, f"{host}:{port}", host)) from None
    return line.sock


def _why(error: Exception, proxy: Proxy, target: str, host: str) -> str:
    status = re.search(r"Tunnel connection failed: (\d{3})", str(error))
    if status and status[1] == "407":
        if proxy.credentials:
            return f"The proxy {proxy} does not accept the name and the password in HTTPS_PROXY; correct them there."
        return f"The proxy {proxy} wants a name and a password; set HTTPS_PROXY=http://NAME:PASSWORD@{proxy}"
    if status:
        said = f"The proxy {proxy} does not let this machine through to {target} (HTTP {status[1]})"
        return f"{said}; ask those who run it to allow CONNECT to {target}."
    reason = getattr(error, "strerror", None) or type(error).__name__
    return f"The proxy {proxy} cannot be used ({reason}); check HTTPS_PROXY, or set NO_PROXY={host} to go without it."


def _read(environment: Mapping[str, str], name: str) -> str:
    return (environment.get(name.lower()) or environment.get(name) or "").strip()


def _credentials(found: SplitResult) -> str:
    if found.username is None:
        return ""
    return f"{unquote(found.username)}:{unquote(found.password or '')}"


def _is_excepted(host: str, exceptions: str) -> bool:
    return any(_covers(each.strip().lower(), host.lower()) for each in exceptions.split(",") if each.strip())


def _covers(exception: str, host: str) -> bool:
    """Tell whether one entry of NO_PROXY stands for a host: itself, its domain, its network, or ``*``."""
    if exception == "*":
        return True
    name = exception.partition("://")[2] or exception
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name.strip("[]"), strict=False)
    except ValueError:
        name = re.sub(r":\d+$", "", name).lstrip("*").lstrip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
