"""Alembic's entry: the connection comes from surveyapp.store.schema, or a URL for new revisions."""

from alembic import context

from surveyapp.store.db import make_engine
from surveyapp.store.models import Base


def run(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters by copying
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(context.config.get_main_option("sqlalchemy.url")).begin() as connection:
        run(connection)
