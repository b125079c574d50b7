"""Files as objects of an S3-compatible store, for installations that have one already.

Its library is an extra (``surveyapp[s3]``), loaded with the first file: most installations have no
bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BufferedIOBase
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.orm import Session

from surveyapp.errors import SettingsError, SurveyappError
from surveyapp.store.file_backends import MEMORY

_GONE = {"404", "NoSuchKey", "NotFound"}
_ATTEMPTS = 4
_SECONDS = 20  # until a connection stands, and between two signs of life of it


class Unreachable(SurveyappError):
    """The object store is away, or refuses this installation."""


class _Missing(Exception):
    """There is no such object."""


class FileBucket:
    """The objects of a bucket whose keys begin with a prefix. The credentials are those that the
    environment, or a file that it names, holds for every program of AWS's library.
    """

    def __init__(self, bucket: str, prefix: str, **options: str) -> None:
        self._bucket, self._prefix, self._options = bucket, prefix, options
        self._lock = Lock()
        self._made: Any = None

    @property
    def name(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def write(self, digest: str, source: IO[bytes], session: Session | None = None) -> None:
        if not self.has(digest):
            with self._calling() as client:
                client.upload_fileobj(
                    _Kept(source), self._bucket, self._key(digest), Config=_in_one_thread()
                )

    def has(self, digest: str, session: Session | None = None) -> bool:
        try:
            with self._calling() as client:
                client.head_object(Bucket=self._bucket, Key=self._key(digest))
        except _Missing:
            return False
        return True

    def open(self, digest: str) -> IO[bytes] | None:
        made = SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - the caller closes it
        try:
            with self._calling() as client:
                client.download_fileobj(
                    self._bucket, self._key(digest), made, Config=_in_one_thread()
                )
        except _Missing:
            made.close()
            return None
        except BaseException:
            made.close()
            raise
        made.seek(0)
        return made

    def remove(self, digest: str, session: Session | None = None) -> None:
        with self._calling() as client:
            client.delete_object(Bucket=self._bucket, Key=self._key(digest))

    def _key(self, digest: str) -> str:
        return f"{self._prefix}{digest[:2]}/{digest}"

    @contextmanager
    def _calling(self) -> Iterator[Any]:
        """The client. Raises _Missing for an object that is not there, Unreachable for any other fault."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield self._client()
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise _Missing from error
            raise self._unreachable(error) from error
        except (BotoCoreError, Boto3Error) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"{self.name} cannot be used: {error}. Check SURVEYAPP_FILES, and AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY with their rights to this bucket."
        )

    def _client(self) -> Any:
        """One for all threads, made once: making one reads files and takes a tenth of a second."""
        with self._lock:
            if self._made is None:
                import boto3
                from botocore.config import Config

                tries = {"mode": "standard", "max_attempts": _ATTEMPTS}
                patience = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries=tries)
                session = boto3.session.Session()
                self._made = session.client("s3", config=patience, **self._options)
            return self._made


def bucket(url: str) -> FileBucket:
    """The bucket of an address such as s3://bucket/prefix?endpoint_url=... Raises SettingsError where its
    library is not installed.
    """
    if find_spec("boto3") is None:
        raise SettingsError(
            f"SURVEYAPP_FILES={url!r} needs a library that is not installed: pip install"
            " 'surveyapp[s3]'"
        )
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    return FileBucket(parts.netloc, f"{prefix}/" if prefix else "", **dict(parse_qsl(parts.query)))


def _in_one_thread() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(use_threads=False)


class _Kept(BufferedIOBase):
    """A file that the library reads and closes, and that stays open for its owner."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._source.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()
