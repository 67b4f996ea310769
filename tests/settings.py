"""The real settings, except for a separate folder and fast password hashing."""

from qareview.settings import *  # noqa: F403
from qareview.settings import MEDIA_ROOT

STATIC_ROOT = MEDIA_ROOT / "static"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # tests make many users
