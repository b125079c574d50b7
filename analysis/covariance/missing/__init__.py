"""Missing answers: full information, auxiliary variables, multiple imputation."""
