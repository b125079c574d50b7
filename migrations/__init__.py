"""Alembic migrations; run by `surveyapp db upgrade`."""
