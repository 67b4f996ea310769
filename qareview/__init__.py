"""QAReview: from documents to reviewed question-context-answer triples."""
