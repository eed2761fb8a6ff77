"""What a stranger at a gate waits for: the page behind a QR code against judging the whole PDF again."""

from __future__ import annotations

from pathlib import Path

from bench.measure import Ratio, compare
from licensing.licences.verify import verify_pdf
from licensing.policy import SYSTEM
from licensing.samples import issue_samples
from licensing.settings import Settings
from licensing.storage import reading
from licensing.trust.current import current_trust_list
from portal.app import create_app


def run(folder: Path) -> list[Ratio]:
    settings = Settings(home=folder / "var", keys=folder / "keys")
    entry = next(iter(issue_samples(settings, folder / "out", 1)))
    client = create_app(settings).test_client()
    path, pdf = entry["qr"].partition(settings.public_host)[2], (folder / "out" / entry["file"]).read_bytes()

    def by_file() -> None:
        # The verdict without its page: an upload counts against a limit by address.
        with reading(SYSTEM) as look:
            assert verify_pdf(pdf, current_trust_list(settings), look.session).overall == "valid"

    def by_page() -> None:
        assert client.get(path).status_code == 200

    return [compare("one licence checked", ("verdict from the whole PDF", by_file), ("whole page behind the QR code", by_page), rounds=50)]
