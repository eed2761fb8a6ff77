"""Trust: keys, the one signer, signed QR (COSE, LZ1), signed PDF (PAdES), the trust list that verifiers pin.

Public modules: ``cose``, ``lz1``, ``certificates``, ``keys``, ``trust_list``, ``signer``, ``pades``, ``pdf_check`` (sandbox child only),
``doctor``. ``trust_list`` is the register of key states; ``publication`` puts it into the log. Private keys are read in
``private_keys``, for ``signer`` and ``keys``, and nowhere else.
"""
