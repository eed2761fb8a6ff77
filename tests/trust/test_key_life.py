"""The life of a key: prepared, active, retired, compromised; each list follows the one before; the root may be far away."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from licensing.errors import Conflict, Invalid, LeizhengError, Misconfigured, NotFound
from licensing.trust import ceremony, drafts, keys, trust_list
from licensing.trust.certificates import Holder, Purpose
from licensing.trust.drafts import SOURCES, Draft, DraftKey, rank
from licensing.trust.keys import changing
from licensing.trust.layout import KeyFolder
from licensing.trust.private_keys import open_key
from licensing.trust.trust_list import TrustList, TrustListRefused
from licensing.trust.trusted_key import KeyState

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC

HOLDER = Holder(CODE, NAME, USCC)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEAL = f"seal-{CODE}-1"
NEXT_SEAL = f"seal-{CODE}-2"


@pytest.fixture(scope="session")
def keys_dir(plain_dir: Path) -> Path:
    return plain_dir


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def here(keys_dir: Path, tmp_path: Path, clock: time_machine.Traveller) -> Path:
    """The installation, with the root at hand."""
    return Path(shutil.copytree(keys_dir, tmp_path / "keys"))


def listed(folder: Path) -> TrustList:
    return trust_list.load(folder)


def create(folder: Path, purpose: Purpose = Purpose.SEAL, holder: Holder = HOLDER, **more: bytes) -> str:
    with changing(folder) as change:
        return change.create(purpose, holder, **more)


def activate(folder: Path, key_id: str, active_from: datetime | None = None) -> keys.Outcome:
    with changing(folder) as change:
        change.activate(key_id, active_from)
    return change.outcome


def retire(folder: Path, key_id: str, *, last: bool = False) -> keys.Outcome:
    with changing(folder) as change:
        change.retire(key_id, last=last)
    return change.outcome


def compromise(folder: Path, key_id: str, since: datetime) -> keys.Outcome:
    with changing(folder) as change:
        change.compromise(key_id, since)
    return change.outcome


# States


def test_a_prepared_key_is_in_no_list(here: Path) -> None:
    before = listed(here)
    assert create(here) == NEXT_SEAL
    assert listed(here) == before
    view = next(view for view in keys.views(here) if view.id == NEXT_SEAL)
    assert (view.state, view.holder, view.place, view.waiting) == (KeyState.PREPARED, HOLDER, "file", None)
    assert NEXT_SEAL not in listed(here).by_id
    assert KeyFolder(here).pair(NEXT_SEAL).certificate.exists()


def test_rotation_leaves_what_was_signed_before_good(here: Path, clock: time_machine.Traveller) -> None:
    create(here)
    assert activate(here, NEXT_SEAL).version == 2
    clock.move_to(NOW + HOUR)
    assert retire(here, SEAL).version == 3
    old, new = (listed(here).by_id[key_id] for key_id in (SEAL, NEXT_SEAL))
    assert (old.state, old.since, new.state, new.active_from) == (KeyState.RETIRED, NOW + HOUR, KeyState.ACTIVE, NOW)
    assert [old.judge(at) for at in (NOT_BEFORE, NOW, NOW + HOUR)] == ["ok", "ok", "expired-signer"]
    assert [new.judge(at) for at in (NOW - HOUR, NOW, NOW + HOUR)] == ["expired-signer", "ok", "ok"]
    assert listed(here).seal(old.der) == old
    assert listed(here).seal_chain(CODE)[0] == new.certificate
    assert open_key(here, NEXT_SEAL).public_key == new.public_key


def test_a_key_may_be_announced_before_it_signs(here: Path) -> None:
    create(here)
    activate(here, NEXT_SEAL, NOW + HOUR)
    key = listed(here).by_id[NEXT_SEAL]
    assert (key.signs_at(NOW), key.signs_at(NOW + HOUR)) == (False, True)
    with pytest.raises(Conflict) as refused:
        retire(here, SEAL)
    assert refused.value.code == "last-key"


def test_the_last_key_of_its_kind_is_kept_unless_one_insists(here: Path) -> None:
    for key_id in (SEAL, "qr-07", "log-1", "status-1"):
        with pytest.raises(Conflict) as refused:
            retire(here, key_id)
        assert refused.value.code == "last-key"
    assert listed(here).version == 1
    assert retire(here, SEAL, last=True).version == 2
    with pytest.raises(Misconfigured):
        listed(here).seal_chain(CODE)


def test_a_compromised_key_is_revoked_and_never_comes_back(here: Path) -> None:
    since = NOW - 10 * HOUR
    compromise(here, SEAL, since)
    key = listed(here).by_id[SEAL]
    assert [key.judge(at) for at in (since - HOUR, since)] == ["key-compromised-before", "key-compromised"]
    (revoked,) = x509.load_der_x509_crl(listed(here).crl)
    assert (revoked.serial_number, revoked.revocation_date_utc) == (key.certificate.serial_number, since)
    assert revoked.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    for change in (lambda: activate(here, SEAL), lambda: retire(here, SEAL), lambda: compromise(here, SEAL, since + HOUR)):
        with pytest.raises(Conflict) as refused:
            change()
        assert refused.value.code == "key-state"
    compromise(here, SEAL, since - HOUR)
    assert listed(here).by_id[SEAL].since == since - HOUR


def test_a_prepared_key_that_was_stolen_is_good_for_nothing(here: Path) -> None:
    create(here)
    compromise(here, NEXT_SEAL, NOW - HOUR)
    key = listed(here).by_id[NEXT_SEAL]
    assert [key.judge(at) for at in (NOW - 2 * HOUR, NOW)] == ["expired-signer", "key-compromised"]
    with pytest.raises(Conflict):
        activate(here, NEXT_SEAL)


@pytest.mark.parametrize("act", [activate, retire, lambda folder, key_id: compromise(folder, key_id, NOW - HOUR)])
@pytest.mark.parametrize("key_id", [f"seal-{CODE}-9", "seal-9", "qr-ff", "root", "root-1", "../root", "seal-../root", ""])
def test_there_is_no_such_key(here: Path, act: Callable[[Path, str], object], key_id: str) -> None:
    with pytest.raises(NotFound) as refused:
        act(here, key_id)
    assert refused.value.code == "no-such-key"
    assert listed(here).version == 1


def test_moments_that_cannot_be(here: Path) -> None:
    with pytest.raises(Invalid):
        compromise(here, SEAL, NOW + timedelta(seconds=1))
    create(here)
    with pytest.raises(Invalid):
        activate(here, NEXT_SEAL, NOT_BEFORE)
    assert listed(here).version == 1


def test_a_kid_is_never_used_again(here: Path) -> None:
    assert create(here, Purpose.QR) == "qr-08"
    assert create(here, Purpose.QR, kid=b"\x20") == "qr-20"
    assert create(here, Purpose.QR) == "qr-21"
    assert create(here, Purpose.QR, kid=b"\xff") == "qr-ff"
    assert create(here, Purpose.QR) == "qr-0100"
    retire(here, "qr-07", last=True)
    KeyFolder(here).qr(KID).key.unlink()
    KeyFolder(here).qr(KID).certificate.unlink()
    for kid in (KID, b"\x08", b"\x20", b"\x01\x00"):
        with pytest.raises(Conflict) as refused:
            create(here, Purpose.QR, kid=kid)
        assert refused.value.code == "kid-used"


def test_the_keys_of_the_service_rotate_too(here: Path, clock: time_machine.Traveller) -> None:
    for purpose, old, new in ((Purpose.LOG, "log-1", "log-2"), (Purpose.STATUS, "status-1", "status-2")):
        assert create(here, purpose, listed(here).by_id[old].holder) == new
        activate(here, new)
        clock.shift(1)
        retire(here, old)
    assert (listed(here).log_key.id, [key.id for key in listed(here).status_keys.values()]) == ("log-2", ["status-1", "status-2"])


def test_only_the_first_start_makes_a_root(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        create(tmp_path / "elsewhere")
    assert refused.value.code == "root-missing"
    assert not list((tmp_path / "elsewhere").rglob("*.key"))


def test_an_error_in_a_change_changes_nothing(here: Path) -> None:
    with pytest.raises(Conflict), changing(here) as change:
        change.compromise(SEAL, NOW - HOUR)
        change.compromise(SEAL, NOW)
    assert listed(here).version == 1
    assert not KeyFolder(here).draft.exists()


states = st.sampled_from(KeyState)
instants = st.integers(0, 1000).map(lambda hours: NOT_BEFORE + hours * HOUR)


@given(moves=st.lists(st.tuples(states, instants), max_size=6))
def test_no_key_ever_goes_back(moves: list[tuple[KeyState, datetime]]) -> None:
    draft = Draft(1, "", ("host",), "host/log")
    for state, since in moves:
        before = draft.state("log-1"), draft.key("log-1")
        if state is KeyState.PREPARED:
            continue
        try:
            draft = drafts.moved(draft, "log-1", state, since, certificate=b"x")
        except Conflict:
            assert (draft.state("log-1"), draft.key("log-1")) == before
            continue
        after = draft.key("log-1")
        assert after is not None
        assert before[0] in SOURCES[state]
        assert after.certificate == b"x"
        assert rank(state) > rank(before[0]) or (state is KeyState.COMPROMISED and before[1] is not None and since < before[1].since)


# One list after the other


def test_each_list_names_the_one_before_and_is_kept(here: Path) -> None:
    versions = [listed(here)]
    create(here)
    for change in (lambda: activate(here, NEXT_SEAL), lambda: retire(here, SEAL), lambda: compromise(here, SEAL, NOW - HOUR)):
        change()
        versions.append(listed(here))
    assert [each.version for each in versions] == [1, 2, 3, 4]
    assert [each.previous for each in versions[1:]] == [each.digest for each in versions[:-1]]
    assert [path.read_bytes() for path in KeyFolder(here).versions()] == [each.signed for each in versions]
    for place, old in enumerate(versions):
        for new in versions[place:]:
            drafts.check_succession(old, new)
        for older in versions[:place]:
            with pytest.raises(TrustListRefused) as refused:
                drafts.check_succession(old, older)
            assert refused.value.code == "trust-list-older"


def _signed_by_the_root(folder: Path, draft: Draft) -> ceremony.Answer:
    """What the root would sign if it forgot what it signed before."""
    return ceremony.sign(draft, keys._issuer(KeyFolder(folder)), NOW + HOUR)


def test_a_downgrade_is_refused(here: Path) -> None:
    first = ceremony.Answer(listed(here).signed, {})
    assert keys.install_list(here, first).version == 1
    retire(here, SEAL, last=True)
    with pytest.raises(TrustListRefused) as refused:
        keys.install_list(here, first)
    assert refused.value.code == "trust-list-older"
    assert listed(here).version == 2


def test_two_lists_in_one_place_are_refused(here: Path) -> None:
    draft = drafts.following(listed(here), ())
    rival = _signed_by_the_root(here, drafts.moved(draft, SEAL, KeyState.COMPROMISED, NOW))
    retire(here, SEAL, last=True)
    followers = _signed_by_the_root(here, Draft(3, "0" * 64, draft.hosts, draft.origin, drafts.following(listed(here), ()).keys))
    for answer in (rival, followers):
        with pytest.raises(TrustListRefused) as refused:
            keys.install_list(here, answer)
        assert refused.value.code == "trust-list-forked"


def test_no_list_revives_forgets_or_backdates_a_key(here: Path) -> None:
    retire(here, SEAL, last=True)
    base = drafts.following(listed(here), ())
    seal = base.key(SEAL)
    assert seal is not None
    others = tuple(key for key in base.keys if key.id != SEAL)
    bent = {
        "forgotten": others,
        "revived": (*others, DraftKey(SEAL, seal.certificate, seal.active_from, KeyState.ACTIVE, NOW)),
        "retired later": (*others, DraftKey(SEAL, seal.certificate, seal.active_from, KeyState.RETIRED, NOW + HOUR)),
        "active earlier": (*others, DraftKey(SEAL, seal.certificate, seal.active_from - HOUR, KeyState.RETIRED, NOW)),
    }
    for why, kept in bent.items():
        for version in (base.version, base.version + 5):
            answer = _signed_by_the_root(here, Draft(version, base.previous, base.hosts, base.origin, kept))
            with pytest.raises(TrustListRefused):
                pytest.fail(f"{why}: {keys.install_list(here, answer)}")
    assert keys.install_list(here, _signed_by_the_root(here, base)).version == 3


def test_a_list_of_another_root_is_not_installed(here: Path, other_trust: TrustList) -> None:
    with pytest.raises(TrustListRefused):
        keys.install_list(here, ceremony.Answer(other_trust.signed, {}))


def test_hosts_and_renewal(here: Path, clock: time_machine.Traveller) -> None:
    clock.move_to(NOW + HOUR)
    keys.sign_draft(here)
    renewed = listed(here)
    assert (renewed.version, renewed.issued_at, renewed.hosts) == (2, NOW + HOUR, ("zz.example.gov.cn",))
    keys.sign_draft(here, hosts=("new.example.gov.cn", "zz.example.gov.cn"))
    moved = listed(here)
    assert (moved.hosts, moved.origin) == (("new.example.gov.cn", "zz.example.gov.cn"), "zz.example.gov.cn/log")
    assert moved.seals[0].status_list == f"https://new.example.gov.cn/status/{CODE}"
    create(here)
    activate(here, NEXT_SEAL)
    assert listed(here).hosts == moved.hosts


# The root is offline


@pytest.fixture
def safe(tmp_path: Path, clock: time_machine.Traveller) -> Path:
    """The machine with the root, which has nothing else."""
    keys.ensure_root(tmp_path / "safe")
    return tmp_path / "safe"


@pytest.fixture
def service(tmp_path: Path, safe: Path) -> Path:
    """A new installation that knows the root's certificate only."""
    folder = tmp_path / "service"
    folder.mkdir(mode=0o700)
    shutil.copy(safe / "root.pem", folder / "root.pem")
    return folder


