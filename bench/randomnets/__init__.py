"""Random small networks, and what rounding lets their results differ by.

``network`` builds one node by node, ``families`` has the operators, ``bounds`` the
differences that a precision explains by ``steps``, ``trial`` judges one network, ``pool``
many. ``unfolding`` writes control flow and fused operators (``definitions``) out,
``expansion`` what kernels compute as one, such as recurrent ``cells``.
"""
