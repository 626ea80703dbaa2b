"""The company's mail server: the genuine protocol, encrypted, with a login; what it took is kept to be looked at."""

import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER = "countersign"


class MailServer:
    """Takes messages of one user over an encrypted connection; `refusal` is what it answers instead of taking one."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self.certificate = folder / "certificate.pem"
        self.refusal: str | None = None
        self.unknown: set[str] = set()
        self.messages: list[EmailMessage] = []
        self.port = port
        self._password = password
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(_make_certificate(self.certificate))
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=port,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=self._let_in,
        )

    def start(self) -> None:
        """Listen."""
        self._controller.start()

    def stop(self) -> None:
        """Listen no more."""
        self._controller.stop()

    def reset(self) -> None:
        """Forget every message and behave."""
        self.messages.clear()
        self.unknown.clear()
        self.refusal = None

    # The names of these two are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[Any]
    ) -> str:
        """Know every address but the unknown ones."""
        if address in self.unknown:
            return "550 5.1.1 mailbox unavailable"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message."""
        if self.refusal is not None:
            return self.refusal
        content = envelope.original_content or b""
        self.messages.append(message_from_bytes(content, EmailMessage, policy=policy.default))
        return "250 OK"

    def _let_in(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, shown: LoginPassword
    ) -> AuthResult:
        right = (shown.login, shown.password) == (USER.encode(), self._password.encode())
        return AuthResult(success=right, handled=False)


def _make_certificate(path: Path) -> Path:
    """Write a certificate for this machine, with its key, unless it is there."""
    if path.exists():
        return path
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path
