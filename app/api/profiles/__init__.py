"""Profile templates: listed, rendered in every format, composed and compared."""
