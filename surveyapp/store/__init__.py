"""Engine and unit of work, all tables, the queue, files. SQLAlchemy lives from here up."""
