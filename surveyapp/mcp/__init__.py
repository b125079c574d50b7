"""A door for assistants: the API's reading operations as tools of the Model Context Protocol."""
