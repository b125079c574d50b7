"""Covariance structures: model text, estimation, tests and fit of CFA and SEM."""