def carry(service: Path, safe: Path) -> TrustList:
    """The ceremony: the draft goes to the root on a medium, the answer comes back on it."""
    draft = drafts.from_json(KeyFolder(service).draft.read_bytes())
    answer = ceremony.to_json(keys.sign_draft(safe, draft))
    return keys.install_list(service, ceremony.from_json(answer))


def test_the_whole_ceremony(service: Path, safe: Path, clock: time_machine.Traveller) -> None:
    assert keys.ensure_service_keys(service).waiting is not None
    with pytest.raises(Misconfigured) as refused:
        keys.ensure_authority_keys(service, CODE, NAME, USCC, KID)
    assert "sign" in str(refused.value.next_step)
    assert not KeyFolder(service).trust_list.exists()
    assert {view.waiting for view in keys.views(service)} == {KeyState.ACTIVE}
    first = carry(service, safe)
    assert [key.id for key in first.keys] == [SEAL, "qr-07", "status-1", "log-1"]
    assert not KeyFolder(service).draft.exists()
    assert not KeyFolder(service).root.key.exists()
    keys.ensure_authority_keys(service, CODE, NAME, USCC, KID)
    for key in first.keys:
        assert open_key(service, key.id).public_key == key.public_key
    assert {path.name for path in KeyFolder(safe).private_keys()} == {"root.key"}

    assert create(service) == NEXT_SEAL
    assert activate(service, NEXT_SEAL).waiting is not None
    assert listed(service) == first
    clock.move_to(NOW + HOUR)
    retire(service, SEAL)
    second = carry(service, safe)
    assert (second.version, second.previous) == (2, first.digest)
    assert [key.state for key in second.seals] == [KeyState.RETIRED, KeyState.ACTIVE]
    assert second.by_id[NEXT_SEAL].public_key == open_key(service, NEXT_SEAL).public_key
    assert listed(safe) == second


