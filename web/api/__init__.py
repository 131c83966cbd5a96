"""The API beside the pages: the same acts, by the same functions, for programs that show a token."""
