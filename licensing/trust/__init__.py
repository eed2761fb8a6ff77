"""Trust: keys, the one signer, signed QR (COSE, LZ1), signed PDF (PAdES), the trust list that verifiers pin.

Public modules: ``cose``, ``lz1``, ``certificates``, ``keys``, ``trust_list``, ``signer``, ``pades``, ``pdf_check`` (sandbox child only),
``doctor``. Private keys are read in ``signer`` and nowhere else.
"""
