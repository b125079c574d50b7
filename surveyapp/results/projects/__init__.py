"""Modelling projects: their answers taken through steps, their models fitted and analysed further."""
