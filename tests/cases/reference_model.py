"""The law of a case on one page, from Orders 31 and 37, the Licensing Law, 国办发〔2020〕42号, domain 3, 7, 8, 11A; not from the code."""

# fmt: off
HANDLING, JUDGED = " find verify extend close>closed withdraw>withdrawn", " drop>back order>back terminate>terminated"
STATES = {  # with + only where experts review and the public is asked, with - only elsewhere
    "draft": "submit>submitted paper sign", "correction": "submit>submitted paper sign withdraw>withdrawn",
    "submitted": "accept>accepted silence>accepted ask>correction not-accept>not_accepted transfer unpromise>correction withdraw>withdrawn",
    "accepted": "commission>evaluating require>hand_in propose>proposed unpromise>hand_in transfer +check" + HANDLING,
    "evaluating": "result>accepted settle paper sign unpromise -transfer +vote +decline +replace" + HANDLING,
    "hand_in": "settle>accepted paper sign propose>proposed" + HANDLING,
    "proposed": "-grant>issuing +publish>publicity refuse>refused return>back unpromise>hand_in" + HANDLING,
    "publicity": "grant>issuing return>back unpromise>hand_in" + HANDLING,
    "notified": "find answer>answered" + JUDGED, "answered": "find" + JUDGED,
    "issuing": "find issue>granted -void>proposed +void>publicity", "granted": "find verify change"}
LEADS = [{state: dict(act.strip("+-").partition(">")[::2] for act in acts.split() if act[0] != "+-"[experts])
          for state, acts in STATES.items()} for experts in (False, True)]
ROLES = {
    "applicant": "submit paper settle answer withdraw change", "signatory": "sign unpromise", "expert": "vote decline", "anybody": "object",
    "intake": "accept ask not-accept transfer", "examiner": "transfer commission result propose require find verify check replace",
    "verifier": "require find verify check", "approver": "drop order terminate return grant refuse extend close publish resolve",
    "supervisor": "resolve", "system": "issue void"}
TAKES = {"not finder": "drop order terminate", "not accept propose": "return grant refuse extend close publish",
         "second factor": "sign drop order terminate grant refuse extend close publish vote resolve"}
SAYS = {"items-needed": "ask", "invalid": "result", "finding-needed": "find", "incomplete": "check vote object resolve", "reason-needed":
        "not-accept withdraw unpromise answer transfer require propose return drop order terminate refuse extend close decline replace"}
BECOMES = dict.fromkeys(("unpromise", "require", "order", "paper"), "paper") | {"verify": "pending", "drop": "pending", "sign": "promised"}
READERS, STANDING = {"applicant", "signatory", "overseer", "system"}, ("evaluating", "hand_in", "notified", "answered")
T1, TERM, DAYS, POOL, VOTES, SEATS, BESIDE = 5, 5, (10, 20), 7, 4, [f"seat {n}" for n in "12345"], ("object", "resolve")

