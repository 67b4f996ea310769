from django.urls import path

from prompts import views

urlpatterns = [
    path("prompts/", views.prompt_list, name="prompts"),
    path("prompts/<int:pk>/", views.change, name="prompts-change"),
    path("prompts/<int:pk>/bin/", views.put_into_bin, name="prompts-bin"),
    path("prompts/<int:pk>/restore/", views.restore, name="prompts-restore"),
    path("prompts/<int:pk>/remove/", views.remove, name="prompts-remove"),
]
