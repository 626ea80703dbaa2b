"""Mail: one message handed to the company's own mail server.

Follows RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH) and RFC 5322 (the message). Nobody can ask a mail
server whether a message was sent, so whoever sends one in a step must not repeat it.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Misconfigured, Refused, Unreachable
from policy.wording import say_error

_PERMANENT = 500


class Mail(CompanyBlock):
    """The company's mail server, and the stakeholders who hear of high-risk releases."""

    _block_type_name = "Countersign mail"
    _block_type_slug = "countersign-mail"
    _description = "Messages to stakeholders through the company's own mail server."
    _documentation_url = HttpUrl("https://www.rfc-editor.org/rfc/rfc5321")
    _code_example = """
    ```python
    from blocks.mail import Mail

    mail = Mail.load("BLOCK_NAME")
    mail.send("Production deployment successful", "Version 1.5.0 is live.", key="release-7")
    ```"""

    host: str = Field(description="Address of the mail server.")
    port: int = Field(default=587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is secured; `none` only to this machine itself."
    )
    user: str | None = Field(default=None, description="The user to log in as; nobody if left out.")
    password: str | None = Field(default=None, description="Name of the secret with the password.")
    sender: str = Field(description="The address that messages come from.")
    stakeholders: list[str] = Field(min_length=1, description="The addresses that hear of high-risk releases.")
    certificates: str | None = Field(
        default=None, description="A file of certificates that are trusted instead of the system's."
    )
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    patience: timedelta = Field(
        default=timedelta(seconds=20), description="How long the server may take to answer, in seconds."
    )

    def send(self, subject: str, text: str, *, key: str) -> None:
        """The server has taken the message for every stakeholder.

        `key` makes the Message-ID, by which a reader's program knows the same message again. Raises Misconfigured for
        a login or a security that the server does not take, Refused for a message or a stakeholder that it does not
        take, Unreachable if it gave no answer or said to come back later.
        """
        message = EmailMessage()
        message["From"], message["To"] = self.sender, ", ".join(self.stakeholders)
        message["Subject"], message["Date"] = " ".join(subject.split()), formatdate()
        message["Message-ID"] = f"<{key}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        with self._explained(), self._connected() as server:
            if left_out := server.send_message(message):
                raise Refused(f"{self._name} took the message, but not for {_say_refused(left_out)}")

    def check(self) -> None:
        """Return when the server takes the login; no message is sent."""
        with self._explained(), self._connected() as server:
            server.noop()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        seconds, context = self.patience.total_seconds(), ssl.create_default_context(cafile=self.certificates)
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=seconds, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=seconds)
        with server:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user is not None and self.password is not None:
                folder = Path(self.secrets_folder) if self.secrets_folder else None
                server.login(self.user, read_secret(self.password, folder).get_secret_value())
            yield server

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise Misconfigured(f"{self._name} refuses the login of {self.user}: {_say(error)}") from None
        except smtplib.SMTPNotSupportedError as error:
            raise Misconfigured(f"{self._name} does not offer what `security` and `user` ask for: {error}") from None
        except ssl.SSLError as error:
            raise Misconfigured(f"{self._name} cannot be trusted: {error.reason or error}") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise Refused(f"{self._name} takes no message for {_say_refused(error.recipients)}") from None
        except smtplib.SMTPResponseException as error:
            kind = Refused if error.smtp_code >= _PERMANENT else Unreachable
            raise kind(f"{self._name} did not take the message: {_say(error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"{self._name} does not answer: {say_error(error)}") from None

    @property
    def _name(self) -> str:
        return f"the mail server {self.host}:{self.port}"


def _say(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def _say_refused(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{name} ({code} {said.decode(errors='replace')})" for name, (code, said) in refused.items())