def test_a_waiting_draft_can_be_compared_by_its_digest(service: Path) -> None:
    keys.ensure_service_keys(service)
    content = KeyFolder(service).draft.read_bytes()
    draft = drafts.from_json(content)
    assert drafts.to_json(draft) == content
    keys.ensure_service_keys(service, hosts=("elsewhere.example",))
    other = drafts.from_json(KeyFolder(service).draft.read_bytes())
    assert ceremony.digest(draft) != ceremony.digest(other)
    assert other.hosts == ("elsewhere.example",)


def test_what_is_asked_after_the_draft_was_taken_away_still_waits(service: Path, safe: Path) -> None:
    keys.ensure_service_keys(service)
    taken = drafts.from_json(KeyFolder(service).draft.read_bytes())
    log = create(service, Purpose.LOG, Holder("service", "log", ""))
    activate(service, log)
    seal = create(service)
    first = keys.install_list(service, keys.sign_draft(safe, taken))
    assert [key.id for key in first.keys] == ["status-1", "log-1"]
    rest = drafts.from_json(KeyFolder(service).draft.read_bytes())
    assert (rest.version, rest.previous) == (2, first.digest)
    assert [request.id for request in rest.requests] == ["log-2", seal]
    second = carry(service, safe)
    assert second.log_key.id == "log-2"
    assert not KeyFolder(service).draft.exists()
    assert activate(service, seal).waiting is not None
    assert carry(service, safe).seals[0].id == seal


