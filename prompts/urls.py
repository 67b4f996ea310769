from django.urls import path

from prompts import views

urlpatterns = [
    path("prompts/", views.prompt_list, name="prompts"),
    path("prompts/<int:pk>/", views.change, name="prompts-change"),
]
