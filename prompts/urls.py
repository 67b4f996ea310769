from django.urls import path

from prompts import views

urlpatterns = [
    path("prompts/", views.prompt_list, name="prompts"),
    path("prompts/<int:pk>/", views.prompt, name="prompts-show"),
    path("prompts/<int:pk>/change/", views.change, name="prompts-change"),
    path("prompts/<int:pk>/roll-back/", views.roll_back, name="prompts-roll-back"),
    path("prompts/<int:pk>/<int:number>/promote/", views.promote, name="prompts-promote"),
    path("prompts/<int:pk>/<int:number>/archive/", views.archive, name="prompts-archive"),
    path("prompts/<int:pk>/bin/", views.put_into_bin, name="prompts-bin"),
    path("prompts/<int:pk>/restore/", views.restore, name="prompts-restore"),
    path("prompts/<int:pk>/remove/", views.remove, name="prompts-remove"),
]