def test_the_root_signs_no_draft_that_contradicts_what_it_signed(service: Path, safe: Path) -> None:
    keys.ensure_service_keys(service)
    first = drafts.from_json(KeyFolder(service).draft.read_bytes())
    keys.sign_draft(safe, first)
    with pytest.raises(TrustListRefused) as refused:
        keys.sign_draft(safe, Draft(first.version, "", ("evil.example",), first.origin, first.keys, first.requests))
    assert refused.value.code == "trust-list-forked"
    with pytest.raises(TrustListRefused):
        keys.sign_draft(safe, Draft(2, "0" * 64, first.hosts, first.origin, first.keys, first.requests))


def test_a_certificate_for_another_key_is_not_taken(service: Path, safe: Path) -> None:
    keys.ensure_service_keys(service)
    draft = drafts.from_json(KeyFolder(service).draft.read_bytes())
    answer = keys.sign_draft(safe, draft)
    status, log = answer.certificates["status-1"], answer.certificates["log-1"]
    for swapped in ({"status-1": log, "log-1": status}, {"status-1": listed(safe).root.certificate.public_bytes(ceremony.Encoding.DER)}):
        with pytest.raises(Invalid) as refused:
            keys.install_list(service, ceremony.Answer(answer.signed, swapped))
        assert refused.value.code == "foreign-certificate"
    assert not KeyFolder(service).trust_list.exists()
    assert keys.install_list(service, answer).version == 1


