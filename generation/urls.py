from django.urls import path

from generation.views import bin as bins
from generation.views import documents, drafting, items, passages, releases, review

urlpatterns = [
    path("", documents.document_list, name="documents"),
    path("documents/<int:pk>/", documents.document, name="documents-show"),
    path("documents/<int:pk>/original/", documents.original, name="documents-original"),
    path("documents/<int:pk>/columns/", documents.columns, name="documents-columns"),
    path("documents/<int:pk>/retry/", documents.retry, name="documents-retry"),
    path("documents/<int:pk>/bin/", bins.put_document, name="documents-bin"),
    path("documents/<int:pk>/restore/", bins.restore_document, name="documents-restore"),
    path("documents/<int:pk>/remove/", bins.remove_document, name="documents-remove"),
    path("bin/", bins.bin_list, name="bin"),
    path("settings/bin/", bins.put_project, name="project-bin"),
    path("restore/", bins.restore_project, name="project-restore"),
    path("remove/", bins.remove_project, name="project-remove"),
    path("documents/<int:pk>/again/", drafting.document_again, name="documents-again"),
    path("documents/<int:pk>/cut/", passages.cut, name="documents-cut"),
    path("passages/<int:pk>/<str:change>/", passages.change, name="passages-change"),
    path("drafting/again/", drafting.all_again, name="again"),
    path("drafting/<str:name>/", drafting.order, name="drafting"),
    path("review/", review.desk, name="review"),
    path("review/share/", review.share, name="review-share"),
    path("review/undo/", review.undo, name="review-undo"),
    path("review/<int:pk>/", review.submit, name="review-submit"),
    path("review/<int:pk>/hold/", review.hold, name="review-hold"),
    path("items/", items.item_list, name="items"),
    path("items/<int:pk>/", items.item, name="items-show"),
    path("items/<int:pk>/again/", drafting.item_again, name="items-again"),
    path("items/<int:pk>/restore/", drafting.item_restore, name="items-restore"),
    path("releases/", releases.release_list, name="releases"),
    path("releases/<int:number>/", releases.release, name="releases-show"),
    path("releases/<int:number>/retry/", releases.retry, name="releases-retry"),
    path(
        "releases/<int:number>/<str:format_name>.zip", releases.download, name="releases-download"
    ),
]
