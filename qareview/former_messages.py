"""Stored messages that were reworded: the former wording, and the current one.

Rows keep the message that they were stored with. When you reword a message that is passed to
``stored``, add a line here, with the same values in both, so that old rows are shown in the current
wording, translated. ``tests/test_stored_sentences.py`` fails until you do.
"""

from django.utils.translation.trans_null import gettext_noop

# Messages that nothing stores any more, though rows may have them.
NO_LONGER_STORED = (
    gettext_noop(
        "No text found. The pages seem to be images, so run text recognition (OCR) first."
    ),
    gettext_noop("Not taken: %(first)s, a file of the system."),
    gettext_noop("Not taken: %(count)s files of the system, such as %(first)s."),
    gettext_noop(
        "The columns are those of the sheet “%(taken)s”. Sheets that were not read: %(others)s. "
        "Save each as a file of its own and upload it."
    ),
)

FORMER_MESSAGES: dict[str, str] = {
    "The chapters of this EPUB unpack to more than %(megabytes)s MB. Split it into smaller books.": (
        "The file unpacks to more than %(megabytes)s MB. Split it into smaller files."
    ),
    "%(accepted)s of %(decisions)s decisions accept the item. To tell the two kinds apart, "
    "there have to be items of each from %(folds)s passages.": (
        "%(accepted)s of %(decisions)s decisions were to accept. To learn from them, "
        "QAReview needs accepted and rejected items, each from at least %(folds)s passages."
    ),
    "%(admin)s sent item %(pk)s back, so you may decide anew. %(comment)s": "%(admin)s sent item %(pk)s back. You can decide on it again. %(comment)s",
    "%(found)s of %(wanted)s: no more can be made of this variant in these ways that differs "
    "from what is there.": "%(found)s of %(wanted)s made. These methods produce no other new wordings of this variant.",
    "%(found)s of %(wished)s drafted: what else the model wrote was empty or repeats what is "
    "there. The passage may have no more to ask.": (
        "%(found)s of %(wished)s drafted. The model’s other drafts were empty or repeats. "
        "The passage may not have enough content for more."
    ),
    "%(left)s at the pace of the last %(pace_days)s days.": "%(left)s left at the pace of the last %(pace_days)s days.",
    "%(low)s to %(high)s on %(cases)s cases": "difference of %(low)s to %(high)s over %(cases)s cases",
    "%(name)s decided on it by now.": "%(name)s has already decided on this candidate.",
    "%(name)s is already here, as %(name2)s: the content is the same.": "%(name)s has already been uploaded as %(name2)s. The content is the same.",
    "%(name)s was uploaded again meanwhile, as %(same)s: the content is the same. Move that "
    "one to the bin first.": (
        "%(name)s has since been uploaded again as %(same)s, with the same content. To "
        "restore this document, move the new one to the bin first."
    ),
    "%(reviewer)s decided on this item meanwhile.": "%(reviewer)s has since decided on this item.",
    "%(rows)s cases are too many: %(most)s can be run.": "%(rows)s cases are too many. The limit is %(most)s.",
    "A gold item cannot be sent back; end its being gold first.": "A gold item cannot be sent back. Remove its gold status first.",
    "A passage is split between two of its sentences.": "A passage can only be cut between two sentences.",
    "A project keeps at least one admin. Make somebody else admin first.": "A project needs at least one admin. Make someone else an admin first.",
    "A schema with “patternProperties” cannot be used here.": "A schema with “patternProperties” is not supported. Remove it.",
    "Another variant says the same.": "Another variant has the same wording.",
    "By “%(score)s” it is clearly worse than the best: %(told)s": "Clearly worse than the best variant on “%(score)s”: %(told)s",
    "Drafting is paused. It goes on when an engineer resumes it.": "Drafting is paused until an engineer resumes it.",
    "Everyone chose the same every time, which agrees, but tells no alpha.": "Everyone made the same choice every time, so alpha is undefined.",
    "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, EPUB, tables as "
    "CSV, JSONL or Parquet, or a ZIP of such": (
        "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, RTF, EPUB, Jupyter "
        "notebooks, tables (XLSX, XLS, ODS, CSV, JSON, JSONL or Parquet), or a ZIP archive of "
        "these files"
    ),
    "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, EPUB, tables "
    "(CSV, JSONL or Parquet), or a ZIP archive of these files": (
        "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, RTF, EPUB, Jupyter "
        "notebooks, tables (XLSX, XLS, ODS, CSV, JSON, JSONL or Parquet), or a ZIP archive of "
        "these files"
    ),
    "In the row that begins on line %(line)s, a quotation mark is not closed, or something "
    "follows it. A quotation mark within quotation marks is doubled.": (
        "In the row that starts on line %(line)s, a quotation mark is not closed or is "
        "followed by other text. Write a quotation mark inside quotation marks twice."
    ),
    "It cannot be filled in: %(error)s": "The template cannot be filled in: %(error)s",
    "It does not name %(names)s any more.": "The template no longer contains %(names)s.",
    "It has more than the %(limit)s MB allowed. Split it.": "It is larger than the %(limit)s MB allowed. Split it into smaller files.",
    "It is %(count)s by now, since something changed meanwhile.": "The number of items has changed and is now %(count)s.",
    "It is damaged in the archive. Make the archive anew.": "It is damaged in the archive. Create the archive again.",
    "It is empty.": "The template is empty.",
    "It is longer than %(most)s characters.": "The template is longer than %(most)s characters.",
    "It is not open any more: it was taken back, or another took its place.": "This comparison is no longer open. It was undone or replaced by another.",
    "It is not valid: %(error)s": "The template is not valid: %(error)s",
    "It names %(names)s, which has no value here.": "The template uses variables that have no value here: %(names)s.",
    "It says nearly the same as another passage, so nothing is drafted from it.": "It is a near-duplicate of another passage, so nothing is drafted from it.",
    "It says what another variant or candidate says.": "Same wording as another variant or candidate.",
    "It was away for too long, and others have compared these outputs by now.": "Your time for this comparison ran out, and others have compared these outputs.",
    "It was given in bulk, and that was undone.": "It was part of a bulk action that was undone.",
    "It was stopped: %(reason)s.": "The template was stopped: %(reason)s.",
    "Its passage was cut anew.": "Its passage was cut again.",
    "Its triples were imported with this passage, so it stays whole.": "This passage was imported with its triples, so it cannot be changed.",
    "Line %(line)s is JSON, but no object such as {“question”: …}.": "Line %(line)s is JSON, but not an object such as {“question”: …}.",
    "Line %(line)s is not JSON. In JSONL each row is an object on a line of its own.": "Line %(line)s is not valid JSON. In JSONL, each row is an object on its own line.",
    "Line %(line)s uses “%(name)s”, which prompts may not: values, conditions and loops are "
    "what they are made of.": (
        "Line %(line)s uses “%(name)s”, which is not allowed. Templates can only contain "
        "values, conditions and loops."
    ),
    "No model is called “%(model)s”. The models named in MODELS are: %(known)s.": "There is no model named “%(model)s”. The models are: %(known)s.",
    "There is no model named “%(model)s”. The models in MODELS are: %(known)s.": "There is no model named “%(model)s”. The models are: %(known)s.",
    "No text found; run OCR first. The pages seem to be pictures of text.": "No text found. The pages seem to be images, so run text recognition (OCR) first.",
    "No worker has been heard from for a while, so nothing is being read or drafted. Start "
    "one with “make run”, or look into var/log/worker.log.": (
        "No worker has responded for a while, so nothing is being read or drafted. Start "
        "one with “make run”, or check the logs in var/log."
    ),
    "No worker has responded for a while, so nothing is being read or drafted. Start one with "
    "“make run”, or check var/log/worker.log.": (
        "No worker has responded for a while, so nothing is being read or drafted. Start "
        "one with “make run”, or check the logs in var/log."
    ),
    "Nobody differed, so there is no interval.": "Everyone agreed, so there is no interval.",
    "Nothing has been accepted yet. A release holds what is accepted.": "No items have been accepted yet. A release is made of accepted items.",
    "Nothing is accepted any more: it was undone since.": "There are no accepted items any more. Their decisions have been undone.",
    "Nothing is left to decide.": "No decisions are left to make.",
    "Nothing was decided by two people.": "Nothing has been decided by two or more people yet.",
    "Nothing was decided lately, so it cannot be told when that is done.": "No recent decisions, so no forecast.",
    "Only an item that waits for you can wait for an answer. Write a comment.": "You can only ask about an item that is waiting for your review. Write a comment instead.",
    "Others have compared these outputs by now.": "Others have compared these outputs since, so you cannot undo your vote.",
    "Say which column holds the context: its rows become the passages.": "Choose the column with the context. Its rows become the passages.",
    "Somebody else has this item on the desk just now. Write a comment, or wait.": "Someone else has this item on their desk. Wait, or write a comment instead.",
    "The %(kind)s is damaged and cannot be read. Open it, save it anew and upload that.": (
        "The %(kind)s file is damaged and cannot be read. Open it, save it again and "
        "upload the new copy."
    ),
    "The %(kind)s is protected by a password. Save a copy without one and upload that.": (
        "The %(kind)s file is protected by a password. Save a copy without a password and "
        "upload that."
    ),
    "The Parquet file is damaged or encrypted. Write it anew and upload that.": "The Parquet file is damaged or encrypted. Save it again and upload the new file.",
    "The archive holds %(chosen)s files; at most %(most_members)s are taken. Split it.": (
        "The archive has %(chosen)s files. The limit is %(most_members)s. Split it into "
        "smaller archives."
    ),
    "The archive is damaged. Make it anew and upload that.": "The archive is damaged. Create it again and upload the new one.",
    "The archive unpacks to more than %(most_bytes)s MB. Split it.": "The archive unpacks to more than %(most_bytes)s MB. Split it into smaller archives.",
    "The budget of %(budget_cost)s is used up (%(cost)s). What is left goes on when an admin "
    "raises it in the settings.": (
        "The budget of %(budget_cost)s is used up (%(cost)s used). Work continues when an "
        "admin raises the budget in the settings."
    ),
    "The budget of %(budget_tokens)s tokens is used up (%(tokens)s). What is left goes on "
    "when an admin raises it in the settings.": (
        "The budget of %(budget_tokens)s tokens is used up (%(tokens)s used). Work "
        "continues when an admin raises the budget in the settings."
    ),
    "The document of this item was moved to the bin while you were at it.": "The document was moved to the bin while you were reviewing this item.",
    "The document was cut anew meanwhile. Look at it again.": "The document has since been cut again. Check its passages.",
    "The experiment has ended, so nothing is compared any more.": "The experiment has ended, so you can no longer vote.",
    "The file has %(megabytes)s MB; at most %(limit)s MB are allowed. Split it, or raise "
    "QAREVIEW_UPLOAD_LIMIT_MB.": (
        "The file is %(megabytes)s MB. The limit is %(limit)s MB. Split the file, or raise "
        "QAREVIEW_UPLOAD_LIMIT_MB."
    ),
    "The file is damaged: it starts like a DOCX and then breaks off.": "The file is damaged: it starts like a DOCX file but is incomplete.",
    "The file made its reader stop. It may be damaged: save it anew and upload that.": "The file could not be read. It may be damaged: save it again and upload the new copy.",
    "The file was refused when it came, so there is nothing to read.": "The file was refused on upload, so there is nothing to read.",
    "The item was put aside meanwhile.": "This item has been set aside in the meantime.",
    "The item went on to others while you were away, and has all its reviews.": "While you were away, others finished reviewing this item.",
    "The item went on to somebody else while you were away.": "While you were away, this item went to someone else.",
    "The key for %(url)s is missing. Set the environment variable %(key_variable)s, then "
    "start the workers anew.": (
        "The key for %(url)s is missing. Set the environment variable %(key_variable)s, "
        "then restart the workers."
    ),
    "The model's server answered in a shape that is not understood. Retry; if it stays so, "
    "look at the address in MODELS: it ends with /v1 as a rule.": (
        "The model server sent a response that could not be read. Retry. If it happens "
        "again, check the model’s address: it usually ends with /v1."
    ),
    "The model server sent a response that could not be read. Retry. If it happens "
    "again, check the address in MODELS: it usually ends with /v1.": (
        "The model server sent a response that could not be read. Retry. If it happens "
        "again, check the model’s address: it usually ends with /v1."
    ),
    "The model's server at %(place)s %(words)s: %(error)s": "The model server at %(place)s %(words)s: %(error)s",
    "The model's server filtered its answer out. Edit the passage or exclude it.": "The model server’s content filter blocked the answer. Edit or exclude the passage.",
    "The model's server refused this: %(error)s": "The model server refused this request: %(error)s",
    "The prompt has %(tokens)s tokens and %(wanted)s more were to be written; the model "
    "takes %(limit)s in all. Choose shorter passages or a model with a longer context.": (
        "The prompt has %(tokens)s tokens and the output may need %(wanted)s more, but the "
        "model takes at most %(limit)s in total. Choose shorter passages, fewer output tokens "
        "for the prompt, or a model with a longer context."
    ),
    "The prompt has %(tokens)s tokens and the output may need %(wanted)s more, but the "
    "model takes at most %(limit)s in total. Choose shorter passages or a model with a longer "
    "context.": (
        "The prompt has %(tokens)s tokens and the output may need %(wanted)s more, but the "
        "model takes at most %(limit)s in total. Choose shorter passages, fewer output tokens "
        "for the prompt, or a model with a longer context."
    ),
    "The prompt has about %(tokens)s tokens and the output may need %(wanted)s more, but the "
    "model takes at most %(limit)s in total. Choose shorter passages or a model with a longer "
    "context.": (
        "The prompt has about %(tokens)s tokens and the output may need %(wanted)s more, but the "
        "model takes at most %(limit)s in total. Choose shorter passages, fewer output tokens "
        "for the prompt, or a model with a longer context."
    ),
    "The prompt “%(task)s” is needed for drafting, so it stays.": "The prompt “%(task)s” is needed for drafting, so you cannot move it to the bin.",
    "The prompt's template cannot be filled in. %(reason)s": "The prompt could not be built. %(reason)s",
    "The regular expression is too large: shorten it, or its repeats.": "The regular expression is too large. Shorten it or reduce its repeats.",
    "The regular expression takes too long on this output. Make it simpler.": "The regular expression takes too long on this output. Simplify it.",
    "The row on line %(line)s has %(fields)s values for %(columns)s columns. A value that "
    "holds the delimiter stands in quotation marks.": (
        "The row on line %(line)s has %(fields)s values for %(columns)s columns. Put "
        "values that contain the delimiter in quotation marks."
    ),
    "The table has more than %(most_rows)s rows. Split it.": "The table has more than %(most_rows)s rows. Split it into smaller files.",
    "The table has no column “%(unknown)s”. It has: %(join)s.": "The table has no column “%(unknown)s”. Its columns are: %(join)s.",
    "The table has no rows, only the names of its columns.": "The table has no rows, only column names.",
    "The table names no columns. Its first row says what each column is.": "The table has no column names. Put them in the first row.",
    "The worker stopped %(alone)s times while at this alone. Its log says why; then retry.": (
        "The worker crashed %(alone)s times while working on this. Check its log for the "
        "cause, then retry."
    ),
    "There is another prompt “%(task)s” by now. Move that one to the bin first.": "There is already another prompt “%(task)s”. Move that one to the bin first.",
    "There is no column for %(names)s. The columns are: %(there)s.": (
        "There is no column for %(names)s. The columns are: %(there)s. Add the column, or give the "
        "variable a default value."
    ),
    "There is no column for %(names)s. There are: %(there)s.": (
        "There is no column for %(names)s. The columns are: %(there)s. Add the column, or give the "
        "variable a default value."
    ),
    "This form was sent before, for another item.": "This form has already been sent for another item.",
    "This is %(kind)s, whatever its name says. %(upload)s": "This file is %(kind)s, which cannot be read. %(upload)s",
    "This is a Word file under a password or of the old .doc kind. Save it as .docx without "
    "a password.": (
        "This Word file is protected by a password or in the old .doc format. Save it as "
        ".docx without a password."
    ),
    "This is an archive within an archive. Unpack it and upload its files.": "This is an archive inside another archive. Unpack it and upload its files.",
    "This is not text in any encoding known. %(upload)s": "The encoding of this text is not known. %(upload)s",
    "This is the document's last passage; there is none to merge it with.": "This is the document’s last passage, so there is no next passage to merge it with.",
    "This is undone already.": "This bulk action has already been undone.",
    "This item is not decided yet: its reviewers come first.": "This item has not been decided yet. Its reviewers decide first.",
    "Too little to tell: %(items)s of the %(fewest_items)s items it takes.": "Not enough data yet: %(items)s of the %(fewest_items)s items needed.",
    "Two columns are called “%(twice)s”. Rename one.": "Two columns are called “%(twice)s”, so the latter has a number behind its name.",
    "Variant %(number)s is used already, so it stays.": "Variant %(number)s is already in use, so you cannot undo accepting it.",
    "What reviewers say of this item changed meanwhile.": "The reviews of this item have changed since you opened it.",
    "You decided on it already, in another window. Undo takes that back.": "You have already voted on this in another window. Undo to change your vote.",
    "You reviewed this item since, in another window.": "You have already reviewed this item in another window.",
    "a GIF picture": "a GIF image",
    "a JPEG picture": "a JPEG image",
    "a PNG picture": "a PNG image",
    "a text cannot be formatted by that sign": "text cannot be formatted with that operator",
    "answered with no JSON": "did not answer with JSON",
    "asks to slow down; it is tried again by itself": "is limiting requests; they are retried automatically",
    "assigned so already": "already assigned to that member",
    "before somebody’s votes were taken out or back": "before a change to whose votes count",
    "cannot be reached; see whether it runs": "cannot be reached; check that it is running",
    "decided, on others’ desks or imported": (
        "decided, imported, written by hand or on someone else’s desk"
    ),
    "decided, imported or on someone else’s desk": (
        "decided, imported, written by hand or on someone else’s desk"
    ),
    "does not let this key use %(name)s": "does not allow this key to use %(name)s",
    "failed; its own log says why": "failed; check its log",
    "given to everyone already": "already calibration or gold",
    "has no model %(name)s; check its name in MODELS": "has no model named %(name)s; check the name and the address",
    "has no model named %(name)s; check the name in MODELS": "has no model named %(name)s; check the name and the address",
    "does not accept the key; check it in the environment": "does not accept the key; check it",
    "in other words": "rewritten",
    "in other words: %(tip)s": "rewritten: %(tip)s",
    "it computes with a number that is too large": "it uses a number that is too large",
    "it loops too long": "it loops for too long",
    "it makes more than %(most)s characters": "its output is longer than %(most)s characters",
    "it uses a list where a text or a number is needed": "it uses a list where text or a number is needed",
    "not assigned so": "not assigned to that member",
    "note that it goes on": "continuation note",
    "on others’ desks": "on someone else’s desk",
    "proposed, accepted by %(name)s": "candidate accepted by %(name)s",
    "proposed, edited by %(name)s": "candidate edited and accepted by %(name)s",
    "put aside": "set aside",
    "repaired from what people rejected": "improved, based on rejected outputs",
    "reviewed by that member already": "already reviewed by that member",
    "reviewed by you already": "already reviewed by you",
    "set aside by %(name)s": "dropped by %(name)s",
    "the first with the system text of the second": "the first with the system prompt of the second",
    "the second with the system text of the first": "the second with the system prompt of the first",
    "the system text at the top of the template": "the system prompt at the top of the template",
    "told to be specific": "with the instruction to be specific",
    "told to write nothing else": "with the instruction to write nothing else",
    "told to write one sentence": "with the instruction to write one sentence",
    "took too long to answer; it is tried again by itself": "took too long to answer; the request is retried automatically",
    "variant %(number)s went into production": "variant %(number)s was promoted",
    "with all their reviews": "fully reviewed",
    "with something newer on them": "changed since then",
    "without a question": "without a question or answer",
    "without the system text": "without the system prompt",
}
