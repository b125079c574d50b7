"""Pages: one blueprint a subject. Flask lives from this floor up."""
