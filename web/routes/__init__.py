"""The pages: each route parses its form, calls one function, and answers with a redirect or a template."""
