from django.urls import path

from prompts.views import candidates, comparing, experiments, playground, prompts, results

urlpatterns = [
    path("prompts/", prompts.prompt_list, name="prompts"),
    path("prompts/new/", prompts.new_prompt, name="prompts-new"),
    path("prompts/<int:pk>/", prompts.show_prompt, name="prompts-show"),
    path("prompts/<int:pk>/change/", prompts.change_prompt, name="prompts-change"),
    path("prompts/<int:pk>/roll-back/", prompts.roll_back, name="prompts-roll-back"),
    path("prompts/<int:pk>/<int:number>/promote/", prompts.promote_variant, name="prompts-promote"),
    path("prompts/<int:pk>/<int:number>/archive/", prompts.archive_variant, name="prompts-archive"),
    path("prompts/<int:pk>/bin/", prompts.bin_prompt, name="prompts-bin"),
    path("prompts/<int:pk>/restore/", prompts.restore_prompt, name="prompts-restore"),
    path("prompts/<int:pk>/remove/", prompts.remove_prompt, name="prompts-remove"),
    path("prompts/<int:pk>/playground/", playground.show_playground, name="playground"),
    path(
        "prompts/<int:pk>/playground/passages/",
        playground.list_passages,
        name="playground-passages",
    ),
    path(
        "prompts/<int:pk>/playground/progress/",
        playground.show_progress,
        name="playground-progress",
    ),
    path("prompts/<int:pk>/playground/stop/", playground.stop_run, name="playground-stop"),
    path("prompts/<int:pk>/playground/save/", playground.save_wording, name="playground-save"),
    path("prompts/<int:pk>/candidates/", candidates.candidate_list, name="candidates"),
    path("prompts/<int:pk>/candidates/undo/", candidates.undo_decision, name="candidates-undo"),
    path("candidates/<int:pk>/", candidates.decide_on_candidate, name="candidates-decide"),
    path("searches/<int:pk>/retry/", candidates.retry_search, name="candidates-retry"),
    path("prompts/<int:pk>/experiment/", experiments.new_experiment, name="experiments-new"),
    path("experiments/", experiments.experiment_list, name="experiments"),
    path("experiments/<int:pk>/", experiments.show_experiment, name="experiments-show"),
    path("experiments/<int:pk>/start/", experiments.start_experiment, name="experiments-start"),
    path("experiments/<int:pk>/remove/", experiments.remove_experiment, name="experiments-remove"),
    path("experiments/<int:pk>/retry/", experiments.retry_runs, name="experiments-retry"),
    path("experiments/<int:pk>/end/", experiments.end_experiment, name="experiments-end"),
    path(
        "experiments/<int:pk>/<int:number>/aside/", experiments.set_aside, name="experiments-aside"
    ),
    path("experiments/<int:pk>/compare/", comparing.compare, name="compare"),
    path("experiments/<int:pk>/compare/undo/", comparing.undo_vote, name="compare-undo"),
    path("compare/<uuid:token>/", comparing.vote, name="compare-decide"),
    path("compare/<uuid:token>/hold/", comparing.hold, name="compare-hold"),
    path("experiments/<int:pk>/result/", results.show_result, name="results"),
    path("experiments/<int:pk>/result/promote/", results.promote_winner, name="results-promote"),
    path("experiments/<int:pk>/result/votes/", results.exclude_reviewer, name="results-without"),
    path(
        "experiments/<int:pk>/result/<slug:format_name>/",
        results.export_experiment,
        name="results-export",
    ),
]
