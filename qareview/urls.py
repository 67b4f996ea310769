from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog, set_language

from qareview.views import fetching, models, projects, time_zone, tokens

YEAR_SECONDS = 31_536_000
# Cached forever, since the address contains language and version: see script_messages_url.
script_messages = cache_control(max_age=YEAR_SECONDS, immutable=True)(JavaScriptCatalog.as_view())

# Only these pages of allauth: QAReview sends no mail, so nothing can be confirmed or reset by mail.
accounts = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-up/", account.signup, name="account_signup"),
    path("password/", account.password_change, name="account_change_password"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("inactive/", account.account_inactive, name="account_inactive"),
]

urlpatterns = [
    path("", projects.project_list, name="projects"),
    path("language/", login_not_required(set_language), name="language"),
    path("messages.js", login_not_required(script_messages), name="messages"),
    path("accounts/shortcuts/", projects.own_shortcuts, name="shortcuts"),
    path(
        "accounts/keys/",
        RedirectView.as_view(pattern_name="shortcuts", permanent=True),
        name="shortcuts-moved",
    ),
    path("accounts/token/", tokens.token, name="token"),
    path("accounts/time-zone/", time_zone.own_zone, name="time-zone"),
    path("accounts/", include(accounts)),
    path("invitations/<str:token>/", projects.show_invitation, name="invitation"),
    path("models/", models.model_list, name="models"),
    path("models/new/", models.new_model, name="models-new"),
    path("models/found/", models.found_models, name="models-found"),
    path("models/test/", models.test_model, name="models-test"),
    path("models/fetches/", fetching.fetch_list, name="models-fetches"),
    path("models/fetches/new/", fetching.new_fetch, name="models-fetch"),
    path("models/fetches/<int:pk>/", fetching.change_fetch, name="models-fetch-change"),
    path("models/fetches/<int:pk>/retry/", fetching.retry_fetch, name="models-fetch-retry"),
    path("models/fetches/<int:pk>/cancel/", fetching.cancel_fetch, name="models-fetch-cancel"),
    path("models/<int:pk>/", models.edit_model, name="models-edit"),
    path("models/<int:pk>/remove/", models.remove_model, name="models-remove"),
    path(
        "models/<int:pk>/remove-fetched/",
        fetching.remove_fetched_model,
        name="models-remove-fetched",
    ),
    path("projects/new/", projects.new_project, name="projects-new"),
    path("projects/<slug:slug>/settings/", projects.project_settings, name="settings"),
    re_path(
        r"^projects/(?P<slug>[-\w]+)/settings/(?P<section>drafting|review)/$",
        projects.project_settings,
        name="settings-section",
    ),
    path("projects/<slug:slug>/members/", projects.members, name="members"),
    path("projects/<slug:slug>/members/<int:pk>/", projects.change_member, name="members-change"),
    path(
        "projects/<slug:slug>/invitations/<int:pk>/withdraw/",
        projects.withdraw_invitation,
        name="members-withdraw-invitation",
    ),
    path("projects/<slug:slug>/", include("generation.urls")),
    path("projects/<slug:slug>/", include("prompts.urls")),
]
