from django.db import migrations

WORDING = {'system': 'You improve what is said to a language model.',
 'template': '{% if about %}The data: {{ about }}\n'
             '\n'
             '{% endif %}{% if examples %}Inputs with the outputs that people approved:\n'
             '{{ examples }}\n'
             '\n'
             '{% endif %}{% if feedback %}What people disliked about the outputs:\n'
             '{{ feedback }}\n'
             '\n'
             '{% endif %}Prompt: {{ prompt }}\n'
             '\n'
             'Write the prompt in other words. Keep what stands in double braces as it is.{% if '
             'tip %} {{ tip }}{% endif %}',
 'examples': [{'about': '',
               'examples': '',
               'feedback': '',
               'tip': '',
               'prompt': 'What is of {{ expression }}?',
               'output': 'Calculate the value of {{ expression }}.'},
              {'about': '',
               'examples': '',
               'feedback': '',
               'tip': '',
               'prompt': 'Text: {{ text }}\n\nIs it good or bad?',
               'output': 'Read this review: {{ text }}\n\nSay whether its author was content.'}],
 'max_tokens': 300}


def add_prompt(apps, schema_editor):
    """Give each project the prompt that writes other wordings of prompts."""
    prompts = apps.get_model("prompts", "Prompt").objects
    for project in apps.get_model("qareview", "Project").objects.all():
        if prompts.filter(project=project, task="rewrite", binned_at=None).exists():
            continue
        prompt = prompts.create(project=project, task="rewrite")
        prompt.production = apps.get_model("prompts", "Variant").objects.create(
            prompt=prompt, number=1, origin="built in", **WORDING
        )
        prompt.save(update_fields=["production"])


class Migration(migrations.Migration):

    dependencies = [
        ("prompts", "0006_arena"),
    ]

    operations = [
        migrations.RunPython(add_prompt, migrations.RunPython.noop),
    ]
