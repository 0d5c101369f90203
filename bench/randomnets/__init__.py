"""Random small networks, and what rounding lets their results differ by.

``network`` builds one node by node, ``families`` has the operators, ``bounds`` the
differences that a precision explains, ``trial`` judges one network, ``pool`` many.
"""
