"""Settings for every environment. What differs comes from variables: see .env.example."""

import sys

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from media_relay.network import find_own_address
from vmcrm import broker_urls, env
from vmcrm.folders import BASE_DIR, HOME
from vmcrm.secret_files import read_or_create_secret

# --- Where things are ---------------------------------------------------------------------------
# Browsers give camera and microphone to other devices only over HTTPS: with LOCAL_NETWORK the
# system serves them under a certificate of its own.
LOCAL_NETWORK = env.read_bool("LOCAL_NETWORK", default=False)
LAN_ADDRESS = find_own_address() if LOCAL_NETWORK else "127.0.0.1"
HTTP_HOST = env.read_text("HTTP_HOST", "0.0.0.0" if LOCAL_NETWORK else "127.0.0.1")  # noqa: S104
HTTP_PORT = env.read_int("HTTP_PORT", 8000, least=1, most=65535)
BASE_URL = env.read_url(
    "BASE_URL",
    f"https://{LAN_ADDRESS}:{HTTP_PORT}" if LOCAL_NETWORK else f"http://localhost:{HTTP_PORT}",
    schemes=("http", "https"),
)
IS_HTTPS = BASE_URL.startswith("https://")

# --- Safety -------------------------------------------------------------------------------------
DEBUG = env.read_bool("DEBUG", default=False)
SECRET_KEY = env.read_text("SECRET_KEY") or read_or_create_secret(HOME / "secrets" / "secret_key")
ALLOWED_HOSTS = env.read_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", LAN_ADDRESS])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Suppressed addresses are kept as hashes under this key: losing it means writing to people who
# told us not to. So it is a secret of its own and does not change with SECRET_KEY.
SUPPRESSION_KEY = env.read_text("SUPPRESSION_KEY") or read_or_create_secret(
    HOME / "secrets" / "suppression_key"
)
# Who may say whom a request comes from (vmcrm/proxies.py). Django's and allauth's own settings for
# that stay off: they would believe the header of anybody.
env.refuse_replaced(
    "BEHIND_PROXY",
    by="TRUSTED_PROXIES",
    how="name the proxy's address there, 127.0.0.1 for one on this machine.",
)
TRUSTED_PROXIES = env.read_networks("TRUSTED_PROXIES")
# Browsers that saw the site over HTTPS once come back over HTTPS only. Never under a certificate
# of our own: they would refuse the machine for a year when it is gone.
SECURE_HSTS_SECONDS = env.read_int(
    "HSTS_SECONDS",
    365 * 24 * 3600 if IS_HTTPS and not LOCAL_NETWORK else 0,
    least=0,
    most=10 * 365 * 24 * 3600,
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = False  # the room page's script sends the token back in a header
CSRF_FAILURE_VIEW = "vmcrm.views.refuse_csrf"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Parts --------------------------------------------------------------------------------------
# Daphne replaces the server of `runserver` only; elsewhere its Twisted would slow every start.
IS_DEVELOPMENT_SERVER = sys.argv[1:2] == ["runserver"]
INSTALLED_APPS = [
    *(["daphne"] if IS_DEVELOPMENT_SERVER else []),
    "vmcrm.apps.VmcrmConfig",
    "vmcrm.apps.VmcrmAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "crm.apps.CrmConfig",
    "meetings.apps.MeetingsConfig",
    "analytics.apps.AnalyticsConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "vmcrm.unavailable.UnavailableMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "vmcrm.middleware.PersonalSettingsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "vmcrm.urls"
ASGI_APPLICATION = "vmcrm.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vmcrm.context.site",
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------
# How long one statement waits for a lock. People who wait for a page are told so before long.
DATABASE_WAIT_S = env.read_int("DATABASE_WAIT_S", 20, least=1, most=600)
DATABASES = {"default": env.read_database(HOME / "vmcrm.sqlite3")}
DATABASES["default"].setdefault("OPTIONS", {})
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Without IMMEDIATE a transaction that reads before it writes fails under load; WAL lets
    # readers go on beside the one writer.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": DATABASE_WAIT_S,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
else:
    # A process needs one connection for each of the room's threads beside those of its requests;
    # the pool's own default of four makes sockets wait for each other.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": DATABASE_WAIT_S,
        "options": f"-c lock_timeout={DATABASE_WAIT_S}s",
        "pool": {"min_size": 1, "max_size": 20, "timeout": min(DATABASE_WAIT_S, 10)},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.read_redis_url(f"unix://{broker_urls.find_socket_path(HOME)}")
_CACHE = {
    "LOCATION": broker_urls.spell_for_cache(REDIS_URL, 1),
    "KEY_PREFIX": "vmcrm",
    "OPTIONS": {"retry": Retry(NoBackoff(), 0), **broker_urls.CACHE_LIMITS},
}
CACHES = {
    "default": {"BACKEND": "vmcrm.shared_cache.SharedCache", **_CACHE},
    # Without a stand-in: for who wants to know whether the server answers.
    "server": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_CACHE},
}
CHANNEL_LAYERS = {
    "default": {
        # The other layer loses its groups for good when Valkey restarts.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {"address": broker_urls.spell_for_cache(REDIS_URL, 2), **broker_urls.LAYER_LIMITS}
            ],
            "prefix": "vmcrm",
        },
    },
}
MEDIA_ROOT = HOME / "media"
# Below this, /readyz says that the system is not ready: before the database cannot write.
DISK_RESERVE_MB = env.read_int("DISK_RESERVE_MB", 200, least=0, most=1_000_000)
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700

