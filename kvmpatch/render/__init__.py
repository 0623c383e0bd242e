"""From a report to a page to text: terminal, Markdown, JSON."""
