"""Readers: journals become text for a person, a program or an assistant. They never write."""
