"""Files people send are bounded in size, whichever page they are sent to: what is larger is not stored anywhere."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

LARGEST_REQUEST = 101 << 20
"""Bytes of a whole request with files: those of `listen.uploads.LARGEST` and the fields beside them."""
HEARD = 1 << 30
"""Beyond this the rest is not even read, and the browser says that the connection was closed."""


class Bounded(FileUploadHandler):
    """Stops before the first byte of a file of a request that is too large, and marks the request `too_large`."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """Look at the size the request says it has."""
        self._size = content_length or 0

    def new_file(self, *args: Any, **more: Any) -> None:
        """Refuse the file."""
        super().new_file(*args, **more)
        if self._size > LARGEST_REQUEST:
            self.request.too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=self._size > HEARD)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave it to those who store it."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave it to those who store it."""
