"""Redaction of secrets, at every door by which text leaves the process: errors, logs, rows and files."""

import contextlib
import logging
import os
import re
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "***"
SHORT = 8
# Settings that hold a secret, ours and those of the packages that we use, by the words of their names.
NAMES = re.compile(
    r"PASSWORD|PASSPHRASE|(?:^|_)(?:PASS|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|ACCOUNT_KEY|SAS)(?:_|$)"
)
NOT_SECRET = re.compile(r"(?:OLD)?PWD|.*_FILE|.*_HOST")  # folders, files that hold one, and what it is for
IN_URL = re.compile(r"(://[^\s/:@]*):(?!password@)\S*@")  # a form in a message says "password"
IN_QUERY = re.compile(
    r"([?&](?:password|passwd|token|secret|sig|signature|api_?key|X-Amz-[A-Za-z-]+)=)[^&\s'\"]+", re.I
)


def redacted(text: str) -> str:
    """The text without the password of any URL, and without the passwords and keys that the environment holds.

    Short secrets are left: hidden in every word that contains them, they could be guessed.

    >>> redacted("sftp://ada:very-secret@host/x does not answer")
    'sftp://ada:***@host/x does not answer'
    """
    text = IN_QUERY.sub(rf"\1{HIDDEN}", IN_URL.sub(rf"\1:{HIDDEN}@", text))
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, HIDDEN) if len(secret) >= SHORT else text
    return text


class Redaction(logging.Filter):
    """Leaves secrets out of the messages and tracebacks of a logger or handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record, which always passes."""
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = record.exc_text and redacted(record.exc_text)
        return True


REDACTION = Redaction()


def _secrets() -> set[str]:
    found: set[str] = set()
    for name, value in os.environ.items():
        if not NOT_SECRET.fullmatch(name) and NAMES.search(name.upper()):
            found.add(value)
        if "://" in value:
            with contextlib.suppress(ValueError):
                found.add(unquote(urlsplit(value).password or ""))
    return {form for secret in found if secret for form in (secret, quote(secret, safe=""))}