class Case:
    used = waited = extra = spare = open = back = wish = accused = change = passed = accepted = drawn = upheld = objected = 0
    def __init__(self, matter, proofs, today, barred):
        self.matter, self.proofs, self.today, self.barred, self.experts = matter, proofs, today, barred, matter == "qualification"
        self.state, self.place, self.since, self.heard, self.able, self.did, self.votes = "draft", "home", 10**9, 10**9, POOL, {}, {}
        self.papers, self.opened, self.owed, self.demanded, self.hands = (set() for _ in range(5))

    def forbids(self, act, who, held, slot, step):
        """Every reason for which the law forbids ``act`` to ``who``, whose roles here are ``held``; none when it may be done."""
        roles, takes = {one for one in held if act in ROLES.get(one, "").split()}, {one for one in TAKES if act in TAKES[one].split()}
        status, signed = self.proofs.get(slot), {one for one in self.proofs if self.proofs[one] not in ("paper", "document")}
        opened = {"draft": {*self.proofs}, "correction": self.opened}.get(self.state, self.owed)
        asked, leaves, early = opened if act == "settle" else {*self.proofs}, act == "paper" and slot in signed, self.waited < TERM
        late, unsaid = self.accepted and self.used >= DAYS[self.experts] + self.extra, not step.said
        hidden = not held or {"change": self.state != "granted", "object": self.state != "publicity", "vote": not roles,
                              "decline": not roles, "resolve": not self.objected or held & READERS}.get(act)
        by = self.hands if act == "resolve" else {self.did.get(one) for one in " ".join(takes).split()}
        own, stale = held & READERS and not roles & {*READERS, "anybody"}, "second factor" in takes and not step.fresh
        return {"not-found"} if hidden else {"forbidden"} if own or not roles or who in by else {"reauthentication-needed"} if stale else {
            reason.partition(":")[0] for reason, holds in {
            f"case-moved-on: {act}": act not in (*LEADS[self.experts].get(self.state, ()), *BESIDE), "extension-too-late: extend": late,
            "case-moved-on: paper sign settle": not opened, "not-opened: paper sign": slot not in opened,
            **{f"{one}: {acts}": unsaid for one, acts in SAYS.items()}, "reason-needed: paper": unsaid and self.state != "draft" and leaves,
            "incomplete: submit settle": asked - signed - self.papers, "forbidden: paper": leaves and "signatory" not in held,
            "incomplete: submit": signed and self.barred, "proof-needed: require": slot not in signed, "publicity-over: object": not early,
            "promise-barred: sign settle grant": self.barred and (act == "sign" or signed & (self.owed if act == "settle" else signed)),
            "promise-open: grant propose": step.grant and (self.owed or {self.proofs[one] for one in signed} - {"true"}),
            "promise-moved-on: verify": status not in ("promised", "true", "unclear"), "not-found: unpromise verify": slot not in signed,
            "verification-done: find": status != "pending" or self.state not in STATES, "proof-demanded: sign": slot in self.demanded,
            "answer-pending: drop order terminate": early and self.state == "notified", "answer-too-late: answer": not early,
            "too-few-experts: commission": self.able < len(SEATS), "too-few-experts: decline replace": not self.spare,
            "voted-already: vote decline": who in self.votes, "voted-already: replace": slot in self.votes,
            "ballots-missing: result": self.experts and len(self.votes) < len(SEATS), "not-found: replace": slot not in SEATS,
            "evaluation-needed: propose": step.grant and not self.passed, "publicity-runs: grant": early and self.experts,
            "against-proposal: grant refuse": self.wish != act, "against-proposal: publish": self.wish != "grant",
            "late-reason-needed: grant refuse close terminate": late and not step.excused, "already-answered: resolve": not self.open,
            "change-not-possible: change": self.matter != "design_review", "already-extended: extend": self.extra,
            "change-open: change": self.change and self.change.state in STATES, "not-found: sign": status == "document",
            "objection-open: grant": self.open, "objection-upheld: grant": self.upheld}.items() if holds and act in reason.split()}

    def do(self, act, who="", slot="", step=None):
        before, slot, said = self.state, self.accused if act in ("drop", "order", "terminate") else slot, step or self
        asked, votes = {"owed": self.owed | {slot}, "demanded": self.demanded | {slot}}, self.votes.values()
        vars(self).update({
            "submit": {"used": 0, "since": self.today, "owed": set()}, "accept": {"used": 0, "since": self.today}, "order": asked,
            "unpromise": {"owed": self.owed if before == "submitted" else asked["owed"]}, "require": asked, "settle": {"owed": set()},
            "paper": {"papers": self.papers | {slot}}, "extend": {"extra": 3}, "propose": {"back": before, "wish": said.wish},
            "result": {"passed": sum(votes) >= VOTES if self.experts else said.passed}, "vote": {"votes": self.votes | {who: said.passed}},
            "commission": {"votes": {}, "drawn": self.experts, "spare": self.able - len(SEATS)}, "replace": {"spare": self.spare - 1},
            "decline": {"spare": self.spare - 1, "able": self.able - 1}, "publish": {"heard": self.today, "waited": 0, "upheld": False},
            "object": {"open": self.open + 1, "objected": True}, "resolve": {"open": self.open - 1, "upheld": self.upheld or said.passed},
            "transfer": {"place": {"home": "away"}.get(self.place, "home")}, "terminate": {"barred": self.barred | {slot}}}.get(act, {}))
        target, begun = LEADS[self.experts].get(before, {}).get(act, ""), act in ("accept", "silence", "settle")
        self.state = {"": before, "back": self.back if self.back in STANDING else "accepted"}.get(target, target)
        self.did, self.hands = self.did | {act + slot if act == "find" else act: who}, self.hands | ({who} if act not in BESIDE else set())
        self.opened, self.accepted = {slot} if self.state == "correction" else self.opened, self.accepted or self.state == "accepted"
        becomes, status = said.outcome if act == "find" else BECOMES.get(act), self.proofs.get(slot)
        if becomes and status != "document" and (act != "sign" or status == "paper"):
            self.proofs = {one: kept for one, kept in self.proofs.items() if act != "sign" or one != slot} | {slot: becomes}
        self.proofs = {one: "pending" if begun and status == "promised" else status for one, status in self.proofs.items()}
        self.state, untrue = "hand_in" if self.state == "accepted" and self.owed else self.state, [*self.proofs.values()].count("untrue")
        if untrue and HANDLING in STATES.get(self.state, ""):
            self.accused = next(one for one, status in self.proofs.items() if status == "untrue")
            self.back, self.state = self.back if self.state in ("proposed", "publicity") else self.state, "notified"
            self.heard, self.waited, self.did["finder"] = self.today, 0, self.did["find" + self.accused]

    def night(self, working):
        self.used += working and self.today > self.since and self.state not in STANDING
        self.waited, self.today = self.waited + (working and self.today > self.heard), self.today + 1
        if self.state == "submitted" and self.used >= T1:
            self.do("silence")
