"""A private CA and the SuperLink's certificate, made with the ``cryptography`` package that Flower brings."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common import files
from common.errors import InputError
from common.keys import load_certificate

_CLOCKS_DIFFER = timedelta(hours=1)
_SOON = timedelta(days=30)


def new_authority(certificate_path: Path, key_path: Path, days: int) -> None:
    """Make the CA that only this federation trusts.

    Parameters
    ----------
    certificate_path, key_path : Path
        The certificate goes to every hospital; the key (mode 0600) never leaves the centre. A key that is there
        without its certificate was cut off before that was written, and is used.
    days : int
        Until it expires.
    """
    key = _left_over(key_path) or ec.generate_private_key(ec.SECP384R1())
    name = _name("Brain tumour federation CA")
    builder = _builder(name, name, key.public_key(), days)
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(signs_certificates=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical)
    _write(builder.sign(key, hashes.SHA384()), certificate_path, key, key_path)


def new_server_certificate(
    certificate_path: Path, key_path: Path, authority: tuple[Path, Path], addresses: Sequence[str], days: int
) -> None:
    """Make the SuperLink's certificate.

    Parameters
    ----------
    authority : tuple of (Path, Path)
        The CA's certificate and key.
    addresses : sequence of str
        Every host name and IP address by which hospitals reach the centre.
    days : int
        Until it expires; at most the CA's own time.
    """
    ca, ca_key = load_certificate(authority[0]), _load_key(authority[1])
    key = ec.generate_private_key(ec.SECP384R1())
    days = min(days, (ca.not_valid_after_utc - datetime.now(UTC)).days)
    builder = _builder(_name(addresses[0]), ca.subject, key.public_key(), days)
    for extension, critical in (
        (x509.SubjectAlternativeName([_general_name(address) for address in addresses]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical)
    _write(builder.sign(ca_key, hashes.SHA384()), certificate_path, key, key_path)


def belongs_to(certificate: x509.Certificate, key_path: Path) -> bool:
    """Tell whether a private key is that of a certificate; not so where the making of the two was cut off."""
    key = _left_over(key_path)
    return key is not None and key.public_key() == certificate.public_key()


def _left_over(key_path: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        return _load_key(key_path)
    except InputError:
        return None


def addresses_of(certificate: x509.Certificate) -> list[str]:
    """Return the host names and IP addresses that a certificate is valid for."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [*names.get_values_for_type(x509.DNSName), *(str(ip) for ip in names.get_values_for_type(x509.IPAddress))]


def has_expired(certificate: x509.Certificate) -> bool:
    """Tell whether nobody accepts a certificate any more."""
    return certificate.not_valid_after_utc <= datetime.now(UTC)


def expires_soon(certificate: x509.Certificate) -> bool:
    """Tell whether it is time to renew a certificate: less than 30 days are left."""
    return certificate.not_valid_after_utc - datetime.now(UTC) < _SOON


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    start = datetime.now(UTC) - _CLOCKS_DIFFER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _CLOCKS_DIFFER + timedelta(days=days))
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(files.read_bytes(path), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise InputError("CERT002", f"The CA's key {path} cannot be read ({files.why(error)}).") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InputError("CERT002", f"{path} is not this federation's CA key.")
    return key


def _write(
    certificate: x509.Certificate, certificate_path: Path, key: ec.EllipticCurvePrivateKey, key_path: Path
) -> None:
    pem, unencrypted = serialization.Encoding.PEM, serialization.NoEncryption()
    files.replace(key_path, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, unencrypted), mode=0o600)
    files.replace(certificate_path, certificate.public_bytes(pem))
