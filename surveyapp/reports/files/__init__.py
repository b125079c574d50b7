"""Tables and figures of a document as files."""
