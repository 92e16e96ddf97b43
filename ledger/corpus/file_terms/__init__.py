"""Opt-outs that people already wrote, in a picture's file and beside it. They narrow what a registration allows."""
