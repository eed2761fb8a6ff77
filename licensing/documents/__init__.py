"""Documents: HTML → PDF/A-3u, the QR, the seal, the ground, and the cell in which untrusted bytes are parsed.

``engine.render_pdf`` and ``face.render_face`` make the signed bytes' basis; ``letter.render_letter`` makes letters; ``qr.draw_qr``,
``seal.seal_svg`` and ``ground.ground_svg`` draw; ``uploads.inspect`` judges what people hand in; ``sandbox.ask`` runs a listed task in a
disposable child; ``doctor.checks`` says what is missing on this machine. Nothing is imported here: the child imports this package too.
"""