def test_without_the_root_here_nothing_is_signed(service: Path) -> None:
    with pytest.raises(Misconfigured):
        keys.sign_draft(service)


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b'{"format":"leizheng-trust-list-draft/1"}', b"\xff", b"{" * 100])
def test_other_files_are_no_drafts_and_no_answers(content: bytes) -> None:
    for read in (drafts.from_json, ceremony.from_json):
        with pytest.raises(Invalid):
            read(content)


def test_a_root_that_came_back_signs_what_waits(service: Path, safe: Path) -> None:
    keys.ensure_service_keys(service)
    shutil.copy(safe / "root.key", service / "root.key")
    keys.ensure_authority_keys(service, CODE, NAME, USCC, KID)
    assert {key.id for key in listed(service).keys} == {SEAL, "qr-07", "status-1", "log-1"}


@pytest.mark.slow
@given(data=st.data())
@profile(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_to_keys_the_lists_form_one_chain(
    keys_dir: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(keys_dir, tmp_path_factory.mktemp("chain") / "keys"))
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(data.draw(st.integers(1, 6))):
            clock.shift(60)
            ids = [view.id for view in keys.views(folder)]
            act = data.draw(st.sampled_from([
                lambda _: create(folder),
                lambda key_id: activate(folder, key_id),
                lambda key_id: retire(folder, key_id, last=True),
                lambda key_id: compromise(folder, key_id, NOW),
            ]))  # fmt: skip
            before = listed(folder)
            try:
                act(data.draw(st.sampled_from(ids)))
            except LeizhengError:
                assert listed(folder) == before
            drafts.check_succession(before, listed(folder))
        versions = [trust_list.load_signed(path.read_bytes(), before.root) for path in KeyFolder(folder).versions()]
    assert [each.version for each in versions] == list(range(1, len(versions) + 1))
    assert [each.previous for each in versions] == ["", *(each.digest for each in versions[:-1])]
    assert versions[-1] == listed(folder)
