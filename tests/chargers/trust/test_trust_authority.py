"""Our own certificate authority: what it signs, what it refuses, what it keeps."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from chargers.errors import AuthorityBroken, CertificateUnreadable, RequestRefused
from chargers.trust import Authority, read_certificate

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def make_request(name: str | None = "CP1", organisation: str | None = None, key: object = None) -> str:
    key = key or ec.generate_private_key(ec.SECP256R1())
    parts = [] if name is None else [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organisation is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(parts))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()  # type: ignore[arg-type]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "trust", now=lambda: NOW)


def test_authority_signs_a_station(authority: Authority) -> None:
    """A granted request gives a client certificate under the station's name, no authority whatever it asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = authority.sign(make_request(organisation="binwatt", key=key), "CP1")
    made = x509.load_pem_x509_certificate(pem.encode())
    root = x509.load_pem_x509_certificate(authority.root_pem.encode())
    made.verify_directly_issued_by(root)
    assert made.public_key() == key.public_key()
    told = read_certificate(pem)
    assert (told.common_name, told.organisation) == ("CP1", "binwatt")
    assert told.not_before < NOW < told.not_after
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


def test_authority_signs_rsa(authority: Authority) -> None:
    """A key of RSA with 2048 bits will do."""
    key = rsa.generate_private_key(65537, 2048)
    assert read_certificate(authority.sign(make_request(key=key), "CP1")).common_name == "CP1"


@pytest.mark.parametrize(
    ("request_pem", "why"),
    [
        (lambda: make_request("CP2"), "is for 'CP2'"),
        (lambda: make_request(None), "is for ''"),
        (lambda: make_request(organisation="Somebody"), "organisation 'Somebody'"),
        (lambda: make_request(key=ed25519.Ed25519PrivateKey.generate()), "too weak or of a kind"),
        (lambda: make_request(key=ec.generate_private_key(ec.SECP192R1())), "too weak or of a kind"),
        (
            lambda: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "no signing request",
        ),
        (lambda: "", "no signing request"),
        (lambda: "x" * 20_000, "longer than"),
    ],
)
def test_authority_refuses(authority: Authority, request_pem: object, why: str) -> None:
    """A request for another name, another operator, with a weak key or that is none is refused in one line."""
    with pytest.raises(RequestRefused, match=why):
        authority.sign(request_pem(), "CP1")  # type: ignore[operator]


def test_authority_refuses_a_broken_signature(authority: Authority) -> None:
    """A request whose signature was tampered with is refused."""
    request = x509.load_pem_x509_csr(make_request().encode())
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    try:
        broken = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()
    except ValueError:
        pytest.skip("the changed byte broke the encoding itself")
    with pytest.raises(RequestRefused, match=r"not signed by its own key|no signing request"):
        authority.sign(broken, "CP1")


def test_authority_keeps_its_key_to_itself(authority: Authority) -> None:
    """Files with keys are readable by their owner only; a second opening finds the same authority."""
    authority.server_file(["ocpp.example.org"])
    for name in ("authority.pem", "server.pem"):
        assert stat.S_IMODE((authority.folder / name).stat().st_mode) == 0o600
    assert b"PRIVATE" not in (authority.folder / "root.pem").read_bytes()
    again = Authority(authority.folder, now=lambda: NOW)
    assert again.root_pem == authority.root_pem


def test_authority_server_certificate(authority: Authority) -> None:
    """The server's certificate is kept until its names change or it ends within a month."""
    first = authority.server_file(["ocpp.example.org", "127.0.0.1"]).read_bytes()
    assert authority.server_file(["127.0.0.1"]).read_bytes() == first
    assert authority.server_file(["other.example.org"]).read_bytes() != first
    kept = authority.server_file(["other.example.org"]).read_bytes()
    later = Authority(authority.folder, now=lambda: NOW + timedelta(days=380))
    assert later.server_file(["other.example.org"]).read_bytes() != kept


def test_authority_revokes(authority: Authority) -> None:
    """What one process revokes, another that holds the folder open sees, under the authority's signature."""
    other = Authority(authority.folder, now=lambda: NOW)
    issued, key = authority.issue_station("CP1")
    assert "PRIVATE" in key
    assert not other.is_revoked(issued.serial)
    authority.revoke(issued.serial)
    authority.revoke(issued.serial)
    assert other.is_revoked(issued.serial)
    assert list(other.revoked()) == [issued.serial]


def test_authority_broken_files(tmp_path: Path, authority: Authority) -> None:
    """Files that are not ours are one clear line, never a new authority over the old one."""
    (authority.folder / "revoked.pem").write_text("nonsense")
    with pytest.raises(AuthorityBroken, match="no list of revoked"):
        authority.is_revoked("1f")
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "authority.pem").write_text("nonsense")
    with pytest.raises(AuthorityBroken, match="no key and certificate"):
        Authority(folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(AuthorityBroken, match="keys lie there"):
        Authority(tmp_path / "file" / "below")


def test_certificate_unreadable() -> None:
    """What is no certificate is said to be none."""
    with pytest.raises(CertificateUnreadable):
        read_certificate("nonsense")
