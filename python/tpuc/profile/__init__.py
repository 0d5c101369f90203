"""Where the time of a compiled model goes: figures, tables, trace and page."""

from tpuc.profile.model import JSON_KEYS, Commands, Layer, Profile, profile_bmodel

__all__ = ["JSON_KEYS", "Commands", "Layer", "Profile", "profile_bmodel"]
