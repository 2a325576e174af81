"""The application: Django, one app per room, and `people` for who may see what. Only this package knows HTTP."""
