"""The law of a case on one page, written from Order 37, the Licensing Law, 国办发〔2020〕42号 and domain 7, 8, 11A, not from the code."""

# fmt: off
HANDLING = " find verify extend close>closed withdraw>withdrawn"
STATES = {
    "draft": "submit>submitted paper sign", "correction": "submit>submitted paper sign withdraw>withdrawn",
    "submitted": "accept>accepted silence>accepted ask>correction not-accept>not_accepted transfer unpromise>correction withdraw>withdrawn",
    "accepted": "commission>evaluating require>hand_in propose>proposed unpromise>hand_in transfer" + HANDLING,
    "evaluating": "result>accepted settle paper sign unpromise transfer" + HANDLING,
    "hand_in": "settle>accepted paper sign propose>proposed" + HANDLING,
    "proposed": "grant>issuing refuse>refused return>back unpromise>hand_in" + HANDLING,
    "notified": "find answer>answered drop>back order>back terminate>terminated",
    "answered": "find drop>back order>back terminate>terminated",
    "issuing": "find issue>granted void>proposed", "granted": "find verify change",
}
LEADS = {state: dict(one.partition(">")[::2] for one in acts.split()) for state, acts in STATES.items()}
ROLES = {
    "applicant": "submit paper settle answer withdraw change", "signatory": "sign unpromise", "system": "issue void",
    "intake": "accept ask not-accept transfer", "examiner": "transfer commission result propose require find verify",
    "verifier": "require find verify", "approver": "drop order terminate return grant refuse extend close",
}
TAKES = {
    "second factor": "sign drop order terminate grant refuse extend close",
    "reason": "not-accept withdraw unpromise answer transfer require propose return drop order terminate refuse extend close",
    "not finder": "drop order terminate", "not acceptor proposer": "return grant refuse extend close",
}
ADDS = {"owed": "unpromise require order", "demanded": "require order", "papers": "paper", "barred": "terminate"}
BECOMES = dict.fromkeys(("unpromise", "require", "order", "paper"), "paper") | {"verify": "pending", "drop": "pending", "sign": "promised"}
UNSAID, NEVER, T1, ANSWER, DECIDE = {"ask": "items-needed", "result": "invalid", "find": "finding-needed"}, 10**9, 5, 5, 10
COMPANY, STANDING, HANDLED = {"applicant", "signatory"}, ("evaluating", "hand_in", "notified", "answered"), tuple(STATES)[3:7]

