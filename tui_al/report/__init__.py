"""Tables and curves from sessions: Markdown, CSV, JSON, text, PNG and SVG."""