# --- Work in the background ---------------------------------------------------------------------
CELERY_BROKER_URL = broker_urls.spell_for_celery(REDIS_URL, 0)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Redelivery by the broker is no part of our promise (rows carry a lease): keep it out of the way
# by a time above the longest limit.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 7200, **broker_urls.BROKER_LIMITS}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"analytics.tasks.execute_run": {"queue": "analytics"}}

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "crm.User"
# One alone: each would compute the hash of a wrong password once more.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "vmcrm.password_hashing.BoundedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "vmcrm.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "vmcrm.accounts.SignupForm",
    "reset_password": "vmcrm.accounts.ResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # an unlocked screen must not give the account away
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "vmcrm"

# --- Mail ---------------------------------------------------------------------------------------
EMAIL_URL = env.read_text("EMAIL_URL")
if EMAIL_URL:
    _mail = environ.Env.email_url_config(EMAIL_URL)
    if _mail["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
        _mail["EMAIL_BACKEND"] = "crm.mail_server.MailServerBackend"
    vars().update(_mail)
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
MAIL_FOLDER = HOME / "mail"
DEFAULT_FROM_EMAIL = env.read_text("DEFAULT_FROM_EMAIL", "vmcrm <no-reply@localhost>")

# --- Languages and time -------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = "vmcrm.formats"
TIME_ZONE = env.read_zone("TIME_ZONE", "UTC")
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- Organisation -------------------------------------------------------------------------------
# Administrators edit these in the administration; what the environment says wins over that.
ORGANISATION_NAME = env.read_text("ORGANISATION_NAME", "vmcrm")
BASE_CURRENCY = env.read_currency("BASE_CURRENCY", "EUR")
FIXED_BY_ENVIRONMENT = env.name_set_variables(
    {
        "name": "ORGANISATION_NAME",
        "sender_name": "DEFAULT_FROM_EMAIL",
        "sender_address": "DEFAULT_FROM_EMAIL",
        "base_url": "LOCAL_NETWORK" if LOCAL_NETWORK else "BASE_URL",
        "currency": "BASE_CURRENCY",
        "time_zone": "TIME_ZONE",
    }
)

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "vmcrm.static_storage.HashedStaticStorage"},
}

# --- Media relay --------------------------------------------------------------------------------
RELAY_CONTROL_HOST = env.read_text("RELAY_CONTROL_HOST", "127.0.0.1")
RELAY_CONTROL_PORT = env.read_int("RELAY_CONTROL_PORT", 8765, least=1, most=65535)
RELAY_UDP_PORT = env.read_int("RELAY_UDP_PORT", 0, least=0, most=65535)
# For networks that block UDP; -1: no such port.
RELAY_TCP_PORT = env.read_int("RELAY_TCP_PORT", 0, least=-1, most=65535)
# None named: loopback and the machine's own, which each relay looks up when it starts.
RELAY_ADVERTISED_IPS = env.read_list("RELAY_ADVERTISED_IPS")
RELAY_SECRET = env.read_text("RELAY_SECRET") or read_or_create_secret(
    HOME / "secrets" / "relay_secret"
)
RELAY_RECORDINGS_DIR = env.read_text("RELAY_RECORDINGS_DIR") or str(HOME / "recordings")
# Where workers put what they have fetched of a recording so far.
RECORDING_PARTS = HOME / "run" / "recordings"
RECORDING_RETENTION_DAYS = env.read_int("RECORDING_RETENTION_DAYS", 365, least=1, most=36500)
# Where a strict network lets nothing through but TURN: servers, and the secret shared with them.
TURN_URLS = env.read_list("TURN_URLS")
TURN_SECRET = env.read_text("TURN_SECRET")
# `manage.py up` starts so many, on ports that follow one another; one for each core at most.
RELAY_PROCESSES = env.read_int("RELAY_PROCESSES", 1, least=1, most=64)
RELAY_URLS = env.read_list(
    "RELAY_URLS",
    [
        f"ws://{RELAY_CONTROL_HOST}:{RELAY_CONTROL_PORT + number}/control"
        for number in range(RELAY_PROCESSES)
    ],
)

# --- Logs ---------------------------------------------------------------------------------------
LOG_LEVEL = env.read_text("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "mask": {"()": "vmcrm.logs.MaskSecrets"},
        "routine": {"()": "vmcrm.logs.LowerRoutine"},
        "refusals": {"()": "vmcrm.log_limits.ShortRefusals"},
        "repeats": {"()": "vmcrm.log_limits.LimitRepeats"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["routine", "refusals", "repeats", "mask"],
        }
    },
    "loggers": {"vmcrm.web_server.connections.sockets": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
