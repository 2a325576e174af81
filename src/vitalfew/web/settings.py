"""Django's settings, made from the environment (environment.py)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from vitalfew.web import environment, sign_in
from vitalfew.web.ops import logs

ENVIRONMENT = environment.read()
ROOT = Path(__file__).parent
_sign_in = sign_in.read(ENVIRONMENT.home)

SECRET_KEY = ENVIRONMENT.secret
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = list(ENVIRONMENT.hosts)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ENVIRONMENT.hosts] if ENVIRONMENT.https else []
ROOT_URLCONF = "vitalfew.web.urls"
WSGI_APPLICATION = "vitalfew.web.wsgi.application"
DATABASES = {"default": environment.database(ENVIRONMENT)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "vitalfew.web.shell",
    "vitalfew.web.people",
    "vitalfew.web.home",
    "vitalfew.web.listen",
    "vitalfew.web.understand",
    "vitalfew.web.focus",
    "vitalfew.web.act",
    "vitalfew.web.prove",
    "vitalfew.web.authoring",
    "vitalfew.web.runs",
    "vitalfew.web.api",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "axes",
]
MIDDLEWARE = [
    "vitalfew.web.ops.logs.Requests",
    "vitalfew.web.people.middleware.Behind",
    "django.middleware.security.SecurityMiddleware",
    "vitalfew.web.shell.middleware.Headers",
    "vitalfew.web.people.middleware.SignInPolicy",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "vitalfew.web.people.middleware.OwnLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vitalfew.web.shell.middleware.NoNulls",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "vitalfew.web.home.first_hour.Visits",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vitalfew.web.shell.context.everywhere",
            ],
        },
    }
]

# --- who ---
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation, which is itself sent to the address
ACCOUNT_ADAPTER = "vitalfew.web.people.adapters.Accounts"
SOCIALACCOUNT_ADAPTER = "vitalfew.web.people.adapters.Connections"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = _sign_in.providers
SIGN_IN_ORIGINS = _sign_in.origins
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Vital Few"
# Failed sign-ins are limited by axes alone: it counts in the database, so that all processes count together.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "vitalfew.web.people.limits.counted_address"
AXES_LOCKOUT_TEMPLATE = "people/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["login", "password"]
# No addresses in the log, and no second list of who signed in beside the audit log.
AXES_CLIENT_STR_CALLABLE = "vitalfew.web.people.limits.nobody_in_the_log"
AXES_DISABLE_ACCESS_LOG = True

# --- sessions and cookies ---
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.https
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if ENVIRONMENT.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- uploads are bounded ---
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "vitalfew.web.shell.bounded.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- languages, numbers, times ---
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# Ours is Brazilian Portuguese: with "pt" the sign-in pages and Django's own messages would be European beside it.
LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("pt-br", _("Portuguese")),
]
LOCALE_PATHS = [ROOT / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- files ---
STATIC_URL = "static/"
# The pages a run writes and the application share one style sheet.
STATICFILES_DIRS = [("shell", ROOT.parent / "documents" / "static")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Served straight from the package: nothing to collect after an upgrade.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300
MEDIA_ROOT = ENVIRONMENT.home / "media"

# --- e-mail ---
_mail = urlsplit(ENVIRONMENT.email_url)
EMAIL_BACKEND = "django.core.mail.backends." + ("smtp" if ENVIRONMENT.email_url else "dummy") + ".EmailBackend"
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or 587
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_TLS = _mail.scheme == "smtp" and bool(_mail.username)
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}}}

# --- the API and webhooks ---
API_REQUESTS_A_MINUTE = 600  # for each token or member, in each process
WEBHOOKS_TO_LOOPBACK = False  # for tests alone: webhooks may go to this machine, on any port

# --- logs: JSON lines without personal data (ops/logs.py) ---
LOGGING = logs.configuration()