class Case:
    def __init__(self, matter, proofs, today, barred):
        self.matter, self.proofs, self.today, self.barred, self.state, self.back = matter, proofs, today, barred, "draft", ""
        self.papers, self.opened, self.owed, self.demanded, self.tasks, self.did = set(), set(), set(), set(), set(), {}
        self.since, self.heard, self.used, self.waited, self.extra, self.passed, self.accepted = NEVER, NEVER, 0, 0, 0, False, False
        self.place, self.wish, self.accused, self.change = "home", "", "", None

    def forbids(self, act, who, posts, slot, step):
        """Every reason for which the law forbids ``act`` to ``who``, who holds ``posts``; none when it may be done."""
        held = {role for at, role in posts if at in ("company", "house", "" if self.state == "draft" or act == "change" else self.place)}
        roles, takes = {one for one in held if act in ROLES.get(one, "").split()}, {one for one in TAKES if act in TAKES[one].split()}
        if not held or (act == "find" and slot not in self.tasks) or (act == "change" and self.state != "granted"):
            return {"not-found"}
        if not roles or (not roles & COMPANY and "company" in dict(posts)) or who in map(self.did.get, " ".join(takes).split()):
            return {"forbidden"}
        if "second factor" in takes and not step.fresh:
            return {"reauthentication-needed"}
        status, signed = self.proofs.get(slot), {one for one in self.proofs if self.proofs[one] not in ("paper", "document")}
        opened = {"draft": set(self.proofs), "correction": self.opened}.get(self.state, self.owed)
        late = self.accepted and self.used >= DECIDE + self.extra
        filling, leaves, asked = act in ("paper", "sign"), act == "paper" and slot in signed, opened if act == "settle" else {*self.proofs}
        return {reason for reason, holds in {
            "case-moved-on": act not in LEADS.get(self.state, ()) or ((filling or act == "settle") and not opened),
            UNSAID.get(act, "reason-needed"): not step.said and (act in UNSAID or "reason" in takes or (leaves and self.state != "draft")),
            "incomplete": act in ("submit", "settle") and (asked - signed - self.papers or (act == "submit" and signed and self.barred)),
            "not-found": (act == "sign" and status == "document") or (act in ("unpromise", "verify") and slot not in signed),
            "forbidden": leaves and "signatory" not in held, "not-opened": filling and slot not in opened,
            "proof-demanded": act == "sign" and slot in self.demanded, "proof-needed": act == "require" and slot not in signed,
            "promise-barred": self.barred and (act == "sign" or signed & {"grant": signed, "settle": self.owed}.get(act, set())),
            "promise-open": act in ("grant", "propose") and step.grant and (self.owed or {self.proofs[one] for one in signed} - {"true"}),
            "promise-moved-on": act == "verify" and status not in ("promised", "true", "unclear"),
            "verification-done": act == "find" and (status != "pending" or self.state not in LEADS),
            "evaluation-needed": act == "propose" and step.grant and not self.passed,
            "against-proposal": act in ("grant", "refuse") and act != self.wish, "extension-too-late": act == "extend" and late,
            "late-reason-needed": act in ("grant", "refuse", "close", "terminate") and late and not step.excused,
            "already-extended": act == "extend" and self.extra, "answer-too-late": act == "answer" and self.waited >= ANSWER,
            "answer-pending": "not finder" in takes and self.state == "notified" and self.waited < ANSWER,
            "change-not-possible": act == "change" and self.matter != "design_review",
            "change-open": act == "change" and self.change and self.change.state in LEADS,
        }.items() if holds}

    def do(self, act, who="", slot="", step=None):
        before, target, slot = self.state, LEADS[self.state][act], self.accused if act in ("drop", "order", "terminate") else slot
        self.back, begun = before if act == "propose" else self.back, act in ("accept", "silence", "settle")
        self.state = {"": before, "back": self.back if self.back in STANDING else "accepted"}.get(target, target)
        self.did[{"accept": "acceptor", "propose": "proposer"}.get(act, act + slot)] = who
        self.used, self.since = (0, self.today) if act in ("submit", "accept") else (self.used, self.since)
        self.owed, self.extra = set() if act in ("submit", "settle") else self.owed, 3 if act == "extend" else self.extra
        for what in ADDS if before != "submitted" else ():
            getattr(self, what).update({slot} if act in ADDS[what].split() else ())
        self.opened, self.accepted = {slot} if self.state == "correction" else self.opened, self.accepted or self.state == "accepted"
        self.wish, self.passed = step.wish if act == "propose" else self.wish, step.passed if act == "result" else self.passed
        self.place = self.place if act != "transfer" else {"home": "away"}.get(self.place, "home")
        becomes, status = step.outcome if act == "find" else BECOMES.get(act), self.proofs.get(slot)
        if becomes and status != "document" and (act != "sign" or status == "paper"):
            self.proofs = {one: kept for one, kept in self.proofs.items() if act != "sign" or one != slot} | {slot: becomes}
        self.proofs = {one: "pending" if begun and status == "promised" else status for one, status in self.proofs.items()}
        self.tasks |= {one for one, status in self.proofs.items() if status == "pending"}
        self.state = "hand_in" if self.state == "accepted" and self.owed else self.state
        untrue = [one for one, status in self.proofs.items() if status == "untrue"]
        if untrue and self.state in HANDLED:
            self.back, self.state = self.back if self.state == "proposed" else self.state, "notified"
            self.accused, self.heard, self.waited, self.did["finder"] = untrue[0], self.today, 0, self.did["find" + untrue[0]]

    def night(self, working):
        self.used += working and self.today > self.since and self.state not in STANDING
        self.waited, self.today = self.waited + (working and self.today > self.heard), self.today + 1
        if self.state == "submitted" and self.used >= T1:
            self.do("silence")
