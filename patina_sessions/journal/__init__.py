"""Journals: text to model and back (`grammar`), entries to text (`render`), and the finished ones (`archive`)."""
