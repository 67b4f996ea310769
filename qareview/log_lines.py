"""What is logged of requests that were refused: a line each."""

import logging

SERVER_ERROR = 500  # the first of HTTP's statuses for which the server is to blame; see RFC 9110


class Refusals(logging.Filter):
    """Leaves the traceback out of what a client alone is to blame for."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", SERVER_ERROR)
        if record.name.startswith("django.security") or status < SERVER_ERROR:
            record.exc_info = record.exc_text = None
        return True
